-- Names of the functions in the schemas $1, and who owns one of that name when it is not this role.
SELECT n.nspname || '.' || p.proname AS name,
       min(pg_get_userbyid(p.proowner)::text) FILTER (WHERE NOT pg_has_role(p.proowner, 'USAGE')) AS other_owner
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname = ANY ($1)
GROUP BY 1
