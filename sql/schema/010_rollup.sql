-- Roll-ups, kept by an incremental job and never by a trigger on the pipeline's tables: writers do not pay for them.
-- Whoever may write calls rollup_tick() every 10 to 60 s: outpost rollup from cron, pg_cron or an n8n schedule; an advisory
-- lock makes many safe. Times without a zone are read in the zone of the migration, whoever calls: two would count twice.

-- @table marketing.event_minute
CREATE TABLE marketing.event_minute (
  bucket timestamptz NOT NULL,
  event_type text NOT NULL,
  n_created integer NOT NULL,
  n_processed integer NOT NULL,
  n_failed integer NOT NULL,
  n_open integer NOT NULL,
  latency_sum double precision NOT NULL,
  latency_max double precision NOT NULL,
  computed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (bucket, event_type)
);
COMMENT ON TABLE marketing.event_minute IS 'Events by the minute they were created in; kept for 7 days. Latencies in seconds.';
COMMENT ON COLUMN marketing.event_minute.n_open IS 'Neither processed nor failed when this was computed.';

-- @table marketing.event_hour
CREATE TABLE marketing.event_hour (
  bucket timestamptz NOT NULL,
  event_type text NOT NULL,
  n_created integer NOT NULL,
  n_processed integer NOT NULL,
  n_failed integer NOT NULL,
  n_open integer NOT NULL,
  latency_sum double precision NOT NULL,
  latency_max double precision NOT NULL,
  latency_histogram bigint[] NOT NULL,
  PRIMARY KEY (bucket, event_type)
);
COMMENT ON TABLE marketing.event_hour IS 'Events by the hour they were created in. Latencies in seconds.';
COMMENT ON COLUMN marketing.event_hour.latency_histogram IS '80 bins, 4 an octave from 10 ms; histogram_percentiles reads it within 8.6 %.';

-- @table marketing.rollup_state
CREATE TABLE marketing.rollup_state (
  only_row boolean PRIMARY KEY DEFAULT true,
  done_until timestamptz NOT NULL,
  CONSTRAINT rollup_state_only_row CHECK (only_row)
);
COMMENT ON TABLE marketing.rollup_state IS 'How far the roll-up has come; it trails the present by a tick once the history is filled.';

