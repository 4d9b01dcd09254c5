-- Brings the roll-up of events forward, as the job of a real installation does; whether more is to be done at once.
SELECT coalesce(marketing.rollup_tick() > interval '1 minute', false) AS is_behind;
