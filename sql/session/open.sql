-- What the connection is like; and, where the session is our own, a bound on the run time of every query.
-- $1 limit: the bound, ms; a lower one of the role stays. $2 is_kept: whether it may rest for as long as it likes.
SELECT
  pg_is_in_recovery() AS standby,
  pg_backend_pid() AS backend,
  coalesce(current_setting('outpost.session', true), '') = 'own' AS settings_hold,
  CASE
    WHEN coalesce(current_setting('outpost.session', true), '') = 'own' AND (setting::bigint = 0 OR setting::bigint > $1)
    THEN set_config('statement_timeout', $1::text, false)
    ELSE setting
  END AS statement_timeout,
  (
    SELECT set_config('idle_session_timeout', '0', false)
    FROM pg_catalog.pg_settings
    WHERE name = 'idle_session_timeout' AND $2 AND coalesce(current_setting('outpost.session', true), '') = 'own'
  ) AS idle_session_timeout
FROM pg_catalog.pg_settings
WHERE name = 'statement_timeout'
