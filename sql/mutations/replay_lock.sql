-- Takes the lock of the one replay of a stage, without waiting; and what the server's clock says. It goes with the session.
-- $1 key: the number of the lock.
SELECT pg_try_advisory_lock($1) AS taken, clock_timestamp() AS now
