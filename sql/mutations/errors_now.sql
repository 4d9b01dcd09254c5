-- How errors stand now: whether they are resolved, and by whom.
-- $1 ids: their keys, as text.
SELECT e.id::text AS id, e.resolved, left(e.resolved_by, 64) AS resolved_by
FROM {pipeline_errors(id, resolved, resolved_by?)} AS e
WHERE e.id = ANY ($1::{type pipeline_errors.id}[])
