-- Segment Builder: chooses whom a campaign writes to, among the verified who may be written to. $1 event, $2 a die.
WITH campaign AS (
  SELECT c.id FROM marketing.pipeline_events AS e JOIN marketing.campaigns AS c ON c.id = (e.payload->>'campaign_id')::bigint WHERE e.id = $1
), chosen AS (
  INSERT INTO marketing.campaign_contacts (campaign_id, contact_id)
  SELECT campaign.id, v.enrichment_id
  FROM campaign CROSS JOIN marketing.email_verification AS v
  WHERE v.verification_status = 'valid'
    AND NOT EXISTS (SELECT FROM marketing.suppression_list AS s WHERE s.email = lower(v.email))
  ORDER BY hashint8extended(v.enrichment_id, campaign.id) LIMIT 140 + floor($2 * 80)::int
  ON CONFLICT DO NOTHING
)
UPDATE marketing.campaigns AS c SET segment_ready_at = now(), status = 'active' FROM campaign WHERE c.id = campaign.id AND c.segment_ready_at IS NULL
