//! The tables that the queries know.

use super::{Kind, Wanted, WantedTable};

const fn column(name: &'static str, names: &'static [&'static str], kind: Kind) -> Wanted {
    Wanted { name, names, kind }
}

const CONTACT: Kind = Kind::Key("campaign_contacts", "contact_id");
const CAMPAIGN: Kind = Kind::Key("campaigns", "id");

/// Every table the queries know, with every column and the names it is met under.
#[rustfmt::skip]
pub(crate) const TABLES: &[WantedTable] = &[
    WantedTable { name: "pipeline_events", columns: &[
        column("id",            &["id", "event_id"],                         Kind::Key("pipeline_events", "id")),
        column("event_type",    &["event_type", "type"],                     Kind::Text),
        column("status",        &["status"],                                 Kind::Word),
        column("payload",       &["payload", "event_data", "data"],          Kind::Text),
        column("raw",           &["payload", "event_data", "data"],          Kind::Raw),
        column("error_message", &["error_message", "last_error", "error"],   Kind::Text),
        column("retry_count",   &["retry_count", "retries", "attempts"],     Kind::Count),
        column("created_at",    &["created_at", "inserted_at", "timestamp"], Kind::Time),
        column("processed_at",  &["processed_at", "completed_at", "finished_at"], Kind::Time),
        column("execution",     &["execution_id", "n8n_execution_id", "workflow_execution_id"], Kind::Text),
        column("version",       &["xmin"],                                   Kind::Version),
    ]},
    WantedTable { name: "pipeline_errors", columns: &[
        column("id",            &["id", "error_id"],                         Kind::Key("pipeline_errors", "id")),
        column("event_id",      &["event_id"],                               Kind::Key("pipeline_events", "id")),
        column("event_type",    &["event_type", "stage"],                    Kind::Text),
        column("record_id",     &["record_id"],                              Kind::Text),
        column("error_message", &["error_message", "message"],               Kind::Text),
        column("details",       &["error_details", "details", "context"],    Kind::Text),
        column("execution",     &["n8n_execution_id", "execution_id", "workflow_execution_id"], Kind::Text),
        column("severity",      &["severity", "level"],                      Kind::Text),
        column("resolved",      &["resolved", "is_resolved"],                Kind::Flag),
        column("resolved_at",   &["resolved_at"], Kind::Time), column("resolved_by", &["resolved_by"], Kind::Text),
        column("notes",         &["resolution_notes", "resolution_note", "notes"], Kind::Text),
        column("created_at",    &["created_at", "occurred_at"],              Kind::Time),
        column("version",       &["xmin"],                                   Kind::Version),
    ]},
    WantedTable { name: "audit", columns: &[
        column("id",            &["id"],                                     Kind::Key("audit", "id")),
        column("at",            &["at"],                                     Kind::Time),
        column("actor",         &["actor"],                                  Kind::Text),
        column("db_role",       &["db_role"],                                Kind::Text),
        column("action",        &["action"],                                 Kind::Text),
        column("targets",       &["targets"],                                Kind::Raw),
        column("note",          &["note"],                                   Kind::Text),
        column("outcome",       &["outcome"],                                Kind::Raw),
        column("schema_name",   &["schema_name"],                            Kind::Text),
        column("batch",         &["batch"],                                  Kind::Text),
        column("phase",         &["phase"],                                  Kind::Text),
    ]},
    WantedTable { name: "campaigns", columns: &[
        column("id",            &["id", "campaign_id"],                      CAMPAIGN),
        column("campaign_name", &["campaign_name", "name"],                  Kind::Text),
        column("status",        &["status"],                                 Kind::Text),
        column("created_at",    &["created_at"],                             Kind::Time),
    ]},
    WantedTable { name: "campaign_contacts", columns: &[
        column("campaign_id",   &["campaign_id"],                            CAMPAIGN),
        column("contact_id",    &["contact_id"],                             CONTACT),
        column("added_at",      &["added_at", "created_at"],                 Kind::Time),
    ]},
    WantedTable { name: "message_queue", columns: &[
        column("id",            &["id", "message_id"],                       Kind::Key("message_queue", "id")),
        column("campaign_id",   &["campaign_id"],                            CAMPAIGN),
        column("contact_id",    &["contact_id"],                             CONTACT),
        column("status",        &["status"],                                 Kind::Text),
        column("at",            &["created_at", "queued_at", "scheduled_at"], Kind::Time),
        column("variant",       &["variant", "ab_variant"],                  Kind::Text),
    ]},
    WantedTable { name: "ab_tests", columns: &[
        column("id",            &["test_id", "id"],                          Kind::Key("ab_tests", "id")),
        column("campaign_id",   &["campaign_id"],                            CAMPAIGN),
        column("test_name",     &["test_name", "name"],                      Kind::Text),
        column("variant_a",     &["variant_a"],                              Kind::Text),
        column("variant_b",     &["variant_b"],                              Kind::Text),
        column("started_at",    &["start_date", "started_at"],               Kind::Time),
        column("ended_at",      &["end_date", "ended_at"],                   Kind::Time),
        column("winner",        &["winner"],                                 Kind::Text),
    ]},
    WantedTable { name: "delivery_log", columns: &[
        column("key",           &["id", "delivery_id", "log_id"],            Kind::Key("delivery_log", "key")),
        column("message_id",    &["message_id", "queue_id"],                 Kind::Key("delivery_log", "message_id")),
        column("campaign_id",   &["campaign_id"],                            CAMPAIGN),
        column("contact_id",    &["contact_id"],                             CONTACT),
        column("status",        &["status", "delivery_status"],              Kind::Text),
        column("at",            &["created_at", "sent_at", "delivered_at", "logged_at"], Kind::Time),
        column("reason",        &["error_message", "bounce_reason", "reason", "error", "diagnostic_code"], Kind::Text),
    ]},
    WantedTable { name: "engagement_events", columns: &[
        column("campaign_id",   &["campaign_id"],                            CAMPAIGN),
        column("contact_id",    &["contact_id"],                             CONTACT),
        column("event_type",    &["event_type", "engagement_type"],          Kind::Text),
        column("at",            &["created_at", "occurred_at", "event_timestamp", "event_at"], Kind::Time),
        column("key",           &["id"],                                     Kind::Key("engagement_events", "key")),
    ]},
    WantedTable { name: "responses", columns: &[
        column("campaign_id",   &["campaign_id"],                            CAMPAIGN),
        column("contact_id",    &["contact_id"],                             CONTACT),
        column("at",            &["received_at", "created_at", "replied_at"], Kind::Time),
        column("key",           &["id"],                                     Kind::Key("responses", "key")),
    ]},
    WantedTable { name: "contact_enrichment", columns: &[
        column("id",            &["id"],                                     Kind::Key("contact_enrichment", "id")),
        column("slot",          &["company_slot_unique_id", "slot_id"],      Kind::Text),
        column("email",         &["email"],                                  Kind::Text),
        column("status",        &["enrichment_status", "status"],            Kind::Text),
        column("created_at",    &["created_at"],                             Kind::Time),
        column("enriched_at",   &["enriched_at", "updated_at"], Kind::Time),
    ]},
    WantedTable { name: "email_verification", columns: &[
        column("key",           &["id"],                                     Kind::Key("email_verification", "key")),
        column("enrichment_id", &["enrichment_id", "contact_id"],            Kind::Key("contact_enrichment", "id")),
        column("status",        &["verification_status", "status"],          Kind::Text),
        column("at",            &["verified_at", "created_at"],              Kind::Time),
    ]},
    WantedTable { name: "company_slots", columns: &[
        column("slot",          &["company_slot_unique_id", "slot_id", "id"], Kind::Text),
        column("company",       &["company_unique_id", "company_id"],        Kind::Text),
        column("created_at",    &["created_at"],                             Kind::Time),
    ]},
    WantedTable { name: "company_master", columns: &[
        column("company",       &["company_unique_id", "id"],                Kind::Text),
        column("raw",           &["source_record_id", "raw_intake_id", "intake_id", "raw_id"], Kind::Text),
        column("raw_key",       &["source_record_id", "raw_intake_id", "intake_id", "raw_id"], Kind::Link("company_raw_intake", "key")),
        column("created_at",    &["created_at", "promoted_at"],              Kind::Time),
    ]},
    WantedTable { name: "company_raw_intake", columns: &[
        column("id",            &["id"],                                     Kind::Text),
        column("key",           &["id"],                                     Kind::Link("company_master", "raw_key")),
        column("validated",     &["validated", "is_validated"],              Kind::Verdict),
        column("created_at",    &["created_at", "imported_at"],              Kind::Time),
        column("judged_at", &["validated_at", "updated_at"], Kind::Time), column("company", &["company_name", "name"], Kind::Text)]},
    WantedTable { name: "suppression_list", columns: &[
        column("email", &["email", "email_address", "address"], Kind::Text), column("reason", &["reason", "type"], Kind::Text)]},
    WantedTable { name: "lead_scores", columns: &[
        column("contact_id",    &["contact_id"],                             CONTACT),
        column("qualified",     &["qualified", "is_qualified"],              Kind::Flag),
        column("at",            &["scored_at", "calculated_at", "created_at", "updated_at"], Kind::Time),
        column("key",           &["id"],                                     Kind::Key("lead_scores", "key"))]},
    WantedTable { name: "crm_sync_log", columns: &[
        column("status", &["status", "sync_status"], Kind::Text), column("at", &["synced_at", "completed_at", "created_at"], Kind::Time),
        column("key", &["id"], Kind::Key("crm_sync_log", "key"))]},
    WantedTable { name: "event_hour", columns: &[
        column("bucket", &["bucket"], Kind::Time), column("event_type", &["event_type"], Kind::Text), column("n_open", &["n_open"], Kind::Count),
        column("latency_sum", &["latency_sum"], Kind::Raw), column("latency_max", &["latency_max"], Kind::Raw),
        column("latency_histogram", &["latency_histogram"], Kind::Raw)]},
    WantedTable { name: "event_six_hours", columns: &[
        column("bucket", &["bucket"], Kind::Time), column("event_type", &["event_type"], Kind::Text),
        column("latency_sum", &["latency_sum"], Kind::Raw), column("latency_max", &["latency_max"], Kind::Raw),
        column("bins", &["bins"], Kind::Raw), column("counts", &["counts"], Kind::Raw),
        column("version", &["xmin"], Kind::Version)]},
    WantedTable { name: "contact_timeline", columns: &[
        column("contact_id",    &["contact_id"],                             CONTACT),
        column("event_type",    &["event_type"],                             Kind::Text),
        column("at",            &["event_timestamp", "occurred_at", "created_at"], Kind::Time),
    ]},
    WantedTable { name: "campaign_stats", columns: &[
        column("campaign_id",   &["campaign_id"],                            CAMPAIGN),
        column("contacts",      &["contacts"],                               Kind::Count),
        column("queued",        &["queued"],                                 Kind::Count),
        column("delivered",     &["delivered"],                              Kind::Count),
        column("bounced",       &["bounced"],                                Kind::Count),
        column("opened",        &["opened"],                                 Kind::Count),
        column("clicked",       &["clicked"],                                Kind::Count),
        column("replied",       &["replied"],                                Kind::Count),
        column("unsubscribed",  &["unsubscribed"],                           Kind::Count),
        column("computed_at",   &["computed_at"],                            Kind::Time),
    ]},
    WantedTable { name: "scorecard_stats", columns: &[
        column("metric",        &["metric"],                                 Kind::Text),
        column("value",         &["value"],                                  Kind::Raw),
        column("n",             &["n"],                                      Kind::Count),
        column("computed_at",   &["computed_at"],                            Kind::Time),
    ]},
];
