-- One notification a statement, on the channel pipeline_event: ids, types and counts, never a payload.
--   {"op": "insert" | "status", "n": 10000, "types": {"company_created": 9990, …}, "ids": [1, 2, …], "more": 9900}
-- types holds the 20 most frequent, ids the 100 lowest; more says how many ids were left out. A message that would still
-- be long (strange type names, wide ids) has neither types nor ids. It is a hint to look; the table is the truth.

-- @function marketing.outpost_notify
CREATE FUNCTION marketing.outpost_notify() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '50ms' AS $$
DECLARE
  op text := CASE TG_OP WHEN 'INSERT' THEN 'insert' ELSE 'status' END;
  n bigint;
  types jsonb;
  ids jsonb;
  message text;
BEGIN
  -- A queue nearly full would make the commit of business data fail; this call also lets it shrink.
  IF EXISTS (SELECT FROM outpost.settings WHERE name = 'notify' AND value = 'off') OR pg_notification_queue_usage() > 0.9 THEN
    RETURN NULL;
  END IF;
  IF TG_OP = 'INSERT' THEN
    WITH by_type AS (SELECT left(event_type, 48) AS event_type, count(*) AS n FROM changed GROUP BY 1)
    SELECT (SELECT sum(t.n) FROM by_type AS t),
           (SELECT jsonb_object_agg(t.event_type, t.n) FROM (SELECT * FROM by_type ORDER BY n DESC, event_type LIMIT 20) AS t),
           (SELECT jsonb_agg(c.id) FROM (SELECT id FROM changed ORDER BY id LIMIT 100) AS c)
      INTO n, types, ids;
  ELSE
    WITH moved AS (SELECT c.id, c.event_type FROM changed AS c JOIN before AS b USING (id) WHERE c.status IS DISTINCT FROM b.status),
         by_type AS (SELECT left(event_type, 48) AS event_type, count(*) AS n FROM moved GROUP BY 1)
    SELECT (SELECT sum(t.n) FROM by_type AS t),
           (SELECT jsonb_object_agg(t.event_type, t.n) FROM (SELECT * FROM by_type ORDER BY n DESC, event_type LIMIT 20) AS t),
           (SELECT jsonb_agg(c.id) FROM (SELECT id FROM moved ORDER BY id LIMIT 100) AS c)
      INTO n, types, ids;
  END IF;
  IF n > 0 THEN
    message := jsonb_build_object('op', op, 'n', n, 'types', types, 'ids', ids, 'more', greatest(n - 100, 0))::text;
    IF octet_length(message) > 6000 THEN
      message := jsonb_build_object('op', op, 'n', n, 'more', n)::text;
    END IF;
    PERFORM pg_notify('pipeline_event', message);
  END IF;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  -- Monitoring must never cost an event. The console's sweeps find the row without this.
  RAISE LOG 'outpost_notify: % (%)', SQLERRM, SQLSTATE;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION marketing.outpost_notify IS 'Notifies pipeline_event of new events and changed statuses, once a statement; never fails it. Switched off by outpost.settings notify = off.';

-- @notifier outpost_notify_insert on marketing.pipeline_events needs marketing.pipeline_events(id, event_type)
CREATE TRIGGER outpost_notify_insert AFTER INSERT ON marketing.pipeline_events
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.outpost_notify();

-- @notifier outpost_notify_status on marketing.pipeline_events needs marketing.pipeline_events(id, event_type, status)
CREATE TRIGGER outpost_notify_status AFTER UPDATE ON marketing.pipeline_events
REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.outpost_notify();
