-- What operators did in a schema, and in one that was not written down, the newest first, each in short. The line that a batch
-- or a plan in several parts began with stands for all its lines: what became of it is in the newest that sums it up, or where there is none, in those of its
-- rows. The number of rows of each fate is counted where it is not written down.
-- $1 before: only entries with lower keys, or NULL for the newest.
-- $2 limit: entries at most.
-- $3 schema: the schema.
SELECT a.id, a.at, left(a.actor, 128) AS actor, left(a.db_role, 64) AS role, left(a.action, 64) AS action,
  jsonb_array_length(a.targets)::bigint AS targets, left(a.note, 400) AS note,
  n.done, n.skipped, n.untried, n.failed, n.unknown, o.outcome ? 'undo' OR coalesce(p.is_undoable, false) AS is_undoable,
  left(o.outcome->>'undo_key', 64) AS undo_key, left(coalesce(o.outcome->>'takes_back', a.outcome->>'takes_back'), 64) AS takes_back,
  left(a.batch, 64) AS batch, a.schema_name IS NOT NULL AS has_schema,
  a.phase IS DISTINCT FROM 'begin' OR (s.id IS NOT NULL AND NOT EXISTS (
    SELECT FROM {audit(id, batch?, phase?)} AS l WHERE l.batch = a.batch AND l.phase = 'row' AND l.id > s.id)) AS has_ended
FROM {audit(id, at, actor, db_role, action, targets, note, outcome, schema_name?, batch?, phase?)} AS a
LEFT JOIN LATERAL (
    SELECT l.id, l.outcome
    FROM {audit(id, outcome, batch?, phase?)} AS l
    WHERE a.phase = 'begin' AND l.batch = a.batch AND l.phase IN ('rest', 'stop', 'end')
    ORDER BY l.id DESC
    LIMIT 1
  ) AS s ON true
LEFT JOIN LATERAL (
    SELECT bool_or(r.outcome ? 'undo') AS is_undoable, jsonb_build_object('counts', jsonb_build_object(
      'done', sum(CASE WHEN jsonb_typeof(r.outcome->'counts'->'done') = 'number' THEN (r.outcome->'counts'->>'done')::bigint ELSE 0 END),
      'skipped', sum(CASE WHEN jsonb_typeof(r.outcome->'counts'->'skipped') = 'number' THEN (r.outcome->'counts'->>'skipped')::bigint ELSE 0 END),
      'untried', sum(CASE WHEN jsonb_typeof(r.outcome->'counts'->'untried') = 'number' THEN (r.outcome->'counts'->>'untried')::bigint ELSE 0 END),
      'failed', sum(CASE WHEN jsonb_typeof(r.outcome->'counts'->'failed') = 'number' THEN (r.outcome->'counts'->>'failed')::bigint ELSE 0 END),
      'unknown', sum(CASE WHEN jsonb_typeof(r.outcome->'counts'->'unknown') = 'number' THEN (r.outcome->'counts'->>'unknown')::bigint ELSE 0 END))) AS outcome
    FROM (
      SELECT DISTINCT ON (l.targets) l.outcome
      FROM {audit(id, targets, outcome, batch?, phase?)} AS l
      WHERE a.phase = 'begin' AND s.id IS NULL AND l.batch = a.batch AND l.phase = 'row'
      ORDER BY l.targets, l.id DESC) AS r
  ) AS p ON a.phase = 'begin' AND s.id IS NULL,
  LATERAL (SELECT coalesce(s.outcome, p.outcome, a.outcome) AS outcome) AS o,
  LATERAL (
    SELECT
      max(f.n) FILTER (WHERE f.fate = 'done') AS done,
      max(f.n) FILTER (WHERE f.fate = 'skipped') AS skipped,
      max(f.n) FILTER (WHERE f.fate = 'untried') AS untried,
      max(f.n) FILTER (WHERE f.fate = 'failed') AS failed,
      max(f.n) FILTER (WHERE f.fate = 'unknown') AS unknown
    FROM (
      SELECT fate,
        CASE WHEN jsonb_typeof(o.outcome->'counts'->fate) = 'number' THEN (o.outcome->'counts'->>fate)::bigint
             WHEN jsonb_typeof(o.outcome->fate) = 'array' THEN jsonb_array_length(o.outcome->fate)::bigint ELSE 0 END AS n
      FROM unnest(ARRAY['done', 'skipped', 'untried', 'failed', 'unknown']) AS fate) AS f
  ) AS n
WHERE a.id < coalesce($1, 9223372036854775807) AND coalesce(a.schema_name, $3) = $3
  AND (coalesce(a.phase, 'begin') = 'begin' OR NOT EXISTS (
    SELECT FROM {audit(batch?, phase?)} AS h WHERE h.batch = a.batch AND h.phase = 'begin'))
ORDER BY a.id DESC
LIMIT $2
