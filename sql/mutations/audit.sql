-- Writes one line of the audit log: who did what to which rows, and what became of it.
-- $1 actor: who.
-- $2 action: what.
-- $3 targets: the keys of the rows, as a JSON array.
-- $4 note: why, or NULL.
-- $5 outcome: what became of it, as a JSON object.
INSERT INTO outpost.audit (actor, action, targets, note, outcome)
VALUES ($1, $2, $3::jsonb, $4, $5::jsonb)
