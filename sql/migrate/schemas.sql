-- The schemas of $1 that are there, and whether this role may create in them.
SELECT nspname::text AS name, has_schema_privilege(oid, 'CREATE') AS may_create
FROM pg_namespace WHERE nspname = ANY ($1)
