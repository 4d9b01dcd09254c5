-- What workflows call to write back, and what monitoring reads. Signatures as in the installations met in the field.

-- @function marketing.mark_event_processed
CREATE FUNCTION marketing.mark_event_processed(event_id bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE marketing.pipeline_events AS e
     SET status = 'processed', processed_at = now(), error_message = NULL
   WHERE e.id = mark_event_processed.event_id AND e.status <> 'processed';
  RETURN found;
END $$;
COMMENT ON FUNCTION marketing.mark_event_processed IS 'A workflow ended well; false when there is no such event or it was processed already.';

-- @function marketing.mark_event_failed
CREATE FUNCTION marketing.mark_event_failed(event_id bigint, error_msg text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE marketing.pipeline_events AS e
     SET status = 'failed', processed_at = now(), error_message = error_msg, retry_count = coalesce(e.retry_count, 0) + 1
   WHERE e.id = mark_event_failed.event_id AND e.status <> 'processed';
  RETURN found;
END $$;
COMMENT ON FUNCTION marketing.mark_event_failed IS 'A workflow failed; counts one more try. False when there is no such event or it was processed already.';

-- @function marketing.log_pipeline_error
CREATE FUNCTION marketing.log_pipeline_error(
  event_type text, record_id text, message text, details jsonb DEFAULT NULL, severity text DEFAULT 'error')
RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  failed bigint;
  error_id bigint;
BEGIN
  WITH open AS (
    UPDATE marketing.pipeline_events AS e
       SET status = 'failed', processed_at = now(), error_message = log_pipeline_error.message,
           retry_count = coalesce(e.retry_count, 0) + 1
     WHERE e.payload->>'record_id' = log_pipeline_error.record_id AND e.event_type = log_pipeline_error.event_type
       AND e.status IN ('pending', 'processing')
    RETURNING e.id)
  SELECT max(open.id) INTO failed FROM open;
  INSERT INTO marketing.pipeline_errors AS p (event_id, event_type, record_id, error_message, error_details, severity)
  VALUES (failed, log_pipeline_error.event_type, log_pipeline_error.record_id, log_pipeline_error.message,
          log_pipeline_error.details, coalesce(log_pipeline_error.severity, 'error'))
  RETURNING p.id INTO error_id;
  RETURN error_id;
END $$;
COMMENT ON FUNCTION marketing.log_pipeline_error IS 'Writes an error and fails the open events of that type and record; the error names the newest of them. Returns the error''s id.';

-- @function marketing.resolve_pipeline_error
CREATE FUNCTION marketing.resolve_pipeline_error(error_id bigint, resolved_by text, notes text DEFAULT NULL)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE marketing.pipeline_errors AS p
     SET resolved = true, resolved_at = now(), resolved_by = resolve_pipeline_error.resolved_by, resolution_notes = notes
   WHERE p.id = error_id AND p.resolved IS NOT TRUE;
  RETURN found;
END $$;
COMMENT ON FUNCTION marketing.resolve_pipeline_error IS 'Resolves an error; false when there is no such error or it was resolved already.';

-- @function marketing.release_follow_ups
CREATE FUNCTION marketing.release_follow_ups(batch integer DEFAULT 500) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  released integer;
BEGIN
  UPDATE marketing.follow_up_queue AS q SET status = 'due'
   WHERE q.id IN (SELECT w.id FROM marketing.follow_up_queue AS w
                   WHERE w.status = 'scheduled' AND w.due_at <= now()
                   ORDER BY w.due_at LIMIT batch FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS released = ROW_COUNT;
  RETURN released;
END $$;
COMMENT ON FUNCTION marketing.release_follow_ups IS 'Makes follow-ups due whose time has come, at most batch of them; to be called every minute by n8n''s schedule or pg_cron. Returns how many.';

-- @view marketing.vw_error_rate_24h needs marketing.pipeline_errors(event_type, severity, created_at) marketing.pipeline_events(event_type, status, processed_at)
CREATE VIEW marketing.vw_error_rate_24h AS
SELECT event_type,
       coalesce(e.error_count, 0) AS error_count,
       coalesce(e.critical_count, 0) AS critical_count,
       coalesce(p.processed_count, 0) AS processed_count,
       round(coalesce(e.error_count, 0)::numeric / (coalesce(e.error_count, 0) + coalesce(p.processed_count, 0)), 4) AS error_rate
FROM (SELECT event_type, count(*) AS error_count, count(*) FILTER (WHERE severity = 'critical') AS critical_count
      FROM marketing.pipeline_errors WHERE created_at > now() - interval '24 hours' GROUP BY event_type) AS e
FULL JOIN (SELECT event_type, count(*) AS processed_count
      FROM marketing.pipeline_events
      WHERE created_at > now() - interval '24 hours' AND status = 'processed' GROUP BY event_type) AS p USING (event_type);
COMMENT ON VIEW marketing.vw_error_rate_24h IS 'Errors by stage over 24 hours. error_rate is errors / (errors + processed), a share of 1.';

-- @view marketing.vw_unresolved_errors needs marketing.pipeline_errors(id, event_type, record_id, error_message, severity, resolved, created_at)
CREATE VIEW marketing.vw_unresolved_errors AS
SELECT id, event_type, record_id, error_message, severity, created_at
FROM marketing.pipeline_errors
WHERE NOT resolved
ORDER BY created_at DESC;
COMMENT ON VIEW marketing.vw_unresolved_errors IS 'Errors nobody has resolved, newest first.';

-- @view marketing.vw_contact_company needs marketing.contact_enrichment(id, company_slot_unique_id, full_name, email) marketing.company_slots(company_slot_unique_id, company_unique_id) marketing.company_master(company_unique_id, company_name)
CREATE VIEW marketing.vw_contact_company AS
SELECT c.id AS contact_id, c.full_name, c.email, c.company_slot_unique_id AS slot_id,
       m.company_unique_id AS company_id, m.company_name
FROM marketing.contact_enrichment AS c
LEFT JOIN marketing.company_slots AS s USING (company_slot_unique_id)
LEFT JOIN marketing.company_master AS m USING (company_unique_id);
COMMENT ON VIEW marketing.vw_contact_company IS 'Each contact with the company it stands for.';
