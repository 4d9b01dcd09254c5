-- Of the delivery outcomes of the last 24 hours, how many bounced. A site that never writes "delivered" is read by its
-- "sent".
-- A word at a time: there are few of them, and many outcomes.
WITH word AS (
  SELECT d.status, count(*) AS n
  FROM {delivery_log(status, at) sampled} AS d
  WHERE d.at > now() - interval '24 hours'
  GROUP BY d.status
), outcome AS (
  SELECT d.n, CASE
    WHEN lower(d.status) LIKE '%bounce%' THEN 'bounced'
    WHEN lower(d.status) IN ('delivered', 'opened', 'clicked', 'replied') THEN 'delivered'
    WHEN lower(d.status) IN ('failed', 'error', 'dropped', 'rejected', 'blocked', 'complained', 'spam') THEN 'failed'
    WHEN lower(d.status) = 'sent' THEN 'sent'
  END AS kind
  FROM word AS d
), counted AS (
  SELECT
    coalesce(sum(n) FILTER (WHERE kind = 'bounced'), 0)::bigint AS bounced,
    coalesce(sum(n) FILTER (WHERE kind = 'failed'), 0)::bigint AS failed,
    coalesce(sum(n) FILTER (WHERE kind = 'delivered'), sum(n) FILTER (WHERE kind = 'sent'), 0)::bigint AS delivered
  FROM outcome
)
SELECT bounced AS part, bounced + failed + delivered AS whole FROM counted
