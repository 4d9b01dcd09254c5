-- Follow-Up Sender: writes once more. $1 event.
UPDATE marketing.follow_up_queue AS f SET status = 'sent', sent_at = now()
FROM marketing.pipeline_events AS e WHERE e.id = $1 AND f.id = (e.payload->>'follow_up_id')::bigint AND f.status = 'due'
