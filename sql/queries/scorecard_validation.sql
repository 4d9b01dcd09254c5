-- Of the raw companies judged in the last 30 days, the share that passed validation.
SELECT
  'validation_success' AS metric,
  avg((c.validated)::int)::float8 AS value,
  count(*) AS n
FROM {company_raw_intake(validated, created_at, judged_at?) sampled} AS c
WHERE c.validated IS NOT NULL AND coalesce(c.judged_at, c.created_at) > now() - interval '30 days'
