-- For CREATE INDEX CONCURRENTLY, which waits for old transactions while nobody waits for it.
SET lock_timeout = '5min';
