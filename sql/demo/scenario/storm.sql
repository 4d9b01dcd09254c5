-- As if a flood had begun 40 minutes ago: the events of slots_created wait, and what comes of them has not come yet.
BEGIN;
SET LOCAL session_replication_role = replica;
CREATE TEMP TABLE stalled ON COMMIT DROP AS
SELECT e.id, c.id AS contact_id
FROM marketing.pipeline_events AS e
LEFT JOIN marketing.contact_enrichment AS c ON c.company_slot_unique_id = e.payload->>'slot_id'
WHERE e.event_type = 'slots_created' AND e.created_at > now() - interval '40 minutes' AND e.status = 'processed'
  AND NOT EXISTS (SELECT FROM marketing.campaign_contacts AS k WHERE k.contact_id = c.id);
DELETE FROM marketing.pipeline_errors WHERE event_id IN (SELECT id FROM stalled);
DELETE FROM marketing.pipeline_events WHERE event_type = 'contact_enriched' AND created_at > now() - interval '45 minutes'
  AND payload->>'record_id' IN (SELECT contact_id::text FROM stalled);
DELETE FROM marketing.email_verification WHERE enrichment_id IN (SELECT contact_id FROM stalled);
DELETE FROM marketing.contact_enrichment WHERE id IN (SELECT contact_id FROM stalled);
UPDATE marketing.pipeline_events SET status = 'pending', started_at = NULL, processed_at = NULL, n8n_execution_id = NULL, retry_count = 0
WHERE id IN (SELECT id FROM stalled);
COMMIT;
