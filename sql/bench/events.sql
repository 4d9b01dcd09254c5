-- {events} events over 30 days and a hundredth as many errors, for our schema and for the shapes of the field alike.
-- 20 stages of which the first has most, a daily rhythm, keys in the order of time as a live table has them. A company that was
-- created is validated four events later and promoted eight later, but for one in a thousand. 99 % are processed, 0.8 %
-- failed; half of those of the last 3 minutes are pending, and a few of any age forgotten.
-- No trigger fires, and indexes are built at the end.
SET session_replication_role = replica;
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
SELECT setseed(0.42);

CREATE TEMP TABLE dropped AS
SELECT i.indexdef, i.schemaname, i.indexname
FROM pg_indexes AS i
JOIN pg_class AS c ON c.relname = i.indexname AND c.relnamespace = i.schemaname::regnamespace
JOIN pg_index AS x ON x.indexrelid = c.oid
WHERE i.schemaname = 'marketing' AND i.tablename IN ('pipeline_events', 'pipeline_errors') AND NOT x.indisprimary;
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT format('%I.%I', schemaname, indexname) FROM dropped LOOP
    EXECUTE 'DROP INDEX ' || name;
  END LOOP;
END $$;

TRUNCATE marketing.pipeline_events, marketing.pipeline_errors RESTART IDENTITY;

CREATE TEMP TABLE stage AS
SELECT row_number() OVER () AS k, name, seconds FROM (VALUES
  ('email_opened', 0.4), ('message_sent', 1.2), ('message_queued', 0.8), ('message_personalized', 6.0), ('email_clicked', 0.4),
  ('contact_enriched', 14.0), ('company_created', 2.0), ('company_validated', 3.0), ('company_promoted', 1.0), ('slots_created', 1.5),
  ('email_verified', 4.0), ('reply_received', 5.0), ('segment_ready', 9.0), ('follow_up_due', 1.0), ('lead_scored', 0.7),
  ('lead_qualified', 1.0), ('crm_synced', 2.5), ('campaign_created', 0.5), ('email_bounced', 0.5), ('unsubscribed', 0.3)) AS v (name, seconds);
-- A thousand places, of which stage k has a share of 1/k.
CREATE TEMP TABLE place AS
SELECT row_number() OVER (ORDER BY k) - 1 AS place, name, seconds
FROM stage, generate_series(1, greatest(1, round(1000 / (k * 3.5977))::int));
CREATE UNIQUE INDEX ON place (place);
ANALYZE place;
CREATE TEMP TABLE born AS
SELECT min(place) AS low, max(place) AS high, (SELECT count(*) FROM place) AS n FROM place WHERE name = 'company_created';

INSERT INTO marketing.pipeline_events (event_type, payload, status, retry_count, created_at, processed_at, error_message)
SELECT CASE
    WHEN since = 4 THEN 'company_validated'
    WHEN since = 8 THEN 'company_promoted'
    WHEN name IN ('company_validated', 'company_promoted') OR (name = 'company_created' AND i % 3 > 0) THEN 'email_opened'
    ELSE name
  END,
  jsonb_build_object('record_id', ((i - since)::bigint * 7919) % 5000000, 'intake_id', ((i - since)::bigint * 7919) % 5000000, 'company_name', 'Company ' || i % 40000 || ' Holdings',
    'website', 'https://www.company' || i % 40000 || '.example', 'email', 'contact' || i % 900000 || '@company' || i % 40000 || '.example',
    'trigger_time', at, 'source', 'trg_' || name, 'batch', md5(i::text)),
  CASE WHEN open THEN 'pending' WHEN fate < 0.008 THEN 'failed' ELSE 'processed' END,
  CASE WHEN NOT open AND fate < 0.008 THEN 3 ELSE 0 END,
  at,
  CASE WHEN NOT open THEN at + make_interval(secs => seconds * (0.3 - ln(1 - pace))) END,
  CASE WHEN NOT open AND fate < 0.008 THEN 'HTTP 429 Too Many Requests' END
FROM (
  SELECT i, at, fate, pace, chosen, since, (at > now() - interval '3 minutes' AND fate < 0.5) OR fate < 0.00002 AS open
  FROM (
    SELECT i, random() AS fate, random() AS pace, (hashint8(i)::bigint & 2147483647) % born.n AS chosen,
      CASE
        WHEN hashint8extended(i - i % 3 * 4, 1) % 1000 = 0 THEN 0
        WHEN i % 3 > 0 AND (hashint8(i - i % 3 * 4)::bigint & 2147483647) % born.n BETWEEN born.low AND born.high THEN i % 3 * 4
        ELSE 0
      END AS since,
      now() - interval '30 days' + interval '30 days' * (i::float8 / {events} + 0.008 * sin(i::float8 / {events} * 60 * pi())) AS at
    FROM generate_series(1, {events}) AS i
    CROSS JOIN born
  ) AS drawn
) AS event
JOIN place ON place.place = event.chosen
ORDER BY i;

INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, error_details, severity, resolved, resolved_at, created_at)
SELECT name, ((i::bigint * 7919) % 5000000)::text,
  (ARRAY['HTTP 429 Too Many Requests', 'connection reset by peer', 'invalid e-mail address', 'timeout after 30 s', 'SMTP 550 mailbox unavailable'])[1 + i % 5],
  jsonb_build_object('node', 'HTTP Request', 'execution', i, 'stack', repeat('at step ', 12)),
  CASE WHEN fate < 0.05 THEN 'critical' WHEN fate < 0.7 THEN 'error' ELSE 'warning' END,
  resolved, CASE WHEN resolved THEN at + interval '1 hour' END, at
FROM (
  SELECT i, at, fate, chosen, NOT (luck < 0.02 OR at > now() - interval '2 hours') AS resolved
  FROM (
    SELECT i, random() AS fate, random() AS luck, (random() * (SELECT count(*) - 1 FROM place))::int AS chosen,
      now() - interval '30 days' * (1 - i::float8 / ({events} / 100)) AS at
    FROM generate_series(1, {events} / 100) AS i
  ) AS drawn
) AS error
JOIN place ON place.place = error.chosen
ORDER BY i;

DO $$ DECLARE def text; BEGIN
  FOR def IN SELECT indexdef FROM dropped LOOP
    EXECUTE def;
  END LOOP;
END $$;
RESET session_replication_role;
