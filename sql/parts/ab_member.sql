test AS MATERIALIZED (
  SELECT t.id, t.test_name, t.variant_a, t.variant_b, t.started_at::timestamptz AS started_at, t.ended_at::timestamptz AS ended_at, t.winner
  FROM {ab_tests(id, test_name?, campaign_id, variant_a?, variant_b?, started_at?, ended_at?, winner?)} AS t
  WHERE t.campaign_id = $1::text::{type ab_tests.campaign_id}
  ORDER BY t.id DESC
  LIMIT @
), message AS MATERIALIZED (
  SELECT
    q.contact_id,
    q.at::timestamptz AS at,
    CASE WHEN lower(btrim(q.variant)) IN ('a', 'variant_a') THEN 'a' WHEN lower(btrim(q.variant)) IN ('b', 'variant_b') THEN 'b' ELSE 'c' END AS side
  FROM {message_queue(campaign_id, contact_id, variant, at?)} AS q
  WHERE q.campaign_id = $1::text::{type message_queue.campaign_id} AND btrim(q.variant) <> '' AND EXISTS (SELECT FROM test)
), member AS MATERIALIZED (
  SELECT test.id, m.contact_id, min(m.side) AS side, max(m.side) AS other
  FROM test
  JOIN message AS m
    ON (m.at IS NULL OR test.started_at IS NULL OR m.at >= test.started_at) AND (m.at IS NULL OR test.ended_at IS NULL OR m.at < test.ended_at)
  GROUP BY 1, 2
)
