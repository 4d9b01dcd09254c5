-- Marks errors as resolved by the site's own function, which may do more than that; each only while it is not resolved.
-- $1 ids: their keys, as text.
-- $2 who: who resolves them.
-- $3 note: why.
-- $4 versions: the version each was examined in; NULL where rows have none.
WITH target AS MATERIALIZED (
  SELECT e.id
  FROM unnest($1, $4) AS shown (id, version)
  JOIN {pipeline_errors(id, resolved, version?)} AS e ON e.id = shown.id::{type pipeline_errors.id}
  WHERE NOT e.resolved AND (shown.version IS NULL OR e.version IS NULL OR e.version::text = shown.version)
  FOR UPDATE OF e SKIP LOCKED
)
SELECT target.id::text AS id, {function resolve_pipeline_error}(target.id::{argument resolve_pipeline_error}, $2, $3) IS NULL AS silent
FROM target
