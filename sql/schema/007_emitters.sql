-- The fifteen events, each from the change of data it names. Statement-level: a batch of rows is one INSERT of events
-- and so one notification. They run as their owner: who writes data needs no right on the event table.

-- @function marketing.emit_company
CREATE FUNCTION marketing.emit_company() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  made bigint[];
  passed bigint[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT array_agg(id) FILTER (WHERE validated IS NULL), array_agg(id) FILTER (WHERE validated)
      INTO made, passed FROM changed;
  ELSE
    SELECT array_agg(c.id) INTO passed FROM changed AS c JOIN before AS b USING (id)
     WHERE c.validated AND b.validated IS NOT TRUE;
  END IF;
  IF made IS NOT NULL OR passed IS NOT NULL THEN
    INSERT INTO marketing.pipeline_events (event_type, payload)
    SELECT CASE WHEN r.id = ANY (passed) THEN 'company_validated' ELSE 'company_created' END,
           jsonb_build_object('record_id', r.id, 'company_name', r.company_name, 'website', r.website,
                              'batch_id', r.batch_id, 'trigger_time', now())
    FROM intake.company_raw_intake AS r WHERE r.id = ANY (made || passed) ORDER BY r.id;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION marketing.emit_company IS 'Writes company_created for rows not judged yet, company_validated when one passes.';

-- @emitter outpost_company_insert on intake.company_raw_intake
CREATE TRIGGER outpost_company_insert AFTER INSERT ON intake.company_raw_intake
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_company();

-- @emitter outpost_company_update on intake.company_raw_intake
CREATE TRIGGER outpost_company_update AFTER UPDATE ON intake.company_raw_intake
REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_company();

-- @function marketing.emit_company_promoted
CREATE FUNCTION marketing.emit_company_promoted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO marketing.pipeline_events (event_type, payload)
  SELECT 'company_promoted',
         jsonb_build_object('record_id', company_unique_id, 'company_id', company_unique_id,
                            'company_unique_id', company_unique_id, 'company_name', company_name,
                            'website_url', website_url, 'intake_id', intake_id, 'batch_id', batch_id)
  FROM changed ORDER BY company_unique_id;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION marketing.emit_company_promoted IS 'Writes company_promoted for each new company.';

-- @emitter outpost_company_promoted on marketing.company_master
CREATE TRIGGER outpost_company_promoted AFTER INSERT ON marketing.company_master
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_company_promoted();

-- @function marketing.emit_slots_created
CREATE FUNCTION marketing.emit_slots_created() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO marketing.pipeline_events (event_type, payload)
  SELECT 'slots_created',
         jsonb_build_object('record_id', s.company_slot_unique_id, 'slot_id', s.company_slot_unique_id,
                            'company_id', s.company_unique_id, 'company_name', m.company_name,
                            'slot_type', s.slot_type, 'slot_label', s.slot_label)
  FROM changed AS s LEFT JOIN marketing.company_master AS m USING (company_unique_id)
  ORDER BY s.company_slot_unique_id;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION marketing.emit_slots_created IS 'Writes slots_created for each new slot.';

-- @emitter outpost_slots_created on marketing.company_slots
CREATE TRIGGER outpost_slots_created AFTER INSERT ON marketing.company_slots
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_slots_created();

-- @function marketing.fill_contact_company_name
CREATE FUNCTION marketing.fill_contact_company_name() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  SELECT m.company_name INTO NEW.company_name
    FROM marketing.company_slots AS s JOIN marketing.company_master AS m USING (company_unique_id)
   WHERE s.company_slot_unique_id = NEW.company_slot_unique_id;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION marketing.fill_contact_company_name IS 'Copies the company''s name to a contact that came without one.';

-- @emitter outpost_contact_company_name on marketing.contact_enrichment
CREATE TRIGGER outpost_contact_company_name BEFORE INSERT ON marketing.contact_enrichment
FOR EACH ROW WHEN (NEW.company_name IS NULL) EXECUTE FUNCTION marketing.fill_contact_company_name();

-- @function marketing.emit_contact_enriched
CREATE FUNCTION marketing.emit_contact_enriched() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  became bigint[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT array_agg(id) INTO became FROM changed WHERE enrichment_status = 'completed';
  ELSE
    SELECT array_agg(c.id) INTO became FROM changed AS c JOIN before AS b USING (id)
     WHERE c.enrichment_status = 'completed' AND b.enrichment_status <> 'completed';
  END IF;
  IF became IS NOT NULL THEN
    INSERT INTO marketing.pipeline_events (event_type, payload)
    SELECT 'contact_enriched',
           jsonb_build_object('record_id', c.id, 'contact_id', c.id, 'slot_id', v.slot_id, 'company_id', v.company_id,
                              'company_name', v.company_name, 'full_name', c.full_name, 'email', c.email,
                              'linkedin_url', c.linkedin_url)
    FROM marketing.contact_enrichment AS c JOIN marketing.vw_contact_company AS v ON v.contact_id = c.id
    WHERE c.id = ANY (became) ORDER BY c.id;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION marketing.emit_contact_enriched IS 'Writes contact_enriched when an enrichment is completed.';

-- @emitter outpost_contact_insert on marketing.contact_enrichment needs marketing.vw_contact_company
CREATE TRIGGER outpost_contact_insert AFTER INSERT ON marketing.contact_enrichment
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_contact_enriched();

-- @emitter outpost_contact_update on marketing.contact_enrichment needs marketing.vw_contact_company
CREATE TRIGGER outpost_contact_update AFTER UPDATE ON marketing.contact_enrichment
REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_contact_enriched();

-- @function marketing.emit_campaign
CREATE FUNCTION marketing.emit_campaign() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ready bigint[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO marketing.pipeline_events (event_type, payload)
    SELECT 'campaign_created',
           jsonb_build_object('record_id', id, 'campaign_id', id, 'campaign_name', campaign_name,
                              'segment', segment, 'segment_criteria', segment_criteria)
    FROM changed ORDER BY id;
    SELECT array_agg(id) INTO ready FROM changed WHERE segment_ready_at IS NOT NULL;
  ELSE
    SELECT array_agg(c.id) INTO ready FROM changed AS c JOIN before AS b USING (id)
     WHERE c.segment_ready_at IS NOT NULL AND b.segment_ready_at IS NULL;
  END IF;
  IF ready IS NOT NULL THEN
    INSERT INTO marketing.pipeline_events (event_type, payload)
    SELECT 'segment_ready',
           jsonb_build_object('record_id', c.id, 'campaign_id', c.id, 'campaign_name', c.campaign_name, 'segment', c.segment,
             'contacts', (SELECT count(*) FROM marketing.campaign_contacts AS k WHERE k.campaign_id = c.id))
    FROM marketing.campaigns AS c WHERE c.id = ANY (ready) ORDER BY c.id;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION marketing.emit_campaign IS 'Writes campaign_created for each new campaign, segment_ready when its segment is.';

-- @emitter outpost_campaign_insert on marketing.campaigns needs marketing.campaign_contacts(campaign_id)
CREATE TRIGGER outpost_campaign_insert AFTER INSERT ON marketing.campaigns
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_campaign();

-- @emitter outpost_campaign_update on marketing.campaigns needs marketing.campaign_contacts(campaign_id)
CREATE TRIGGER outpost_campaign_update AFTER UPDATE ON marketing.campaigns
REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_campaign();

-- @function marketing.emit_message
CREATE FUNCTION marketing.emit_message() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  became bigint[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT array_agg(id) INTO became FROM changed WHERE status IN ('personalized', 'queued');
  ELSE
    SELECT array_agg(c.id) INTO became FROM changed AS c JOIN before AS b USING (id)
     WHERE c.status IN ('personalized', 'queued') AND c.status <> b.status;
  END IF;
  IF became IS NOT NULL THEN
    INSERT INTO marketing.pipeline_events (event_type, payload)
    SELECT 'message_' || q.status,
           jsonb_build_object('record_id', q.id, 'message_id', q.id, 'campaign_id', q.campaign_id, 'contact_id', q.contact_id,
                              'template_id', q.template_id, 'company_name', v.company_name, 'full_name', v.full_name,
                              'email', v.email, 'scheduled_at', q.scheduled_at)
    FROM marketing.message_queue AS q LEFT JOIN marketing.vw_contact_company AS v USING (contact_id)
    WHERE q.id = ANY (became) ORDER BY q.id;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION marketing.emit_message IS 'Writes message_personalized and message_queued as a message gets there.';

-- @emitter outpost_message_insert on marketing.message_queue needs marketing.vw_contact_company
CREATE TRIGGER outpost_message_insert AFTER INSERT ON marketing.message_queue
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_message();

-- @emitter outpost_message_update on marketing.message_queue needs marketing.vw_contact_company
CREATE TRIGGER outpost_message_update AFTER UPDATE ON marketing.message_queue
REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_message();

-- @function marketing.emit_message_sent
CREATE FUNCTION marketing.emit_message_sent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO marketing.pipeline_events (event_type, payload)
  SELECT 'message_sent',
         jsonb_build_object('record_id', d.id, 'delivery_id', d.id, 'message_id', d.message_id, 'campaign_id', d.campaign_id,
                            'contact_id', d.contact_id, 'company_name', v.company_name, 'email', v.email,
                            'provider', d.provider, 'provider_message_id', d.provider_message_id)
  FROM changed AS d LEFT JOIN marketing.vw_contact_company AS v USING (contact_id)
  WHERE d.status <> 'failed' ORDER BY d.id;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION marketing.emit_message_sent IS 'Writes message_sent for each message that left.';

-- @emitter outpost_message_sent on marketing.delivery_log needs marketing.vw_contact_company
CREATE TRIGGER outpost_message_sent AFTER INSERT ON marketing.delivery_log
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_message_sent();

-- @function marketing.emit_engagement
CREATE FUNCTION marketing.emit_engagement() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO marketing.pipeline_events (event_type, payload)
  SELECT CASE e.event_type WHEN 'open' THEN 'email_opened' ELSE 'email_clicked' END,
         jsonb_build_object('record_id', e.id, 'engagement_id', e.id, 'message_id', e.message_id, 'campaign_id', e.campaign_id,
                            'contact_id', e.contact_id, 'company_name', v.company_name, 'email', v.email, 'url', e.url)
  FROM changed AS e LEFT JOIN marketing.vw_contact_company AS v USING (contact_id)
  WHERE e.event_type IN ('open', 'click') ORDER BY e.id;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION marketing.emit_engagement IS 'Writes email_opened and email_clicked.';

-- @emitter outpost_engagement on marketing.engagement_events needs marketing.vw_contact_company
CREATE TRIGGER outpost_engagement AFTER INSERT ON marketing.engagement_events
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_engagement();

-- @function marketing.emit_reply_received
CREATE FUNCTION marketing.emit_reply_received() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO marketing.pipeline_events (event_type, payload)
  SELECT 'reply_received',
         jsonb_build_object('record_id', r.id, 'response_id', r.id, 'message_id', r.message_id, 'campaign_id', r.campaign_id,
                            'contact_id', r.contact_id, 'company_name', v.company_name, 'email', v.email, 'subject', r.subject)
  FROM changed AS r LEFT JOIN marketing.vw_contact_company AS v USING (contact_id) ORDER BY r.id;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION marketing.emit_reply_received IS 'Writes reply_received for each reply; its text stays in responses.';

-- @emitter outpost_reply_received on marketing.responses needs marketing.vw_contact_company
CREATE TRIGGER outpost_reply_received AFTER INSERT ON marketing.responses
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_reply_received();

-- @function marketing.emit_lead_qualified
CREATE FUNCTION marketing.emit_lead_qualified() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  became bigint[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT array_agg(id) INTO became FROM changed WHERE qualified;
  ELSE
    SELECT array_agg(c.id) INTO became FROM changed AS c JOIN before AS b USING (id) WHERE c.qualified AND NOT b.qualified;
  END IF;
  IF became IS NOT NULL THEN
    INSERT INTO marketing.pipeline_events (event_type, payload)
    SELECT 'lead_qualified',
           jsonb_build_object('record_id', l.id, 'lead_score_id', l.id, 'contact_id', l.contact_id, 'campaign_id', l.campaign_id,
                              'company_name', v.company_name, 'full_name', v.full_name, 'email', v.email, 'score', l.score)
    FROM marketing.lead_scores AS l LEFT JOIN marketing.vw_contact_company AS v USING (contact_id)
    WHERE l.id = ANY (became) ORDER BY l.id;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION marketing.emit_lead_qualified IS 'Writes lead_qualified when a lead is.';

-- @emitter outpost_lead_insert on marketing.lead_scores needs marketing.vw_contact_company
CREATE TRIGGER outpost_lead_insert AFTER INSERT ON marketing.lead_scores
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_lead_qualified();

-- @emitter outpost_lead_update on marketing.lead_scores needs marketing.vw_contact_company
CREATE TRIGGER outpost_lead_update AFTER UPDATE ON marketing.lead_scores
REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_lead_qualified();

-- @function marketing.emit_follow_up_due
CREATE FUNCTION marketing.emit_follow_up_due() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  became bigint[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT array_agg(id) INTO became FROM changed WHERE status = 'due';
  ELSE
    SELECT array_agg(c.id) INTO became FROM changed AS c JOIN before AS b USING (id)
     WHERE c.status = 'due' AND b.status <> 'due';
  END IF;
  IF became IS NOT NULL THEN
    INSERT INTO marketing.pipeline_events (event_type, payload)
    SELECT 'follow_up_due',
           jsonb_build_object('record_id', f.id, 'follow_up_id', f.id, 'contact_id', f.contact_id, 'campaign_id', f.campaign_id,
                              'company_name', v.company_name, 'full_name', v.full_name, 'email', v.email,
                              'step', f.step, 'due_at', f.due_at)
    FROM marketing.follow_up_queue AS f LEFT JOIN marketing.vw_contact_company AS v USING (contact_id)
    WHERE f.id = ANY (became) ORDER BY f.id;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION marketing.emit_follow_up_due IS 'Writes follow_up_due when a follow-up becomes due.';

-- @emitter outpost_follow_up_insert on marketing.follow_up_queue needs marketing.vw_contact_company
CREATE TRIGGER outpost_follow_up_insert AFTER INSERT ON marketing.follow_up_queue
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_follow_up_due();

-- @emitter outpost_follow_up_update on marketing.follow_up_queue needs marketing.vw_contact_company
CREATE TRIGGER outpost_follow_up_update AFTER UPDATE ON marketing.follow_up_queue
REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION marketing.emit_follow_up_due();
