-- As if the enrichment provider's quota had run out 50 minutes ago: a third of the slots failed, with the errors for it.
BEGIN;
SET LOCAL session_replication_role = replica;
CREATE TEMP TABLE refused ON COMMIT DROP AS
SELECT e.id, e.payload->>'record_id' AS record_id, e.processed_at, e.n8n_execution_id, c.id AS contact_id
FROM marketing.pipeline_events AS e
LEFT JOIN marketing.contact_enrichment AS c ON c.company_slot_unique_id = e.payload->>'slot_id'
WHERE e.event_type = 'slots_created' AND e.created_at > now() - interval '50 minutes' AND e.status = 'processed'
  AND e.id % 3 = 0 AND NOT EXISTS (SELECT FROM marketing.campaign_contacts AS k WHERE k.contact_id = c.id);
DELETE FROM marketing.pipeline_events WHERE event_type = 'contact_enriched' AND created_at > now() - interval '55 minutes'
  AND payload->>'record_id' IN (SELECT contact_id::text FROM refused);
DELETE FROM marketing.email_verification WHERE enrichment_id IN (SELECT contact_id FROM refused);
DELETE FROM marketing.contact_enrichment WHERE id IN (SELECT contact_id FROM refused);
INSERT INTO marketing.pipeline_errors (event_id, event_type, record_id, error_message, error_details, severity, n8n_execution_id, created_at)
SELECT id, 'slots_created', record_id, 'Apify: 429 Too Many Requests, monthly usage limit reached (request ' || id || ')',
  '{"node": "Run Apify Actor", "http": 429, "incident": "errors"}', CASE WHEN id % 4 = 0 THEN 'critical' ELSE 'error' END, n8n_execution_id, processed_at
FROM refused ORDER BY processed_at;
UPDATE marketing.pipeline_events SET status = 'failed', retry_count = 3, error_message = 'Apify: 429 Too Many Requests, monthly usage limit reached (request ' || id || ')'
WHERE id IN (SELECT id FROM refused);
COMMIT;
