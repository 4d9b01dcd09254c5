-- The tables of phase 1 of the classic shape behind {events} events of 30 days: a twentieth as many raw companies, and of each a company,
-- a slot, a contact and a verified address. No trigger fires.
SET session_replication_role = replica;
SET synchronous_commit = off;
TRUNCATE intake.company_raw_intake, marketing.company_master, marketing.company_slots, marketing.contact_enrichment,
  marketing.email_verification RESTART IDENTITY;
CREATE TEMP TABLE came AS
SELECT i, now() - interval '30 days' * (1 - i / ({events} / 20.0)) AS at FROM generate_series(1, {events} / 20) AS i;
INSERT INTO intake.company_raw_intake (company_name, website, batch_id, validated, created_at)
SELECT 'Company ' || i, 'https://www.company' || i || '.example', 'batch-' || i / 1000, i % 20 <> 0, at FROM came ORDER BY i;
INSERT INTO marketing.company_master (company_unique_id, company_name, website_url, batch_id, created_at)
SELECT 'c.' || i, 'Company ' || i, 'https://www.company' || i || '.example', 'batch-' || i / 1000, at FROM came ORDER BY i;
INSERT INTO marketing.company_slots (company_slot_unique_id, company_unique_id, slot_type, slot_label, created_at)
SELECT 's.' || i, 'c.' || i, 'CEO', 'CEO slot', at FROM came ORDER BY i;
INSERT INTO marketing.contact_enrichment (company_slot_unique_id, full_name, email, enrichment_status, enrichment_source, created_at, enriched_at)
SELECT 's.' || i, 'Person ' || i, 'person' || i || '@company' || i || '.example', CASE WHEN i % 10 = 0 THEN 'failed' ELSE 'completed' END, 'apify',
  at, at + interval '14 s'
FROM came ORDER BY i;
INSERT INTO marketing.email_verification (enrichment_id, email, verification_status, verification_service, verified_at, created_at)
SELECT i, 'person' || i || '@company' || i || '.example', CASE WHEN i % 15 = 0 THEN 'invalid' ELSE 'valid' END, 'millionverifier', at, at
FROM came ORDER BY i;
DROP TABLE came;
RESET session_replication_role;
