-- Pending events to deliver: those of $1, or all of them when $1 is null; only of the types $2, whose workflows hear, and
-- after the key $3. A page of them, in the order they were written.
SELECT id, event_type, payload FROM marketing.pipeline_events
WHERE status = 'pending' AND ($1::bigint[] IS NULL OR id = ANY ($1)) AND event_type = ANY ($2::text[]) AND id > $3
ORDER BY id LIMIT 5000
