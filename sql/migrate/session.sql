-- Pins what a migration must not inherit from its role: a short statement_timeout, a search_path that others can write to.
SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET lock_timeout = '2s';
SET search_path = pg_catalog;
