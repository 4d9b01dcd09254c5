-- Of the delivery outcomes of the last 24 hours, how many bounced. A site that never writes "delivered" is read by its
-- "sent".
WITH outcome AS (
  SELECT CASE
    WHEN lower(d.status) LIKE '%bounce%' THEN 'bounced'
    WHEN lower(d.status) IN ('delivered', 'opened', 'clicked', 'replied') THEN 'delivered'
    WHEN lower(d.status) IN ('failed', 'error', 'dropped', 'rejected', 'blocked', 'complained', 'spam') THEN 'failed'
    WHEN lower(d.status) = 'sent' THEN 'sent'
  END AS kind
  FROM {delivery_log(status, at)} AS d
  WHERE d.at > now() - interval '24 hours'
)
SELECT
  count(*) FILTER (WHERE kind = 'bounced') AS part,
  count(*) FILTER (WHERE kind IN ('bounced', 'failed'))
    + coalesce(nullif(count(*) FILTER (WHERE kind = 'delivered'), 0), count(*) FILTER (WHERE kind = 'sent')) AS whole
FROM outcome
