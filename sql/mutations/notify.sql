-- Notifies whoever listens to the pipeline of events put back into the queue, in the form of the schema's own trigger, at
-- most 50 of them at once so that no message is too long.
-- $1 ids: their keys, as text.
-- $2 types: their types.
WITH requeued AS (
  SELECT event.id, left(event.event_type, 48) AS event_type, (event.place - 1) / 50 AS batch
  FROM unnest($1, $2) WITH ORDINALITY AS event (id, event_type, place)
), by_type AS (
  SELECT batch, jsonb_object_agg(event_type, n) AS types
  FROM (
    SELECT batch, event_type, count(*) AS n, row_number() OVER (PARTITION BY batch ORDER BY count(*) DESC, event_type) AS place
    FROM requeued
    GROUP BY batch, event_type
  ) AS counted
  WHERE place <= 20
  GROUP BY batch
)
SELECT pg_notify('pipeline_event', jsonb_build_object(
  'op', 'status',
  'n', (SELECT count(*) FROM requeued WHERE requeued.batch = by_type.batch),
  'types', types,
  'ids', (SELECT jsonb_agg(requeued.id::{type pipeline_events.id}) FROM requeued WHERE requeued.batch = by_type.batch),
  'more', 0)::text) IS NULL
FROM by_type
