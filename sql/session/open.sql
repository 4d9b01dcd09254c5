-- What the connection is like; and, where the session is our own, a bound on the run time of every query.
-- $1 limit: the bound, ms; a lower one of the role stays.
SELECT
  pg_is_in_recovery() AS standby,
  pg_backend_pid() AS backend,
  coalesce(current_setting('outpost.session', true), '') = 'own' AS settings_hold,
  CASE
    WHEN coalesce(current_setting('outpost.session', true), '') = 'own' AND (setting::bigint = 0 OR setting::bigint > $1)
    THEN set_config('statement_timeout', $1::text, false)
    ELSE setting
  END AS statement_timeout
FROM pg_catalog.pg_settings
WHERE name = 'statement_timeout'
