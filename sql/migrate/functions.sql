-- Names of the functions in the schemas $1.
SELECT DISTINCT n.nspname || '.' || p.proname AS name
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname = ANY ($1)
