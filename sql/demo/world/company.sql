-- New companies are imported. $1 how many, $2 a die, $3 industry, $4 name of the first.
INSERT INTO intake.company_raw_intake (company_name, website, industry, employee_count, country, batch_id)
SELECT name, 'https://' || replace(lower(name), ' ', '-') || '.example', $3, 20 + floor($2 * 900)::int, (ARRAY['DE', 'US', 'GB', 'FR', 'SE'])[1 + floor($2 * 5)::int],
  CASE WHEN $1 > 1 THEN 'import-storm' ELSE 'import-' || to_char(now(), 'MMDD') END
FROM (SELECT CASE WHEN n = 1 THEN $4::text ELSE $4 || ' ' || n END AS name FROM generate_series(1, $1::int) AS n) AS names
