-- One thing that an operator did, whole: what became of each row, and what takes it back. A batch has several lines: from the
-- newest on that sums it up, in their order. What is larger than 4 MB is left out.
-- $1 id: its key.
-- $2 limit: lines at most.
WITH entry AS (
  SELECT a.id, a.batch, a.phase
  FROM {audit(id, batch?, phase?)} AS a
  WHERE a.id = $1
), line AS (
  SELECT entry.id
  FROM entry
  WHERE entry.phase IS DISTINCT FROM 'begin'
  UNION ALL
  SELECT l.id
  FROM entry
  JOIN {audit(id, batch?, phase?)} AS l ON l.batch = entry.batch
  WHERE entry.phase = 'begin' AND l.phase <> 'begin' AND l.id >= coalesce((
    SELECT max(s.id) FROM {audit(id, batch?, phase?)} AS s
    WHERE s.batch = entry.batch AND s.phase IN ('rest', 'stop', 'end')), 0)
)
SELECT CASE WHEN octet_length(a.outcome::text) <= 4000000 THEN a.outcome ELSE jsonb_build_object() END AS outcome
FROM line
JOIN {audit(id, outcome)} AS a ON a.id = line.id
ORDER BY a.id
LIMIT $2
