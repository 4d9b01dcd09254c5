-- Leads that waited for the CRM in the last 30 minutes: qualified in them, or still pending; and since when.
SELECT count(*) AS due, min(created_at)::timestamptz AS oldest_due
FROM (
  (
    SELECT e.id, e.created_at
    FROM {pipeline_events(id, event_type, status, created_at) queued} AS e
    WHERE e.status IN {status pending} AND e.event_type = 'lead_qualified'
    LIMIT 10000
  )
  UNION
  (
    SELECT e.id, e.created_at
    FROM {pipeline_events(id, event_type, created_at) recent} AS e
    WHERE e.event_type = 'lead_qualified' AND e.created_at > now() - interval '30 minutes'
    LIMIT 10000
  )
) AS lead
