-- Of the leads scored in the last 30 days, the share that qualified.
SELECT
  'lead_qualification' AS metric,
  avg((l.qualified)::int)::float8 AS value,
  count(*) AS n
FROM {lead_scores(qualified, at) sampled} AS l
WHERE l.at > now() - interval '30 days'
