-- Brings the roll-up of events forward, as the job of a real installation does.
SELECT marketing.rollup_tick();
