-- How far the roll-up is behind the present, s; no row before the first.
SELECT greatest(extract(epoch FROM now() - done_until), 0)::bigint AS behind_s FROM marketing.rollup_state
