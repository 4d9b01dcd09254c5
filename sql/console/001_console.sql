-- What the console keeps for itself: which migrations ran, its settings, who changed what.

-- @schema outpost
CREATE SCHEMA outpost;
COMMENT ON SCHEMA outpost IS 'What the outpost console keeps for itself; nothing of the pipeline depends on it.';

-- @table outpost.migrations
CREATE TABLE outpost.migrations (
  version text PRIMARY KEY,
  checksum text NOT NULL,
  created text[] NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  applied_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE outpost.migrations IS 'Migrations that outpost migrate applied, one a row.';
COMMENT ON COLUMN outpost.migrations.version IS 'Folder and name of the file: schema/001_events.';
COMMENT ON COLUMN outpost.migrations.checksum IS 'SHA-256 of the file as it was applied, in hex.';
COMMENT ON COLUMN outpost.migrations.created IS 'What it made, as against what it found: only that is ever replaced or extended later.';

-- @table outpost.settings
CREATE TABLE outpost.settings (
  name text PRIMARY KEY,
  value text NOT NULL,
  CONSTRAINT settings_notify CHECK (name <> 'notify' OR value IN ('on', 'off'))
);
INSERT INTO outpost.settings (name, value) VALUES ('notify', 'on');
COMMENT ON TABLE outpost.settings IS 'Switches of the database side. notify = on|off: whether changes of pipeline_events are notified on the channel pipeline_event; off for sites that live by sweeps.';

-- @table outpost.audit
CREATE TABLE outpost.audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  db_role text NOT NULL DEFAULT session_user,
  action text NOT NULL,
  targets jsonb NOT NULL,
  note text,
  outcome jsonb NOT NULL,
  CONSTRAINT audit_targets_is_an_array CHECK (jsonb_typeof(targets) = 'array')
);
COMMENT ON TABLE outpost.audit IS 'One row for each thing an operator changed through the console; append only for everybody but the owner.';
COMMENT ON COLUMN outpost.audit.actor IS 'Who: the operator''s name as the console knows it.';
COMMENT ON COLUMN outpost.audit.db_role IS 'The role that was logged in.';
COMMENT ON COLUMN outpost.audit.action IS 'What: retry_events, resolve_errors, set_workflow_active.';
COMMENT ON COLUMN outpost.audit.targets IS 'The keys that were shown and confirmed, as an array.';
COMMENT ON COLUMN outpost.audit.outcome IS 'What came of it: which keys changed, which were skipped and why.';

-- @index outpost.audit_at on outpost.audit
CREATE INDEX audit_at ON outpost.audit USING btree (at);
