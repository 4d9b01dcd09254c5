-- Whether the line still lives.
SELECT 1
