-- The words for a state that the newest 20,000 events bear.
SELECT newest.status::text AS status, count(*) AS n
FROM (SELECT e.status FROM {pipeline_events(id, status, created_at)} AS e ORDER BY {newest e} LIMIT 20000) AS newest
GROUP BY 1
ORDER BY n DESC
LIMIT 50
