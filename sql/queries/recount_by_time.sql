-- The rows of the ledger, for an operator to recount by hand, where keys have no order.
-- $1 after: the time up to which rows are from before the watch.
-- $2 reach: the time of the last one swept.
SELECT count(*) FROM {table pipeline_events} WHERE {column pipeline_events.created_at} > $1::timestamptz AND {column pipeline_events.created_at} <= $2::timestamptz
