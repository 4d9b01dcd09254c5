-- The event of every change above, in the order of time, as the triggers would have written it; an event whose end lies in
-- the future is pending, and the live world takes it from there.
CREATE TEMP TABLE event AS
SELECT row_number() OVER (ORDER BY created_at, stage, key)::bigint AS id, *,
  pg_temp.u(key, 200 + stage) < (ARRAY[.004, .003, .002, .018, .010, 0, 0, .009, .010, .010, .002, .002, .008, .020, .008])[stage]
    -- Of these there are so few in an hour that two or three errors would pass for an incident.
    AND NOT (stage IN (12, 13, 15) AND created_at > pg_temp.t0() - interval '75 minutes') AS stumbled
FROM (
  SELECT 1 AS stage, n AS key, 'company_created' AS type, created_at, validated_at AS ended_at, false AS dead,
    jsonb_build_object('record_id', n, 'company_name', company_name, 'website', 'https://' || domain, 'batch_id', batch_id, 'trigger_time', created_at) AS payload
  FROM company
  UNION ALL
  SELECT 2, n, 'company_validated', validated_at, promoted_at, false,
    jsonb_build_object('record_id', n, 'company_name', company_name, 'website', 'https://' || domain, 'batch_id', batch_id, 'trigger_time', validated_at)
  FROM company WHERE valid
  UNION ALL
  SELECT 3, n, 'company_promoted', promoted_at, slots_at, false,
    jsonb_build_object('record_id', company_id, 'company_id', company_id, 'company_unique_id', company_id, 'company_name', company_name,
      'website_url', 'https://' || domain, 'intake_id', n, 'batch_id', batch_id)
  FROM company WHERE valid
  UNION ALL
  SELECT 4, key, 'slots_created', slots_at, enriched_at, failed,
    jsonb_build_object('record_id', slot_id, 'slot_id', slot_id, 'company_id', company_id, 'company_name', company_name, 'slot_type', slot_type, 'slot_label', slot_label)
  FROM contact
  UNION ALL
  SELECT 5, key, 'contact_enriched', enriched_at, verified_at, false,
    jsonb_build_object('record_id', id, 'contact_id', id, 'slot_id', slot_id, 'company_id', company_id, 'company_name', company_name, 'full_name', full_name,
      'email', CASE WHEN found THEN email END, 'linkedin_url', 'https://linkedin.example/in/' || handle)
  FROM contact WHERE NOT failed
  UNION ALL
  SELECT 6, c, 'campaign_created', started_at, started_at + pg_temp.took(c, 80, 2.2, 0.4), false,
    jsonb_build_object('record_id', c, 'campaign_id', c, 'campaign_name', name, 'segment', segment)
  FROM campaign
  UNION ALL
  SELECT 7, c, 'segment_ready', started_at + pg_temp.took(c, 80, 2.2, 0.4), started_at + pg_temp.took(c, 80, 2.2, 0.4) + pg_temp.took(c, 85, 3.0, 0.4), false,
    jsonb_build_object('record_id', c, 'campaign_id', c, 'campaign_name', name, 'segment', segment, 'contacts', 160)
  FROM campaign
  UNION ALL
  SELECT 8, m, 'message_personalized', t, personalized_at, false,
    jsonb_build_object('record_id', m, 'message_id', m, 'campaign_id', c, 'contact_id', contact_id, 'template_id', template_id,
      'company_name', company_name, 'full_name', full_name, 'email', email)
  FROM message
  UNION ALL
  SELECT 9, m, 'message_queued', queued_at, sent_at, failed,
    jsonb_build_object('record_id', m, 'message_id', m, 'campaign_id', c, 'contact_id', contact_id, 'template_id', template_id,
      'company_name', company_name, 'full_name', full_name, 'email', email, 'scheduled_at', queued_at)
  FROM message
  UNION ALL
  SELECT 10, m, 'message_sent', sent_at, tracked_at, false,
    jsonb_build_object('record_id', m, 'delivery_id', m, 'message_id', m, 'campaign_id', c, 'contact_id', contact_id, 'company_name', company_name, 'email', email)
  FROM message WHERE NOT failed
  UNION ALL
  SELECT CASE kind WHEN 'open' THEN 11 ELSE 12 END, id, CASE kind WHEN 'open' THEN 'email_opened' ELSE 'email_clicked' END, at,
    at + pg_temp.took(id, 170, 0.3, 0.4), false,
    jsonb_build_object('record_id', id, 'engagement_id', id, 'message_id', m, 'campaign_id', c, 'contact_id', contact_id, 'company_name', company_name, 'email', email)
  FROM engagement WHERE kind IN ('open', 'click')
  UNION ALL
  SELECT 13, r, 'reply_received', at, processed_at, false,
    jsonb_build_object('record_id', r, 'response_id', r, 'message_id', m, 'campaign_id', c, 'contact_id', contact_id, 'company_name', company_name, 'email', email)
  FROM reply
  UNION ALL
  SELECT 14, l, 'lead_qualified', at, synced_at, refused,
    jsonb_build_object('record_id', l, 'lead_score_id', l, 'contact_id', contact_id, 'campaign_id', c, 'company_name', company_name, 'email', email, 'score', greatest(score, 70))
  FROM lead WHERE qualified
  UNION ALL
  SELECT 15, f, 'follow_up_due', due_at, sent_at, false,
    jsonb_build_object('record_id', f, 'follow_up_id', f, 'contact_id', contact_id, 'campaign_id', c, 'company_name', company_name, 'full_name', full_name, 'email', email)
  FROM follow_up) AS changes
