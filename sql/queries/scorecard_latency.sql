-- From raw company to its first verified contact, in seconds: the 95th percentile of those verified in the last 30 days.
WITH verified AS (
  SELECT intake.key, min(v.at::timestamptz) - min(intake.created_at::timestamptz) AS took
  FROM {email_verification(enrichment_id, status, at) sampled} AS v
  JOIN {contact_enrichment(id, slot)} AS enrichment ON enrichment.id = v.enrichment_id
  JOIN {company_slots(slot, company)} AS place ON place.slot = enrichment.slot
  JOIN {company_master(company, raw_key)} AS company ON company.company = place.company
  JOIN {company_raw_intake(key, created_at)} AS intake ON intake.key = company.raw_key
  WHERE v.at > now() - interval '30 days' AND lower(v.status) <> 'pending'
  GROUP BY intake.key
)
SELECT
  'end_to_end_latency' AS metric,
  percentile_disc(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM took)::float8) AS value,
  count(*) AS n
FROM verified
WHERE took >= interval '0'
