-- How errors stand now: whether they are resolved, by whom, and what tells this resolution from any other.
-- $1 ids: their keys, as text.
SELECT e.id::text AS id, e.resolved, left(e.resolved_by, 64) AS resolved_by,
  {part resolution_mark} AS mark
FROM {pipeline_errors(id, version?, resolved, resolved_at?, resolved_by?)} AS e
WHERE e.id = ANY ($1::{type pipeline_errors.id}[])
