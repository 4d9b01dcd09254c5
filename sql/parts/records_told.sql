(SELECT count(*) FROM took) AS n,
  (SELECT count(*) FROM flight) AS in_flight,
  (SELECT max(ms) FROM flight) AS oldest_ms,
  (SELECT percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY ms) FROM (
    SELECT ms::bigint * 2 AS ms FROM took UNION ALL SELECT ms::bigint * 2 + 1 FROM flight
  ) AS known) AS quantiles
