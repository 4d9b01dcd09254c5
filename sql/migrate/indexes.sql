-- Indexes in the schemas $1: what each is on, what it says, whether its build was finished.
SELECT n.nspname || '.' || x.relname AS name, tn.nspname || '.' || t.relname AS relation,
       substring(pg_get_indexdef(i.indexrelid) FROM ' (USING .*)$') AS definition, i.indisvalid AS is_valid
FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = x.relnamespace
JOIN pg_class AS t ON t.oid = i.indrelid JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
WHERE n.nspname = ANY ($1)
ORDER BY 1
