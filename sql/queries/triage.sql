-- What operators said of groups of errors and of alert rules: who has one, what is noted of it, until when it is left alone. The few rules come
-- first, so that none falls out behind many groups; of the groups what was said last comes first.
-- $1 limit: rows at most.
SELECT id, owner, owned_at, note, ignored_at, ignored_by, ignored_until, ignored_more, ignored_rate
FROM outpost.triage
WHERE owner IS NOT NULL OR note IS NOT NULL OR ignored_at IS NOT NULL
ORDER BY (stage = 'alert') DESC, changed_at DESC
LIMIT $1
