-- The enrichments that ended in a day are looked up for the alert on their rate, by the time they ended or else came.

-- @index marketing.ce_ended on marketing.contact_enrichment needs marketing.contact_enrichment(enriched_at, created_at)
CREATE INDEX ce_ended ON marketing.contact_enrichment USING btree (COALESCE(enriched_at, created_at));
