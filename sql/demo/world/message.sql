-- The personalizer writes the next message of an active campaign. $1 a die, for the choice of the campaign.
INSERT INTO marketing.message_queue (campaign_id, contact_id, template_id, variant, subject, status)
SELECT k.campaign_id, k.contact_id, 1 + k.contact_id % 6, CASE WHEN k.contact_id % 2 = 0 THEN 'a' ELSE 'b' END,
  'An idea for ' || coalesce(c.company_name, 'you'), 'personalized'
FROM (SELECT id FROM marketing.campaigns WHERE status = 'active' AND segment_ready_at IS NOT NULL ORDER BY id DESC LIMIT 3) AS active
CROSS JOIN LATERAL (
  SELECT * FROM marketing.campaign_contacts AS k
  WHERE k.campaign_id = active.id
    AND NOT EXISTS (SELECT FROM marketing.message_queue AS q WHERE q.campaign_id = k.campaign_id AND q.contact_id = k.contact_id)
  LIMIT 1) AS k
JOIN marketing.contact_enrichment AS c ON c.id = k.contact_id
ORDER BY hashint8extended(active.id, ($1 * 1000000)::bigint) LIMIT 1
