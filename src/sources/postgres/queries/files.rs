//! The files of `sql/queries/` that panels ask, each with what cannot be shown without it.

use crate::domain::scorecard::MetricId;

/// A query file.
#[derive(Debug, Clone, Copy)]
pub struct Query {
    /// The name of its file.
    pub name: &'static str,
    /// Its text, with the placeholders of `template`.
    pub sql: &'static str,
    /// What cannot be shown without it; empty where it only spares another query.
    pub hides: &'static str,
}

macro_rules! queries {
    ($($constant:ident, $name:literal, $hides:literal;)*) => {
        $(
            pub(crate) const $constant: Query = Query {
                name: $name,
                sql: include_str!(concat!("../../../../sql/queries/", $name, ".sql")),
                hides: $hides,
            };
        )*

        /// Every one of them.
        pub const ALL: &[Query] = &[$($constant),*];
    };
}

queries! {
    STAGES, "stages", "backlog, flow and latency by stage";
    STAGE_ERRORS, "stage_errors", "errors by stage (failed events are counted instead)";
    STAGE_FAILURES, "stage_failures", "failed events by stage";
    BACKLOG, "backlog", "backlog by stage on a large table";
    BACKLOG_EACH, "backlog_each", "";
    WINDOWS, "windows", "windows of time in memory, on a large table";
    TREND, "trend", "the trend of the last hour";
    TOTALS, "totals", "the totals of the last 24 h";
    LATENCY_RECENT, "latency_recent", "latency over the last hour and day";
    LATENCY_HOURS, "latency_hours", "latency over a week and a month";
    LATENCY_USUAL, "latency_usual", "what latency is usual";
    RECORDS_TABLES, "records_tables", "records from end to end";
    RECORDS_CASCADE, "records_cascade", "records through the cascade";
    UNRESOLVED_ERRORS, "unresolved_errors", "the number of unresolved errors";
    TAIL, "tail", "the live stream";
    SWEEP, "sweep", "the ledger of the live stream";
    SWEEP_BY_TIME, "sweep_by_time", "";
    RECOUNT, "recount", "the statement that recounts the ledger";
    RECOUNT_BY_TIME, "recount_by_time", "";
    EVENT, "event", "events in detail";
    EVENT_ERRORS, "event_errors", "the errors of an event";
    EVENT_SIBLINGS, "event_siblings", "the other events of a record";
    EVENTS_OPEN_BELOW, "events_open_below", "";
    EVENTS_KEYED, "events_keyed", "";
    EVENTS_PAYLOADS, "events_payloads", "";
    ERRORS_BEHIND, "errors_behind", "";
    PAST_STAGES, "past_stages", "the stages of a moment that is past";
    PAST_STAGES_BY_TIME, "past_stages_by_time", "";
    PAST_ERRORS, "past_errors", "the errors of a moment that is past";
    PAST_ERRORS_BY_TIME, "past_errors_by_time", "";
    EVENT_SIBLINGS_NEAR, "event_siblings_near", "";
    EVENT_ERRORS_NEAR, "event_errors_near", "";
    ERROR_EVENT_NEAR, "error_event_near", "";
    EVENT_BEFORE, "event_before", "";
    EVENTS_REACH, "events_reach", "";
    ERRORS_REACH, "errors_reach", "";
    FIRST_EVENT_AT, "first_event_at", "";
    FIRST_ERROR_AT, "first_error_at", "";
    EVENTS_NEWEST, "events_newest", "the list of events of the command line";
    EVENTS_OPEN, "events_open", "the retry of events from the command line";
    EVENTS_OF_ERRORS, "events_of_errors", "the retry of errors from the command line";
    ERRORS_NEWEST, "errors_newest", "the errors of the command line";
    ERRORS_RECENT, "errors_recent", "unresolved errors";
    ERRORS_NEWER, "errors_newer", "unresolved errors";
    ERRORS_OLDER, "errors_older", "unresolved errors";
    ERRORS_OPEN, "errors_open", "unresolved errors";
    ERRORS_OPEN_NEWER, "errors_open_newer", "unresolved errors by pages, where there are very many";
    ERRORS_OPEN_KEYS, "errors_open_keys", "unresolved errors";
    ERRORS_BELOW, "errors_below", "";
    ERRORS_ABOVE, "errors_above", "";
    ERRORS_ENDED, "errors_ended", "";
    ERRORS_OF_DAY, "errors_of_day", "";
    ERRORS_KEYED, "errors_keyed", "unresolved errors";
    WHY, "why", "what the database has to do with a stage that is stuck";
    ERRORS_EVENTS, "errors_events", "the events behind errors";
    ERRORS_PAYLOADS, "errors_payloads", "what a filter of errors asks of payloads";
    ERROR_EVENT, "error_event", "the event behind an error";
    ERRORS_RETRIED, "errors_retried", "how retries after an error went";
    TRIAGE, "triage", "";
    AUDIT, "audit", "";
    AUDIT_ENTRY, "audit_entry", "";
    AUDIT_ABOUT, "audit_about", "";
    ERRORS_BY_STAGE, "errors_by_stage", "errors by stage and severity";
    FIRST_ID, "first_id", "windows of time on a large table";
    FIRST_ERROR_ID, "first_error_id", "";
    EVENTS_NTH, "events_nth", "";
    ERRORS_NTH, "errors_nth", "";
    DELIVERIES, "deliveries", "the bounce rate";
    BOUNCES, "bounces", "why messages bounce";
    ENRICHMENTS, "enrichments", "the enrichment rate";
    REPLIES, "replies", "the reply rate";
    CRM_SUCCESS, "crm_success", "CRM syncs";
    DROPS, "drops", "silent drops";
    DROPS_TURN, "drops_turn", "";
    DROP_RECORDS, "drop_records", "";
    DROP_ERRORS, "drop_errors", "error rows that excuse a silent drop";
    DROP_ENDS_NEAR, "drop_ends_near", "";
    DROP_ERRORS_NEAR, "drop_errors_near", "";
    DROP_ENDS, "drop_ends", "ends that excuse a silent drop";
    CRM_DUE, "crm_due", "leads due for the CRM";
    CAMPAIGNS, "campaigns", "campaigns";
    CAMPAIGNS_KEPT, "campaigns_kept", "";
    SCORECARD_KEPT, "scorecard_kept", "";
    REPLIES_KEPT, "replies_kept", "";
    CAMPAIGNS_BY_TIME, "campaigns_by_time", "campaigns";
    AB_TESTS, "ab_tests", "";
    AB_TESTS_BY_TIME, "ab_tests_by_time", "A/B tests of campaigns";
    SCORECARD_VALIDATION, "scorecard_validation", "validation success";
    SCORECARD_ENRICHMENT, "scorecard_enrichment", "the e-mail enrichment rate";
    SCORECARD_VERIFICATION, "scorecard_verification", "e-mail deliverability";
    SCORECARD_LATENCY, "scorecard_latency", "end-to-end latency";
    SCORECARD_DELIVERY, "scorecard_delivery", "the delivery rate";
    SCORECARD_ENGAGEMENT, "scorecard_engagement", "open, click, reply, meeting and deal rates";
    SCORECARD_CAPTURE, "scorecard_capture", "response capture";
    SCORECARD_LEADS, "scorecard_leads", "the lead qualification rate";
}

/// The files whose rows are readings of the scorecard, and the metrics each of them reads.
pub(crate) const SCORECARD: [(Query, &[MetricId]); 8] = [
    (SCORECARD_VALIDATION, &[MetricId::ValidationSuccess]),
    (SCORECARD_ENRICHMENT, &[MetricId::EmailEnrichment]),
    (SCORECARD_VERIFICATION, &[MetricId::EmailDeliverability]),
    (SCORECARD_LATENCY, &[MetricId::EndToEndLatency]),
    (SCORECARD_DELIVERY, &[MetricId::DeliveryRate]),
    (
        SCORECARD_ENGAGEMENT,
        &[
            MetricId::OpenRate,
            MetricId::ClickRate,
            MetricId::ReplyRate,
            MetricId::MeetingBooking,
            MetricId::DealClose,
        ],
    ),
    (SCORECARD_CAPTURE, &[MetricId::ResponseCapture]),
    (SCORECARD_LEADS, &[MetricId::LeadQualification]),
];
