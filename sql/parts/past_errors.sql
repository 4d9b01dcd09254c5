error_stage AS (
  SELECT
    e.event_type,
    count(*) FILTER (WHERE NOT coalesce(e.resolved, false) OR e.resolved_at > $1) AS open,
    -- Nobody knows when these were resolved.
    count(*) FILTER (WHERE e.resolved AND e.resolved_at IS NULL) AS untimed,
    count(*) FILTER (WHERE e.created_at > $1 - interval '1 hour') AS of_hour
  FROM error AS e
  GROUP BY e.event_type
)
SELECT
  s.event_type, s.open, s.untimed, s.of_hour,
  CASE WHEN reach.n >= $2 THEN reach.since END AS since
FROM reach
LEFT JOIN error_stage AS s ON true
