-- Phase 2: 22 campaigns, who is in them, and about 9,000 messages with what became of each.
CREATE TEMP TABLE pool AS
SELECT row_number() OVER (ORDER BY verified_at, id)::bigint AS place, id AS contact_id, verified_at, company_name, full_name, email
FROM contact WHERE found AND NOT failed AND verdict = 'valid' AND verified_at <= pg_temp.t0();
CREATE UNIQUE INDEX ON pool (place);

CREATE TEMP TABLE campaign AS
WITH started AS MATERIALIZED (
  SELECT c, pg_temp.t0() - make_interval(secs => 3600 * (690 * power((22 - c) / 21.0, 1.6) + 0.8)) AS started_at
  FROM generate_series(1, 22) AS c)
SELECT *, (SELECT count(*) FROM pool WHERE verified_at < started_at) AS size,
  (ARRAY['DACH CFO payroll outreach', 'HR leaders benefits audit', 'CEO growth round table', 'Manufacturing cost review', 'Retail staffing season',
         'Healthcare compliance update', 'Nordics HR automation', 'Logistics fleet savings', 'Software founders briefing', 'Energy CFO hedging',
         'Q4 benefits renewal'])[1 + (c - 1) % 11] || CASE WHEN c > 11 THEN ' II' ELSE '' END AS name,
  (ARRAY['CFO-DACH', 'HR-US', 'CEO-ALL', 'CFO-MFG', 'HR-RETAIL', 'CEO-HEALTH', 'HR-NORDICS', 'CFO-LOGISTICS', 'CEO-SOFTWARE', 'CFO-ENERGY', 'HR-ALL'])
    [1 + (c - 1) % 11] AS segment,
  CASE WHEN c > 18 THEN 'active' WHEN c = 18 THEN 'paused' ELSE 'completed' END AS status
FROM started;

INSERT INTO marketing.message_templates (id, template_name, subject, body, created_at)
SELECT n, 'Template ' || n, (ARRAY['A question about {{company}}', '{{first_name}}, 12 minutes this week?', 'How {{company}} plans its next quarter',
  'An idea for {{company}}', 'Following up, {{first_name}}', 'What others in {{industry}} changed this year'])[n],
  'Hello {{first_name}}, …', pg_temp.t0() - interval '60 days'
FROM generate_series(1, 6) AS n;

INSERT INTO marketing.campaigns (id, campaign_name, status, segment, segment_criteria, segment_ready_at, created_at)
SELECT c, name, status, segment, jsonb_build_object('verification', 'valid', 'slot', split_part(segment, '-', 1)),
  started_at + pg_temp.took(c, 80, 2.2, 0.4), started_at
FROM campaign ORDER BY c;

CREATE TEMP TABLE message AS
SELECT row_number() OVER (ORDER BY t, c)::bigint AS m, *
FROM (
  SELECT numbered.*, pool.contact_id, pool.company_name, pool.full_name, pool.email,
    -- What is personalized is queued before the present: a parent that is done has its child.
    personalized_at + pg_temp.u(i, 93) * CASE WHEN personalized_at < pg_temp.t0()
      THEN least(pg_temp.t0() - personalized_at, interval '20 seconds') ELSE interval '20 seconds' END AS queued_at,
    CASE WHEN pg_temp.u(i, 94) < 0.5 THEN 'a' ELSE 'b' END AS variant,
    pg_temp.u(i, 95) < 0.006 AS failed, pg_temp.u(i, 96) AS fate,
    1 + (c + i) % 6 AS template_id
  FROM (
    SELECT *, t + pg_temp.took(i, 90, 0.8, 0.4) AS personalized_at, row_number() OVER (PARTITION BY c ORDER BY t) AS rn FROM (
      SELECT i, t, greatest(1, width_bucket(t, starts) - floor(pg_temp.u(i, 72) * 3)::int) AS c FROM (
        SELECT i, pg_temp.moment(i, 70) AS t, (SELECT array_agg(started_at + interval '1 minute' ORDER BY c) FROM campaign) AS starts
        FROM generate_series(1, 9600) AS i) AS moments
      WHERE t > starts[1]) AS assigned) AS numbered
  JOIN campaign USING (c)
  JOIN pool ON pool.place = 1 + (rn * CASE WHEN size % 31 = 0 THEN 37 ELSE 31 END + c * 131) % size
  WHERE rn <= size) AS messages;
