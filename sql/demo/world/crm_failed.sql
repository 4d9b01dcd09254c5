-- A lead that the CRM did not take. $1 event, $2 message.
INSERT INTO marketing.crm_sync_log (contact_id, lead_score_id, crm, status, error_message)
SELECT l.contact_id, l.id, CASE WHEN l.id % 10 < 7 THEN 'hubspot' ELSE 'salesforce' END, 'failed', $2
FROM marketing.pipeline_events AS e JOIN marketing.lead_scores AS l ON l.id = (e.payload->>'lead_score_id')::bigint
WHERE e.id = $1 AND e.event_type = 'lead_qualified'
