-- Bounds how long this transaction waits for a table that somebody is changing.
SET LOCAL lock_timeout = '3s'
