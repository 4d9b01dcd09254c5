//! What each workflow of the pipeline does when it runs: how long it takes, what it writes back, how it fails.

use crate::domain::pipeline::Pipeline;

/// The workflow of a stage at work.
#[derive(Debug)]
pub(super) struct Work {
    /// The event that starts it.
    pub(super) event: &'static str,
    /// Its name.
    pub(super) workflow: &'static str,
    /// The path of its webhook.
    pub(super) webhook: &'static str,
    /// How long it usually takes, s.
    pub(super) median: f64,
    /// How much that varies: the deviation of the logarithm.
    pub(super) sigma: f64,
    /// The share of runs that fail in calm.
    pub(super) failing: f64,
    /// What such a failure says; `{}` is a number.
    pub(super) message: &'static str,
    /// The HTTP status of the provider, if it is one that failed.
    pub(super) http: Option<&'static str>,
    /// The statement that writes back.
    pub(super) sql: &'static str,
}

macro_rules! work {
    ($($event:literal $median:literal $sigma:literal $failing:literal $http:expr, $message:literal;)*) => {
        const HABITS: &[(&str, f64, f64, f64, Option<&str>, &str, &str)] = &[$((
            $event, $median, $sigma, $failing, $http, $message,
            include_str!(concat!("../../sql/demo/work/", $event, ".sql")),
        ),)*];
    };
}

work! {
    "company_created"      0.5 0.4 0.004 None, "timeout after 10000 ms: GET website of company {}";
    "company_validated"    0.7 0.4 0.003 None, "canceling statement due to lock timeout (company {})";
    "company_promoted"     0.6 0.4 0.002 None, "canceling statement due to lock timeout (company {})";
    "slots_created"        3.4 0.5 0.018 Some("429"), "Apify: 429 Too Many Requests, retry after {} s";
    "contact_enriched"     1.5 0.4 0.010 Some("503"), "MillionVerifier: 503 Service Unavailable (request {})";
    "campaign_created"     2.0 0.4 0.0   None, "canceling statement due to lock timeout (campaign {})";
    "segment_ready"        2.8 0.4 0.0   Some("429"), "OpenAI: 429 rate_limit_exceeded, please try again in {} s";
    "message_personalized" 0.7 0.4 0.006 None, "could not serialize access due to concurrent update (message {})";
    "message_queued"       0.8 0.4 0.010 Some("451"), "SMTP 451 4.7.1 <{}@mail.example>: Greylisted, please try again later";
    "message_sent"         0.6 0.4 0.008 Some("502"), "SendGrid: 502 Bad Gateway (message {})";
    "email_opened"         0.3 0.4 0.002 None, "could not serialize access due to concurrent update (engagement {})";
    "email_clicked"        0.3 0.4 0.002 None, "could not serialize access due to concurrent update (engagement {})";
    "reply_received"       1.4 0.4 0.002 Some("429"), "OpenAI: 429 rate_limit_exceeded, please try again in {} s";
    "lead_qualified"       1.2 0.4 0.004 Some("409"), "HubSpot: 409 Conflict: contact {} is locked by another import";
    "follow_up_due"        0.9 0.4 0.004 Some("451"), "SMTP 451 4.7.1 <{}@mail.example>: Greylisted, please try again later";
}

/// Every workflow at work, in the order of the pipeline.
pub(super) fn works() -> Vec<Work> {
    Pipeline::guide()
        .stages
        .iter()
        .zip(HABITS)
        .map(
            |(stage, &(event, median, sigma, failing, http, message, sql))| Work {
                event,
                workflow: &stage.workflow,
                webhook: &stage.webhook,
                median,
                sigma,
                failing,
                message,
                http,
                sql,
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_its_work_in_the_order_of_the_pipeline() {
        let works = works();
        assert_eq!(works.len(), Pipeline::guide().stages.len());
        for (work, stage) in works.iter().zip(&Pipeline::guide().stages) {
            assert_eq!(work.event, stage.event);
            assert!(work.sql.starts_with("-- "), "{}", work.event);
        }
    }
}
