-- The worlds that live in this database. $1: what their listeners call themselves.
SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1
