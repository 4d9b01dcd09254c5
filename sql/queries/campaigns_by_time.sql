-- Campaigns of the last 7 days as funnels of distinct contacts; a step without the campaign's key counts for the
-- campaigns that its contact was added to in the 7 days before it.
-- $1 limit: how many campaigns at most, the newest.
WITH campaign AS MATERIALIZED (
  SELECT c.id, c.campaign_name, c.status, c.created_at
  FROM {campaigns(id, campaign_name, status?, created_at)} AS c
  WHERE c.created_at > now() - interval '7 days'
  ORDER BY c.created_at DESC
  LIMIT $1
), member AS MATERIALIZED (
  SELECT DISTINCT ON (m.campaign_id, m.contact_id)
    m.campaign_id, m.contact_id, coalesce(m.added_at::timestamptz, campaign.created_at::timestamptz) AS added_at
  FROM {campaign_contacts(campaign_id, contact_id, added_at?)} AS m
  JOIN campaign ON campaign.id = m.campaign_id
  ORDER BY m.campaign_id, m.contact_id, m.added_at
), waiting AS (
  SELECT q.campaign_id, count(*) AS queued
  FROM {message_queue?(campaign_id, status)} AS q
  WHERE q.campaign_id IN (SELECT id FROM campaign) AND lower(q.status) IN ('queued', 'pending', 'scheduled')
  GROUP BY 1
), delivery AS (
  SELECT
    member.campaign_id,
    count(DISTINCT d.contact_id) FILTER (WHERE lower(d.status) IN ('delivered', 'opened', 'clicked', 'replied')) AS delivered,
    count(DISTINCT d.contact_id) FILTER (WHERE lower(d.status) LIKE '%bounce%') AS bounced
  FROM member
  JOIN {delivery_log?(campaign_id?, contact_id, status, at)} AS d ON d.contact_id = member.contact_id
  WHERE d.campaign_id = member.campaign_id
     OR (d.campaign_id IS NULL AND d.at >= member.added_at AND d.at < member.added_at + interval '7 days')
  GROUP BY 1
), engagement AS (
  SELECT
    member.campaign_id,
    count(DISTINCT g.contact_id) FILTER (WHERE lower(g.event_type) IN ('open', 'opened', 'email_opened')) AS opened,
    count(DISTINCT g.contact_id) FILTER (WHERE lower(g.event_type) IN ('click', 'clicked', 'email_clicked')) AS clicked,
    count(DISTINCT g.contact_id) FILTER (WHERE lower(g.event_type) LIKE '%unsubscribe%' OR lower(g.event_type) = 'opt_out') AS unsubscribed
  FROM member
  JOIN {engagement_events?(campaign_id?, contact_id, event_type, at)} AS g ON g.contact_id = member.contact_id
  WHERE g.campaign_id = member.campaign_id
     OR (g.campaign_id IS NULL AND g.at >= member.added_at AND g.at < member.added_at + interval '7 days')
  GROUP BY 1
), reply AS (
  SELECT member.campaign_id, count(DISTINCT r.contact_id) AS replied
  FROM member
  JOIN {responses?(campaign_id?, contact_id, at)} AS r ON r.contact_id = member.contact_id
  WHERE r.campaign_id = member.campaign_id
     OR (r.campaign_id IS NULL AND r.at >= member.added_at AND r.at < member.added_at + interval '7 days')
  GROUP BY 1
)
SELECT
  c.id::text AS id,
  coalesce(c.campaign_name, '') AS campaign_name,
  c.status,
  c.created_at::timestamptz AS created_at,
  (SELECT count(*) FROM member WHERE member.campaign_id = c.id) AS contacts,
  coalesce(waiting.queued, 0) AS queued,
  coalesce(delivery.delivered, 0) AS delivered,
  coalesce(delivery.bounced, 0) AS bounced,
  coalesce(engagement.opened, 0) AS opened,
  coalesce(engagement.clicked, 0) AS clicked,
  coalesce(reply.replied, 0) AS replied,
  coalesce(engagement.unsubscribed, 0) AS unsubscribed
FROM campaign AS c
LEFT JOIN waiting ON waiting.campaign_id = c.id
LEFT JOIN delivery ON delivery.campaign_id = c.id
LEFT JOIN engagement ON engagement.campaign_id = c.id
LEFT JOIN reply ON reply.campaign_id = c.id
ORDER BY c.created_at DESC
