-- Takes an incident back: what failed in it is put back to be done, its errors are gone, what was slow was not, and what the
-- providers refused they took. Runs without triggers, so that nobody is told; the world then delivers what is pending.
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE marketing.pipeline_events AS e SET status = 'pending', started_at = NULL, processed_at = NULL, error_message = NULL, retry_count = 0
FROM marketing.pipeline_errors AS p WHERE p.event_id = e.id AND p.error_details ? 'incident' AND e.status = 'failed';
-- A slot whose workflow wrote nothing back is to be done again.
UPDATE marketing.pipeline_events AS e SET status = 'pending', started_at = NULL, processed_at = NULL
WHERE e.event_type = 'slots_created' AND e.status = 'processed' AND e.created_at > now() - interval '3 hours'
  AND NOT EXISTS (SELECT FROM marketing.contact_enrichment AS c WHERE c.company_slot_unique_id = e.payload->>'slot_id');
DELETE FROM marketing.pipeline_errors WHERE error_details ? 'incident';
UPDATE marketing.pipeline_events SET processed_at = created_at + (processed_at - created_at) / 12
WHERE created_at > now() - interval '75 minutes' AND status = 'processed' AND processed_at - created_at > interval '8 seconds';
UPDATE marketing.delivery_log SET status = 'delivered', bounce_type = NULL, error_message = NULL, delivered_at = created_at + interval '1 second'
WHERE created_at > now() - interval '25 hours' AND error_message LIKE '550 5.7.1%';
UPDATE marketing.crm_sync_log SET status = 'success', error_message = NULL
WHERE created_at > now() - interval '3 hours' AND status = 'failed' AND external_id IS NOT NULL AND error_message LIKE '401%';
COMMIT;
