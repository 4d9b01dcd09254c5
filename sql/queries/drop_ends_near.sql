-- Which of these records ended rightly with no child, as one of the newest rows of a table says, where no index finds them in it:
-- no more rows are looked at. Here the first end of the guide's pipeline; the others are asked with their own table and columns in
-- its place.
-- $1 keys: what the rows are found by, as text.
-- $2 words: of them one means an end.
-- $3 newest: how many rows are looked at.
WITH looked AS MATERIALIZED (
  SELECT {column company_raw_intake.id}::text AS key, {column company_raw_intake.validated}::text AS word
  FROM {table company_raw_intake}
  ORDER BY {column company_raw_intake.key} DESC
  LIMIT $3
)
SELECT found.key AS found, reach.looked
FROM (SELECT count(*) AS looked FROM looked) AS reach
LEFT JOIN (SELECT DISTINCT l.key FROM looked AS l WHERE l.key = ANY ($1) AND lower(l.word) = ANY ($2)) AS found ON true
