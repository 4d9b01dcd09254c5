//! Errors: rows of `pipeline_errors`, and groups of those that say the same.

mod bars;
mod book;
pub mod class;
mod facets;
pub mod filtered;
mod fingerprint;
mod group;
mod look;
mod names;
mod page;
mod past;
mod payloads;
mod said;
mod tally;

use serde::{Deserialize, Serialize};

pub use bars::{Bar, Bars, Window};
pub use book::{Book, Noted, Retried};
pub use class::Class;
pub use facets::{Facet, Facets};
pub use fingerprint::Fingerprint;
pub use group::{
    ErrorGroup, GroupId, GroupState, MEMBERS, Members, Outlook, RETRIED_OF, Retries, Shared,
};
pub use look::{ErrorDetail, Found, Look, Seen, Wanted};
pub use page::{HELD, Older, PAGE, Page, PagePlace, SEARCHED};
pub use past::{Past, Usual};
pub use payloads::{BEYOND, LOOKED, Payloads, Values, values};

use super::{
    Timestamp,
    event::{EventType, RowId},
    triage::{Place, Triage},
    untrusted::Untrusted,
};

/// How bad an error is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Look now.
    Critical,
    /// The ordinary kind.
    Error,
    /// Look today.
    Warning,
    /// A word this program does not know, or none.
    Other(Untrusted),
}

impl Severity {
    /// Their words, the least first; a site may say less than `warning`.
    pub const RANKS: &[&str] = &["debug", "info", "warning", "error", "critical"];

    /// The severity that `word` names, in any case.
    pub fn of(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "critical" | "crit" | "fatal" => Self::Critical,
            "error" => Self::Error,
            "warning" | "warn" => Self::Warning,
            _ => Self::Other(Untrusted::from(word)),
        }
    }
}

impl Severity {
    /// The word for it, at most 8 letters.
    pub fn word(&self) -> String {
        match self {
            Self::Critical => "CRITICAL".to_owned(),
            Self::Error => "error".to_owned(),
            Self::Warning => "warning".to_owned(),
            Self::Other(word) if word.is_empty() => "none".to_owned(),
            Self::Other(word) => word.display_cut(7),
        }
    }
}

/// One error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorRow {
    /// Its key.
    pub id: RowId,
    /// The stage it happened in.
    pub stage: EventType,
    /// The record it is about.
    pub record: Option<Untrusted>,
    /// What it says; at most 4 kB of it.
    pub message: Untrusted,
    /// How bad it is.
    pub severity: Severity,
    /// When it happened.
    pub created_at: Timestamp,
    /// The event it happened to, where the writer knew it.
    pub event: Option<RowId>,
    /// The n8n execution it happened in, where the writer knew it.
    pub execution: Option<Untrusted>,
    /// What the workflow wrote down beside the message, as JSON; at most 4 kB of it, empty where there is nothing.
    pub details: Untrusted,
}

/// The errors of one stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorStage {
    /// The stage.
    pub stage: EventType,
    /// Errors in the last 24 h, resolved or not.
    pub errors_24h: u64,
    /// Of those, critical.
    pub critical_24h: u64,
    /// Unresolved, of any age.
    pub unresolved: u64,
}

/// What is known of the errors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errors {
    /// The newest unresolved errors, newest first, at most 500.
    pub recent: Vec<ErrorRow>,
    /// By stage, most errors first.
    pub stages: Vec<ErrorStage>,
    /// Unresolved, of any age, by severity, worst first.
    pub unresolved: Vec<(Severity, u64)>,
    /// Errors that say the same: the open ones first, then those that are ignored, then by impact, at most [`GROUPS`].
    pub groups: Vec<ErrorGroup>,
    /// How much of the table the groups are made from.
    pub coverage: Coverage,
    /// Where what operators say of groups, and of alert rules, is kept.
    pub place: Place,
    /// What they say of alert rules, which is kept and read with what they say of groups.
    #[serde(default)]
    pub alerts: Vec<Triage>,
    /// How many of each class came when.
    #[serde(default)]
    pub bars: Bars,
    /// How many are usual at this hour, and how many were resolved of late.
    #[serde(default)]
    pub usual: Usual,
    /// Since when errors were looked at for what is unresolved, where older ones were not: then counts of those are lower
    /// bounds.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// When the counts by stage were made, those of the last 24 h among them, if that was before the rest.
    #[serde(default)]
    pub counted: Option<Timestamp>,
}

/// Groups shown at most.
pub const GROUPS: usize = 500;

/// How much of the table the groups are made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Unresolved errors in the groups.
    pub open: u64,
    /// Resolved errors in the groups: the newest, at most 20,000.
    pub resolved: u64,
    /// Groups there are, shown or not.
    pub groups: u64,
    /// Whether every unresolved error is in them; while they are being read, or where there are too many, not.
    pub has_all_open: bool,
    /// Whether the past was read, so that a group can be told to be new.
    pub knows_past: bool,
}

impl Errors {
    /// The groups that somebody should look at, the highest impact first.
    pub fn open_groups(&self) -> &[ErrorGroup] {
        let open = self.groups.partition_point(|group| group.state.is_open());
        self.groups.get(..open).unwrap_or_default()
    }

    /// Unresolved errors of groups that are left alone.
    pub fn ignored(&self) -> u64 {
        let left = |group: &&ErrorGroup| group.state == GroupState::Ignored;
        self.groups
            .iter()
            .filter(left)
            .map(|group| group.open)
            .sum()
    }

    /// Unresolved errors, of any age, as far as they were counted.
    pub fn open(&self) -> u64 {
        self.unresolved.iter().map(|(_, n)| n).sum()
    }

    /// What is known when these errors are all there are, none of them resolved, and the database's clock is at `now`.
    pub fn of(recent: Vec<ErrorRow>, now: Timestamp) -> Self {
        let mut book = Book::default();
        book.take(recent.iter().cloned().map(Noted::open));
        book.has_past();
        let mut errors = Self {
            recent,
            ..Self::default()
        };
        book.tell(&mut errors, now, true);
        errors
    }
}
