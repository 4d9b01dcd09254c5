-- The notifier of 008 at a fifth of its cost, and in three modes. outpost.settings names the one in force:
--   on        one notification a statement, as 008 describes it
--   coalesce  for many writers at once: {"op": "insert" | "status", "coalesced": true}, and none while that of another
--             transaction is on its way, since every notifying commit waits for the one before. What was passed over is
--             told by the next notification, or found by the console's next look: 2 s. A workflow that is started by
--             notifications must then read the table for pending events, at each and on a schedule
--   off       none; the console lives by its looks
-- A later file that replaces the function ends like this one, with what applies the settings again.

-- No writer reads outpost.settings for it: the mode stands in the function's text, and changes with the table. What is
-- called is named with its schema and given exact types, so neither a search_path nor another's rights need to be set.
-- Statements of one row, as workflows make them, take a short way. The long one has no join: planned for a session's first
-- update of two rows it would be a nested loop, and take a minute for 20,000.

-- @replacement marketing.outpost_notify
CREATE OR REPLACE FUNCTION marketing.outpost_notify() RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER AS $$
DECLARE
  mode CONSTANT text := 'on';
  is_told boolean;
  has_more boolean;
  one_id text;
  one_type text;
  n bigint;
  types jsonb;
  ids jsonb;
  message text;
BEGIN
  IF mode = 'off' THEN
    RETURN NULL;
  END IF;
  BEGIN
    -- INTO takes the first row and computes no other.
    IF TG_OP = 'INSERT' THEN
      SELECT true, pg_catalog.to_json(c.id)::text, coalesce(c.event_type::text, ''), EXISTS (SELECT FROM changed OFFSET 1)
        INTO is_told, one_id, one_type, has_more FROM changed AS c;
    ELSE
      SELECT c.status::text IS DISTINCT FROM b.status::text, pg_catalog.to_json(c.id)::text, coalesce(c.event_type::text, ''),
             EXISTS (SELECT FROM changed OFFSET 1)
        INTO is_told, one_id, one_type, has_more FROM changed AS c, before AS b;
    END IF;
    IF has_more AND TG_OP = 'INSERT' THEN
      WITH by_type AS (SELECT pg_catalog.left(coalesce(c.event_type::text, ''), 48) AS event_type, pg_catalog.count(*) AS n FROM changed AS c GROUP BY 1)
      SELECT (SELECT pg_catalog.sum(t.n) FROM by_type AS t),
             (SELECT pg_catalog.jsonb_object_agg(t.event_type, t.n) FROM (SELECT * FROM by_type AS b ORDER BY b.n DESC, b.event_type LIMIT 20) AS t),
             (SELECT pg_catalog.jsonb_agg(c.id) FROM (SELECT s.id FROM changed AS s ORDER BY s.id LIMIT 100) AS c)
        INTO n, types, ids;
    ELSIF has_more THEN
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
        INTO n, types, ids;
      is_told := n > 0;
    END IF;
    IF is_told IS NOT TRUE THEN
      RETURN NULL;
    END IF;

    -- Held to the end of the transaction, and so until its notification is out. Whoever does not get it does not wait.
    IF mode = 'coalesce' AND NOT pg_catalog.pg_try_advisory_xact_lock(7267003) THEN
      RETURN NULL;
    END IF;
    -- A queue nearly full would make the commit of business data fail; this call also lets it shrink.
    IF pg_catalog.pg_notification_queue_usage() > 0.9::float8 THEN
      RETURN NULL;
    END IF;

    message := pg_catalog.concat('{"op": "', CASE TG_OP WHEN 'INSERT' THEN 'insert' ELSE 'status' END);
    IF mode = 'coalesce' THEN
      message := pg_catalog.concat(message, '", "coalesced": true}');
    ELSIF NOT has_more THEN
      message := pg_catalog.concat(message, '", "n": 1, "types": {', pg_catalog.to_json(pg_catalog.left(one_type, 48)),
        ': 1}, "ids": [', one_id, '], "more": 0}');
    ELSE
      message := pg_catalog.concat(message, '", "n": ', n, ', "types": ', types, ', "ids": ', ids, ', "more": ', greatest(n - 100, 0), '}');
    END IF;
    IF pg_catalog.octet_length(message) > 6000 THEN
      message := pg_catalog.concat('{"op": "', CASE TG_OP WHEN 'INSERT' THEN 'insert' ELSE 'status' END,
        '", "n": ', coalesce(n, 1), ', "more": ', coalesce(n, 1), '}');
    END IF;
    PERFORM pg_catalog.pg_notify('pipeline_event', message);
  EXCEPTION WHEN OTHERS THEN
    -- Monitoring must never cost an event. The console's looks find the row without this.
    RAISE LOG 'outpost_notify: % (%)', SQLERRM, SQLSTATE;
  END;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION marketing.outpost_notify IS 'Notifies pipeline_event of new events and changed statuses, once a statement; never fails it. Its mode is that of outpost.settings: on, coalesce or off.';

-- @function outpost.apply_settings
CREATE FUNCTION outpost.apply_settings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  mark CONSTANT text := 'mode CONSTANT text := ''\w+''';
  wanted text := coalesce((SELECT value FROM outpost.settings WHERE name = 'notify'), 'on');
  notifier oid;
BEGIN
  FOR notifier IN SELECT oid FROM pg_proc WHERE proname = 'outpost_notify' AND prorettype = 'trigger'::regtype AND prosrc ~ mark LOOP
    EXECUTE regexp_replace(pg_get_functiondef(notifier), mark, format('mode CONSTANT text := %L', wanted));
  END LOOP;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION outpost.apply_settings IS 'Writes what outpost.settings says into the text of outpost_notify, in the transaction that changes the table.';

-- @alteration outpost.settings
ALTER TABLE outpost.settings DROP CONSTRAINT IF EXISTS settings_notify,
  ADD CONSTRAINT settings_notify CHECK (name <> 'notify' OR value IN ('on', 'coalesce', 'off'));
COMMENT ON TABLE outpost.settings IS 'Switches of the database side. notify = on|coalesce|off: whether changes of pipeline_events are notified on the channel pipeline_event: each statement; one at a time, for many writers; not at all, for sites that live by sweeps. In force with the commit of the change.';
CREATE TRIGGER outpost_settings AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON outpost.settings
  FOR EACH STATEMENT EXECUTE FUNCTION outpost.apply_settings();
UPDATE outpost.settings SET value = value WHERE name = 'notify';
