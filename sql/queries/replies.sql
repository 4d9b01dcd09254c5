-- Of the contacts delivered to in the last 7 days, how many replied in them.
SELECT count(replied.contact_id) AS part, count(*) AS whole
FROM (
  SELECT DISTINCT d.contact_id
  FROM {delivery_log(contact_id, status, at) sampled} AS d
  WHERE d.at > now() - interval '7 days'
    AND lower(d.status) IN ('delivered', 'opened', 'clicked', 'replied')
    AND d.contact_id IS NOT NULL
) AS reached
LEFT JOIN (
  SELECT DISTINCT r.contact_id
  FROM {responses(contact_id, at) sampled} AS r
  WHERE r.at > now() - interval '7 days'
) AS replied USING (contact_id)
