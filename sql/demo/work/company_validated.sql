-- Promotion Runner: gives a company its Barton id. $1 event.
INSERT INTO marketing.company_master (company_unique_id, company_name, website_url, industry, employee_count, country, intake_id, batch_id)
SELECT format('04.04.01.%s.%s.001', lpad((r.id % 97)::text, 2, '0'), lpad(r.id::text, 5, '0')),
  r.company_name, r.website, r.industry, r.employee_count, r.country, r.id, r.batch_id
FROM marketing.pipeline_events AS e JOIN intake.company_raw_intake AS r ON r.id = (e.payload->>'record_id')::bigint
WHERE e.id = $1
ON CONFLICT (company_unique_id) DO NOTHING
