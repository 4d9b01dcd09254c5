//! The pipeline of the operations guide: three phases, fifteen events, the workflow each one starts.

use super::event::EventType;

/// What happens outside the database when an event's workflow runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SideEffect {
    /// Nothing leaves the system.
    Internal,
    /// A paid service is called.
    PaidApi,
    /// A person receives something.
    PersonFacing,
    /// The CRM is written to.
    CrmWrite,
}

impl SideEffect {
    /// A few words for a plan.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::PaidApi => "paid API call",
            Self::PersonFacing => "sends e-mail to people",
            Self::CrmWrite => "writes to the CRM",
        }
    }
}

/// One stage of the cascade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// The event that starts it.
    pub event: &'static str,
    /// Its phase, 1 to 3.
    pub phase: u8,
    /// The workflow that takes the event.
    pub workflow: &'static str,
    /// The path of that workflow's webhook.
    pub webhook: &'static str,
    /// The event whose processing leads to this one, if another event does.
    pub parent: Option<&'static str>,
    /// What a run of it does outside.
    pub side_effect: SideEffect,
}

const fn stage(
    phase: u8,
    event: &'static str,
    workflow: &'static str,
    webhook: &'static str,
    parent: Option<&'static str>,
    side_effect: SideEffect,
) -> Stage {
    Stage {
        event,
        phase,
        workflow,
        webhook,
        parent,
        side_effect,
    }
}

/// Every stage, in the order of the pipeline. Source: the operations guide, "Three Operational Phases".
#[rustfmt::skip]
pub const STAGES: [Stage; 15] = {
    use SideEffect::{CrmWrite, Internal, PaidApi, PersonFacing};
    [
        stage(1, "company_created",      "Validation Gatekeeper", "validate-company",   None,                          Internal),
        stage(1, "company_validated",    "Promotion Runner",      "promote-company",    Some("company_created"),      Internal),
        stage(1, "company_promoted",     "Slot Creator",          "create-slots",       Some("company_validated"),    Internal),
        stage(1, "slots_created",        "Apify Enrichment",      "enrich-contact",     Some("company_promoted"),     PaidApi),
        stage(1, "contact_enriched",     "MillionVerify Checker", "verify-email",       Some("slots_created"),        PaidApi),
        stage(2, "campaign_created",     "Segment Builder",       "build-segment",      None,                          Internal),
        stage(2, "segment_ready",        "Message Personalizer",  "personalize-message", Some("campaign_created"),    PaidApi),
        stage(2, "message_personalized", "Campaign Scheduler",    "schedule-message",   Some("segment_ready"),        Internal),
        stage(2, "message_queued",       "Send Executor",         "send-message",       Some("message_personalized"), PersonFacing),
        stage(2, "message_sent",         "Delivery Tracker",      "track-delivery",     Some("message_queued"),       Internal),
        stage(3, "email_opened",         "Engagement Tracker",    "track-open",         None,                          Internal),
        stage(3, "email_clicked",        "Engagement Tracker",    "track-click",        None,                          Internal),
        stage(3, "reply_received",       "Response Processor",    "process-reply",      None,                          Internal),
        stage(3, "lead_qualified",       "CRM Syncer",            "sync-lead",          Some("reply_received"),       CrmWrite),
        stage(3, "follow_up_due",        "Follow-Up Sender",      "send-follow-up",     None,                          PersonFacing),
    ]
};

/// The stage that `event` starts, and its place in [`STAGES`], if it is one of the guide's.
pub fn find(event: &EventType) -> Option<(usize, &'static Stage)> {
    STAGES
        .iter()
        .enumerate()
        .find(|(_, stage)| stage.event == event.raw())
}

/// What a retry of `event` does outside; an unknown stage is taken for person-facing, the careful guess.
pub fn side_effect(event: &EventType) -> SideEffect {
    find(event).map_or(SideEffect::PersonFacing, |(_, stage)| stage.side_effect)
}

/// The stages above `event`, nearest first.
pub fn ancestors(event: &EventType) -> impl Iterator<Item = &'static str> {
    let parent = |event: &EventType| find(event).and_then(|(_, stage)| stage.parent);
    std::iter::successors(parent(event), move |above| parent(&EventType::from(*above)))
}
