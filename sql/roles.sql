-- Two roles to log in through, for outpost and for people. Roles belong to the whole server: run this as a role that may
-- create them, in the migrated database; run it again after a migration. It grants only what is there.
--   outpost_reader    reads; writes nothing
--   outpost_operator  also retries events, resolves errors, says who has which of them, writes the audit log and runs the
--                     roll-up; deletes nothing

DO $$
DECLARE
  grantee text;
  item record;
BEGIN
  FOREACH grantee IN ARRAY ARRAY['outpost_reader', 'outpost_operator'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = grantee) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', grantee);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- somebody made it in this moment
    END;
    FOR item IN SELECT nspname FROM pg_namespace WHERE nspname IN ('marketing', 'intake', 'outpost') LOOP
      EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', item.nspname, grantee);
      EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', item.nspname, grantee);
    END LOOP;
  END LOOP;

  -- Exactly the columns that a retry and a resolution write.
  FOR item IN
    SELECT attrelid::regclass AS relation, string_agg(quote_ident(attname), ', ') AS columns
    FROM pg_attribute
    WHERE attnum > 0 AND NOT attisdropped
      AND ((attrelid = to_regclass('marketing.pipeline_events')
            AND attname IN ('status', 'error_message', 'retry_count', 'started_at', 'processed_at', 'n8n_execution_id'))
        OR (attrelid = to_regclass('marketing.pipeline_errors')
            AND attname IN ('resolved', 'resolved_at', 'resolved_by', 'resolution_notes')))
    GROUP BY attrelid
  LOOP
    EXECUTE format('GRANT UPDATE (%s) ON %s TO outpost_operator', item.columns, item.relation);
  END LOOP;

  IF to_regclass('outpost.audit') IS NOT NULL THEN
    GRANT INSERT ON outpost.audit TO outpost_operator;
  END IF;

  IF to_regclass('outpost.triage') IS NOT NULL THEN
    GRANT INSERT, UPDATE ON outpost.triage TO outpost_operator;
  END IF;

  IF to_regclass('marketing.scorecard_stats') IS NOT NULL THEN
    GRANT INSERT, UPDATE ON marketing.scorecard_stats TO outpost_operator;
  END IF;

  FOR item IN
    SELECT oid::regprocedure AS function FROM pg_proc
    WHERE pronamespace = to_regnamespace('marketing') AND proname IN ('rollup_tick', 'campaign_stats_refresh')
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO outpost_operator', item.function);
  END LOOP;
END $$;
