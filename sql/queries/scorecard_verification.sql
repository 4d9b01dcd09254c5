-- Of the e-mail addresses verified in the last 30 days, the share found valid.
SELECT
  'email_deliverability' AS metric,
  avg((lower(v.status) IN ('valid', 'deliverable', 'ok'))::int)::float8 AS value,
  count(*) AS n
FROM {email_verification(status, at) sampled} AS v
WHERE v.at > now() - interval '30 days' AND lower(v.status) <> 'pending'
