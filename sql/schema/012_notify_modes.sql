-- The notifier of 008 at a fraction of its cost, and in three modes. outpost.settings names the one in force:
--   on        one notification a statement, as 008 describes it
--   coalesce  for many writers at once: {"op": "insert" | "status", "coalesced": true}, and none while that of another
--             transaction is on its way, since every notifying commit waits for the one before. What was passed over is
--             told by the next notification, or found by the console's next look: 2 s. A workflow that is started by
--             notifications must then read the table for pending events, at each and on a schedule
--   off       none; the console lives by its looks
-- Each is a function of its own. Its text becomes that of outpost_notify when the settings change, so that no writer reads
-- them. A statement of one row, as workflows make them, is told by one query: PL/pgSQL pays for each expression anew in each
-- transaction. What is called is named with its schema and given exact types, so that neither a search_path nor another's
-- rights need to be set. Nothing is joined but one row with one: planned for a session's first small update, a join of the
-- rows before and after would be a nested loop, and take a minute for 20,000.
-- Monitoring must never cost an event: whatever fails is logged, and found by the console's looks. A queue nearly full would
-- make the commit of business data fail; pg_notification_queue_usage also lets it shrink.

-- @function outpost.notify_on
CREATE FUNCTION outpost.notify_on() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  told bigint;
  types jsonb;
  ids jsonb;
  message text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM pg_catalog.pg_notify('pipeline_event', pg_catalog.concat('{"op": "insert", "n": 1, "types": {',
              pg_catalog.to_json(pg_catalog.left(coalesce(c.event_type::text, ''), 48)), ': 1}, "ids": [', pg_catalog.to_json(c.id), '], "more": 0}'))
       FROM changed AS c
      WHERE NOT EXISTS (SELECT FROM changed OFFSET 1) AND pg_catalog.pg_notification_queue_usage() < 0.9::float8;
    IF FOUND THEN
      RETURN NULL;
    END IF;
    WITH by_type AS (SELECT pg_catalog.left(coalesce(c.event_type::text, ''), 48) AS event_type, pg_catalog.count(*) AS n FROM changed AS c GROUP BY 1)
    SELECT (SELECT pg_catalog.sum(t.n) FROM by_type AS t),
           (SELECT pg_catalog.jsonb_object_agg(t.event_type, t.n) FROM (SELECT * FROM by_type AS b ORDER BY b.n DESC, b.event_type LIMIT 20) AS t),
           (SELECT pg_catalog.jsonb_agg(c.id) FROM (SELECT s.id FROM changed AS s ORDER BY s.id LIMIT 100) AS c)
      INTO told, types, ids;
  ELSE
    PERFORM pg_catalog.pg_notify('pipeline_event', pg_catalog.concat('{"op": "status", "n": 1, "types": {',
              pg_catalog.to_json(pg_catalog.left(coalesce(c.event_type::text, ''), 48)), ': 1}, "ids": [', pg_catalog.to_json(c.id), '], "more": 0}'))
       FROM changed AS c, before AS b
      WHERE NOT EXISTS (SELECT FROM changed OFFSET 1) AND c.status::text IS DISTINCT FROM b.status::text
        AND pg_catalog.pg_notification_queue_usage() < 0.9::float8;
    IF FOUND OR NOT EXISTS (SELECT FROM changed OFFSET 1) THEN
      RETURN NULL;
    END IF;
    WITH moved AS (
      SELECT v.id, pg_catalog.left(coalesce(pg_catalog.max(v.event_type), ''), 48) AS event_type
      FROM (SELECT c.id, c.event_type::text, c.status::text FROM changed AS c
            UNION ALL SELECT b.id, b.event_type::text, b.status::text FROM before AS b) AS v
      GROUP BY v.id
      HAVING pg_catalog.min(v.status) IS DISTINCT FROM pg_catalog.max(v.status) OR pg_catalog.count(v.status) = 1),
    by_type AS (SELECT m.event_type, pg_catalog.count(*) AS n FROM moved AS m GROUP BY 1)
    SELECT (SELECT pg_catalog.sum(t.n) FROM by_type AS t),
           (SELECT pg_catalog.jsonb_object_agg(t.event_type, t.n) FROM (SELECT * FROM by_type AS b ORDER BY b.n DESC, b.event_type LIMIT 20) AS t),
           (SELECT pg_catalog.jsonb_agg(c.id) FROM (SELECT m.id FROM moved AS m ORDER BY m.id LIMIT 100) AS c)
      INTO told, types, ids;
  END IF;
  IF told > 0 AND pg_catalog.pg_notification_queue_usage() < 0.9::float8 THEN
    message := pg_catalog.concat('{"op": "', CASE TG_OP WHEN 'INSERT' THEN 'insert' ELSE 'status' END, '", "n": ', told);
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
END $$;
COMMENT ON FUNCTION outpost.notify_on IS 'What outpost_notify does while outpost.settings says notify = on.';

