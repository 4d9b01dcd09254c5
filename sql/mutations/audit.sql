-- Writes one line of the audit log: who did what to which rows, and what became of it.
-- $1 actor: who.
-- $2 action: what.
-- $3 targets: the keys of the rows, as a JSON array.
-- $4 note: why, or NULL.
-- $5 outcome: what became of it, as a JSON object.
-- $6 schema: the schema of the pipeline.
-- $7 batch: the batch that it is a line of, or NULL.
-- $8 phase: what it tells of that, or NULL.
INSERT INTO outpost.audit (actor, action, targets, note, outcome{and audit.schema_name}{and audit.batch}{and audit.phase})
VALUES ($1, $2, $3::jsonb, $4, $5::jsonb{and audit.schema_name $6::text}{and audit.batch $7::text}{and audit.phase $8::text})
