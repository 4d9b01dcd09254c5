-- The newest events, of which only those that are new or changed since the last such read.
-- $1 snapshot: what the last read saw, or NULL to get them all.
-- $2 limit: how many of the newest are looked at.
-- $3 by_time: take those of the last two minutes as well, where the server cannot tell by snapshot.
-- $4 deep: a snapshot; what is younger than its oldest transaction comes again, or NULL. A savepoint hides from
-- every snapshot whether it is one of those still running.
-- $5 kept: keys, as text, of events looked at besides the newest, or NULL.
WITH s AS MATERIALIZED (
  SELECT
    now.snapshot::text AS snapshot,
    now.next,
    -- Nothing was read, or by another server than this, or from a newer state of it.
    $1 IS NULL OR pg_snapshot_xmax($1::pg_snapshot)::text::bigint > now.next AS is_all,
    -- No row of an older transaction can be new: most are told by that, which costs little.
    age(least(pg_snapshot_xmin($1::pg_snapshot), pg_snapshot_xmin($4::pg_snapshot))::xid) AS reach
  FROM (
    SELECT pg_current_snapshot() AS snapshot, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next
  ) AS now
)
SELECT
  s.snapshot,
  {part event_columns n}
FROM s
LEFT JOIN LATERAL (
  SELECT newest.*
  FROM (
    (
      SELECT e.*
      FROM {pipeline_events(id, event_type, status, raw?, error_message?, retry_count?, created_at, processed_at?, execution?, version)} AS e
      ORDER BY {newest e}
      LIMIT $2
    )
    UNION ALL
    (
      SELECT e.*
      FROM {pipeline_events(id, event_type, status, raw?, error_message?, retry_count?, created_at, processed_at?, execution?, version)} AS e
      WHERE e.id = ANY ($5::text[]::{type pipeline_events.id}[])
    )
  ) AS newest
  -- A row's version has the low half of its transaction's number; the high half is that of the next one, or
  -- one less.
  CROSS JOIN LATERAL (SELECT (s.next >> 32 << 32) + newest.version::text::bigint AS number) AS low
  CROSS JOIN LATERAL (
    SELECT CASE WHEN low.number < s.next THEN low.number ELSE greatest(low.number - 4294967296, 3) END AS writer
  ) AS whole
  WHERE s.is_all
     OR age(newest.version) <= s.reach AND (
       NOT pg_visible_in_snapshot(whole.writer::text::xid8, $1::pg_snapshot)
       OR whole.writer >= pg_snapshot_xmin($4::pg_snapshot)::text::bigint)
     OR $3 AND (newest.created_at > now() - interval '2 minutes' OR newest.processed_at > now() - interval '2 minutes')
) AS n ON true
