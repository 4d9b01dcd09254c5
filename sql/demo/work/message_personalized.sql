-- Campaign Scheduler: puts a message into the queue. $1 event.
UPDATE marketing.message_queue AS q SET status = 'queued', scheduled_at = now()
FROM marketing.pipeline_events AS e
WHERE e.id = $1 AND q.id = (e.payload->>'message_id')::bigint AND q.status = 'personalized'
