-- What the history depends on. outpost_demo.now may be set before, as tests do; else it is the present.
SELECT set_config('outpost_demo.seed', '{seed}', false),
  set_config('outpost_demo.now', coalesce(nullif(current_setting('outpost_demo.now', true), ''), now()::text), false);
