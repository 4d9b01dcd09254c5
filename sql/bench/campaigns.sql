-- 200 campaigns of {contacts} contacts in all over 90 days, and what became of them; our schema only.
-- Each person is in about five campaigns. No trigger fires.
SET session_replication_role = replica;
SET synchronous_commit = off;
SELECT setseed(0.43);

INSERT INTO intake.company_raw_intake (company_name, website, validated, validated_at, created_at)
SELECT 'Company ' || i, 'https://company' || i || '.example', i % 13 <> 0, at + interval '30 seconds', at
FROM (SELECT i, now() - interval '90 days' * (1 - i::float8 / ({contacts} / 20)) AS at FROM generate_series(1, {contacts} / 20) AS i) AS raw;
INSERT INTO marketing.company_master (company_unique_id, company_name, intake_id, created_at)
SELECT 'C' || id, company_name, id, created_at + interval '1 minute' FROM intake.company_raw_intake;
INSERT INTO marketing.company_slots (company_slot_unique_id, company_unique_id, slot_type, created_at)
SELECT 'S' || intake_id || type, company_unique_id, type, created_at + interval '10 seconds'
FROM marketing.company_master, unnest(ARRAY['CEO', 'CFO', 'HR']) AS type;
INSERT INTO marketing.contact_enrichment (company_slot_unique_id, full_name, email, enrichment_status, created_at, enriched_at)
SELECT company_slot_unique_id, 'Person ' || company_slot_unique_id, CASE WHEN random() < 0.85 THEN company_slot_unique_id || '@example.com' END,
  CASE WHEN random() < 0.97 THEN 'completed' ELSE 'failed' END, created_at, created_at + interval '1 minute'
FROM marketing.company_slots;
INSERT INTO marketing.email_verification (enrichment_id, email, verification_status, verified_at, created_at)
SELECT id, email, CASE WHEN random() < 0.88 THEN 'valid' ELSE 'invalid' END, enriched_at + interval '1 minute', enriched_at
FROM marketing.contact_enrichment WHERE email IS NOT NULL;

INSERT INTO marketing.campaigns (campaign_name, status, created_at)
SELECT 'Campaign ' || i, CASE WHEN i > 180 THEN 'active' ELSE 'completed' END, now() - interval '90 days' * (1 - i / 200.0)
FROM generate_series(1, 200) AS i;
INSERT INTO marketing.campaign_contacts (campaign_id, contact_id, added_at)
SELECT 1 + (i - 1) / ({contacts} / 200), 1 + (i::bigint * 48271) % ({contacts} / 5), now() - interval '90 days' * (1 - i::float8 / {contacts})
FROM generate_series(1, {contacts}) AS i;
INSERT INTO marketing.delivery_log (campaign_id, contact_id, status, error_message, created_at)
SELECT campaign_id, contact_id, CASE WHEN fate < 0.93 THEN 'delivered' ELSE 'bounced' END,
  CASE WHEN fate >= 0.93 THEN 'SMTP 550 mailbox unavailable' END, least(added_at + interval '1 hour', now())
FROM (SELECT *, random() AS fate FROM marketing.campaign_contacts ORDER BY id) AS c;
INSERT INTO marketing.engagement_events (campaign_id, contact_id, event_type, created_at)
SELECT campaign_id, contact_id, (ARRAY['open', 'open', 'open', 'click'])[k], added_at + k * interval '5 hours'
FROM marketing.campaign_contacts, generate_series(1, 4) AS k WHERE random() < 0.25 AND added_at + k * interval '5 hours' < now()
ORDER BY campaign_contacts.id;
INSERT INTO marketing.responses (campaign_id, contact_id, sentiment, created_at)
SELECT campaign_id, contact_id, 'positive', added_at + interval '2 days'
FROM marketing.campaign_contacts WHERE random() < 0.05 AND added_at + interval '2 days' < now() ORDER BY id;
INSERT INTO marketing.lead_scores (contact_id, campaign_id, score, qualified, created_at)
SELECT contact_id, campaign_id, 50, id % 6 = 0, created_at + interval '1 hour' FROM marketing.responses;
INSERT INTO marketing.crm_sync_log (contact_id, crm, status, created_at)
SELECT contact_id, 'hubspot', CASE WHEN random() < 0.98 THEN 'success' ELSE 'failed' END, created_at + interval '2 hours'
FROM marketing.lead_scores WHERE qualified;
RESET session_replication_role;
