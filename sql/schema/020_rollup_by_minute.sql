-- A step of the roll-up within a minute counts that minute alone; the three before, which what committed late may still
-- change, and older ones that were open, once a minute. Before, a schedule of 10 s had every event of three minutes counted
-- eighteen times, which writers of thousands a second noticed.

-- @replacement marketing.rollup_tick
CREATE OR REPLACE FUNCTION marketing.rollup_tick(at timestamptz DEFAULT now()) RETURNS interval
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone FROM CURRENT AS $$
DECLARE
  begun timestamptz := clock_timestamp();
  state marketing.rollup_state;
  since timestamptz;
  upto timestamptz;
  hours timestamptz[];
  late timestamptz;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7267001) THEN
    RETURN NULL;
  END IF;
  SELECT * INTO state FROM marketing.rollup_state;
  since := state.done_until;
  IF since IS NULL THEN
    SELECT greatest(min(created_at)::timestamptz, at - interval '30 days') INTO since FROM marketing.pipeline_events;
    since := coalesce(since, at);
    INSERT INTO marketing.rollup_state (done_until) VALUES (since);
  END IF;
  upto := least(at, since + interval '6 hours');
  IF state.done_until >= date_trunc('minute', at) THEN
    hours := state.hours_due || marketing.rollup_minutes(date_trunc('minute', at), at + interval '1 minute');
  ELSE
    since := date_trunc('minute', since - interval '3 minutes');
    hours := state.hours_due || marketing.rollup_minutes(since, upto + interval '1 minute');
    -- What was open when its minute was computed, and what was requeued since, may have ended.
    FOR late IN
      SELECT bucket FROM (
        SELECT bucket, min(computed_at) AS age FROM (
          (SELECT bucket, computed_at FROM marketing.event_minute WHERE n_open > 0 AND bucket < since ORDER BY computed_at LIMIT 200)
          UNION ALL
          (SELECT m.bucket, m.computed_at FROM marketing.event_minute AS m JOIN
             (SELECT event_type, date_trunc('minute', created_at::timestamptz) AS bucket FROM marketing.pipeline_events
               WHERE status = 'pending' AND created_at < since ORDER BY created_at DESC LIMIT 1000) AS p USING (bucket, event_type)
            WHERE m.n_open = 0)) AS candidates
        GROUP BY bucket) AS minutes
      ORDER BY age LIMIT 20
    LOOP
      EXIT WHEN clock_timestamp() > begun + interval '250 milliseconds';
      hours := hours || marketing.rollup_minutes(late, late + interval '1 minute');
    END LOOP;
  END IF;
  hours := coalesce((SELECT array_agg(DISTINCT hour ORDER BY hour) FROM unnest(hours) AS hour), '{}');
  -- At each step of a first fill, and every 5 minutes.
  IF upto < at OR state.hours_at IS NULL OR at - state.hours_at NOT BETWEEN interval '0' AND interval '5 minutes' THEN
    PERFORM marketing.rollup_hour(hour) FROM unnest(hours) AS hour;
    state.hours_at := CASE WHEN upto < at THEN state.hours_at ELSE at END;
    hours := '{}';
  END IF;
  DELETE FROM marketing.event_minute WHERE bucket < at - interval '7 days';
  UPDATE marketing.rollup_state SET done_until = upto, hours_due = hours, hours_at = state.hours_at;
  RETURN at - upto;
END $$;
COMMENT ON FUNCTION marketing.rollup_tick IS 'One step of the roll-up: at most 6 hours of history and the last minutes; in the minute of the step before that minute alone, in a new one also the three before and up to 20 older ones that were open; hours every 5 minutes. Returns how far it still is behind (call again while > 0), NULL when another one is at it.';
REVOKE EXECUTE ON FUNCTION marketing.rollup_tick FROM PUBLIC;