-- The lock is held to the end of the transaction, and so until its notification is out. Whoever does not get it does not
-- wait. It is tried last, by who has something to tell.

-- @function outpost.notify_coalesce
CREATE FUNCTION outpost.notify_coalesce() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM CASE WHEN pg_catalog.pg_try_advisory_xact_lock(7267003) AND pg_catalog.pg_notification_queue_usage() < 0.9::float8
                 THEN pg_catalog.pg_notify('pipeline_event', '{"op": "insert", "coalesced": true}') END
       FROM changed LIMIT 1;
    RETURN NULL;
  END IF;
  PERFORM CASE WHEN pg_catalog.pg_try_advisory_xact_lock(7267003) AND pg_catalog.pg_notification_queue_usage() < 0.9::float8
               THEN pg_catalog.pg_notify('pipeline_event', '{"op": "status", "coalesced": true}') END
     FROM changed AS c, before AS b
    WHERE NOT EXISTS (SELECT FROM changed OFFSET 1) AND c.status::text IS DISTINCT FROM b.status::text;
  IF FOUND OR NOT EXISTS (SELECT FROM changed OFFSET 1) THEN
    RETURN NULL;
  END IF;
  PERFORM FROM (SELECT c.id, c.status::text FROM changed AS c UNION ALL SELECT b.id, b.status::text FROM before AS b) AS v
    GROUP BY v.id
   HAVING pg_catalog.min(v.status) IS DISTINCT FROM pg_catalog.max(v.status) OR pg_catalog.count(v.status) = 1 LIMIT 1;
  IF FOUND AND pg_catalog.pg_try_advisory_xact_lock(7267003) AND pg_catalog.pg_notification_queue_usage() < 0.9::float8 THEN
    PERFORM pg_catalog.pg_notify('pipeline_event', '{"op": "status", "coalesced": true}');
  END IF;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  RAISE LOG 'outpost_notify: % (%)', SQLERRM, SQLSTATE;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION outpost.notify_coalesce IS 'What outpost_notify does while outpost.settings says notify = coalesce.';

-- @function outpost.notify_off
CREATE FUNCTION outpost.notify_off() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RETURN NULL;
END $$;
COMMENT ON FUNCTION outpost.notify_off IS 'What outpost_notify does while outpost.settings says notify = off.';

-- @replacement marketing.outpost_notify
DO $$ BEGIN
  EXECUTE format('CREATE OR REPLACE FUNCTION marketing.outpost_notify() RETURNS trigger LANGUAGE plpgsql AS %L',
    (SELECT prosrc FROM pg_proc WHERE oid = 'outpost.notify_on()'::regprocedure));
END $$;
COMMENT ON FUNCTION marketing.outpost_notify IS 'Notifies pipeline_event of new events and changed statuses, once a statement; never fails it. outpost.settings says how.';

-- A notifier whose text is none of ours is somebody's own, and stays.

-- @function outpost.apply_settings
CREATE FUNCTION outpost.apply_settings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  mode text := coalesce((SELECT value FROM outpost.settings WHERE name = 'notify'), 'on');
  notifier regprocedure;
BEGIN
  FOR notifier IN SELECT oid FROM pg_proc WHERE proname = 'outpost_notify' AND prosrc IN (
      SELECT prosrc FROM pg_proc WHERE pronamespace = 'outpost'::regnamespace AND proname IN ('notify_on', 'notify_coalesce', 'notify_off')) LOOP
    EXECUTE format('CREATE OR REPLACE FUNCTION %s RETURNS trigger LANGUAGE plpgsql AS %L', notifier,
      (SELECT prosrc FROM pg_proc WHERE oid = format('outpost.notify_%s()', mode)::regprocedure));
  END LOOP;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION outpost.apply_settings IS 'Gives outpost_notify the text of the mode that outpost.settings names, in the transaction that changes the table.';

-- @alteration outpost.settings
ALTER TABLE outpost.settings DROP CONSTRAINT IF EXISTS settings_notify,
  ADD CONSTRAINT settings_notify CHECK (name <> 'notify' OR value IN ('on', 'coalesce', 'off'));
COMMENT ON TABLE outpost.settings IS 'Switches of the database side. notify = on|coalesce|off: whether changes of pipeline_events are notified on the channel pipeline_event: each statement; one at a time, for many writers; not at all, for sites that live by sweeps. In force with the commit of the change.';
CREATE TRIGGER outpost_settings AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON outpost.settings
  FOR EACH STATEMENT EXECUTE FUNCTION outpost.apply_settings();
UPDATE outpost.settings SET value = value WHERE name = 'notify';
