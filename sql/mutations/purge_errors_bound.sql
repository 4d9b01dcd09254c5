-- The lowest key of the errors, and the lowest of those written from a moment on, found by halving the range of keys: some 25
-- look-ups and no index on time. Right where keys are handed out in the order of time.
-- $1 before: the moment.
{part purge_bound pipeline_errors}
