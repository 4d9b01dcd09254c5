-- Of the contacts delivered to in the last 30 days, the shares that opened, clicked, replied, met and bought.
WITH reached AS (
  SELECT DISTINCT d.contact_id
  FROM {delivery_log(contact_id, status, at) sampled} AS d
  WHERE d.at > now() - interval '30 days'
    AND lower(d.status) IN ('delivered', 'opened', 'clicked', 'replied')
    AND d.contact_id IS NOT NULL
), done AS (
  SELECT g.contact_id,
    CASE WHEN lower(g.event_type) IN ('open', 'opened', 'email_opened') THEN 'open_rate' ELSE 'click_rate' END AS metric
  FROM {engagement_events?(contact_id, event_type, at) sampled} AS g
  WHERE g.at > now() - interval '30 days'
    AND lower(g.event_type) IN ('open', 'opened', 'email_opened', 'click', 'clicked', 'email_clicked')
  UNION ALL
  SELECT r.contact_id, 'reply_rate'
  FROM {responses?(contact_id, at) sampled} AS r
  WHERE r.at > now() - interval '30 days'
  UNION ALL
  SELECT t.contact_id,
    CASE WHEN lower(t.event_type) = 'meeting_booked' THEN 'meeting_booking' ELSE 'deal_close' END
  FROM {contact_timeline?(contact_id, event_type, at) sampled} AS t
  WHERE t.at > now() - interval '30 days' AND lower(t.event_type) IN ('meeting_booked', 'deal_closed')
), counted AS (
  SELECT done.metric, count(DISTINCT done.contact_id) AS contacts
  FROM done JOIN reached USING (contact_id)
  GROUP BY 1
)
SELECT
  kind.metric,
  coalesce(counted.contacts, 0)::float8 / nullif((SELECT count(*) FROM reached), 0) AS value,
  (SELECT count(*) FROM reached) AS n
FROM (VALUES ('open_rate'), ('click_rate'), ('reply_rate'), ('meeting_booking'), ('deal_close')) AS kind (metric)
LEFT JOIN counted USING (metric)
