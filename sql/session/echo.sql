-- A notification to our own listener.
-- $1 channel: its own. $2 number: to know it by.
SELECT pg_notify($1, $2)::text
