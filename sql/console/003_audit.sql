-- What the lines of the audit log belong to: several pipelines may share it, and a batch writes many lines.

-- @alteration outpost.audit
ALTER TABLE outpost.audit
  ADD COLUMN IF NOT EXISTS schema_name text,
  ADD COLUMN IF NOT EXISTS batch text,
  ADD COLUMN IF NOT EXISTS phase text;
COMMENT ON COLUMN outpost.audit.schema_name IS 'The schema of the pipeline whose rows the targets are; NULL where an older console wrote the line.';
COMMENT ON COLUMN outpost.audit.batch IS 'The batch that the line is of; NULL where it is of none.';
COMMENT ON COLUMN outpost.audit.phase IS 'What the line tells of its batch: begin, row, rest, stop, end.';

-- @index outpost.audit_batch on outpost.audit
CREATE INDEX audit_batch ON outpost.audit USING btree (batch, id) WHERE batch IS NOT NULL;
