-- Marks errors as resolved by the site's own function, which may do more than that; each only while it is not resolved.
-- $1 ids: their keys, as text.
-- $2 who: who resolves them.
-- $3 note: why.
WITH target AS MATERIALIZED (
  SELECT e.id
  FROM {pipeline_errors(id, resolved)} AS e
  WHERE e.id = ANY ($1::{type pipeline_errors.id}[]) AND NOT e.resolved
  FOR UPDATE OF e SKIP LOCKED
)
SELECT target.id::text AS id, {function resolve_pipeline_error}(target.id::{argument resolve_pipeline_error}, $2, $3) IS NULL AS silent
FROM target
