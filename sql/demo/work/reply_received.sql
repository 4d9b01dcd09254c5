-- Response Processor: reads a reply; a friendly one makes a lead. $1 event, $2 and $3 dice.
WITH judged AS (
  UPDATE marketing.responses AS r
  SET sentiment = CASE WHEN $2 < 0.46 THEN 'positive' WHEN $2 < 0.80 THEN 'neutral' ELSE 'negative' END,
    category = CASE WHEN $2 < 0.40 THEN 'interested' WHEN $2 < 0.46 THEN 'referral' WHEN $2 < 0.93 THEN 'not_now' ELSE 'unsubscribe' END,
    processed_at = now()
  FROM marketing.pipeline_events AS e
  WHERE e.id = $1 AND r.id = (e.payload->>'response_id')::bigint AND r.processed_at IS NULL
  RETURNING r.id, r.contact_id, r.campaign_id, r.category
), noted AS (
  INSERT INTO marketing.contact_timeline (contact_id, event_type, event_data)
  SELECT contact_id, kind, jsonb_build_object('campaign_id', campaign_id, 'response_id', id)
  FROM judged CROSS JOIN LATERAL (VALUES ('reply_received', true), ('meeting_booked', category = 'interested' AND $3 < 0.2)) AS happened (kind, did)
  WHERE did
)
INSERT INTO marketing.lead_scores (contact_id, campaign_id, score, signals, qualified, qualified_at)
SELECT contact_id, campaign_id, CASE WHEN $2 < 0.46 THEN 70 + floor($3 * 30) ELSE 20 + floor($3 * 45) END, '{"reply": 1}', $2 < 0.46,
  CASE WHEN $2 < 0.46 THEN now() END
FROM judged
