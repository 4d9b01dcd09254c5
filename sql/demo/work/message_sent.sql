-- Delivery Tracker: asks the provider what became of a message. $1 event, $2 a die, $3 the share that bounces, $4 what a bounce says.
WITH outcome AS (
  UPDATE marketing.delivery_log AS d
  SET status = CASE WHEN $2 < $3 THEN 'bounced' WHEN $2 > 0.999 THEN 'complained' ELSE 'delivered' END,
    bounce_type = CASE WHEN $2 < $3 THEN CASE WHEN d.id % 5 < 3 THEN 'hard' ELSE 'soft' END END,
    error_message = CASE WHEN $2 < $3 THEN $4::text END,
    delivered_at = CASE WHEN $2 >= $3 THEN now() END
  FROM marketing.pipeline_events AS e
  WHERE e.id = $1 AND d.id = (e.payload->>'delivery_id')::bigint AND d.status IN ('sent', 'deferred')
  RETURNING d.contact_id, d.campaign_id, d.message_id
), ltv AS (
  INSERT INTO marketing.contact_ltv (contact_id, total_emails_sent, last_contact_at)
  SELECT contact_id, 1, now() FROM outcome
  ON CONFLICT (contact_id) DO UPDATE SET total_emails_sent = contact_ltv.total_emails_sent + 1, last_contact_at = now()
)
INSERT INTO marketing.contact_timeline (contact_id, event_type, event_data)
SELECT contact_id, 'email_sent', jsonb_build_object('campaign_id', campaign_id, 'message_id', message_id) FROM outcome
