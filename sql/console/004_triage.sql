-- What operators say of alert rules stands beside what they say of groups of errors: who acknowledged one, until when it is silenced.

-- @alteration outpost.triage
COMMENT ON TABLE outpost.triage IS 'One row for each group of errors, or alert rule, that an operator said something of; every console reads it.';
COMMENT ON COLUMN outpost.triage.id IS 'What tells the group, or the rule: 16 hexadecimal digits, of a group made of its stage, its fingerprint and the node that failed, of a rule made of its name.';
COMMENT ON COLUMN outpost.triage.stage IS 'The stage of its errors, for people; of a rule the word alert.';
COMMENT ON COLUMN outpost.triage.says IS 'What their messages have in common, for people; of a rule its title.';
COMMENT ON COLUMN outpost.triage.owner IS 'Who has it; of a rule who acknowledged that it fires. NULL where nobody does.';
COMMENT ON COLUMN outpost.triage.owned_at IS 'Since when; of a rule it tells which firing was acknowledged, and what began after it was not.';
COMMENT ON COLUMN outpost.triage.ignored_at IS 'Since when it is left alone, a rule silenced; NULL where it is not. Errors of a group are counted from here on. It wakes by itself: each console finds out from the errors and the clock, and nobody writes it down.';
COMMENT ON COLUMN outpost.triage.ignored_more IS 'or until so many more errors came, of a group only,';
COMMENT ON COLUMN outpost.triage.ignored_rate IS 'or until so many came within one hour, of a group only.';
