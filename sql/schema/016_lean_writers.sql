-- What 014 left of the writers' cost, brought to some 15 % of their rate.
-- New events are notified, changes of status are not: even a trigger that is passed over costs each of them, and the console
-- asks the server every 2 s what has changed. The console's own retries notify by themselves; who puts an event back by hand
-- and has a workflow that is started by notifications says NOTIFY himself.
-- The record's index is built on request only (trail.sql), so the event that an error belongs to is looked for among the
-- pending ones and the newest.

-- @replacement outpost.notify_on
CREATE OR REPLACE FUNCTION outpost.notify_on() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  nothing text;
  told bigint;
  types jsonb;
  ids jsonb;
  message text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT pg_catalog.pg_notify('pipeline_event', pg_catalog.concat('{"op": "insert", "n": 1, "types": {',
             pg_catalog.to_json(pg_catalog.left(coalesce(c.event_type::text, ''), 48)), ': 1}, "ids": [', pg_catalog.to_json(c.id), '], "more": 0}'))
      INTO STRICT nothing FROM changed AS c WHERE pg_catalog.pg_notification_queue_usage() < 0.9::float8;
  END IF;
  RETURN NULL;
EXCEPTION
  WHEN no_data_found THEN
    RETURN NULL;
  WHEN too_many_rows THEN
    BEGIN
      WITH by_type AS (SELECT pg_catalog.left(coalesce(c.event_type::text, ''), 48) AS event_type, pg_catalog.count(*) AS n FROM changed AS c GROUP BY 1)
      SELECT (SELECT pg_catalog.sum(t.n) FROM by_type AS t),
             (SELECT pg_catalog.jsonb_object_agg(t.event_type, t.n) FROM (SELECT * FROM by_type AS b ORDER BY b.n DESC, b.event_type LIMIT 20) AS t),
             (SELECT pg_catalog.jsonb_agg(c.id) FROM (SELECT s.id FROM changed AS s ORDER BY s.id LIMIT 100) AS c)
        INTO told, types, ids;
      IF told > 0 AND pg_catalog.pg_notification_queue_usage() < 0.9::float8 THEN
        message := pg_catalog.concat('{"op": "insert", "n": ', told);
        IF pg_catalog.octet_length(types::text) + pg_catalog.octet_length(ids::text) < 6000 THEN
          message := pg_catalog.concat(message, ', "types": ', types, ', "ids": ', ids, ', "more": ', greatest(told - 100, 0), '}');
        ELSE
          message := pg_catalog.concat(message, ', "more": ', told, '}');
        END IF;
        PERFORM pg_catalog.pg_notify('pipeline_event', message);
      END IF;
      RETURN NULL;
    EXCEPTION WHEN OTHERS THEN
      RAISE LOG 'outpost_notify: % (%)', SQLERRM, SQLSTATE;
      RETURN NULL;
    END;
  WHEN OTHERS THEN
    RAISE LOG 'outpost_notify: % (%)', SQLERRM, SQLSTATE;
    RETURN NULL;
END $$;

-- @replacement outpost.notify_coalesce
CREATE OR REPLACE FUNCTION outpost.notify_coalesce() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' AND pg_catalog.pg_try_advisory_xact_lock(7267003) THEN
    PERFORM CASE WHEN pg_catalog.pg_notification_queue_usage() < 0.9::float8
                 THEN pg_catalog.pg_notify('pipeline_event', '{"op": "insert", "coalesced": true}') END;
  END IF;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  RAISE LOG 'outpost_notify: % (%)', SQLERRM, SQLSTATE;
  RETURN NULL;
END $$;

-- @replacement marketing.outpost_notify
DO $$
DECLARE
  told regclass;
BEGIN
  EXECUTE format('CREATE OR REPLACE FUNCTION marketing.outpost_notify() RETURNS trigger LANGUAGE plpgsql AS %L',
    (SELECT prosrc FROM pg_proc WHERE oid = 'outpost.notify_on()'::regprocedure));
  FOR told IN
    SELECT t.tgrelid FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
     WHERE t.tgfoid = 'marketing.outpost_notify()'::regprocedure AND t.tgname = 'outpost_notify_status'
       AND pg_has_role(c.relowner, 'USAGE')
     ORDER BY c.relispartition
  LOOP
    -- A partition's own goes with that of the whole.
    EXECUTE format('DROP TRIGGER IF EXISTS outpost_notify_status ON %s', told);
  END LOOP;
END $$;
COMMENT ON FUNCTION marketing.outpost_notify IS 'Notifies pipeline_event of new events, once a statement; never fails it. outpost.settings says how.';

-- @alteration outpost.settings
UPDATE outpost.settings SET value = value WHERE name = 'notify';
COMMENT ON TABLE outpost.settings IS 'Switches of the database side. notify = on|coalesce|off: whether new rows of pipeline_events are notified on the channel pipeline_event: each statement; one at a time, for many writers; not at all, for sites that live by sweeps. In force with the commit of the change.';

-- @replacement marketing.log_pipeline_error
CREATE OR REPLACE FUNCTION marketing.log_pipeline_error(
  event_type text, record_id text, message text, details jsonb DEFAULT NULL, severity text DEFAULT 'error')
RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  open bigint[];
  failed bigint;
  error_id bigint;
BEGIN
  IF to_regclass('marketing.pe_record') IS NOT NULL THEN
    open := ARRAY(
      SELECT e.id FROM marketing.pipeline_events AS e
       WHERE e.payload->>'record_id' = log_pipeline_error.record_id AND e.event_type = log_pipeline_error.event_type
         AND e.status IN ('pending', 'processing'));
  ELSE
    open := ARRAY(
      SELECT e.id FROM marketing.pipeline_events AS e
       WHERE e.status = 'pending' AND e.event_type = log_pipeline_error.event_type
         AND e.payload->>'record_id' = log_pipeline_error.record_id
      UNION ALL
      SELECT n.id FROM (SELECT e.* FROM marketing.pipeline_events AS e ORDER BY e.created_at DESC LIMIT 5000) AS n
       WHERE n.status = 'processing' AND n.event_type = log_pipeline_error.event_type
         AND n.payload->>'record_id' = log_pipeline_error.record_id);
  END IF;
  WITH failed AS (
    UPDATE marketing.pipeline_events AS e
       SET status = 'failed', processed_at = now(), error_message = log_pipeline_error.message,
           retry_count = coalesce(e.retry_count, 0) + 1
     WHERE e.id = ANY (open) AND e.status IN ('pending', 'processing')
    RETURNING e.id)
  SELECT max(f.id) INTO failed FROM failed AS f;
  INSERT INTO marketing.pipeline_errors AS p (event_id, event_type, record_id, error_message, error_details, severity)
  VALUES (failed, log_pipeline_error.event_type, log_pipeline_error.record_id, log_pipeline_error.message,
          log_pipeline_error.details, coalesce(log_pipeline_error.severity, 'error'))
  RETURNING p.id INTO error_id;
  RETURN error_id;
END $$;
COMMENT ON FUNCTION marketing.log_pipeline_error IS 'Writes an error and fails the open events of that type and record, of those being processed the ones among the newest 5,000 unless there is pe_record; the error names the newest of them. Returns the error''s id.';
