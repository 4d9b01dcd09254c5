-- The error rows that excuse events which have no child: each names the event or its record.
-- $1 ids: the keys of the events, as text.
-- $2 event_type: their stage.
-- $3 records: the records they are about.
SELECT DISTINCT e.event_id::text AS event_id, e.record_id
FROM {pipeline_errors(event_id?, event_type, record_id?)} AS e
WHERE (e.record_id = ANY($3) AND e.event_type = $2)
   OR e.event_id = ANY($1::{type pipeline_events.id}[])
LIMIT 10000
