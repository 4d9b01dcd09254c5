-- As if the workflow of slots_created had written nothing back for 12 minutes: its events are done, and what came of them did not.
BEGIN;
SET LOCAL session_replication_role = replica;
CREATE TEMP TABLE dropped ON COMMIT DROP AS
SELECT e.id, c.id AS contact_id
FROM marketing.pipeline_events AS e
JOIN marketing.contact_enrichment AS c ON c.company_slot_unique_id = e.payload->>'slot_id'
WHERE e.event_type = 'slots_created' AND e.processed_at > now() - interval '12 minutes' AND e.status = 'processed'
  AND NOT EXISTS (SELECT FROM marketing.campaign_contacts AS k WHERE k.contact_id = c.id);
DELETE FROM marketing.pipeline_events WHERE event_type = 'contact_enriched' AND created_at > now() - interval '15 minutes'
  AND payload->>'record_id' IN (SELECT contact_id::text FROM dropped);
DELETE FROM marketing.email_verification WHERE enrichment_id IN (SELECT contact_id FROM dropped);
DELETE FROM marketing.contact_enrichment WHERE id IN (SELECT contact_id FROM dropped);
COMMIT;
