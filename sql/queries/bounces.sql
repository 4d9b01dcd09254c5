-- Why messages of the last 24 hours bounced: the most frequent reasons, and all bounces. Addresses and long numbers are
-- taken out of a reason, since they differ from row to row; at most 5,000 bounces are looked at, the newest.
WITH bounced AS MATERIALIZED (
  SELECT d.reason
  FROM {delivery_log(status, at, reason?)} AS d
  WHERE d.at > now() - interval '24 hours' AND lower(d.status) LIKE '%bounce%'
  ORDER BY d.at DESC
  LIMIT 5000
), plain AS (
  SELECT nullif(trim(regexp_replace(regexp_replace(left(b.reason, 300), '\S+@[^\s>,;:]+', '<email>', 'g'), '\d{5,}', '#', 'g')), '') AS reason
  FROM bounced AS b
), counted AS (
  SELECT p.reason, count(*) AS part, sum(count(*)) OVER ()::bigint AS whole
  FROM plain AS p
  GROUP BY p.reason
)
SELECT c.reason, c.part, c.whole FROM counted AS c
WHERE c.reason IS NOT NULL
ORDER BY c.part DESC, c.reason
LIMIT 5
