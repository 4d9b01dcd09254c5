-- The runs that ended in the last hour, by the events that name them, the newest first. An event that was tried more than
-- once names its last run only.
SELECT e.n8n_execution_id::bigint AS execution, e.id, e.event_type, e.payload, e.started_at, e.processed_at AS stopped_at,
       CASE WHEN e.status = 'failed' THEN coalesce(e.error_message, 'no reason was written') END AS failure
FROM marketing.pipeline_events AS e
WHERE e.created_at > now() - interval '1 hour' AND e.processed_at <= now() AND e.started_at <= e.processed_at
  AND e.status IN ('processed', 'failed') AND e.n8n_execution_id IS NOT NULL
ORDER BY e.created_at DESC
LIMIT 2000
