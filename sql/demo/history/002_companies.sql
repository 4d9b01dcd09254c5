-- Phase 1: 2,700 invented companies, the first 600 of them one big import, and how far each one has come by now.
CREATE TEMP TABLE company AS
SELECT n, created_at, validated_at, promoted_at, slots_at, valid, company_name,
  replace(lower(company_name), ' ', '-') || '.example' AS domain,
  format('04.04.01.%s.%s.001', lpad((n % 97)::text, 2, '0'), lpad(n::text, 5, '0')) AS company_id,
  pg_temp.pick(n, 5, '{Logistics,Manufacturing,Software,Healthcare,Retail,Energy,Construction,Insurance,Food,Education}') AS industry,
  (20 * exp(1.1 * abs(pg_temp.z(n, 6))))::int AS employees,
  pg_temp.pick(n, 8, '{DE,AT,CH,US,US,US,GB,NL,SE,FR}') AS country,
  'import-' || to_char(created_at, 'MMDD') || CASE WHEN n <= 600 THEN '-initial' ELSE '' END AS batch_id
FROM (
  SELECT *,
    format('%s %s',
      ('{Amber,Alder,Arbor,Atlas,Beacon,Birch,Bluff,Bridge,Brook,Cedar,Cinder,Clover,Cobalt,Copper,Coral,Crane,Crest,Delta,Ember,Falcon,Fern,Flint,Forge,Garnet,Glacier,Granite,Harbor,Hazel,Heron,Hollow,Indigo,Iris,Ivory,Juniper,Kestrel,Lantern,Larch,Linden,Lumen,Maple,Meadow,Mesa,Nimbus,North,Oak,Onyx,Opal,Orchard,Pebble,Pine,Quarry,Raven,Ridge,River,Saffron,Slate,Sparrow,Summit,Tidal,Willow}'::text[])
        [1 + (n * 1009 % 2700) % 60],
      ('{Analytics,Apparel,Automation,Bakery,Biotech,Builders,Capital,Carriers,Ceramics,Chemicals,Clinics,Cloud,Components,Consulting,Controls,Courier,Dairy,Data,Dental,Design,Diagnostics,Electric,Energy,Farms,Fabrics,Foods,Freight,Furniture,Glass,Hardware,Health,Hotels,Instruments,Labs,Learning,Legal,Machines,Media,Metals,Mobility,Optics,Packaging,Robotics,Solar,Textiles}'::text[])
        [1 + (n * 1009 % 2700) / 60]) AS company_name,
    validated_at + pg_temp.took(n, 30, 0.8, 0.4) AS promoted_at,
    validated_at + pg_temp.took(n, 30, 0.8, 0.4) + pg_temp.took(n, 40, 0.7, 0.4) AS slots_at
  FROM (
    SELECT *, created_at + pg_temp.took(n, 20, 0.6, 0.4) AS validated_at, pg_temp.u(n, 4) < 0.936 AS valid
    FROM (
      SELECT row_number() OVER (ORDER BY at)::bigint AS n, at AS created_at
      FROM (
        SELECT CASE WHEN i <= 600 THEN pg_temp.t0() - interval '30 days' + pg_temp.u(i, 2) * interval '4 hours'
                    ELSE pg_temp.moment(i, 2) END AS at
        FROM generate_series(1, 2700) AS i) AS raw) AS numbered) AS judged) AS named;

INSERT INTO intake.company_raw_intake (id, company_name, website, industry, employee_count, country, batch_id, validated, validated_at, validation_notes, created_at)
SELECT n, company_name, 'https://' || domain, industry, employees, country, batch_id,
  CASE WHEN validated_at <= pg_temp.t0() THEN valid END,
  CASE WHEN validated_at <= pg_temp.t0() THEN validated_at END,
  CASE WHEN validated_at <= pg_temp.t0() AND NOT valid
    THEN pg_temp.pick(n, 9, '{website does not answer,duplicate of an earlier import,domain is parked,fewer than 10 employees}') END,
  created_at
FROM company ORDER BY n;

DELETE FROM company WHERE created_at > pg_temp.t0();

INSERT INTO marketing.company_master (company_unique_id, company_name, website_url, industry, employee_count, country, intake_id, batch_id, created_at)
SELECT company_id, company_name, 'https://' || domain, industry, employees, country, n, batch_id, promoted_at
FROM company WHERE valid AND promoted_at <= pg_temp.t0() ORDER BY n;

