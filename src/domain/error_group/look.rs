//! What one look at the database tells of errors: one of them whole, the events behind them, those that match.

use serde::{Deserialize, Serialize};

use super::{ErrorRow, GroupId, Page, PagePlace, Values};
use crate::domain::{
    Timestamp,
    ab_test::AbTests,
    event::{EventRow, EventStatus, EventType, RowId},
    mask,
    past::Past,
    payload,
    reach::Reach,
    timeline::Join,
    untrusted::Untrusted,
    why::Probe,
};

/// One error, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// The error.
    pub error: ErrorRow,
    /// Whether it is resolved, and when.
    pub resolved: bool,
    /// When it was resolved.
    pub resolved_at: Option<Timestamp>,
    /// The event it happened to, and how sure that is.
    pub event: Option<(EventRow, Join)>,
    /// The payload of that event, as text; empty where there is none.
    pub payload: Untrusted,
    /// The last event of the same stage before it that ended well, with its payload, where one was found near.
    #[serde(default)]
    pub last_ok: Option<(RowId, Untrusted)>,
    /// Events of the same record within a day, that one among them, oldest first.
    pub events: Vec<EventRow>,
    /// Errors of the same record and stage, that one among them, oldest first.
    pub errors: Vec<ErrorRow>,
    /// How far was looked for its event, and for the other events of its record.
    #[serde(default)]
    pub reach: Box<(Reach, Reach)>,
}

/// A question that somebody's look asks, most of them about errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// This error, whole.
    Error(RowId),
    /// What is behind these errors and those of these groups.
    Behind(Wanted, Vec<RowId>, Vec<GroupId>),
    /// The unresolved errors that this filter finds in the whole table.
    Matching(String),
    /// What the database says of its own part where this stage is stuck.
    Why(EventType),
    /// The page of unresolved errors that stands there, of those that this filter lets through.
    Page(PagePlace, String),
    /// The keys of the unresolved errors from this one to that one.
    Still(RowId, RowId),
    /// What the events of these errors hold in these fields.
    Payloads(Vec<String>, Vec<RowId>),
    /// The A/B tests of this campaign.
    Tests(RowId),
    /// How the pipeline stood at this moment.
    Past(Timestamp),
}

/// The answer to a [`Look`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// To [`Look::Error`].
    Error(Box<ErrorDetail>),
    /// To [`Look::Behind`] and [`Look::Matching`].
    Found(Found),
    /// To [`Look::Why`].
    Probe(Probe),
    /// To [`Look::Page`].
    Page(Page),
    /// To [`Look::Still`]; nothing where that cannot be told.
    Still(Option<Vec<RowId>>),
    /// To [`Look::Payloads`].
    Payloads(Values),
    /// To [`Look::Tests`].
    Tests(AbTests),
    /// To [`Look::Past`].
    Past(Box<Past>),
}

/// What is looked for behind errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Their own keys, of whole groups.
    Errors,
    /// The events they happened to.
    Events,
}

/// What was found behind errors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The errors that were looked behind.
    pub errors: Vec<RowId>,
    /// Whether there were more, which were left out.
    pub is_cut: bool,
    /// Their events, each once, where they were wanted.
    pub events: Vec<(EventRow, Join)>,
    /// How many of them have an event that may lie farther back than was looked.
    #[serde(default)]
    pub beyond: u64,
}

impl ErrorDetail {
    /// How sure it is that `event` is the one `error` happened to: it names it, or it failed with that record in that
    /// stage; else it only may be.
    pub fn join(error: &ErrorRow, event: &EventRow) -> Join {
        if error.event.as_ref() == Some(&event.id) {
            return Join::Exact;
        }
        let same = error.stage == event.stage && error.record == event.record;
        let had_begun = event.created_at <= error.created_at;
        if same && had_begun && event.status == EventStatus::Failed {
            Join::Strong
        } else {
            Join::Weak
        }
    }

    /// The execution in which it happened: that which it names, or its event does.
    pub fn ran(&self) -> Option<&Untrusted> {
        let own = self.error.execution.as_ref();
        let event = self.event.as_ref().filter(|(_, join)| *join != Join::Weak);
        own.or_else(|| event?.0.execution.as_ref())
    }

    /// It as one JSON object, with people masked; the payload is a string in it, as the database holds it.
    pub fn json(&self) -> String {
        let text =
            |text: Option<&Untrusted>| text.map_or_else(|| "null".to_owned(), Untrusted::json);
        let error = &self.error;
        let event = self.event.as_ref();
        format!(
            "{{\"id\":\"{}\",\"event_type\":{},\"record_id\":{},\"severity\":{},\"error_message\":{},\"created_at\":\"{}\",\
             \"resolved\":{},\"event_id\":{},\"join\":{},\"details\":{},\"payload\":{}}}",
            error.id,
            Untrusted::from(error.stage.raw()).json(),
            text(error.record.as_ref()),
            Untrusted::from(error.severity.plain()).json(),
            mask::message(&error.message).json(),
            error.created_at.to_rfc3339(),
            self.resolved,
            event.map_or_else(
                || "null".to_owned(),
                |(event, _)| format!("\"{}\"", event.id)
            ),
            event.map_or("null", |(_, join)| match join {
                Join::Exact => "\"exact\"",
                Join::Strong => "\"strong\"",
                Join::Weak => "\"weak\"",
            }),
            mask::payload(&error.details).json(),
            mask::payload(&self.payload).json(),
        )
    }

    /// How many characters of it had to be made visible or harmless, those that stand as escapes in its JSON among them.
    pub fn hazards(&self) -> usize {
        let json = [&self.error.details, &self.payload];
        let in_json: usize = json.into_iter().map(payload::hazards).sum();
        self.error.message.hazards() + in_json
    }

    /// Lines it takes to show it, about.
    pub fn rows(&self) -> usize {
        let commas = |text: &Untrusted| text.raw().matches(['\n', ',', '{', '[']).count();
        40 + commas(&self.payload)
            + commas(&self.error.details)
            + commas(&self.error.message)
            + 2 * (self.events.len() + self.errors.len())
    }
}
