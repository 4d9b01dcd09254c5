-- Campaigns of the last 7 days as funnels of distinct contacts, as the roll-up counted them, and when.
-- $1 limit: how many campaigns at most, the newest.
SELECT
  c.id::text AS id,
  coalesce(c.campaign_name, '') AS campaign_name,
  c.status,
  c.created_at::timestamptz AS created_at,
  s.contacts::bigint AS contacts,
  s.queued::bigint AS queued,
  s.delivered::bigint AS delivered,
  s.bounced::bigint AS bounced,
  s.opened::bigint AS opened,
  s.clicked::bigint AS clicked,
  s.replied::bigint AS replied,
  s.unsubscribed::bigint AS unsubscribed,
  s.computed_at::timestamptz AS as_of,
  coalesce(s.computed_at > now() - interval '15 minutes', false) AS is_fresh
FROM {campaigns(id, campaign_name, status?, created_at)} AS c
LEFT JOIN {campaign_stats(campaign_id, contacts, queued, delivered, bounced, opened, clicked, replied, unsubscribed, computed_at)} AS s
  ON s.campaign_id = c.id
WHERE c.created_at > now() - interval '7 days'
ORDER BY c.created_at DESC
LIMIT $1
