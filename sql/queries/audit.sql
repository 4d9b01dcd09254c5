-- What operators did, the newest first, each in short. The number of rows of each fate is counted where it is not written down.
-- $1 before: only entries with lower keys, or NULL for the newest.
-- $2 limit: entries at most.
SELECT a.id, a.at, left(a.actor, 128) AS actor, left(a.db_role, 64) AS role, left(a.action, 64) AS action,
  jsonb_array_length(a.targets)::bigint AS targets, left(a.note, 400) AS note,
  n.done, n.skipped, n.failed, n.unknown, a.outcome ? 'undo' AS is_undoable
FROM outpost.audit AS a,
  LATERAL (
    SELECT
      max(f.n) FILTER (WHERE f.fate = 'done') AS done,
      max(f.n) FILTER (WHERE f.fate = 'skipped') AS skipped,
      max(f.n) FILTER (WHERE f.fate = 'failed') AS failed,
      max(f.n) FILTER (WHERE f.fate = 'unknown') AS unknown
    FROM (
      SELECT fate,
        CASE WHEN jsonb_typeof(a.outcome->'counts'->fate) = 'number' THEN (a.outcome->'counts'->>fate)::bigint
             WHEN jsonb_typeof(a.outcome->fate) = 'array' THEN jsonb_array_length(a.outcome->fate)::bigint ELSE 0 END AS n
      FROM unnest(ARRAY['done', 'skipped', 'failed', 'unknown']) AS fate) AS f
  ) AS n
WHERE a.id < coalesce($1, 9223372036854775807)
ORDER BY a.id DESC
LIMIT $2
