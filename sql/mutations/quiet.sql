-- Whether these are hours of the day in which people are not to be written to, by the server's clock.
-- $1 zone: the zone of those hours.
-- $2 from: when they begin.
-- $3 until: when they end; on the next day where that is earlier.
SELECT CASE WHEN $2::text::time < $3::text::time
  THEN n.at >= $2::text::time AND n.at < $3::text::time
  ELSE n.at >= $2::text::time OR n.at < $3::text::time END AS is_quiet
FROM (SELECT (clock_timestamp() AT TIME ZONE $1::text)::time AS at) AS n
