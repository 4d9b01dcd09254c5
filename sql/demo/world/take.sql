-- A workflow begins: marks its event. $1 event, $2 execution, $3 whether a failed one may be taken too, as when n8n tries again.
UPDATE marketing.pipeline_events SET status = 'processing', started_at = now(), processed_at = NULL, n8n_execution_id = $2
WHERE id = $1 AND (status = 'pending' OR ($3 AND status = 'failed'))
RETURNING id
