-- Validation Gatekeeper: judges a company. $1 event, $2 and $3 dice, $4 a word.
UPDATE intake.company_raw_intake AS r
SET validated = $2 < 0.936, validated_at = now(), validation_notes = CASE WHEN $2 >= 0.936 THEN 'website does not answer' END
FROM marketing.pipeline_events AS e
WHERE e.id = $1 AND r.id = (e.payload->>'record_id')::bigint AND r.validated IS NULL
