-- Pending events to deliver: those of $1, or all of them when $1 is null; oldest first.
SELECT id, event_type, payload FROM marketing.pipeline_events
WHERE status = 'pending' AND ($1::bigint[] IS NULL OR id = ANY ($1))
-- Far more than any scenario leaves waiting, those of a workflow that is off or deaf included.
ORDER BY created_at, id LIMIT 50000
