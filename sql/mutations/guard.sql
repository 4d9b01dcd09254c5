-- Bounds how long this transaction waits for a table that somebody is changing: less than a statement may run, so that it is
-- known what it waited for.
SET LOCAL lock_timeout = '1500ms'
