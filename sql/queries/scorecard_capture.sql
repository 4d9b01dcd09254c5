-- Of the contacts that the trackers saw reply in the last 30 days, the share with a response kept.
SELECT
  'response_capture' AS metric,
  count(kept.contact_id)::float8 / nullif(count(*), 0) AS value,
  count(*) AS n
FROM (
  SELECT DISTINCT g.contact_id
  FROM {engagement_events(contact_id, event_type, at) sampled} AS g
  WHERE g.at > now() - interval '30 days' AND lower(g.event_type) IN ('reply', 'replied', 'reply_received')
) AS seen
LEFT JOIN (
  SELECT DISTINCT r.contact_id
  FROM {responses(contact_id, at) sampled} AS r
  WHERE r.at > now() - interval '31 days'
) AS kept USING (contact_id)
