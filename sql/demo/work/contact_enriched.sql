-- MillionVerify Checker: says whether an address can be written to. $1 event, $2 a die.
INSERT INTO marketing.email_verification (enrichment_id, email, verification_status, verification_service, verification_result, verified_at)
SELECT c.id, c.email, CASE WHEN $2 < 0.912 THEN 'valid' WHEN $2 < 0.962 THEN 'invalid' WHEN $2 < 0.99 THEN 'risky' ELSE 'unknown' END,
  'millionverifier', '{"credits": 1}', now()
FROM marketing.pipeline_events AS e JOIN marketing.contact_enrichment AS c ON c.id = (e.payload->>'contact_id')::bigint
WHERE e.id = $1 AND c.email IS NOT NULL
  AND NOT EXISTS (SELECT FROM marketing.email_verification AS v WHERE v.enrichment_id = c.id)
