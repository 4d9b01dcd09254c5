-- Events as they stand, and whom their payload says they are about.
-- $1 ids: their keys, as text.
SELECT
  e.id::text AS id,
  e.version::text AS version,
  coalesce(e.status::text, '') AS status,
  coalesce(e.retry_count, 0)::bigint AS retry_count,
  e.created_at::timestamptz AS created_at,
  left({payload contact_id e}, 64) AS contact,
  left({payload campaign_id e}, 64) AS campaign,
  left({payload message_id,queue_id e}, 64) AS message,
  left(lower({payload email,contact_email e}), 320) AS email
FROM {pipeline_events(id, version?, status, retry_count?, created_at?, raw?)} AS e
WHERE e.id = ANY ($1::{type pipeline_events.id}[])
