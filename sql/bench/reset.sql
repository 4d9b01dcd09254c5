-- Begins the statistics of this database's statements anew.
SELECT pg_stat_statements_reset(0, d.oid, 0) FROM pg_database AS d WHERE d.datname = current_database()