WHERE created_at <= pg_temp.t0();

CREATE TEMP TABLE error_text AS
SELECT *, count(*) OVER (PARTITION BY stage) AS variants
FROM (VALUES
  (1, 0, 'timeout after 10000 ms: GET https://%s/', '{"node": "Check Company"}'::jsonb, 'warning'),
  (2, 0, 'duplicate key value violates unique constraint "company_master_pkey" (company %s)', '{"node": "Promote Company"}', 'error'),
  (3, 0, 'canceling statement due to lock timeout (company %s)', '{"node": "Create Slots"}', 'error'),
  (4, 0, 'Apify: 429 Too Many Requests, retry after %s s', '{"node": "Run Apify Actor", "http": 429}', 'warning'),
  (4, 1, 'Apify: actor run %s finished with status TIMED-OUT', '{"node": "Run Apify Actor"}', 'error'),
  (5, 0, 'MillionVerifier: 503 Service Unavailable (request %s)', '{"node": "Verify Email", "http": 503}', 'error'),
  (8, 0, 'OpenAI: 429 rate_limit_exceeded, please try again in %s s', '{"node": "Schedule Message", "http": 429}', 'warning'),
  (9, 0, 'SMTP 451 4.7.1 <%s@mail.example>: Greylisted, please try again later', '{"node": "Send Email", "smtp": 451}', 'error'),
  (9, 1, 'SMTP 421 4.3.2 connection %s: service not available, closing transmission channel', '{"node": "Send Email", "smtp": 421}', 'error'),
  (10, 0, 'SendGrid: 502 Bad Gateway (message %s)', '{"node": "Fetch Delivery", "http": 502}', 'warning'),
  (11, 0, 'could not serialize access due to concurrent update (engagement %s)', '{"node": "Record Engagement"}', 'warning'),
  (12, 0, 'could not serialize access due to concurrent update (engagement %s)', '{"node": "Record Engagement"}', 'warning'),
  (13, 0, 'OpenAI: 429 rate_limit_exceeded, please try again in %s s', '{"node": "Classify Reply", "http": 429}', 'warning'),
  (14, 0, 'HubSpot: 409 Conflict: contact %s is locked by another import', '{"node": "Write To CRM", "http": 409}', 'critical'),
  (15, 0, 'SMTP 451 4.7.1 <%s@mail.example>: Greylisted, please try again later', '{"node": "Send Follow-Up", "smtp": 451}', 'error')) AS texts (stage, variant, message, details, severity);

INSERT INTO marketing.pipeline_events (id, event_type, payload, status, error_message, retry_count, created_at, started_at, processed_at, n8n_execution_id)
SELECT e.id, type, payload,
  CASE WHEN ended_at > pg_temp.t0() THEN 'pending' WHEN dead THEN 'failed' ELSE 'processed' END,
  CASE WHEN dead AND ended_at <= pg_temp.t0() THEN format(x.message, e.key % 997) END,
  CASE WHEN ended_at > pg_temp.t0() THEN 0 WHEN dead THEN 3 WHEN stumbled THEN 1 ELSE 0 END, created_at,
  CASE WHEN ended_at <= pg_temp.t0() THEN created_at + interval '90 milliseconds' * pg_temp.u(key, 190) END,
  CASE WHEN ended_at <= pg_temp.t0() THEN ended_at END,
  CASE WHEN ended_at <= pg_temp.t0() THEN (120000 + e.id)::text END
FROM event AS e
LEFT JOIN error_text AS x ON x.stage = e.stage AND x.variant = e.key % x.variants AND e.dead
ORDER BY e.id;
