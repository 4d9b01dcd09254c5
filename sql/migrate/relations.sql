-- Tables, views and the like in the schemas $1.
SELECT n.nspname || '.' || c.relname AS name, c.relkind::text AS kind,
       c.relkind IN ('p', 'f') OR coalesce(pg_relation_size(c.oid), 0) > 0 AS has_rows,
       pg_get_userbyid(c.relowner)::text AS owner, pg_has_role(c.relowner, 'USAGE') AS owned,
       has_table_privilege(c.oid, 'SELECT') AS may_select, has_table_privilege(c.oid, 'TRIGGER') AS may_trigger,
       has_table_privilege(c.oid, 'REFERENCES') AS may_reference,
       coalesce(array_to_string(c.reloptions, ','), '') LIKE '%autovacuum%' AS has_autovacuum
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
