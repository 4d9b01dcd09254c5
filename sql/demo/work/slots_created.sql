-- Apify Enrichment: finds the person behind a slot, with or without an address. $1 event, $2 and $3 dice, $4 the person's name.
WITH found AS (
  SELECT s.company_slot_unique_id AS slot, m.company_name, $4::text AS full_name,
    CASE WHEN $2 < 0.88 THEN replace(lower($4), ' ', '.') || '@' || replace(m.website_url, 'https://', '') END AS email,
    'https://linkedin.example/in/' || replace(lower($4), ' ', '-') || '-' || e.id AS linkedin_url, e.created_at
  FROM marketing.pipeline_events AS e
  JOIN marketing.company_slots AS s ON s.company_slot_unique_id = e.payload->>'slot_id'
  JOIN marketing.company_master AS m USING (company_unique_id)
  WHERE e.id = $1
), mended AS (
  UPDATE marketing.contact_enrichment AS c
  SET full_name = found.full_name, email = found.email, linkedin_url = found.linkedin_url, enrichment_status = 'completed', enriched_at = now()
  FROM found WHERE c.company_slot_unique_id = found.slot AND c.enrichment_status <> 'completed'
)
INSERT INTO marketing.contact_enrichment (company_slot_unique_id, company_name, full_name, email, linkedin_url, enrichment_status, enrichment_source, enrichment_data, created_at, enriched_at)
SELECT slot, company_name, full_name, email, linkedin_url, 'completed', 'apify', jsonb_build_object('confidence', round((0.7 + $3 * 0.3)::numeric, 2)), now(), now()
FROM found WHERE NOT EXISTS (SELECT FROM marketing.contact_enrichment AS c WHERE c.company_slot_unique_id = found.slot)
