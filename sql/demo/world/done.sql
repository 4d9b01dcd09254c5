-- A workflow ended well: its event, the errors it had before, and its run. $1 event, $2 execution, $3 workflow, $4 seconds.
WITH mended AS (
  SELECT marketing.resolve_pipeline_error(id, 'auto-retry', 'succeeded on retry')
  FROM marketing.pipeline_errors WHERE event_id = $1 AND NOT resolved
), ran AS (
  INSERT INTO marketing.workflow_stats (workflow_name, status, duration_seconds, triggered_by, record_id, event_id, n8n_execution_id)
  SELECT $3, 'ok', round($4::numeric, 3), 'webhook', payload->>'record_id', id, $2 FROM marketing.pipeline_events WHERE id = $1
)
SELECT marketing.mark_event_processed($1), count(*) FROM mended
