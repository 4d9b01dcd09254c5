-- CRM Syncer: pushes a lead to the CRM. $1 event.
INSERT INTO marketing.crm_sync_log (contact_id, lead_score_id, crm, status, external_id)
SELECT l.contact_id, l.id, CASE WHEN l.id % 10 < 7 THEN 'hubspot' ELSE 'salesforce' END, 'success', (70000 + l.id)::text
FROM marketing.pipeline_events AS e JOIN marketing.lead_scores AS l ON l.id = (e.payload->>'lead_score_id')::bigint
WHERE e.id = $1
