-- The end of lock.sql.
SELECT pg_advisory_unlock(7267000)
