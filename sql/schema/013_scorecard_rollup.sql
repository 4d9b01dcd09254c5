-- What outpost rollup keeps of the scorecard: windows of 30 days that no console then has to count again.

-- @table marketing.scorecard_stats
CREATE TABLE marketing.scorecard_stats (
  metric text PRIMARY KEY,
  value double precision,
  n bigint NOT NULL,
  computed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT scorecard_stats_n CHECK (n >= 0)
);
COMMENT ON TABLE marketing.scorecard_stats IS 'The last reading of each metric of the scorecard: a share of 1, or seconds for end_to_end_latency; n is the cases behind it.';
