-- One thing that an operator did, whole: what became of each row, and what takes it back. What is larger than 4 MB is left out.
-- $1 id: its key.
SELECT CASE WHEN octet_length(a.outcome::text) <= 4000000 THEN a.outcome ELSE jsonb_build_object() END AS outcome
FROM outpost.audit AS a
WHERE a.id = $1
