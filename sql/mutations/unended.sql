-- How many events of each of these stages have not ended, counted up to 10,001; where no index finds states in a large table, among
-- its newest rows.
-- $1 stages: their names.
SELECT stage.name AS stage, (
  SELECT count(*)
  FROM (
    SELECT
    FROM {pipeline_events(event_type, status) queued} AS e
    WHERE e.event_type = stage.name AND (e.status IN {status pending} OR e.status IN {status processing})
    LIMIT 10001
  ) AS queue
) AS unended
FROM unnest($1) AS stage (name)
