-- When the oldest of the newest so many events was written; no row where there are no more than so many.
-- $1 many: how many.
SELECT e.created_at::timestamptz AS since
FROM {pipeline_events(created_at)} AS e
ORDER BY e.created_at DESC
OFFSET $1
LIMIT 1
