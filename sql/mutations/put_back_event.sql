-- Puts an event back as it was before it was taken for a call that nobody accepted, only while nobody has changed it since.
-- $1 id: its key, as text.
-- $2 word: the status word it had, NULL where that was left as it is.
-- $3 retries: the retry count it was taken with.
-- $4 error_message: the message it had.
-- $5 processed_at: the moment it had, as the server wrote it.
-- $6 taken: the number of the transaction that took it.
UPDATE {table pipeline_events} AS e
SET {column pipeline_events.status} = coalesce($2::text::{type pipeline_events.status}, e.{column pipeline_events.status})
  {set pipeline_events.processed_at CASE WHEN $2::text IS NULL THEN e.@ ELSE $5::text::timestamptz END}
  {set pipeline_events.error_message CASE WHEN $2::text IS NULL THEN e.@ ELSE $4::text END}
  {set pipeline_events.retry_count $3::bigint}
FROM {pipeline_events(id, retry_count?, version?)} AS now
WHERE e.{column pipeline_events.id} = now.id AND now.id = $1::text::{type pipeline_events.id}
  AND (now.version IS NULL OR now.version::text::bigint = $6::text::bigint % 4294967296)
  AND coalesce(now.retry_count, $3::bigint + 1) = $3::bigint + 1
RETURNING (pg_current_xact_id()::text::bigint % 4294967296)::text AS version
