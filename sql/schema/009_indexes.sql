-- Indexes, as measured. Written as the server prints them, so that one under another name is recognised.
-- Of pipeline_events' indexes pe_pending alone may name status or processed_at: each such index costs every write-back.

-- @index marketing.pe_pending on marketing.pipeline_events needs marketing.pipeline_events(created_at, event_type, status)
CREATE INDEX pe_pending ON marketing.pipeline_events USING btree (created_at) INCLUDE (event_type) WHERE (status = 'pending'::text);

-- @index marketing.pe_created on marketing.pipeline_events needs marketing.pipeline_events(created_at)
CREATE INDEX pe_created ON marketing.pipeline_events USING btree (created_at);

-- @index marketing.pe_record on marketing.pipeline_events needs marketing.pipeline_events(payload jsonb, created_at)
CREATE INDEX pe_record ON marketing.pipeline_events USING btree (((payload ->> 'record_id'::text)), created_at);

-- @index marketing.perr_open on marketing.pipeline_errors needs marketing.pipeline_errors(created_at, event_type, severity, resolved)
CREATE INDEX perr_open ON marketing.pipeline_errors USING btree (created_at) INCLUDE (event_type, severity) WHERE (NOT resolved);

-- @index marketing.perr_created on marketing.pipeline_errors needs marketing.pipeline_errors(created_at, event_type, severity)
CREATE INDEX perr_created ON marketing.pipeline_errors USING btree (created_at) INCLUDE (event_type, severity);

-- @index marketing.perr_record on marketing.pipeline_errors needs marketing.pipeline_errors(record_id, created_at)
CREATE INDEX perr_record ON marketing.pipeline_errors USING btree (record_id, created_at);

-- @index marketing.perr_event on marketing.pipeline_errors needs marketing.pipeline_errors(event_id)
CREATE INDEX perr_event ON marketing.pipeline_errors USING btree (event_id) WHERE (event_id IS NOT NULL);

-- @index marketing.ws_created on marketing.workflow_stats needs marketing.workflow_stats(created_at)
CREATE INDEX ws_created ON marketing.workflow_stats USING btree (created_at);

-- @index intake.raw_created on intake.company_raw_intake needs intake.company_raw_intake(created_at)
CREATE INDEX raw_created ON intake.company_raw_intake USING btree (created_at);

-- @index marketing.cm_intake on marketing.company_master needs marketing.company_master(intake_id)
CREATE INDEX cm_intake ON marketing.company_master USING btree (intake_id);

-- @index marketing.ce_slot on marketing.contact_enrichment needs marketing.contact_enrichment(company_slot_unique_id)
CREATE INDEX ce_slot ON marketing.contact_enrichment USING btree (company_slot_unique_id);

-- @index marketing.ce_email on marketing.contact_enrichment needs marketing.contact_enrichment(email)
CREATE INDEX ce_email ON marketing.contact_enrichment USING btree (lower(email));

-- @index marketing.ce_created on marketing.contact_enrichment needs marketing.contact_enrichment(created_at)
CREATE INDEX ce_created ON marketing.contact_enrichment USING btree (created_at);

-- @index marketing.ev_contact on marketing.email_verification needs marketing.email_verification(enrichment_id)
CREATE INDEX ev_contact ON marketing.email_verification USING btree (enrichment_id);

-- @index marketing.ev_created on marketing.email_verification needs marketing.email_verification(created_at)
CREATE INDEX ev_created ON marketing.email_verification USING btree (created_at);

-- @index marketing.cc_contact on marketing.campaign_contacts needs marketing.campaign_contacts(contact_id)
CREATE INDEX cc_contact ON marketing.campaign_contacts USING btree (contact_id);

-- @index marketing.mq_campaign on marketing.message_queue needs marketing.message_queue(campaign_id, status)
CREATE INDEX mq_campaign ON marketing.message_queue USING btree (campaign_id, status);

-- @index marketing.mq_contact on marketing.message_queue needs marketing.message_queue(contact_id)
CREATE INDEX mq_contact ON marketing.message_queue USING btree (contact_id);

-- @index marketing.dl_campaign on marketing.delivery_log needs marketing.delivery_log(campaign_id, status, contact_id)
CREATE INDEX dl_campaign ON marketing.delivery_log USING btree (campaign_id, status, contact_id);

-- @index marketing.dl_contact on marketing.delivery_log needs marketing.delivery_log(contact_id, created_at)
CREATE INDEX dl_contact ON marketing.delivery_log USING btree (contact_id, created_at);

