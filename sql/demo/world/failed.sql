-- A workflow failed: logs the error, which fails the event, and its run. $1 event, $2 execution, $3 workflow, $4 seconds,
-- $5 message, $6 details, $7 severity.
WITH event AS (
  SELECT id, event_type, payload->>'record_id' AS record_id, retry_count FROM marketing.pipeline_events WHERE id = $1
), ran AS (
  INSERT INTO marketing.workflow_stats (workflow_name, status, duration_seconds, error_message, triggered_by, record_id, event_id, n8n_execution_id)
  SELECT $3, 'error', round($4::numeric, 3), $5, 'webhook', record_id, id, $2 FROM event
)
SELECT marketing.log_pipeline_error(event_type, record_id, $5, $6, $7), retry_count FROM event
