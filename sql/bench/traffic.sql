-- What a pipeline of {events} events in 30 days does in 30 s: new events, and those before them end. No trigger fires.
SET session_replication_role = replica;
INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at)
SELECT (ARRAY['email_opened', 'message_sent', 'message_queued', 'contact_enriched', 'lead_qualified'])[1 + i % 5],
  jsonb_build_object('record_id', i, 'company_name', 'Company ' || i), 'pending', now()
FROM generate_series(1, ceil({events} / 30.0 / 86400 * 30)::int) AS i;
UPDATE marketing.pipeline_events SET status = 'processed', processed_at = now()
WHERE status = 'pending' AND id IN (
  SELECT id FROM marketing.pipeline_events ORDER BY id DESC
  OFFSET ceil({events} / 30.0 / 86400 * 30)::int LIMIT ceil({events} / 30.0 / 86400 * 30)::int);
RESET session_replication_role;
