-- {events} new events, and as many before them end. No trigger fires.
SET session_replication_role = replica;
INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at)
SELECT (ARRAY['email_opened', 'message_sent', 'message_queued', 'contact_enriched', 'lead_qualified'])[1 + floor(random() * 5)::int],
  jsonb_build_object('record_id', floor(random() * 5000000)::int, 'company_name', 'Company ' || i), 'pending', now()
FROM generate_series(1, {events}) AS i;
UPDATE marketing.pipeline_events SET status = 'processed', processed_at = now()
WHERE status = 'pending' AND id IN (
  SELECT id FROM marketing.pipeline_events ORDER BY id DESC
  OFFSET {events} LIMIT {events});
RESET session_replication_role;
