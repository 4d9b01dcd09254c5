-- A notification to ourselves.
-- $1 channel: our own.
SELECT pg_notify($1, '')::text
