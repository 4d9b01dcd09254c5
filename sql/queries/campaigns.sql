-- Campaigns of the last 7 days as funnels of distinct contacts, each step attributed by the campaign's key.
-- $1 limit: how many campaigns at most, the newest.
WITH campaign AS MATERIALIZED (
  SELECT c.id, c.campaign_name, c.status, c.created_at
  FROM {campaigns(id, campaign_name, status?, created_at)} AS c
  WHERE c.created_at > now() - interval '7 days'
  ORDER BY c.created_at DESC
  LIMIT $1
), member AS (
  SELECT m.campaign_id, count(DISTINCT m.contact_id) AS contacts
  FROM {campaign_contacts?(campaign_id, contact_id)} AS m
  WHERE m.campaign_id IN (SELECT id FROM campaign)
  GROUP BY 1
), waiting AS (
  SELECT q.campaign_id, count(*) AS queued
  FROM {message_queue?(campaign_id, status)} AS q
  WHERE q.campaign_id IN (SELECT id FROM campaign) AND lower(q.status) IN ('queued', 'pending', 'scheduled')
  GROUP BY 1
), delivery AS (
  SELECT
    d.campaign_id,
    count(DISTINCT d.contact_id) FILTER (WHERE lower(d.status) IN ('delivered', 'opened', 'clicked', 'replied')) AS delivered,
    count(DISTINCT d.contact_id) FILTER (WHERE lower(d.status) LIKE '%bounce%') AS bounced
  FROM {delivery_log?(campaign_id, contact_id, status)} AS d
  WHERE d.campaign_id IN (SELECT id FROM campaign)
  GROUP BY 1
), engagement AS (
  SELECT
    g.campaign_id,
    count(DISTINCT g.contact_id) FILTER (WHERE lower(g.event_type) IN ('open', 'opened', 'email_opened')) AS opened,
    count(DISTINCT g.contact_id) FILTER (WHERE lower(g.event_type) IN ('click', 'clicked', 'email_clicked')) AS clicked,
    count(DISTINCT g.contact_id) FILTER (WHERE lower(g.event_type) LIKE '%unsubscribe%' OR lower(g.event_type) = 'opt_out') AS unsubscribed
  FROM {engagement_events?(campaign_id, contact_id, event_type)} AS g
  WHERE g.campaign_id IN (SELECT id FROM campaign)
  GROUP BY 1
), reply AS (
  SELECT r.campaign_id, count(DISTINCT r.contact_id) AS replied
  FROM {responses?(campaign_id, contact_id)} AS r
  WHERE r.campaign_id IN (SELECT id FROM campaign)
  GROUP BY 1
)
SELECT
  c.id::text AS id,
  coalesce(c.campaign_name, '') AS campaign_name,
  c.status,
  c.created_at::timestamptz AS created_at,
  coalesce(member.contacts, 0) AS contacts,
  coalesce(waiting.queued, 0) AS queued,
  coalesce(delivery.delivered, 0) AS delivered,
  coalesce(delivery.bounced, 0) AS bounced,
  coalesce(engagement.opened, 0) AS opened,
  coalesce(engagement.clicked, 0) AS clicked,
  coalesce(reply.replied, 0) AS replied,
  coalesce(engagement.unsubscribed, 0) AS unsubscribed
FROM campaign AS c
LEFT JOIN member ON member.campaign_id = c.id
LEFT JOIN waiting ON waiting.campaign_id = c.id
LEFT JOIN delivery ON delivery.campaign_id = c.id
LEFT JOIN engagement ON engagement.campaign_id = c.id
LEFT JOIN reply ON reply.campaign_id = c.id
ORDER BY c.created_at DESC
