-- What a week and a month of latency cost who looks at them: the hours' histograms, 80 numbers each, are a million numbers in
-- a month. Here they are kept by six hours as well, of which only the bins that hold something. What is open is found by index.

-- @table marketing.event_six_hours
CREATE TABLE marketing.event_six_hours (
  bucket timestamptz NOT NULL,
  event_type text NOT NULL,
  latency_sum double precision NOT NULL,
  latency_max double precision NOT NULL,
  bins integer[] NOT NULL,
  counts bigint[] NOT NULL,
  PRIMARY KEY (bucket, event_type)
);
COMMENT ON TABLE marketing.event_six_hours IS 'Latency of the events written in six hours that begin at 0, 6, 12 or 18 h UTC, in seconds; the sum of event_hour.';
COMMENT ON COLUMN marketing.event_six_hours.bins IS 'Those bins of latency_histogram that are not empty, 1 to 80, in their order; counts has how many are in each.';

-- @index marketing.event_hour_open on marketing.event_hour needs marketing.event_hour(bucket, n_open)
CREATE INDEX event_hour_open ON marketing.event_hour USING btree (bucket) WHERE (n_open > 0);

-- @function marketing.rollup_six_hours
CREATE FUNCTION marketing.rollup_six_hours(buckets timestamptz[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  WITH hour AS MATERIALIZED (
    SELECT b.bucket, h.event_type, h.latency_sum, h.latency_max, h.latency_histogram
    FROM (SELECT DISTINCT unnest(buckets) AS bucket) AS b
    JOIN marketing.event_hour AS h ON h.bucket >= b.bucket AND h.bucket < b.bucket + interval '6 hours'),
  bin AS (
    SELECT hour.bucket, hour.event_type, u.bin, sum(u.n)::bigint AS n
    FROM hour CROSS JOIN LATERAL unnest(hour.latency_histogram) WITH ORDINALITY AS u (n, bin)
    WHERE u.n > 0 GROUP BY 1, 2, 3),
  spread AS (
    SELECT bucket, event_type, array_agg(bin::integer ORDER BY bin) AS bins, array_agg(n ORDER BY bin) AS counts FROM bin GROUP BY 1, 2),
  total AS (
    SELECT bucket, event_type, sum(latency_sum) AS latency_sum, max(latency_max) AS latency_max FROM hour GROUP BY 1, 2)
  INSERT INTO marketing.event_six_hours AS s (bucket, event_type, latency_sum, latency_max, bins, counts)
  SELECT bucket, event_type, total.latency_sum, total.latency_max, coalesce(spread.bins, '{}'), coalesce(spread.counts, '{}')
  FROM total LEFT JOIN spread USING (bucket, event_type)
  ON CONFLICT (bucket, event_type) DO UPDATE
     SET latency_sum = excluded.latency_sum, latency_max = excluded.latency_max, bins = excluded.bins, counts = excluded.counts;
END $$;
COMMENT ON FUNCTION marketing.rollup_six_hours IS 'Adds up the hours of these six hours again.';
REVOKE EXECUTE ON FUNCTION marketing.rollup_six_hours FROM PUBLIC;

-- @replacement marketing.rollup_hour
CREATE OR REPLACE FUNCTION marketing.rollup_hour(since timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone FROM CURRENT AS $$
DECLARE
  whole timestamptz := to_timestamp(floor(extract(epoch FROM since) / 21600) * 21600);
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
  -- Those of this hour; and of the month before some that are not there yet, as after this file was applied.
  PERFORM marketing.rollup_six_hours(ARRAY[whole] || ARRAY(
    SELECT six FROM generate_series(whole - interval '31 days', whole - interval '6 hours', interval '6 hours') AS six
    WHERE EXISTS (SELECT FROM marketing.event_hour AS h WHERE h.bucket >= six AND h.bucket < six + interval '6 hours')
      AND NOT EXISTS (SELECT FROM marketing.event_six_hours AS s WHERE s.bucket = six)
    LIMIT 40));
END $$;
COMMENT ON FUNCTION marketing.rollup_hour IS 'Computes the hour that begins at since again, and the six hours that it is in.';
REVOKE EXECUTE ON FUNCTION marketing.rollup_hour FROM PUBLIC;