CREATE TEMP TABLE contact AS
SELECT row_number() OVER (ORDER BY enriched_at)::bigint AS id, *
FROM (
  SELECT *, slots_at + pg_temp.took(key, 50, 3.6, 0.45) AS enriched_at,
    slots_at + pg_temp.took(key, 50, 3.6, 0.45) + pg_temp.took(key, 60, 1.6, 0.4) AS verified_at,
    pg_temp.u(key, 11) < 0.008 AS failed,
    pg_temp.u(key, 12) < 0.88 AS found,
    CASE WHEN roll < 0.912 THEN 'valid' WHEN roll < 0.962 THEN 'invalid' WHEN roll < 0.99 THEN 'risky' ELSE 'unknown' END AS verdict,
    first || ' ' || last AS full_name,
    lower(first || '.' || last) || '@' || domain AS email,
    lower(first || '-' || last) || '-' || key AS handle
  FROM (
    SELECT c.*, slot_type, slot_label, n * 3 + place AS key,
      company_id || '.' || slot_type AS slot_id,
      pg_temp.u(n * 3 + place, 13) AS roll,
      pg_temp.pick(n * 3 + place, 14, '{Aisha,Amara,Anders,Anja,Beatriz,Birgit,Carlos,Chloe,Dana,Daniel,Elena,Emil,Esther,Farid,Fiona,Georg,Grace,Hana,Hugo,Ines,Ivan,Jana,Joel,Julia,Kofi,Lars,Leila,Linus,Lucia,Malik,Marta,Mei,Mila,Noah,Nora,Omar,Paula,Petra,Rafael,Rosa,Samir,Sofia,Sven,Tara,Theo,Tomas,Uma,Vera,Viktor,Yara}') AS first,
      pg_temp.pick(n * 3 + place, 15, '{Abbott,Adeyemi,Albrecht,Almeida,Bauer,Becker,Bianchi,Castro,Chen,Costa,Dahl,Diaz,Dubois,Engel,Eriksen,Fischer,Fontana,Garcia,Gruber,Haas,Hansen,Hoffmann,Ibrahim,Jansen,Kaya,Keller,Kim,Kowalski,Kruger,Lang,Larsen,Lopez,Maier,Marino,Meyer,Moreau,Nakamura,Novak,Okafor,Olsen,Park,Petrov,Quinn,Reyes,Rossi,Santos,Schmid,Silva,Tanaka,Vogel,Wagner,Weber,Winter,Yilmaz,Zhang,Ziegler}') AS last
    FROM company AS c
    CROSS JOIN (VALUES (0, 'CEO', 'Chief Executive Officer', 1.0), (1, 'CFO', 'Chief Financial Officer', 0.9), (2, 'HR', 'Head of HR', 0.8))
      AS slot (place, slot_type, slot_label, share)
    WHERE valid AND slots_at <= pg_temp.t0() AND pg_temp.u(n * 3 + place, 10) < share) AS slots) AS people;

INSERT INTO marketing.company_slots (company_slot_unique_id, company_unique_id, slot_type, slot_label, created_at)
SELECT slot_id, company_id, slot_type, slot_label, slots_at FROM contact ORDER BY slots_at, slot_id;

INSERT INTO marketing.contact_enrichment (id, company_slot_unique_id, company_name, full_name, email, phone, linkedin_url, enrichment_status, enrichment_source, enrichment_data, created_at, enriched_at)
SELECT id, slot_id, company_name, full_name,
  CASE WHEN found THEN email END,
  CASE WHEN pg_temp.u(key, 16) < 0.4 THEN format('+1 555 01%s', lpad((key % 100)::text, 2, '0')) END,
  'https://linkedin.example/in/' || handle, 'completed', 'apify',
  jsonb_build_object('title', slot_label, 'confidence', round(pg_temp.u(key, 17)::numeric / 4 + 0.74, 2)), slots_at, enriched_at
FROM contact WHERE NOT failed AND enriched_at <= pg_temp.t0() ORDER BY id;

INSERT INTO marketing.contact_enrichment (id, company_slot_unique_id, company_name, enrichment_status, enrichment_source, created_at, enriched_at)
SELECT id, slot_id, company_name, 'failed', 'apify', slots_at, enriched_at
FROM contact WHERE failed AND enriched_at <= pg_temp.t0() ORDER BY id;

INSERT INTO marketing.email_verification (enrichment_id, email, verification_status, verification_service, verification_result, verified_at, created_at)
SELECT id, email, verdict, 'millionverifier',
  jsonb_build_object('quality', CASE verdict WHEN 'valid' THEN 'good' WHEN 'invalid' THEN 'bad' ELSE 'risky' END, 'credits', 1), verified_at, verified_at
FROM contact WHERE found AND NOT failed AND verified_at <= pg_temp.t0() ORDER BY verified_at;
