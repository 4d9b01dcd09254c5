-- How an event stands that was taken for a call: its state, and whether anybody has changed it since.
-- $1 id: its key, as text.
-- $2 taken: the number of the transaction that took it.
SELECT coalesce(e.status::text, '') AS status, coalesce(e.version::text::bigint <> $2::text::bigint % 4294967296, false) AS is_touched
FROM {pipeline_events(id, status, version?)} AS e
WHERE e.id = $1::text::{type pipeline_events.id}
