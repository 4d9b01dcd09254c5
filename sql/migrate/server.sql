-- Who and where we are.
SELECT current_user::text AS role, current_database()::text AS database,
       pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean AS read_only,
       has_database_privilege(current_database(), 'CREATE') AS may_create_schemas
