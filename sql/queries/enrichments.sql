-- Of the enrichments that ended in the last 24 hours, how many found an e-mail address.
SELECT
  count(*) FILTER (WHERE lower(c.status) IN ('completed', 'complete', 'done', 'enriched', 'success') AND c.email <> '') AS part,
  count(*) AS whole
FROM {contact_enrichment(email, status, created_at, enriched_at?) sampled} AS c
WHERE coalesce(c.enriched_at, c.created_at) > now() - interval '24 hours'
  AND lower(c.status) IN ('completed', 'complete', 'done', 'enriched', 'success', 'failed', 'error', 'not_found')
