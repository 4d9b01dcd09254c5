//! The verdict: one line that says how bad it is, where, since when, and why; and what to press.

use serde::{Deserialize, Serialize};

use super::{Timestamp, event::EventType};

/// How things stand, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Act now.
    Critical,
    /// A source the verdict needs is old: what is shown may no longer hold.
    Stale,
    /// It cannot be known.
    Unknown,
    /// Watch closely.
    Warning,
    /// Starved by a stage above.
    Starving,
    /// Everything flows.
    Ok,
    /// Nothing to do, and that is proven.
    Idle,
}

impl Health {
    /// The word for it, at most 7 letters.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "CRIT",
            Self::Stale => "STALE",
            Self::Unknown => "UNKNOWN",
            Self::Warning => "WARN",
            Self::Starving => "STRV",
            Self::Ok => "OK",
            Self::Idle => "IDLE",
        }
    }
}

/// What an operator could do about it, safest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Look at the errors.
    Errors,
    /// Look at the backlog.
    Queue,
    /// Look at the events.
    Stream,
    /// Look at the workflows of n8n.
    Workflows,
    /// Look at the alerts.
    Alerts,
    /// Look at the campaigns.
    Campaigns,
    /// Run the doctor.
    Doctor,
}

/// The verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// How bad.
    pub health: Health,
    /// What, where, how much, which way, since when; safe to print, without the health word.
    pub headline: String,
    /// The likeliest reason and how sure it is; empty when nothing is wrong.
    pub why: String,
    /// What to do, in a few words each.
    pub steps: Vec<(Step, String)>,
    /// The stage at the root of it.
    pub root: Option<EventType>,
    /// Since when.
    pub since: Option<Timestamp>,
}

impl Verdict {
    /// The verdict before anything is known.
    pub fn connecting() -> Self {
        Self {
            health: Health::Unknown,
            headline: "connecting".to_owned(),
            why: String::new(),
            steps: Vec::new(),
            root: None,
            since: None,
        }
    }
}
