-- From raw company to its first verified contact: of those verified first in a window that ends now how many, and the ten that
-- took longest; how many have neither a verified contact nor an end without one, and how old the oldest of them is; and
-- percentiles over both, as twice the milliseconds, and one more where it falls on one that has not ended. Looked at are the
-- companies that came last, and those whose contacts were verified last.
-- $1 seconds: how long the window is.
-- $2 newest: how many companies, and how many contacts, are looked at.
WITH verified AS MATERIALIZED (
  -- Those that wait for it are passed over, so many of them.
  SELECT v.enrichment_id, v.at
  FROM (
    SELECT v.*
    FROM {email_verification(key?, enrichment_id, status, at)} AS v
    ORDER BY {newest v email_verification.at}
    LIMIT $2 * 16
  ) AS v
  WHERE lower(v.status) <> 'pending'
  LIMIT $2
), came AS MATERIALIZED (
  SELECT c.key
  FROM {company_raw_intake(key, created_at)} AS c
  ORDER BY {newest c company_raw_intake.created_at}
  LIMIT $2
), reach AS (
  SELECT (SELECT count(*) FROM came) >= $2 OR count(*) >= $2 AND min(at) > now() - $1 * interval '1 second' AS is_cut
  FROM verified
), looked_at AS MATERIALIZED (
  SELECT company.raw_key AS key
  FROM (
    SELECT DISTINCT place.company
    FROM verified AS v
    JOIN {contact_enrichment(id, slot)} AS enrichment ON enrichment.id = v.enrichment_id
    JOIN {company_slots(slot, company)} AS place ON place.slot = enrichment.slot
    WHERE v.at > now() - $1 * interval '1 second'
  ) AS place
  JOIN {company_master(company, raw_key)} AS company ON company.company = place.company
  UNION
  SELECT key FROM came
), record AS MATERIALIZED (
  SELECT
    intake.key, intake.company, intake.created_at::timestamptz AS began,
    min(v.at::timestamptz) FILTER (WHERE lower(v.status) <> 'pending') AS ended,
    -- Something is still to come of one of its slots, or there are none yet.
    intake.validated IS DISTINCT FROM false AND bool_or(CASE
      WHEN enrichment.id IS NULL THEN true
      WHEN lower(enrichment.status) IN ('failed', 'error', 'not_found') THEN false
      WHEN lower(enrichment.status) IN ('completed', 'complete', 'done', 'enriched', 'success') THEN enrichment.email <> ''
      ELSE true
    END) AS is_under_way
  FROM {company_raw_intake(key, company?, validated?, created_at)} AS intake
  LEFT JOIN {company_master(company, raw_key)} AS company ON company.raw_key = intake.key
  LEFT JOIN {company_slots(slot, company)} AS place ON place.company = company.company
  LEFT JOIN {contact_enrichment(id, slot, email?, status?)} AS enrichment ON enrichment.slot = place.slot
  LEFT JOIN {email_verification(enrichment_id, status, at)} AS v ON v.enrichment_id = enrichment.id
  WHERE intake.key = ANY (ARRAY(SELECT key FROM looked_at))
  GROUP BY intake.key, intake.company, intake.validated, intake.created_at
), took AS (
  SELECT *, extract(epoch FROM ended - began)::float8 * 1000 AS ms
  FROM record
  WHERE ended >= began AND ended > now() - $1 * interval '1 second'
), slowest AS (
  SELECT * FROM took ORDER BY ms DESC LIMIT 10
), flight AS (
  SELECT extract(epoch FROM now() - began)::float8 * 1000 AS ms FROM record WHERE ended IS NULL AND is_under_way AND began <= now()
)
SELECT
  s.key::text AS id, left(s.company, 256) AS company, s.began, s.ended, s.ms,
  {part records_told},
  reach.is_cut
FROM reach
LEFT JOIN slowest AS s ON true
ORDER BY s.ms DESC
