-- As if the CRM had refused every lead for 80 minutes.
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE marketing.crm_sync_log SET status = 'failed', error_message = '401 Unauthorized: the access token has expired'
WHERE created_at > now() - interval '80 minutes' AND status = 'success';
INSERT INTO marketing.pipeline_errors (event_id, event_type, record_id, error_message, error_details, severity, n8n_execution_id, created_at)
SELECT id, 'lead_qualified', payload->>'record_id', 'HubSpot: 401 Unauthorized: the access token has expired',
  '{"node": "Write To CRM", "http": 401, "incident": "crm-down"}', 'critical', n8n_execution_id, processed_at
FROM marketing.pipeline_events
WHERE event_type = 'lead_qualified' AND created_at > now() - interval '80 minutes' AND status = 'processed' ORDER BY processed_at;
UPDATE marketing.pipeline_events SET status = 'failed', retry_count = 3, error_message = 'HubSpot: 401 Unauthorized: the access token has expired'
WHERE event_type = 'lead_qualified' AND created_at > now() - interval '80 minutes' AND status = 'processed';
COMMIT;
