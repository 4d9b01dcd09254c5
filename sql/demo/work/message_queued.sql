-- Send Executor: sends a message, unless its contact may no longer be written to. $1 event.
WITH due AS (
  SELECT q.id, q.campaign_id, q.contact_id,
    EXISTS (SELECT FROM marketing.suppression_list AS s JOIN marketing.contact_enrichment AS c ON s.email = lower(c.email) WHERE c.id = q.contact_id) AS suppressed
  FROM marketing.pipeline_events AS e JOIN marketing.message_queue AS q ON q.id = (e.payload->>'message_id')::bigint
  WHERE e.id = $1 AND q.status IN ('queued', 'failed')
), sent AS (
  UPDATE marketing.message_queue AS q
  SET status = CASE WHEN suppressed THEN 'suppressed' ELSE 'sent' END, sent_at = CASE WHEN NOT suppressed THEN now() END, error_message = NULL
  FROM due WHERE q.id = due.id
)
INSERT INTO marketing.delivery_log (message_id, campaign_id, contact_id, status, provider, provider_message_id)
SELECT id, campaign_id, contact_id, 'sent', CASE WHEN id % 3 = 0 THEN 'ses' ELSE 'sendgrid' END, format('<%s@mail.example>', 400000 + id)
FROM due WHERE NOT suppressed
