-- How many events each of these stages does in a usual minute: the median over the whole minutes in which it did any, among
-- the newest 20,000 events; nothing of a stage of which fewer than ten such minutes are known.
-- $1 stages: their names.
WITH newest AS MATERIALIZED (
  SELECT e.event_type, e.status, e.processed_at::timestamptz AS processed_at
  FROM {pipeline_events(id, event_type, status, created_at?, processed_at)} AS e
  ORDER BY {newest e}
  LIMIT 20000
), minutes AS (
  SELECT n.event_type AS stage, date_trunc('minute', n.processed_at) AS minute, count(*) AS done
  FROM newest AS n
  WHERE n.event_type = ANY ($1) AND n.status IN {status processed} AND n.processed_at < date_trunc('minute', now())
  GROUP BY 1, 2
)
SELECT stage, (percentile_disc(0.5) WITHIN GROUP (ORDER BY done))::bigint AS usual
FROM minutes
GROUP BY stage
HAVING count(*) >= 10
