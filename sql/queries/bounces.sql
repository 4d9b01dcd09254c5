-- Why messages of the last 24 hours bounced: the most frequent reasons, and all bounces. Addresses and long numbers are
-- taken out of a reason, since they differ from row to row; at most 5,000 bounces are looked at, the newest.
WITH bounced AS MATERIALIZED (
  SELECT left(d.reason, 300) AS reason
  FROM {delivery_log(status, at, reason?) sampled} AS d
  WHERE d.at > now() - interval '24 hours' AND lower(d.status) LIKE '%bounce%'
  ORDER BY d.at DESC
  LIMIT 5000
), plain AS (
  SELECT b.n, nullif(trim(regexp_replace(regexp_replace(b.reason, '\S+@[^\s>,;:]+', '<email>', 'g'), '\d{5,}', '#', 'g')), '') AS reason
  FROM (SELECT b.reason, count(*) AS n FROM bounced AS b GROUP BY b.reason) AS b
), counted AS (
  SELECT p.reason, sum(p.n)::bigint AS part, sum(sum(p.n)) OVER ()::bigint AS whole
  FROM plain AS p
  GROUP BY p.reason
)
SELECT c.reason, c.part, c.whole FROM counted AS c
WHERE c.reason IS NOT NULL
ORDER BY c.part DESC, c.reason
LIMIT 5
