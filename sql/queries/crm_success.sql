-- When a lead last reached the CRM, of any age.
SELECT max(s.at)::timestamptz AS last_success
FROM {crm_sync_log(status, at) sampled} AS s
WHERE lower(s.status) IN ('success', 'synced', 'succeeded', 'completed', 'ok', 'done')