-- @table marketing.campaign_stats
CREATE TABLE marketing.campaign_stats (
  campaign_id bigint PRIMARY KEY,
  contacts bigint NOT NULL,
  queued bigint NOT NULL,
  delivered bigint NOT NULL,
  bounced bigint NOT NULL,
  opened bigint NOT NULL,
  clicked bigint NOT NULL,
  replied bigint NOT NULL,
  unsubscribed bigint NOT NULL,
  computed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE marketing.campaign_stats IS 'The funnel of each campaign: distinct contacts that reached a step, of this campaign alone. queued counts messages waiting.';

-- @index marketing.event_minute_open on marketing.event_minute
CREATE INDEX event_minute_open ON marketing.event_minute USING btree (computed_at) WHERE (n_open > 0);

-- @function marketing.latency_bin
CREATE FUNCTION marketing.latency_bin(seconds double precision) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN seconds <= 0.01 THEN 1 ELSE least(80, 1 + floor(4 * ln(seconds / 0.01) / ln(2::double precision))::integer) END
$$;
COMMENT ON FUNCTION marketing.latency_bin IS 'The bin, 1 to 80, of a latency.';

-- @function marketing.histogram_percentiles
CREATE FUNCTION marketing.histogram_percentiles(histogram bigint[], shares double precision[]) RETURNS double precision[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  total bigint;
  seen bigint;
  wanted double precision;
  share double precision;
  bin integer;
  answer double precision[] := '{}';
BEGIN
  SELECT sum(n) INTO total FROM unnest(histogram) AS n;
  IF coalesce(total, 0) = 0 THEN
    RETURN NULL;
  END IF;
  FOREACH share IN ARRAY shares LOOP
    wanted := greatest(1, ceil(share * total));
    seen := 0;
    bin := 0;
    WHILE seen < wanted AND bin < 80 LOOP
      bin := bin + 1;
      seen := seen + histogram[bin];
    END LOOP;
    answer := answer || 0.01 * 2 ^ ((bin - 0.5) / 4);
  END LOOP;
  RETURN answer;
END $$;
COMMENT ON FUNCTION marketing.histogram_percentiles IS 'Seconds at each share (0.95) of a histogram: the geometric middle of the bin; NULL for an empty one.';

-- @function marketing.rollup_minutes
CREATE FUNCTION marketing.rollup_minutes(since timestamptz, until timestamptz) RETURNS timestamptz[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone FROM CURRENT AS $$
DECLARE
  hours timestamptz[];
BEGIN
  WITH raw AS MATERIALIZED (
    SELECT event_type, created_at::timestamptz AS created_at, status,
           extract(epoch FROM processed_at - created_at)::double precision AS latency
    FROM marketing.pipeline_events WHERE created_at >= since AND created_at < until),
  written AS (
    INSERT INTO marketing.event_minute AS m
      (bucket, event_type, n_created, n_processed, n_failed, n_open, latency_sum, latency_max)
    SELECT date_trunc('minute', created_at), event_type, count(*), count(*) FILTER (WHERE status = 'processed'),
           count(*) FILTER (WHERE status = 'failed'), count(*) FILTER (WHERE status IN ('pending', 'processing')),
           coalesce(sum(latency), 0), coalesce(max(latency), 0)
    FROM raw GROUP BY 1, 2
    ON CONFLICT (bucket, event_type) DO UPDATE
       SET n_created = excluded.n_created, n_processed = excluded.n_processed, n_failed = excluded.n_failed,
           n_open = excluded.n_open, latency_sum = excluded.latency_sum, latency_max = excluded.latency_max,
           computed_at = clock_timestamp()
     WHERE m.n_open > 0
        OR (m.n_created, m.n_processed, m.n_failed, m.n_open, m.latency_sum)
           IS DISTINCT FROM (excluded.n_created, excluded.n_processed, excluded.n_failed, excluded.n_open, excluded.latency_sum)
    RETURNING m.bucket)
  SELECT array_agg(DISTINCT date_trunc('hour', bucket)) INTO hours FROM written;
  RETURN hours;
END $$;
COMMENT ON FUNCTION marketing.rollup_minutes IS 'Computes the minutes of [since, until) again; a second time does no harm. Returns the hours it touched.';
REVOKE EXECUTE ON FUNCTION marketing.rollup_minutes FROM PUBLIC;

-- @function marketing.rollup_hour
CREATE FUNCTION marketing.rollup_hour(since timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone FROM CURRENT AS $$
BEGIN
  INSERT INTO marketing.event_hour AS h
    (bucket, event_type, n_created, n_processed, n_failed, n_open, latency_sum, latency_max, latency_histogram)
  SELECT since, event_type, sum(n), sum(processed), sum(failed), sum(open), sum(latency), max(slowest),
         (SELECT array_agg(coalesce(b.n, 0) ORDER BY i) FROM generate_series(1, 80) AS i
            LEFT JOIN unnest(array_agg(g.bin), array_agg(g.n)) AS b (bin, n) ON b.bin = i)
  FROM (SELECT event_type, coalesce(marketing.latency_bin(latency), 0) AS bin, count(*) AS n,
               count(*) FILTER (WHERE status = 'processed') AS processed, count(*) FILTER (WHERE status = 'failed') AS failed,
               count(*) FILTER (WHERE status IN ('pending', 'processing')) AS open,
               coalesce(sum(latency), 0) AS latency, coalesce(max(latency), 0) AS slowest
        FROM (SELECT event_type, status, extract(epoch FROM processed_at - created_at)::double precision AS latency
              FROM marketing.pipeline_events WHERE created_at >= since AND created_at < since + interval '1 hour') AS raw
        GROUP BY 1, 2) AS g
  GROUP BY event_type
  ON CONFLICT (bucket, event_type) DO UPDATE
     SET n_created = excluded.n_created, n_processed = excluded.n_processed, n_failed = excluded.n_failed,
         n_open = excluded.n_open, latency_sum = excluded.latency_sum, latency_max = excluded.latency_max,
         latency_histogram = excluded.latency_histogram;
END $$;
COMMENT ON FUNCTION marketing.rollup_hour IS 'Computes the hour that begins at since again.';
REVOKE EXECUTE ON FUNCTION marketing.rollup_hour FROM PUBLIC;

-- @function marketing.rollup_tick
CREATE FUNCTION marketing.rollup_tick(at timestamptz DEFAULT now()) RETURNS interval
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone FROM CURRENT AS $$
DECLARE
  since timestamptz;
  upto timestamptz;
  hours timestamptz[];
  late timestamptz;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7267001) THEN
    RETURN NULL;
  END IF;
  SELECT done_until INTO since FROM marketing.rollup_state;
  IF since IS NULL THEN
    SELECT greatest(min(created_at)::timestamptz, at - interval '30 days') INTO since FROM marketing.pipeline_events;
    since := coalesce(since, at);
    INSERT INTO marketing.rollup_state (done_until) VALUES (since);
  END IF;
  upto := least(at, since + interval '6 hours');
  since := date_trunc('minute', since - interval '3 minutes');
  hours := marketing.rollup_minutes(since, upto + interval '1 minute');
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
    hours := hours || marketing.rollup_minutes(late, late + interval '1 minute');
  END LOOP;
  PERFORM marketing.rollup_hour(hour) FROM (SELECT DISTINCT unnest(hours) AS hour) AS touched;
  DELETE FROM marketing.event_minute WHERE bucket < at - interval '7 days';
  UPDATE marketing.rollup_state SET done_until = upto;
  RETURN at - upto;
END $$;
COMMENT ON FUNCTION marketing.rollup_tick IS 'One step of the roll-up: at most 6 hours of history, the last minutes, and 20 older minutes that were open. Returns how far it still is behind (call again while > 0), NULL when another one is at it.';
REVOKE EXECUTE ON FUNCTION marketing.rollup_tick FROM PUBLIC;

-- @function marketing.campaign_stats_refresh
CREATE FUNCTION marketing.campaign_stats_refresh(since timestamptz DEFAULT now() - interval '30 days') RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone FROM CURRENT AS $$
DECLARE
  refreshed integer;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7267002) THEN
    RETURN NULL;
  END IF;
  INSERT INTO marketing.campaign_stats AS s
    (campaign_id, contacts, queued, delivered, bounced, opened, clicked, replied, unsubscribed, computed_at)
  SELECT c.id, k.contacts, q.queued, d.delivered, d.bounced, e.opened, e.clicked, r.replied, e.unsubscribed, now()
  FROM marketing.campaigns AS c
  CROSS JOIN LATERAL (SELECT count(DISTINCT contact_id) AS contacts FROM marketing.campaign_contacts WHERE campaign_id = c.id) AS k
  CROSS JOIN LATERAL (SELECT count(*) AS queued FROM marketing.message_queue
                       WHERE campaign_id = c.id AND status IN ('draft', 'personalized', 'queued', 'sending')) AS q
  CROSS JOIN LATERAL (SELECT count(DISTINCT contact_id) FILTER (WHERE status = 'delivered') AS delivered,
                             count(DISTINCT contact_id) FILTER (WHERE status = 'bounced') AS bounced
                        FROM marketing.delivery_log WHERE campaign_id = c.id) AS d
  CROSS JOIN LATERAL (SELECT count(DISTINCT contact_id) FILTER (WHERE event_type = 'open') AS opened,
                             count(DISTINCT contact_id) FILTER (WHERE event_type = 'click') AS clicked,
                             count(DISTINCT contact_id) FILTER (WHERE event_type = 'unsubscribe') AS unsubscribed
                        FROM marketing.engagement_events WHERE campaign_id = c.id) AS e
  CROSS JOIN LATERAL (SELECT count(DISTINCT contact_id) AS replied FROM marketing.responses WHERE campaign_id = c.id) AS r
  WHERE c.created_at >= since OR c.status = 'active'
  ON CONFLICT (campaign_id) DO UPDATE
     SET contacts = excluded.contacts, queued = excluded.queued, delivered = excluded.delivered, bounced = excluded.bounced,
         opened = excluded.opened, clicked = excluded.clicked, replied = excluded.replied,
         unsubscribed = excluded.unsubscribed, computed_at = excluded.computed_at;
  GET DIAGNOSTICS refreshed = ROW_COUNT;
  RETURN refreshed;
END $$;
COMMENT ON FUNCTION marketing.campaign_stats_refresh IS 'Computes campaign_stats of active and recent campaigns again. Returns how many; NULL when another one is at it.';
REVOKE EXECUTE ON FUNCTION marketing.campaign_stats_refresh FROM PUBLIC;
