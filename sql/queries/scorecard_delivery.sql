-- Of the messages whose delivery ended in the last 30 days, the share delivered.
WITH outcome AS (
  SELECT
    count(*) FILTER (WHERE lower(d.status) IN ('delivered', 'opened', 'clicked', 'replied')) AS delivered,
    count(*) FILTER (WHERE lower(d.status) = 'sent') AS sent,
    count(*) FILTER (
      WHERE lower(d.status) LIKE '%bounce%'
         OR lower(d.status) IN ('failed', 'error', 'dropped', 'rejected', 'blocked', 'complained', 'spam')) AS lost
  FROM {delivery_log(status, at) sampled} AS d
  WHERE d.at > now() - interval '30 days'
), reached AS (
  -- A site that never writes "delivered" is read by its "sent".
  SELECT CASE WHEN delivered > 0 THEN delivered ELSE sent END AS delivered, lost FROM outcome
)
SELECT
  'delivery_rate' AS metric,
  delivered::float8 / nullif(delivered + lost, 0) AS value,
  delivered + lost AS n
FROM reached
