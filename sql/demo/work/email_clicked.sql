-- Engagement Tracker: scores somebody who clicked. $1 event, $2 a die.
INSERT INTO marketing.lead_scores (contact_id, campaign_id, score, signals)
SELECT (payload->>'contact_id')::bigint, (payload->>'campaign_id')::bigint, 15 + floor($2 * 40), '{"click": 1}'
FROM marketing.pipeline_events WHERE id = $1
