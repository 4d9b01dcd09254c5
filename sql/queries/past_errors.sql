-- The errors that each stage had at a moment: those not resolved then, and those of the hour before, of the newest before it by key. A row
-- a stage, or one without any.
-- $1 at: the moment.
-- $2 limit: how many errors are looked at.
-- $3 below: the key below which they are.
WITH error AS MATERIALIZED (
  SELECT e.id, coalesce(e.event_type, '') AS event_type, e.resolved, e.resolved_at::timestamptz AS resolved_at, e.created_at::timestamptz AS created_at
  FROM {pipeline_errors(id, event_type, resolved, resolved_at?, created_at)} AS e
  WHERE e.id < $3 AND e.created_at <= $1
  ORDER BY e.id DESC
  LIMIT $2
), reach AS (
  SELECT (SELECT count(*) FROM error) AS n, (SELECT created_at FROM error ORDER BY id LIMIT 1) AS since
), {part past_errors}
