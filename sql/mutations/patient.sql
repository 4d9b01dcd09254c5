-- A statement of this session may take as long as it takes.
SET statement_timeout = 0
