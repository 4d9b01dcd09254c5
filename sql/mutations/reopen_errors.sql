-- Marks errors as unresolved again, each only while it is resolved by who resolved it then; one that somebody is changing is left alone.
-- $1 ids: their keys, as text.
-- $2 who: who resolved them.
-- $3 note: why.
-- $4 versions: the version each was examined in; NULL where rows have none.
-- $5 marks: what tells the resolution of each that is taken back from any other; NULL where that was not written down.
WITH target AS MATERIALIZED (
  SELECT e.id
  FROM unnest($1, $4, $5) AS shown (id, version, mark)
  JOIN {pipeline_errors(id, resolved, resolved_at?, resolved_by?, version?)} AS e ON e.id = shown.id::{type pipeline_errors.id}
  WHERE e.resolved AND coalesce(e.resolved_by, $2) = $2 AND (shown.version IS NULL OR e.version IS NULL OR e.version::text = shown.version)
    AND (shown.mark IS NULL OR {part resolution_mark} = shown.mark)
  FOR UPDATE OF e SKIP LOCKED
)
UPDATE {table pipeline_errors} AS e
SET {column pipeline_errors.resolved} = false
  {set pipeline_errors.resolved_at NULL}
  {set pipeline_errors.resolved_by NULL}
  {set pipeline_errors.notes $3}
FROM target
WHERE e.{column pipeline_errors.id} = target.id
RETURNING target.id::text AS id
