-- What of the roll-ups is there, and for this role to use.
-- $1 schema: the schema that holds the pipeline.
SELECT
  current_setting('transaction_read_only')::boolean AS is_read_only,
  current_user::text AS role,
  coalesce((SELECT has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE')
            FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relname = 'rollup_state'), false) AS may_look,
  (SELECT bool_or(has_function_privilege(p.oid, 'EXECUTE') AND has_schema_privilege(n.oid, 'USAGE'))
   FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
   WHERE n.nspname = $1 AND p.proname = 'rollup_tick') AS may_roll_up,
  (SELECT bool_or(has_function_privilege(p.oid, 'EXECUTE'))
   FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
   WHERE n.nspname = $1 AND p.proname = 'campaign_stats_refresh') AS may_refresh
