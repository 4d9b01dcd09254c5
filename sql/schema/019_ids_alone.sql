-- A notification names keys, no types: to make them JSON was a tenth of what the trigger adds to an insert, and who hears it
-- reads the rows anyway.
--   {"op": "insert", "n": 10000, "ids": [1, 2, …], "more": 9900}
-- ids holds the 100 lowest; more says how many were left out. A message that would still be long (wide ids) has no ids.

-- @replacement outpost.notify_on
CREATE OR REPLACE FUNCTION outpost.notify_on() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  nothing text;
  told bigint;
  ids jsonb;
  message text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT pg_catalog.pg_notify('pipeline_event', pg_catalog.concat('{"op": "insert", "n": 1, "ids": [', pg_catalog.to_json(c.id), '], "more": 0}'))
      INTO STRICT nothing FROM changed AS c WHERE pg_catalog.pg_notification_queue_usage() < 0.9::float8;
  END IF;
  RETURN NULL;
EXCEPTION
  WHEN no_data_found THEN
    RETURN NULL;
  WHEN too_many_rows THEN
    BEGIN
      SELECT (SELECT pg_catalog.count(*) FROM changed AS c),
             (SELECT pg_catalog.jsonb_agg(c.id) FROM (SELECT s.id FROM changed AS s ORDER BY s.id LIMIT 100) AS c)
        INTO told, ids;
      IF pg_catalog.pg_notification_queue_usage() < 0.9::float8 THEN
        message := pg_catalog.concat('{"op": "insert", "n": ', told);
        IF pg_catalog.octet_length(ids::text) < 6000 THEN
          message := pg_catalog.concat(message, ', "ids": ', ids, ', "more": ', greatest(told - 100, 0), '}');
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

-- @replacement marketing.outpost_notify
DO $$
BEGIN
  EXECUTE format('CREATE OR REPLACE FUNCTION marketing.outpost_notify() RETURNS trigger LANGUAGE plpgsql AS %L',
    (SELECT prosrc FROM pg_proc WHERE oid = 'outpost.notify_on()'::regprocedure));
END $$;

-- @alteration outpost.settings
UPDATE outpost.settings SET value = value WHERE name = 'notify';
