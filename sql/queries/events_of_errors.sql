-- The events that errors are about: the one that an error names, else the newest of its stage and record that nobody has
-- ended well; each once.
-- $1 ids: the keys of the errors, as text.
SELECT DISTINCT ON (n.id)
  {part event_columns n}
FROM {pipeline_errors(id, event_id?, event_type, record_id?)} AS x
CROSS JOIN LATERAL (
  (SELECT named.*
   FROM {pipeline_events(id, event_type, status, raw?, error_message?, retry_count?, created_at, processed_at?, execution?)} AS named
   WHERE named.id = x.event_id)
  UNION ALL
  (SELECT e.*
   FROM {pipeline_events(id, event_type, status, raw?, error_message?, retry_count?, created_at, processed_at?, execution?)} AS e
   WHERE x.event_id IS NULL AND e.event_type = x.event_type AND {record e} = x.record_id
     AND coalesce(e.status::text, '') NOT IN {status processed}
   ORDER BY e.created_at DESC
   LIMIT 1)
) AS n
WHERE x.id = ANY ($1::{type pipeline_errors.id}[])
