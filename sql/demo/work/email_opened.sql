-- Engagement Tracker: notes that somebody opened. $1 event.
UPDATE marketing.contact_ltv AS t SET last_contact_at = now()
FROM marketing.pipeline_events AS e WHERE e.id = $1 AND t.contact_id = (e.payload->>'contact_id')::bigint
