-- Message Personalizer: writes the first messages of a campaign; the others follow one by one. $1 event.
INSERT INTO marketing.message_queue (campaign_id, contact_id, template_id, variant, subject, status)
SELECT k.campaign_id, k.contact_id, 1 + k.contact_id % 6, CASE WHEN k.contact_id % 2 = 0 THEN 'a' ELSE 'b' END,
  'An idea for ' || coalesce(c.company_name, 'you'), 'personalized'
FROM marketing.pipeline_events AS e
JOIN marketing.campaign_contacts AS k ON k.campaign_id = (e.payload->>'campaign_id')::bigint
JOIN marketing.contact_enrichment AS c ON c.id = k.contact_id
WHERE e.id = $1 AND NOT EXISTS (SELECT FROM marketing.message_queue AS q WHERE q.campaign_id = k.campaign_id)
ORDER BY k.contact_id LIMIT 5
