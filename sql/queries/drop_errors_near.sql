-- The error rows that excuse events which have no child, among so many from a key on, the newest: each names the event or its
-- record. No more are looked at; since when those came is told with them.
-- $1 ids: the keys of the events, as text.
-- $2 records: the records they are about.
-- $3 first: the key.
-- $4 limit: how many are looked at.
WITH looked AS MATERIALIZED (
  SELECT e.event_id, e.event_type, e.record_id, e.created_at
  FROM {pipeline_errors(id, event_id?, event_type, record_id?, created_at)} AS e
  WHERE e.id >= $3
  ORDER BY e.id DESC
  LIMIT $4
)
SELECT reach.looked, reach.since, found.*
FROM (SELECT count(*) AS looked, min(created_at)::timestamptz AS since FROM looked) AS reach
LEFT JOIN (
  SELECT DISTINCT l.event_id::text AS event_id, l.event_type, l.record_id
  FROM looked AS l
  WHERE l.record_id = ANY ($2) OR l.event_id = ANY ($1::{type pipeline_events.id}[])
) AS found ON true
