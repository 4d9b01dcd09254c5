-- The newest event of a stage that ended well, of those among so many before a key: no more rows are looked at.
-- $1 event_type: the stage.
-- $2 before: the key.
-- $3 limit: how many rows are looked at.
WITH before AS (
  SELECT n.id, n.event_type, n.status
  FROM {pipeline_events(id, event_type, status)} AS n
  WHERE n.id < $2 ORDER BY n.id DESC LIMIT $3
), found AS (
  SELECT b.id FROM before AS b
  WHERE b.event_type = $1 AND b.status IN {status processed}
  ORDER BY b.id DESC LIMIT 1
)
SELECT e.id::text AS id, coalesce(left(e.payload, 65536), '') AS payload
FROM found AS f
JOIN {pipeline_events(id, payload)} AS e ON e.id = f.id
