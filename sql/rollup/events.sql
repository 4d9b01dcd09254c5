-- One bounded step, a transaction of its own. How far the roll-up then is behind, s; NULL when another one is at it.
SELECT extract(epoch FROM marketing.rollup_tick())::float8 AS behind_s
