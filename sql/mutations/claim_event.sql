-- Takes an event for a call to its webhook, only while it is as it was shown; one that somebody is changing just now is left
-- alone. It becomes pending, since a workflow may take nothing else; where a trigger tells of changes of status ($5), whoever
-- listens would take it as well, so there its state stays and only its retry count goes up.
-- $1 id: its key, as text.
-- $2 word: the status word it was shown with.
-- $3 retries: the retry count it was shown with.
-- $4 version: the version it was examined in; NULL where rows have none.
-- $5 keeps: whether its state stays.
WITH target AS MATERIALIZED (
  SELECT e.id, e.event_type, e.raw, e.error_message, e.processed_at
  FROM {pipeline_events(id, event_type, raw, status, error_message?, processed_at?, retry_count?, version?)} AS e
  WHERE e.id = $1::text::{type pipeline_events.id} AND coalesce(e.status::text, '') = $2 AND coalesce(e.retry_count, 0) = $3
    AND ($4::text IS NULL OR e.version IS NULL OR e.version::text = $4)
  FOR UPDATE OF e SKIP LOCKED
), changed AS (
  UPDATE {table pipeline_events} AS e
  SET {column pipeline_events.status} = CASE WHEN $5 THEN e.{column pipeline_events.status} ELSE {word pending} END
    {set pipeline_events.processed_at CASE WHEN $5 THEN e.@ END}
    {set pipeline_events.error_message CASE WHEN $5 THEN e.@ END}
    {set pipeline_events.retry_count coalesce(e.@, 0) + 1}
  FROM target
  WHERE e.{column pipeline_events.id} = target.id
)
SELECT coalesce(event_type, '') AS event_type, raw::text AS payload, error_message, processed_at::text AS processed_at,
  pg_current_xact_id()::text AS taken
FROM target