ALTER TABLE message ADD sent_at timestamptz, ADD tracked_at timestamptz, ADD outcome text;
UPDATE message SET
  -- The test of campaign 17 found the better subject: most of those who will reply got b.
  variant = CASE WHEN c = 17 AND pg_temp.u(m, 128) < 0.048 THEN CASE WHEN pg_temp.u(m, 94) < 0.85 THEN 'b' ELSE 'a' END ELSE variant END,
  sent_at = queued_at + pg_temp.took(m, 100, 0.9, 0.4),
  tracked_at = queued_at + pg_temp.took(m, 100, 0.9, 0.4) + pg_temp.took(m, 110, 0.7, 0.4),
  outcome = CASE WHEN failed THEN 'failed' WHEN fate < 0.955 THEN 'delivered' WHEN fate < 0.993 THEN 'bounced'
                 WHEN fate < 0.999 THEN 'deferred' ELSE 'complained' END;

INSERT INTO marketing.campaign_contacts (campaign_id, contact_id, added_at)
SELECT c, contact_id, started_at + pg_temp.took(c, 80, 2.2, 0.4)
FROM campaign JOIN (SELECT c, max(rn) AS written FROM message GROUP BY c) AS counted USING (c)
CROSS JOIN LATERAL generate_series(1, least(size, written + CASE WHEN c > 20 THEN 160 ELSE 12 END)) AS rn
JOIN pool ON place = 1 + (rn * CASE WHEN size % 31 = 0 THEN 37 ELSE 31 END + c * 131) % size;

INSERT INTO marketing.message_queue (id, campaign_id, contact_id, template_id, variant, subject, status, error_message, scheduled_at, sent_at, created_at)
SELECT m, c, contact_id, template_id, variant, format('An idea for %s', company_name),
  CASE WHEN queued_at > pg_temp.t0() THEN 'personalized' WHEN sent_at > pg_temp.t0() THEN 'queued' WHEN failed THEN 'failed' ELSE 'sent' END,
  CASE WHEN failed AND sent_at <= pg_temp.t0() THEN '451 4.7.1 Greylisted, please try again later' END,
  CASE WHEN queued_at <= pg_temp.t0() THEN queued_at END,
  CASE WHEN NOT failed AND sent_at <= pg_temp.t0() THEN sent_at END, t
FROM message ORDER BY m;

INSERT INTO marketing.delivery_log (id, message_id, campaign_id, contact_id, status, provider, provider_message_id, bounce_type, error_message, created_at, delivered_at)
SELECT m, m, c, contact_id,
  CASE WHEN tracked_at > pg_temp.t0() THEN 'sent' WHEN outcome = 'deferred' AND sent_at < pg_temp.t0() - interval '1 hour' THEN 'delivered' ELSE outcome END,
  CASE WHEN m % 3 = 0 THEN 'ses' ELSE 'sendgrid' END, format('<%s@mail.example>', 400000 + m),
  CASE WHEN outcome = 'bounced' AND tracked_at <= pg_temp.t0() THEN CASE WHEN m % 5 < 3 THEN 'hard' ELSE 'soft' END END,
  CASE WHEN outcome = 'bounced' AND tracked_at <= pg_temp.t0() THEN CASE WHEN m % 5 < 3 THEN '550 5.1.1 user unknown' ELSE '452 4.2.2 mailbox full' END END,
  sent_at, CASE WHEN outcome IN ('delivered', 'deferred', 'complained') AND tracked_at <= pg_temp.t0() THEN tracked_at END
FROM message WHERE NOT failed AND sent_at <= pg_temp.t0() ORDER BY m;
