-- Phase 3: who opened, clicked and replied, which leads qualified, what the CRM got, and the follow-ups.
CREATE TEMP TABLE engagement AS
SELECT row_number() OVER (ORDER BY at, m, kind)::bigint AS id, *
FROM (
  SELECT m, c, contact_id, company_name, email, 'open' AS kind, opened_at AS at, opened_at AS first_at FROM (
    SELECT *, tracked_at + make_interval(secs => 240 * exp(1.3 * pg_temp.z(m, 120))) AS opened_at FROM message
    WHERE outcome = 'delivered' AND pg_temp.u(m, 122) < 0.24) AS opens
  UNION ALL
  SELECT m, c, contact_id, company_name, email, 'click', opened_at + make_interval(secs => 20 + 120 * pg_temp.u(m, 124)), opened_at FROM (
    SELECT *, tracked_at + make_interval(secs => 240 * exp(1.3 * pg_temp.z(m, 120))) AS opened_at FROM message
    WHERE outcome = 'delivered' AND pg_temp.u(m, 122) < 0.24 AND pg_temp.u(m, 123) < 0.24) AS clicks
  UNION ALL
  SELECT m, c, contact_id, company_name, email, 'reply', replied_at, replied_at FROM (
    SELECT *, tracked_at + make_interval(secs => 900 * exp(1.1 * pg_temp.z(m, 126))) AS replied_at FROM message
    WHERE outcome = 'delivered' AND pg_temp.u(m, 128) < 0.048) AS replies
  UNION ALL
  SELECT m, c, contact_id, company_name, email, 'unsubscribe', tracked_at + interval '40 minutes', tracked_at FROM message
  WHERE outcome = 'delivered' AND pg_temp.u(m, 129) < 0.006) AS signals
WHERE at <= pg_temp.t0();

INSERT INTO marketing.engagement_events (id, message_id, campaign_id, contact_id, event_type, url, created_at)
SELECT id, m, c, contact_id, kind, CASE kind WHEN 'click' THEN 'https://barton.example/book?m=' || m END, at FROM engagement ORDER BY id;

CREATE TEMP TABLE reply AS
SELECT row_number() OVER (ORDER BY at, id)::bigint AS r, *,
  at + pg_temp.took(m, 140, 1.5, 0.4) AS processed_at,
  CASE WHEN roll < 0.46 THEN 'positive' WHEN roll < 0.80 THEN 'neutral' ELSE 'negative' END AS sentiment,
  CASE WHEN roll < 0.40 THEN 'interested' WHEN roll < 0.46 THEN 'referral' WHEN roll < 0.66 THEN 'not_now' WHEN roll < 0.80 THEN 'out_of_office'
       WHEN roll < 0.93 THEN 'not_now' ELSE 'unsubscribe' END AS category
FROM (SELECT *, pg_temp.u(m, 142) AS roll FROM engagement WHERE kind = 'reply' AND pg_temp.u(m, 143) < 0.993) AS replies;

INSERT INTO marketing.responses (id, message_id, campaign_id, contact_id, subject, body, sentiment, sentiment_reviewed, category, created_at, processed_at)
SELECT r, m, c, contact_id, 'Re: An idea for ' || company_name,
  CASE category WHEN 'interested' THEN 'Sounds interesting, do you have time next week?' WHEN 'referral' THEN 'Please talk to my colleague.'
    WHEN 'not_now' THEN 'Not a topic for us this quarter.' WHEN 'out_of_office' THEN 'I am out of the office until Monday.' ELSE 'Please take me off your list.' END,
  CASE WHEN processed_at <= pg_temp.t0() THEN sentiment END,
  CASE WHEN r % 6 = 0 THEN CASE WHEN pg_temp.u(m, 144) < 0.87 THEN sentiment ELSE 'neutral' END END,
  CASE WHEN processed_at <= pg_temp.t0() THEN category END, at,
  CASE WHEN processed_at <= pg_temp.t0() THEN processed_at END
FROM reply ORDER BY r;

CREATE TEMP TABLE lead AS
SELECT row_number() OVER (ORDER BY at, m)::bigint AS l, *,
  at + pg_temp.took(m, 150, 1.3, 0.4) AS synced_at, pg_temp.u(m, 151) < 0.03 AS refused
FROM (
  SELECT m, c, contact_id, company_name, email, processed_at AS at, 40 + floor(55 * pg_temp.u(m, 152)) + CASE sentiment WHEN 'positive' THEN 5 ELSE -20 END AS score,
    sentiment = 'positive' AS qualified, 'reply' AS signal
  FROM reply WHERE processed_at <= pg_temp.t0()
  UNION ALL
  SELECT m, c, contact_id, company_name, email, at + interval '1 second', 15 + floor(40 * pg_temp.u(m, 153)), false, 'click'
  FROM engagement WHERE kind = 'click' AND at + interval '1 second' <= pg_temp.t0()) AS scored;

INSERT INTO marketing.lead_scores (id, contact_id, campaign_id, score, signals, qualified, qualified_at, created_at)
SELECT l, contact_id, c, CASE WHEN qualified THEN greatest(score, 70) ELSE least(score, 69) END, jsonb_build_object(signal, 1), qualified,
  CASE WHEN qualified THEN at END, at
FROM lead ORDER BY l;

INSERT INTO marketing.crm_sync_log (contact_id, lead_score_id, crm, status, external_id, error_message, created_at)
SELECT contact_id, l, CASE WHEN l % 10 < 7 THEN 'hubspot' ELSE 'salesforce' END, CASE WHEN refused THEN 'failed' ELSE 'success' END,
  CASE WHEN NOT refused THEN (70000 + l)::text END, CASE WHEN refused THEN '409 Conflict: contact is locked by another import' END, synced_at
FROM lead WHERE qualified AND synced_at <= pg_temp.t0() ORDER BY synced_at;

-- Follow-ups of the past, and those that fall due in the next hours.
CREATE TEMP TABLE follow_up AS
SELECT row_number() OVER (ORDER BY due_at, contact_id)::bigint AS f, *, due_at + pg_temp.took(i, 160, 1.0, 0.4) AS sent_at
FROM (
  SELECT due.i, due_at, contact_id, c, company_name, full_name, email FROM (
    SELECT i, CASE WHEN i <= 900 THEN pg_temp.moment(i, 162) ELSE pg_temp.t0() + pg_temp.u(i, 162) * interval '4 hours' END AS due_at,
      1 + floor(pg_temp.u(i, 164) * 3000)::bigint AS m
    FROM generate_series(1, 1140) AS i) AS due
  JOIN message USING (m)) AS follow_ups;

INSERT INTO marketing.follow_up_queue (id, contact_id, campaign_id, step, reason, status, due_at, sent_at, created_at)
SELECT f, contact_id, c, 1 + (f % 3)::int, 'no reply',
  CASE WHEN due_at > pg_temp.t0() THEN 'scheduled' WHEN sent_at > pg_temp.t0() THEN 'due' ELSE 'sent' END,
  due_at, CASE WHEN sent_at <= pg_temp.t0() THEN sent_at END, due_at - interval '3 days'
FROM follow_up ORDER BY f;
