-- When the events were written that stand so many before and after one of them by key; nothing where there are not so many.
-- $1 id: the key.
-- $2 limit: how many.
SELECT
  (SELECT e.created_at::timestamptz FROM {pipeline_events(id, created_at)} AS e WHERE e.id < $1 ORDER BY e.id DESC OFFSET $2 - 1 LIMIT 1) AS since,
  (SELECT e.created_at::timestamptz FROM {pipeline_events(id, created_at)} AS e WHERE e.id > $1 ORDER BY e.id OFFSET $2 - 1 LIMIT 1) AS until
