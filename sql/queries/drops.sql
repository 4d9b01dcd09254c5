-- The newest events as the links of the cascade see them, an event in a row for each of its fields that join it, or in one where
-- it has none, or is older than a day; and the server's clock, in a row of its own where there is no event.
-- $1 stage: the event that has the field.
-- $2 field: the field of the payload; NULL for an event that nothing joins.
-- $3 newest: how many events are looked at.
-- $4 others: keys, as text, of events looked at besides the newest, or NULL.
SELECT
  date_part('epoch', clock.now) AS now,
  date_part('epoch', clock.started) AS started,
  s.id::text AS id,
  date_part('epoch', s.created_at::timestamptz) AS created,
  date_part('epoch', coalesce(s.processed_at, s.created_at)::timestamptz) AS ended,
  CASE WHEN s.status IN {status processed} THEN 1 WHEN s.status IN {status pending} OR s.status IN {status processing} THEN 0 END AS state,
  s.version::text::bigint AS version,
  f.n AS field,
  hashtextextended(nullif({field f.field s}, ''), 0) AS value
FROM (SELECT now() AS now, pg_postmaster_start_time() AS started) AS clock
LEFT JOIN (
  (
    SELECT e.*
    FROM {pipeline_events(id, event_type, status, raw, created_at, processed_at?, version)} AS e
    ORDER BY {newest e}
    LIMIT $3
  )
  UNION ALL
  (
    SELECT e.*
    FROM {pipeline_events(id, event_type, status, raw, created_at, processed_at?, version)} AS e
    WHERE e.id = ANY ($4::text[]::{type pipeline_events.id}[])
  )
) AS s ON true
LEFT JOIN unnest($1::text[], $2::text[]) WITH ORDINALITY AS f (stage, field, n)
  ON f.stage = s.event_type AND s.created_at > now() - interval '24 hours'
