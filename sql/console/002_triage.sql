-- What operators say of groups of errors: who has one, what is noted of it, until when it is left alone.

-- @table outpost.triage
CREATE TABLE outpost.triage (
  id text PRIMARY KEY,
  stage text NOT NULL,
  says text NOT NULL,
  owner text,
  owned_at timestamptz,
  note text,
  ignored_at timestamptz,
  ignored_by text,
  ignored_until timestamptz,
  ignored_more bigint,
  ignored_rate bigint,
  changed_at timestamptz NOT NULL DEFAULT now(),
  changed_by text NOT NULL,
  CONSTRAINT triage_ignored_until_one_thing CHECK (
    num_nonnulls(ignored_until, ignored_more, ignored_rate) = (ignored_at IS NOT NULL)::int
    AND (ignored_at IS NULL) = (ignored_by IS NULL)),
  CONSTRAINT triage_numbers CHECK (ignored_more > 0 AND ignored_rate > 0)
);
COMMENT ON TABLE outpost.triage IS 'One row for each group of errors that an operator said something of; every console reads it.';
COMMENT ON COLUMN outpost.triage.id IS 'What tells the group: 16 hexadecimal digits made of its stage, its fingerprint and the node that failed.';
COMMENT ON COLUMN outpost.triage.stage IS 'The stage of its errors, for people.';
COMMENT ON COLUMN outpost.triage.says IS 'What their messages have in common, for people.';
COMMENT ON COLUMN outpost.triage.owner IS 'Who has it; NULL where nobody does.';
COMMENT ON COLUMN outpost.triage.ignored_at IS 'Since when it is left alone; NULL where it is not. Errors are counted from here on. It wakes by itself: each console finds out from the errors, and nobody writes it down.';
COMMENT ON COLUMN outpost.triage.ignored_until IS 'It is left alone until this moment,';
COMMENT ON COLUMN outpost.triage.ignored_more IS 'or until so many more errors came,';
COMMENT ON COLUMN outpost.triage.ignored_rate IS 'or until so many came within one hour.';
