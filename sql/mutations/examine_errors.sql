-- Errors as they stand: their version, whether they are resolved, and by whom.
-- $1 ids: their keys, as text.
SELECT e.id::text AS id, e.version::text AS version, e.resolved, left(e.resolved_by, 64) AS resolved_by
FROM {pipeline_errors(id, version?, resolved, resolved_by?)} AS e
WHERE e.id = ANY ($1::{type pipeline_errors.id}[])
