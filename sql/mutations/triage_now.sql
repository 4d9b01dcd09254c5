-- What is said of groups of errors and alert rules now; one of which nothing was ever said has no row.
-- $1 ids: their keys.
SELECT id, owner, owned_at, note, ignored_at, ignored_by, ignored_until, ignored_more, ignored_rate
FROM outpost.triage
WHERE id = ANY ($1)
ORDER BY id
