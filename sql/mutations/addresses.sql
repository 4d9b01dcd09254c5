-- The addresses of contacts as they are now, in lower case.
-- $1 ids: their keys, as text.
SELECT c.id::text AS id, left(lower(c.email), 320) AS email
FROM {contact_enrichment(id, email)} AS c
WHERE c.id = ANY ($1::{type contact_enrichment.id}[]) AND c.email <> ''
