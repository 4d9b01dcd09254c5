-- One migration at a time. Asked again and again rather than waited for: a waiting statement holds a snapshot, for which
-- the other migration's CREATE INDEX CONCURRENTLY would wait in turn.
SELECT pg_try_advisory_lock(7267000) AS locked
