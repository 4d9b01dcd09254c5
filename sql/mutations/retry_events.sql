-- Puts events back into the queue, each only while it is as it was shown; one that changed, or that somebody is changing
-- just now, is left alone.
-- $1 ids: their keys, as text.
-- $2 words: the status word each was shown with.
-- $3 retries: the retry count each was shown with.
-- $4 versions: the version each was examined in; NULL where rows have none.
WITH target AS MATERIALIZED (
  SELECT e.id, e.event_type, shown.word
  FROM unnest($1, $2, $3, $4) AS shown (id, word, retries, version)
  JOIN {pipeline_events(id, event_type, status, retry_count?, version?)} AS e ON e.id = shown.id::{type pipeline_events.id}
  WHERE coalesce(e.status::text, '') = shown.word AND coalesce(e.retry_count, 0) = shown.retries
    AND (shown.version IS NULL OR e.version IS NULL OR e.version::text = shown.version)
  FOR UPDATE OF e SKIP LOCKED
), changed AS (
  UPDATE {table pipeline_events} AS e
  SET {column pipeline_events.status} = {word pending}
    {set pipeline_events.processed_at NULL}
    {set pipeline_events.error_message NULL}
    {set pipeline_events.retry_count coalesce(e.@, 0) + 1}
  FROM target
  WHERE e.{column pipeline_events.id} = target.id
  RETURNING target.id, target.event_type, target.word
)
SELECT id::text AS id, coalesce(event_type, '') AS event_type, word IN {status pending} AS was_pending
FROM changed
