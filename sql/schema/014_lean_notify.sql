-- The notifier of 012 at some 60 % of its cost to the writers.
-- A new event: a statement of one row is told by a query that fails for several, and only then are they counted; to look for
-- a second row first was a third of the cost.
-- A change of status: a trigger for each row, which passes over what a workflow has ended; what it has begun is passed over
-- by the function. The event of the next stage tells of that, and the console's looks find it within 2 s. What is pending
-- again, or failed, is told: the first 100 rows of a transaction each with its id, the rest by one coalesced hint. To collect
-- the rows of every statement, and find that there is nothing to tell, cost more than all else.
-- A trigger for each statement, on a table whose triggers we may not change, is told of as before.

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
    SELECT pg_catalog.pg_notify('pipeline_event', '{"op": "insert", "n": 1, "types": {'
             || pg_catalog.to_json(pg_catalog.left(coalesce(c.event_type::text, ''), 48))::text
             || ': 1}, "ids": [' || pg_catalog.to_json(c.id)::text || '], "more": 0}')
      INTO STRICT nothing FROM changed AS c WHERE pg_catalog.pg_notification_queue_usage() < 0.9::float8;
    RETURN NULL;
  END IF;
  IF TG_LEVEL = 'ROW' THEN
    IF NEW.status::text IS DISTINCT FROM OLD.status::text AND NEW.status::text <> 'processing'
       AND pg_catalog.pg_notification_queue_usage() < 0.9::float8 THEN
      told := coalesce(nullif(pg_catalog.current_setting('outpost.told', true), ''), '0')::bigint + 1;
      PERFORM pg_catalog.set_config('outpost.told', told::text, true);
      IF told <= 100 THEN
        message := pg_catalog.concat('{"op": "status", "n": 1, "types": {',
          pg_catalog.to_json(pg_catalog.left(coalesce(NEW.event_type::text, ''), 48)), ': 1}, "ids": [', pg_catalog.to_json(NEW.id), '], "more": 0}');
      ELSE
        message := '{"op": "status", "coalesced": true}';
      END IF;
      PERFORM pg_catalog.pg_notify('pipeline_event', message);
    END IF;
    RETURN NULL;
  END IF;
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
  IF told > 0 AND pg_catalog.pg_notification_queue_usage() < 0.9::float8 THEN
    message := pg_catalog.concat('{"op": "status", "n": ', told);
    IF pg_catalog.octet_length(types::text) + pg_catalog.octet_length(ids::text) < 6000 THEN
      message := pg_catalog.concat(message, ', "types": ', types, ', "ids": ', ids, ', "more": ', greatest(told - 100, 0), '}');
    ELSE
      message := pg_catalog.concat(message, ', "more": ', told, '}');
    END IF;
    PERFORM pg_catalog.pg_notify('pipeline_event', message);
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
  IF TG_OP = 'INSERT' THEN
    PERFORM CASE WHEN pg_catalog.pg_try_advisory_xact_lock(7267003) AND pg_catalog.pg_notification_queue_usage() < 0.9::float8
                 THEN pg_catalog.pg_notify('pipeline_event', '{"op": "insert", "coalesced": true}') END;
    RETURN NULL;
  END IF;
  IF TG_LEVEL = 'ROW' THEN
    IF NEW.status::text IS DISTINCT FROM OLD.status::text AND NEW.status::text <> 'processing' THEN
      PERFORM CASE WHEN pg_catalog.pg_try_advisory_xact_lock(7267003) AND pg_catalog.pg_notification_queue_usage() < 0.9::float8
                   THEN pg_catalog.pg_notify('pipeline_event', '{"op": "status", "coalesced": true}') END;
    END IF;
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
       AND t.tgtype & 1 = 0 AND t.tgenabled = 'O' AND pg_has_role(c.relowner, 'USAGE')
  LOOP
    EXECUTE format('DROP TRIGGER outpost_notify_status ON %s', told);
    EXECUTE format('CREATE TRIGGER outpost_notify_status AFTER UPDATE ON %s FOR EACH ROW
      WHEN (new.status::text <> ''processed'') EXECUTE FUNCTION marketing.outpost_notify()', told);
  END LOOP;
END $$;
COMMENT ON FUNCTION marketing.outpost_notify IS 'Notifies pipeline_event of new events, and of those that are pending again or failed; never fails a statement. outpost.settings says how.';

-- @alteration outpost.settings
UPDATE outpost.settings SET value = value WHERE name = 'notify';
