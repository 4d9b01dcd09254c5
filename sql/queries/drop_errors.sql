-- The error rows that excuse events which have no child: each names the event or its record.
-- $1 ids: the keys of the events, as text.
-- $2 records: the records they are about.
-- $3 stages: the stages they are of.
SELECT DISTINCT e.event_id::text AS event_id, e.event_type, e.record_id
FROM {pipeline_errors(event_id?, event_type, record_id?)} AS e
WHERE (e.record_id = ANY($2) AND e.event_type = ANY($3))
   OR e.event_id = ANY($1::{type pipeline_events.id}[])
LIMIT 20000
