-- The rows of the ledger, for an operator to recount by hand.
-- $1 after: the key before the first one watched.
-- $2 reach: the last one swept.
SELECT count(*) FROM {table pipeline_events} WHERE {column pipeline_events.id} > $1 AND {column pipeline_events.id} <= $2
