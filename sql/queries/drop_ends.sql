-- Which of these records ended rightly with no child, as a row of a table says. Here the first end of the guide's
-- pipeline; the others are asked with their own table and columns in its place.
-- $1 keys: what the rows are found by, as text.
-- $2 words: of them one means an end.
SELECT DISTINCT {column company_raw_intake.id}::text AS found
FROM {table company_raw_intake}
WHERE {column company_raw_intake.id} = ANY($1::{type company_raw_intake.id}[])
  AND lower({column company_raw_intake.validated}::text) = ANY($2)
