SELECT DISTINCT ON (found.id) found.id::text AS id, left(found.error_message, 1024) AS error_message
FROM (
  SELECT w.id, r.error_message, r.created_at FROM wanted AS w JOIN recent AS r ON r.event_id = w.id
  UNION ALL
  SELECT w.id, r.error_message, r.created_at
  FROM wanted AS w
  JOIN recent AS r ON r.event_id IS NULL AND r.event_type = w.event_type AND r.record_id = w.record_id
) AS found
WHERE found.error_message <> ''
ORDER BY found.id, found.created_at DESC
