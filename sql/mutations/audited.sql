-- Whether a transaction has left its line in the audit log: then it stands.
-- $1 key: what the line is known by.
-- $2 at: when it was about to be committed; the clocks of two machines may be an hour apart.
SELECT a.id
FROM outpost.audit AS a
WHERE a.at >= $2::timestamptz - interval '1 hour' AND a.at <= $2::timestamptz + interval '1 hour' AND a.outcome->>'key' = $1
LIMIT 1
