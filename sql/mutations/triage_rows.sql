-- Makes a row for each group of errors, or alert rule, that has none. Whoever comes second waits here until the first has said what it says.
-- $1 who: who writes.
-- $2 groups: the groups, as a JSON array of {id, stage, says, is_rule, was, becomes}.
INSERT INTO outpost.triage (id, stage, says, changed_by)
SELECT id, stage, says, $1
FROM jsonb_to_recordset($2) AS target (id text, stage text, says text)
ORDER BY id
ON CONFLICT (id) DO NOTHING
