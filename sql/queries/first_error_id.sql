-- The lowest key of the errors of the last 25 hours, found by halving the range of keys: some 25 look-ups and no
-- index on time. Right where keys are handed out in the order of time.
{part first_key pipeline_errors}
