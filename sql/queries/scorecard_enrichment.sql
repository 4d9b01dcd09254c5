-- Of the enrichments that ended in the last 30 days, the share that found an e-mail address.
SELECT
  'email_enrichment' AS metric,
  avg((lower(c.status) NOT IN ('failed', 'error', 'not_found') AND coalesce(c.email, '') <> '')::int)::float8 AS value,
  count(*) AS n
FROM {contact_enrichment(email, status, created_at, enriched_at?) sampled} AS c
WHERE coalesce(c.enriched_at, c.created_at) > now() - interval '30 days'
  AND lower(c.status) IN ('completed', 'complete', 'done', 'enriched', 'success', 'failed', 'error', 'not_found')
