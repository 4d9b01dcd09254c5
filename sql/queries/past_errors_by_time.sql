-- The errors that each stage had at a moment: those not resolved then, and those of the hour before, of the newest before it. A row a
-- stage, or one without any.
-- $1 at: the moment.
-- $2 limit: how many errors are looked at.
WITH error AS MATERIALIZED (
  SELECT coalesce(e.event_type, '') AS event_type, e.resolved, e.resolved_at::timestamptz AS resolved_at, e.created_at::timestamptz AS created_at
  FROM {pipeline_errors(event_type, resolved, resolved_at?, created_at)} AS e
  WHERE e.created_at <= $1
  ORDER BY e.created_at DESC
  LIMIT $2
), reach AS (
  SELECT count(*) AS n, min(created_at) AS since FROM error
), {part past_errors}
