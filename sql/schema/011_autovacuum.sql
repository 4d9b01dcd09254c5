-- A queue dies young: at the default of 20 % two million dead versions gather in ten million rows.

-- @storage marketing.pipeline_events
ALTER TABLE marketing.pipeline_events SET
  (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- @storage marketing.message_queue
ALTER TABLE marketing.message_queue SET
  (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
