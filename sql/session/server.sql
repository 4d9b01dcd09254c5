-- The server: version, clock, role, database, how full the queue of notifications is, a share of 1, and how a standby follows.
SELECT
  current_setting('server_version_num')::int AS version,
  clock_timestamp() AS clock,
  pg_is_in_recovery() AS standby,
  CASE
    WHEN NOT pg_is_in_recovery() THEN NULL
    WHEN pg_is_wal_replay_paused() THEN 'paused'
    WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver) THEN 'cut_off'
    WHEN pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn() THEN 'caught_up'
    ELSE 'behind'
  END AS following,
  pg_last_xact_replay_timestamp() AS committed_at,
  current_user::text AS role,
  current_database()::text AS database,
  CASE WHEN pg_is_in_recovery() THEN 0 ELSE pg_notification_queue_usage() END AS queue_usage,
  coalesce((
    SELECT array_agg(DISTINCT left(a.application_name, 63))
    FROM pg_catalog.pg_stat_activity AS a
    WHERE a.datname = current_database() AND a.application_name LIKE 'outpost %@%'), '{}') AS consoles
