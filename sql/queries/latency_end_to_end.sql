-- From raw company to its first verified contact, of those verified first in a window that ends now: how many, their median,
-- 95th percentile and longest, and the ten that took longest.
-- $1 seconds: how long the window is.
WITH recent AS (
  SELECT DISTINCT intake.id, intake.company, intake.created_at::timestamptz AS began
  FROM {email_verification(enrichment_id, status, at)} AS v
  JOIN {contact_enrichment(id, slot)} AS enrichment ON enrichment.id = v.enrichment_id
  JOIN {company_slots(slot, company)} AS place ON place.slot = enrichment.slot
  JOIN {company_master(company, raw)} AS company ON company.company = place.company
  JOIN {company_raw_intake(id, company?, created_at)} AS intake ON intake.id = company.raw
  WHERE v.at > now() - $1 * interval '1 second' AND lower(v.status) <> 'pending'
), whole AS (
  SELECT recent.id, recent.company, recent.began, min(v.at::timestamptz) AS ended
  FROM recent
  JOIN {company_master(company, raw)} AS company ON company.raw = recent.id
  JOIN {company_slots(slot, company)} AS place ON place.company = company.company
  JOIN {contact_enrichment(id, slot)} AS enrichment ON enrichment.slot = place.slot
  JOIN {email_verification(enrichment_id, status, at)} AS v ON v.enrichment_id = enrichment.id AND lower(v.status) <> 'pending'
  GROUP BY 1, 2, 3
), took AS (
  SELECT *, extract(epoch FROM ended - began)::float8 * 1000 AS ms
  FROM whole
  WHERE ended >= began AND ended > now() - $1 * interval '1 second'
)
SELECT
  id, left(company, 256) AS company, began, ended, ms,
  (SELECT count(*) FROM took) AS n,
  (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ms) FROM took) AS p50,
  (SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY ms) FROM took) AS p95
FROM took
ORDER BY ms DESC
LIMIT 10
