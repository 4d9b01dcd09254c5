-- Writes a new pending event for each of these, with the same type and payload and the old one's key as payload.retry_of,
-- each only while the old one is as it was shown; one that changed, or that somebody is changing just now, is left alone.
-- The old one keeps its state. Its retry count goes up, so that no other plan made before this one clones it again.
-- $1 ids: their keys, as text.
-- $2 words: the status word each was shown with.
-- $3 retries: the retry count each was shown with.
-- $4 versions: the version each was examined in; NULL where rows have none.
WITH target AS MATERIALIZED (
  SELECT e.id, coalesce(e.retry_count, 0) AS retries
  FROM unnest($1, $2, $3, $4) AS shown (id, word, retries, version)
  JOIN {pipeline_events(id, status, retry_count?, version?)} AS e ON e.id = shown.id::{type pipeline_events.id}
  WHERE coalesce(e.status::text, '') = shown.word AND coalesce(e.retry_count, 0) = shown.retries
    AND (shown.version IS NULL OR e.version IS NULL OR e.version::text = shown.version)
  FOR UPDATE OF e SKIP LOCKED
), counted AS (
  UPDATE {table pipeline_events} AS e
  SET {column pipeline_events.status} = e.{column pipeline_events.status}
    {set pipeline_events.retry_count coalesce(e.@, 0) + 1}
  FROM target
  WHERE e.{column pipeline_events.id} = target.id
), written AS (
  INSERT INTO {table pipeline_events} ({column pipeline_events.event_type}, {column pipeline_events.raw}, {column pipeline_events.status}{and pipeline_events.retry_count}{carried})
  SELECT e.{column pipeline_events.event_type},
    (e.{column pipeline_events.raw}::jsonb || jsonb_build_object('retry_of', target.id))::{type pipeline_events.raw},
    {word pending}{and pipeline_events.retry_count target.retries + 1}{carried e}
  FROM target
  JOIN {table pipeline_events} AS e ON e.{column pipeline_events.id} = target.id
  RETURNING {column pipeline_events.id} AS id, {column pipeline_events.event_type}::text AS event_type, {column pipeline_events.raw} AS raw
)
SELECT e.id::text AS id, {payload retry_of e} AS of, coalesce(e.event_type, '') AS event_type, e.raw::text AS payload
FROM written AS e
