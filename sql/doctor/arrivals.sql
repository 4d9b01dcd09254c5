-- Rows that came into the tables of the pipeline in the last day, by the event that each of them should have written; at
-- most 1,000 a table. Tables without a column of time count as empty; of a large one without an index on it the newest rows by key are
-- looked at, or none.
SELECT 'company_created' AS event_type, 'company_raw_intake' AS "table", count(*) AS n
FROM (SELECT FROM {company_raw_intake?(created_at) newest} AS t WHERE t.created_at > now() - interval '24 hours' LIMIT 1000) AS came
UNION ALL
SELECT 'company_promoted', 'company_master', count(*)
FROM (SELECT FROM {company_master?(created_at) newest} AS t WHERE t.created_at > now() - interval '24 hours' LIMIT 1000) AS came
UNION ALL
SELECT 'slots_created', 'company_slots', count(*)
FROM (SELECT FROM {company_slots?(created_at) newest} AS t WHERE t.created_at > now() - interval '24 hours' LIMIT 1000) AS came
UNION ALL
SELECT 'contact_enriched', 'contact_enrichment', count(*)
FROM (SELECT FROM {contact_enrichment?(status, enriched_at) newest} AS t
      WHERE t.enriched_at > now() - interval '24 hours' AND lower(t.status) = 'completed' LIMIT 1000) AS came
UNION ALL
SELECT 'campaign_created', 'campaigns', count(*)
FROM (SELECT FROM {campaigns?(created_at) newest} AS t WHERE t.created_at > now() - interval '24 hours' LIMIT 1000) AS came
UNION ALL
SELECT 'message_sent', 'delivery_log', count(*)
FROM (SELECT FROM {delivery_log?(status, at) newest} AS t
      WHERE t.at > now() - interval '24 hours' AND lower(t.status) <> 'failed' LIMIT 1000) AS came
UNION ALL
SELECT 'email_opened', 'engagement_events', count(*)
FROM (SELECT FROM {engagement_events?(event_type, at) newest} AS t
      WHERE t.at > now() - interval '24 hours' AND t.event_type IN ('open', 'opened') LIMIT 1000) AS came
UNION ALL
SELECT 'email_clicked', 'engagement_events', count(*)
FROM (SELECT FROM {engagement_events?(event_type, at) newest} AS t
      WHERE t.at > now() - interval '24 hours' AND t.event_type IN ('click', 'clicked') LIMIT 1000) AS came
UNION ALL
SELECT 'reply_received', 'responses', count(*)
FROM (SELECT FROM {responses?(at) newest} AS t WHERE t.at > now() - interval '24 hours' LIMIT 1000) AS came
UNION ALL
SELECT 'lead_qualified', 'lead_scores', count(*)
FROM (SELECT FROM {lead_scores?(qualified, at) newest} AS t
      WHERE t.at > now() - interval '24 hours' AND t.qualified LIMIT 1000) AS came
