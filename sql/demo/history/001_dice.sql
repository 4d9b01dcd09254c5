-- The dice of the history: numbers that look random and depend on outpost_demo.seed alone; and its calendar.
-- All times stand relative to outpost_demo.now, so that two runs show the same.
SET session_replication_role = replica;
SET synchronous_commit = off;
SET work_mem = '64MB';
SET jit = off;

DO $dice$
BEGIN
  EXECUTE format($sql$
    CREATE FUNCTION pg_temp.u(i bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $body$ SELECT ((hashint8extended(i, salt * 7919 + %s) >> 11) & 9007199254740991) / 9007199254740992.0::float8 $body$
  $sql$, current_setting('outpost_demo.seed')::bigint);
  EXECUTE format($sql$
    CREATE FUNCTION pg_temp.t0() RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $body$ SELECT %L::timestamptz $body$
  $sql$, current_setting('outpost_demo.now'));
END
$dice$;

-- A normal number.
CREATE FUNCTION pg_temp.z(i bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT sqrt(-2 * ln(1 - pg_temp.u(i, salt))) * cos(6.283185307179586 * pg_temp.u(i, salt + 1)) $$;

-- How long a run takes: log-normal around its median, s. An event waits a little before it is taken.
CREATE FUNCTION pg_temp.took(i bigint, salt bigint, median float8, sigma float8) RETURNS interval LANGUAGE sql IMMUTABLE AS
$$ SELECT make_interval(secs => median * exp(sigma * pg_temp.z(i, salt)) + 0.02 + 0.2 * pg_temp.u(i, salt + 2)) $$;

CREATE FUNCTION pg_temp.pick(i bigint, salt bigint, words text[]) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT words[1 + floor(pg_temp.u(i, salt) * array_length(words, 1))::int] $$;

-- 720 hours, the present one first. It is always a Wednesday, 14 o'clock: the day and the week have their rhythm, and the
-- last two hours run at the rate of the live world.
DO $calendar$
DECLARE cumulated float8[];
BEGIN
  SELECT array_agg(passed ORDER BY k) INTO cumulated FROM (
    SELECT k, sum(weight) OVER (ORDER BY k) / sum(weight) OVER () AS passed FROM (
      SELECT k,
        CASE WHEN k < 2 THEN 1 WHEN k < 24 THEN 0.30 WHEN k < 48 THEN 0.07 ELSE 0.033 END
        * CASE WHEN k < 2 THEN 1
            ELSE ('{.10,.08,.08,.08,.10,.14,.25,.50,.80,1,1,1,.85,1,1,1,.95,.75,.50,.35,.30,.25,.18,.12}'::float8[])
                 [1 + ((14 - k) % 24 + 24) % 24] END
        * CASE WHEN ((3 - (k + 9) / 24) % 7 + 7) % 7 IN (0, 6) THEN 0.25 ELSE 1 END AS weight
      FROM generate_series(0, 719) AS k) AS hours) AS passed;
  EXECUTE format($sql$
    CREATE FUNCTION pg_temp.moment(i bigint, salt bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
    $body$ SELECT pg_temp.t0() - make_interval(secs =>
      3600 * (width_bucket(pg_temp.u(i, salt), %L::float8[]) + pg_temp.u(i, salt + 1))) $body$
  $sql$, cumulated[1:719]);
END
$calendar$;
