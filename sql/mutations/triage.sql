-- Says who has groups of errors, what is noted of them and until when they are left alone, and the same of alert rules: of each
-- only what is to change, and only where that stands as it was shown. Of a rule a later ack by the same one is another ack, of another firing.
-- $1 who: who says so.
-- $2 groups: the groups, as a JSON array of {id, stage, says, is_rule, was, becomes}.
WITH target AS MATERIALIZED (
  SELECT g.id, becomes.owner, becomes.owned_at, becomes.note,
    becomes.ignored_at, becomes.ignored_by, becomes.ignored_until, becomes.ignored_more, becomes.ignored_rate,
    g.is_rule, was.owner AS was_owner, was.owned_at AS was_owned_at, was.note AS was_note, was.ignored_at AS was_at, was.ignored_by AS was_by,
    was.ignored_until AS was_until, was.ignored_more AS was_more, was.ignored_rate AS was_rate,
    was.owner IS DISTINCT FROM becomes.owner
      OR g.is_rule AND was.owned_at IS DISTINCT FROM becomes.owned_at AS sets_owner,
    was.note IS DISTINCT FROM becomes.note AS sets_note,
    ROW(was.ignored_at, was.ignored_by, was.ignored_until, was.ignored_more, was.ignored_rate) IS DISTINCT FROM
      ROW(becomes.ignored_at, becomes.ignored_by, becomes.ignored_until, becomes.ignored_more, becomes.ignored_rate) AS sets_ignored
  FROM jsonb_to_recordset($2) AS g (id text, is_rule boolean, was jsonb, becomes jsonb),
    LATERAL jsonb_populate_record(NULL::outpost.triage, g.was) AS was,
    LATERAL jsonb_populate_record(NULL::outpost.triage, g.becomes) AS becomes
)
UPDATE outpost.triage AS t
SET owner = CASE WHEN g.sets_owner THEN g.owner ELSE t.owner END,
  owned_at = CASE WHEN NOT g.sets_owner THEN t.owned_at WHEN g.owner IS NOT NULL THEN coalesce(g.owned_at, now()) END,
  note = CASE WHEN g.sets_note THEN g.note ELSE t.note END,
  ignored_at = CASE WHEN g.sets_ignored THEN g.ignored_at ELSE t.ignored_at END,
  ignored_by = CASE WHEN g.sets_ignored THEN g.ignored_by ELSE t.ignored_by END,
  ignored_until = CASE WHEN g.sets_ignored THEN g.ignored_until ELSE t.ignored_until END,
  ignored_more = CASE WHEN g.sets_ignored THEN g.ignored_more ELSE t.ignored_more END,
  ignored_rate = CASE WHEN g.sets_ignored THEN g.ignored_rate ELSE t.ignored_rate END,
  changed_at = now(),
  changed_by = $1
FROM target AS g
WHERE t.id = g.id
  AND (NOT g.sets_owner
       OR t.owner IS NOT DISTINCT FROM g.was_owner AND (NOT g.is_rule OR t.owned_at IS NOT DISTINCT FROM g.was_owned_at))
  AND (NOT g.sets_note OR t.note IS NOT DISTINCT FROM g.was_note)
  AND (NOT g.sets_ignored
       OR ROW(t.ignored_at, t.ignored_by, t.ignored_until, t.ignored_more, t.ignored_rate) IS NOT DISTINCT FROM
          ROW(g.was_at, g.was_by, g.was_until, g.was_more, g.was_rate))
RETURNING t.id
