-- Writes one event, as pending, for its workflow to take.
-- $1 event_type: its stage.
-- $2 payload: its payload, as JSON.
INSERT INTO {table pipeline_events} ({column pipeline_events.event_type}, {column pipeline_events.raw}, {column pipeline_events.status})
VALUES ($1::text::{type pipeline_events.event_type}, $2::text::{type pipeline_events.raw}, {word pending})
RETURNING {column pipeline_events.id}::text AS id
