-- The errors with these keys.
-- $1 keys: the keys, as text.
SELECT
  {part error_columns}
FROM {part errors}
WHERE e.id = ANY ($1::{type pipeline_errors.id}[])
