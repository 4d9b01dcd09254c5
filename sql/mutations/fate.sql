-- What became of a transaction: committed, aborted, in progress; NULL when it is too long ago for the server to know.
-- $1 xid: its number.
SELECT pg_xact_status($1::text::xid8) AS fate
