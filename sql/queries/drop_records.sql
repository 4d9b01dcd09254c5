-- Which records some events are about, and whom, and what some fields of their payloads say.
-- $1 ids: the keys of the events, as text.
-- $2 wanted: the fields.
SELECT
  e.id::text AS id,
  left({record e}, 256) AS record,
  left({subject e}, 256) AS subject,
  ARRAY(SELECT left({field w.field e}, 256) FROM unnest($2::text[]) WITH ORDINALITY AS w (field, n) ORDER BY w.n) AS fields
FROM {pipeline_events(id, raw)} AS e
WHERE e.id = ANY ($1::text[]::{type pipeline_events.id}[])
