-- The other events of a record at once, however many there are: what `outpost migrate --trail` builds. It has a key at random for
-- every event, twice, since a change of status writes each index anew: more than all other indexes of the table together, so
-- only who looks at trails, or logs many errors by their record, has it.

-- @index marketing.pe_record on marketing.pipeline_events needs marketing.pipeline_events(payload jsonb, created_at)
CREATE INDEX pe_record ON marketing.pipeline_events USING btree (((payload ->> 'record_id'::text)), created_at);
