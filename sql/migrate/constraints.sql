-- Names of the constraints on relations in the schemas $1.
SELECT n.nspname || '.' || c.relname AS relation, k.conname::text AS name
FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1)
