-- The number of this transaction, by which it is looked up when the line breaks in its commit.
SELECT pg_current_xact_id()::text AS xid
