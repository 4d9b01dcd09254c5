-- What the server did in this database for the role of the console since its statistics began: ms of planning and running, statements,
-- pages touched.
SELECT
  coalesce(sum(s.total_exec_time + s.total_plan_time), 0)::float8 AS ms,
  coalesce(sum(s.calls), 0)::bigint AS calls,
  coalesce(sum(s.shared_blks_hit + s.shared_blks_read), 0)::bigint AS pages
FROM pg_stat_statements AS s
JOIN pg_roles AS r ON r.oid = s.userid
JOIN pg_database AS d ON d.oid = s.dbid
WHERE r.rolname = 'console' AND d.datname = current_database()
