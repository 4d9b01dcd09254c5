-- The errors of the past: most were mended by a retry and resolved, a few of the last hours are still open. And what the
-- workflows reported of their runs.
INSERT INTO marketing.pipeline_errors (event_id, event_type, record_id, error_message, error_details, severity, resolved, resolved_at, resolved_by, resolution_notes, n8n_execution_id, created_at)
SELECT e.id, type, payload->>'record_id', format(x.message, e.key % 997), x.details, x.severity, NOT open,
  CASE WHEN NOT open THEN least(ended_at + make_interval(secs => 20 + 600 * pg_temp.u(key, 230)), pg_temp.t0()) END,
  CASE WHEN NOT open THEN CASE WHEN dead THEN 'mira' ELSE 'auto-retry' END END,
  CASE WHEN NOT open THEN CASE WHEN dead THEN 'given up: bad record' ELSE 'succeeded on retry' END END,
  (120000 + e.id)::text, ended_at
FROM (SELECT *, (dead AND created_at > pg_temp.t0() - interval '9 hours' AND pg_temp.u(key, 231) < 0.34)
             OR (stumbled AND created_at > pg_temp.t0() - interval '2 hours' AND pg_temp.u(key, 232) < 0.04) AS open FROM event) AS e
JOIN error_text AS x ON x.stage = e.stage AND x.variant = e.key % x.variants
WHERE (dead OR stumbled) AND ended_at <= pg_temp.t0()
ORDER BY ended_at, e.id;

CREATE TEMP TABLE workflow (stage int, name text);
INSERT INTO workflow VALUES (1, 'Validation Gatekeeper'), (2, 'Promotion Runner'), (3, 'Slot Creator'), (4, 'Apify Enrichment'),
  (5, 'MillionVerify Checker'), (6, 'Segment Builder'), (7, 'Message Personalizer'), (8, 'Campaign Scheduler'), (9, 'Send Executor'),
  (10, 'Delivery Tracker'), (11, 'Engagement Tracker'), (12, 'Engagement Tracker'), (13, 'Response Processor'), (14, 'CRM Syncer'), (15, 'Follow-Up Sender');

INSERT INTO marketing.workflow_stats (workflow_name, status, duration_seconds, triggered_by, record_id, event_id, n8n_execution_id, created_at)
SELECT w.name, CASE WHEN dead THEN 'error' ELSE 'ok' END, round(extract(epoch FROM ended_at - created_at)::numeric, 3), 'webhook',
  payload->>'record_id', id, (120000 + id)::text, ended_at
FROM event JOIN workflow AS w USING (stage)
WHERE ended_at <= pg_temp.t0() AND created_at > pg_temp.t0() - interval '3 days'
ORDER BY ended_at, id;
