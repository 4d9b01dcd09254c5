-- The server: version, clock, role, database, and how full the queue of notifications is, a share of 1.
SELECT
  current_setting('server_version_num')::int AS version,
  clock_timestamp() AS clock,
  pg_is_in_recovery() AS standby,
  current_user::text AS role,
  current_database()::text AS database,
  CASE WHEN pg_is_in_recovery() THEN 0 ELSE pg_notification_queue_usage() END AS queue_usage,
  coalesce((
    SELECT array_agg(DISTINCT left(a.application_name, 63))
    FROM pg_catalog.pg_stat_activity AS a
    WHERE a.datname = current_database() AND a.application_name LIKE 'outpost %@%'), '{}') AS consoles
