-- As if the webhook of contact_enriched had heard nothing for 50 minutes: its events wait, and no address was verified.
BEGIN;
SET LOCAL session_replication_role = replica;
CREATE TEMP TABLE unheard ON COMMIT DROP AS
SELECT e.id, (e.payload->>'contact_id')::bigint AS contact_id FROM marketing.pipeline_events AS e
WHERE e.event_type = 'contact_enriched' AND e.created_at > now() - interval '50 minutes' AND e.status = 'processed';
DELETE FROM marketing.pipeline_errors WHERE event_id IN (SELECT id FROM unheard);
DELETE FROM marketing.email_verification WHERE enrichment_id IN (SELECT contact_id FROM unheard);
UPDATE marketing.pipeline_events SET status = 'pending', started_at = NULL, processed_at = NULL, n8n_execution_id = NULL, retry_count = 0
WHERE id IN (SELECT id FROM unheard);
COMMIT;
