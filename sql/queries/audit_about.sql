-- What operators did about certain rows since a moment, as the newest 5,000 lines of the log have it. Of a batch or a plan in
-- several parts the lines of its rows count, and of each row the last; a purge names no rows, and is told by its last line.
-- $1 schema: the schema.
-- $2 since: the moment.
-- $3 actions: names of actions.
-- $4 kinds: what the keys of each of those are of.
-- $5 of: what each of the rows is.
-- $6 keys: its key.
SELECT DISTINCT ON (coalesce(a.batch, a.id::text), w.kind, w.key)
  a.id, a.at, left(a.actor, 128) AS actor, left(a.action, 64) AS action, w.kind, w.key, left(a.note, 400) AS note,
  CASE WHEN w.kind <> 'table' THEN f.fate WHEN a.outcome->'counts'->>'done' <> '0' THEN 'done' END AS fate,
  left(f.why, 400) AS why
FROM (
    SELECT l.id, l.at, l.actor, l.action, l.targets, l.note, l.outcome, l.batch, l.phase
    FROM {audit(id, at, actor, action, targets, note, outcome, schema_name?, batch?, phase?)} AS l
    WHERE coalesce(l.schema_name, $1) = $1
    ORDER BY l.id DESC
    LIMIT 5000
  ) AS a
  JOIN unnest($3::text[], $4::text[]) AS m(action, kind) ON m.action = a.action
  JOIN unnest($5::text[], $6::text[]) AS w(kind, key) ON w.kind = m.kind
    AND (w.kind = 'table' OR coalesce(a.phase, 'row') = 'row' AND (a.targets ? w.key OR a.outcome->'done' ? w.key))
  LEFT JOIN LATERAL (
    SELECT n.fate, v.row->>'why' AS why
    FROM unnest(ARRAY['unknown', 'failed', 'skipped', 'untried', 'done']) WITH ORDINALITY AS n(fate, place),
      jsonb_array_elements(CASE WHEN jsonb_typeof(a.outcome->n.fate) = 'array' THEN a.outcome->n.fate ELSE '[]' END) AS v(row)
    WHERE coalesce(v.row->>'id', v.row #>> ARRAY[]::text[]) = w.key
    ORDER BY n.place
    LIMIT 1
  ) AS f ON w.kind <> 'table'
WHERE a.at >= $2
ORDER BY coalesce(a.batch, a.id::text), w.kind, w.key, a.id DESC
LIMIT 500