-- @index marketing.dl_created on marketing.delivery_log needs marketing.delivery_log(created_at, status)
CREATE INDEX dl_created ON marketing.delivery_log USING btree (created_at) INCLUDE (status);

-- @index marketing.dl_message on marketing.delivery_log needs marketing.delivery_log(message_id)
CREATE INDEX dl_message ON marketing.delivery_log USING btree (message_id);

-- @index marketing.ee_campaign on marketing.engagement_events needs marketing.engagement_events(campaign_id, event_type, contact_id)
CREATE INDEX ee_campaign ON marketing.engagement_events USING btree (campaign_id, event_type, contact_id);

-- @index marketing.ee_contact on marketing.engagement_events needs marketing.engagement_events(contact_id, created_at)
CREATE INDEX ee_contact ON marketing.engagement_events USING btree (contact_id, created_at);

-- @index marketing.ee_created on marketing.engagement_events needs marketing.engagement_events(created_at)
CREATE INDEX ee_created ON marketing.engagement_events USING btree (created_at);

-- @index marketing.ee_message on marketing.engagement_events needs marketing.engagement_events(message_id)
CREATE INDEX ee_message ON marketing.engagement_events USING btree (message_id);

-- @index marketing.re_campaign on marketing.responses needs marketing.responses(campaign_id, contact_id)
CREATE INDEX re_campaign ON marketing.responses USING btree (campaign_id, contact_id);

-- @index marketing.re_contact on marketing.responses needs marketing.responses(contact_id, created_at)
CREATE INDEX re_contact ON marketing.responses USING btree (contact_id, created_at);

-- @index marketing.re_created on marketing.responses needs marketing.responses(created_at)
CREATE INDEX re_created ON marketing.responses USING btree (created_at);

-- @index marketing.re_message on marketing.responses needs marketing.responses(message_id)
CREATE INDEX re_message ON marketing.responses USING btree (message_id);

-- @index marketing.ls_contact on marketing.lead_scores needs marketing.lead_scores(contact_id)
CREATE INDEX ls_contact ON marketing.lead_scores USING btree (contact_id);

-- @index marketing.ls_created on marketing.lead_scores needs marketing.lead_scores(created_at)
CREATE INDEX ls_created ON marketing.lead_scores USING btree (created_at);

-- @index marketing.cs_created on marketing.crm_sync_log needs marketing.crm_sync_log(created_at, status)
CREATE INDEX cs_created ON marketing.crm_sync_log USING btree (created_at) INCLUDE (status);

-- @index marketing.cs_contact on marketing.crm_sync_log needs marketing.crm_sync_log(contact_id)
CREATE INDEX cs_contact ON marketing.crm_sync_log USING btree (contact_id);

-- @index marketing.fu_scheduled on marketing.follow_up_queue needs marketing.follow_up_queue(due_at, status)
CREATE INDEX fu_scheduled ON marketing.follow_up_queue USING btree (due_at) WHERE (status = 'scheduled'::text);

-- @index marketing.fu_contact on marketing.follow_up_queue needs marketing.follow_up_queue(contact_id)
CREATE INDEX fu_contact ON marketing.follow_up_queue USING btree (contact_id);

-- @index marketing.ct_contact on marketing.contact_timeline needs marketing.contact_timeline(contact_id, event_timestamp)
CREATE INDEX ct_contact ON marketing.contact_timeline USING btree (contact_id, event_timestamp);

-- @index marketing.ct_time on marketing.contact_timeline needs marketing.contact_timeline(event_timestamp, event_type)
CREATE INDEX ct_time ON marketing.contact_timeline USING btree (event_timestamp, event_type);

-- @index marketing.rg_other on marketing.relationship_graph needs marketing.relationship_graph(contact_b_id)
CREATE INDEX rg_other ON marketing.relationship_graph USING btree (contact_b_id);

-- @index marketing.cl_email on marketing.consent_log needs marketing.consent_log(email, created_at)
CREATE INDEX cl_email ON marketing.consent_log USING btree (lower(email), created_at);

-- @index marketing.cl_contact on marketing.consent_log needs marketing.consent_log(contact_id)
CREATE INDEX cl_contact ON marketing.consent_log USING btree (contact_id);

-- @index marketing.ca_created on marketing.campaigns needs marketing.campaigns(created_at)
CREATE INDEX ca_created ON marketing.campaigns USING btree (created_at);
