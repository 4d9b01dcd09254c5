-- Notifies whoever listens to the pipeline of an event that no trigger notified of, in the form of the site's own
-- triggers, with the event's key added.
-- $1 id: its key, as text.
-- $2 event_type: its stage.
-- $3 payload: its payload, as JSON.
SELECT pg_notify('pipeline_event', jsonb_build_object(
  'event_id', $1::text::{type pipeline_events.id}, 'event_type', $2, 'payload', $3::text::jsonb)::text) IS NULL
