-- The statements of the console's role in this database that took most of the server's time since its statistics began, and
-- how much: the first words of each, how often it ran, ms of planning and of running in all, pages touched in all, and ms of the
-- dearest run.
SELECT
  left(regexp_replace(s.query, '\s+', ' ', 'g'), 72) AS text,
  s.calls,
  s.total_plan_time AS plan_ms,
  s.total_exec_time AS run_ms,
  s.shared_blks_hit + s.shared_blks_read AS pages,
  s.max_exec_time AS most_ms
FROM pg_stat_statements AS s
JOIN pg_roles AS r ON r.oid = s.userid
JOIN pg_database AS d ON d.oid = s.dbid
WHERE r.rolname = 'console' AND d.datname = current_database()
ORDER BY s.total_plan_time + s.total_exec_time DESC
LIMIT 40
