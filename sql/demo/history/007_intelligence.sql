-- What was learned (PLE), who is who to us (BIT), consent; then the sequences go on where the history ends.
-- The winner of campaign 17 is borne out by its numbers, that of 14 is not; 19 still runs, and 22 has just begun.
INSERT INTO marketing.ab_tests (test_name, campaign_id, variant_a, variant_b, start_date, end_date, winner)
SELECT 'Subject line: ' || name, c, '{"subject": "An idea for {{company}}"}', '{"subject": "{{first_name}}, 12 minutes this week?"}',
  CASE WHEN c = 22 THEN pg_temp.t0() - interval '2 minutes' ELSE started_at END,
  CASE WHEN status = 'completed' THEN started_at + interval '3 days' END,
  CASE WHEN c = 17 THEN 'b' WHEN c = 14 THEN 'a' WHEN status = 'completed' THEN 'none' END
FROM campaign WHERE c % 3 = 1 OR c IN (14, 17) ORDER BY c;

INSERT INTO marketing.performance_metrics (campaign_id, segment, template_id, send_time, sent_count, open_rate, click_rate, reply_rate, measured_at)
SELECT c, segment, 1 + c % 6, make_time(8 + c % 9, 0, 0), sent, round(opened::numeric / sent, 4), round(clicked::numeric / sent, 4), round(replied::numeric / sent, 4),
  least(started_at + interval '5 days', pg_temp.t0())
FROM campaign
JOIN (SELECT c, count(*) AS sent FROM message WHERE NOT failed AND sent_at <= pg_temp.t0() GROUP BY c) AS sent USING (c)
JOIN (SELECT c, count(*) FILTER (WHERE kind = 'open') AS opened, count(*) FILTER (WHERE kind = 'click') AS clicked,
        count(*) FILTER (WHERE kind = 'reply') AS replied FROM engagement GROUP BY c) AS signals USING (c)
ORDER BY c;

CREATE TEMP TABLE meeting AS
SELECT m, c, contact_id, processed_at + interval '1 day' * pg_temp.u(m, 241) * 0.1 AS at, pg_temp.u(m, 242) < 0.42 AS closed,
  2000 + floor(30000 * pg_temp.u(m, 243)) AS revenue
FROM reply WHERE category = 'interested' AND pg_temp.u(m, 240) < 0.38;

INSERT INTO marketing.contact_timeline (contact_id, event_type, event_data, event_timestamp)
SELECT * FROM (
  SELECT contact_id, 'email_sent', jsonb_build_object('campaign_id', c, 'message_id', m), sent_at AS at FROM message WHERE NOT failed AND sent_at <= pg_temp.t0()
  UNION ALL SELECT contact_id, 'reply_received', jsonb_build_object('campaign_id', c, 'response_id', r), at FROM reply
  UNION ALL SELECT contact_id, 'meeting_booked', jsonb_build_object('campaign_id', c), at FROM meeting WHERE at <= pg_temp.t0()
  UNION ALL SELECT contact_id, 'deal_closed', jsonb_build_object('campaign_id', c, 'revenue', revenue), at + interval '2 hours' FROM meeting
    WHERE closed AND at + interval '2 hours' <= pg_temp.t0()) AS happened (contact_id, event_type, event_data, at)
ORDER BY at, contact_id;

INSERT INTO marketing.contact_ltv (contact_id, total_emails_sent, total_replies, meetings_booked, deals_closed, total_revenue, last_contact_at)
SELECT contact_id, count(*) FILTER (WHERE event_type = 'email_sent'), count(*) FILTER (WHERE event_type = 'reply_received'),
  count(*) FILTER (WHERE event_type = 'meeting_booked'), count(*) FILTER (WHERE event_type = 'deal_closed'),
  coalesce(sum((event_data->>'revenue')::numeric), 0), max(event_timestamp)
FROM marketing.contact_timeline GROUP BY contact_id ORDER BY contact_id;

INSERT INTO marketing.relationship_graph (contact_a_id, contact_b_id, relationship_type, discovered_at)
SELECT a.id, b.id, CASE WHEN a.slot_type = 'CEO' THEN 'manager' ELSE 'colleague' END, greatest(a.enriched_at, b.enriched_at)
FROM contact AS a JOIN contact AS b ON a.n = b.n AND a.slot_type < b.slot_type
WHERE NOT a.failed AND NOT b.failed AND greatest(a.enriched_at, b.enriched_at) <= pg_temp.t0() AND a.n % 4 = 0
ORDER BY a.id, b.id;

INSERT INTO marketing.consent_log (contact_id, email, action, source, created_at)
SELECT contact_id, email, 'opt_out', 'unsubscribe link', at FROM engagement WHERE kind = 'unsubscribe' ORDER BY at;

INSERT INTO marketing.suppression_list (email, reason, source, created_at)
SELECT DISTINCT ON (email) email, reason, source, at FROM (
  SELECT email, 'unsubscribed' AS reason, 'unsubscribe link' AS source, at FROM engagement WHERE kind = 'unsubscribe'
  UNION ALL SELECT email, 'bounced', 'sendgrid', tracked_at FROM message WHERE outcome = 'bounced' AND m % 5 < 3 AND tracked_at <= pg_temp.t0()) AS listed
ORDER BY email, at;

DO $go_on$
DECLARE
  sequence record;
BEGIN
  FOR sequence IN
    SELECT format('%I.%I', table_schema, table_name) AS owner, column_name
    FROM information_schema.columns
    WHERE table_schema IN ('intake', 'marketing') AND is_identity = 'YES'
  LOOP
    EXECUTE format('SELECT setval(pg_get_serial_sequence(%L, %L), greatest((SELECT max(%I) FROM %s), 0) + 1, false)',
      sequence.owner, sequence.column_name, sequence.column_name, sequence.owner);
  END LOOP;
END
$go_on$;

SET session_replication_role = DEFAULT;
DISCARD TEMP;
ANALYZE;
