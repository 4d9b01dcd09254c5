-- Tells the world its next scenario. $1 channel, $2 scenario: its name.
SELECT pg_notify($1, $2)
