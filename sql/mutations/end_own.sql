-- Ends the session that a lost connection left behind with a transaction in progress, so that its fate is settled. Another
-- session that has the same number by now is left alone.
-- $1 backend: the number of its process, or NULL where only that of its transaction is known.
-- $2 xid: the number of its transaction.
SELECT pg_terminate_backend(pid) AS ended
FROM pg_stat_activity
WHERE pid = coalesce($1, pid) AND backend_xid = $2::text::xid8::xid AND application_name LIKE 'outpost%'
