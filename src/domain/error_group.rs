//! Errors: rows of `pipeline_errors`, and groups of those that say the same.

mod fingerprint;

use serde::{Deserialize, Serialize};

pub use fingerprint::{Fingerprint, group};

use super::{
    Timestamp,
    event::{EventType, RowId},
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

/// One unresolved error.
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
}

/// Errors that say the same of the same stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorGroup {
    /// What they have in common.
    pub fingerprint: Fingerprint,
    /// The stage they happened in.
    pub stage: EventType,
    /// How bad the worst of them is.
    pub severity: Severity,
    /// Their keys, newest first.
    pub ids: Vec<RowId>,
    /// When the first of those known happened.
    pub first_at: Timestamp,
    /// When the last one happened.
    pub last_at: Timestamp,
    /// What kind of mistake they look like, if it can be told.
    pub cause: Option<Cause>,
}

/// What kind of mistake an error looks like, by its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A key or a token is not accepted.
    Credential,
    /// A service was asked too often, or its quota is used up.
    Quota,
    /// A service did not answer, or not in time.
    Network,
    /// The other side had a fault of its own.
    Remote,
    /// The data is not as it should be.
    Data,
}

/// The words that tell the causes, in lower case; the first row that has one in the message wins.
#[rustfmt::skip]
const WORDS: [(Cause, &[&str]); 5] = [
    (Cause::Credential, &["401", "403", "unauthorized", "forbidden", "invalid_grant", "api key", "credential", "token expired"]),
    (Cause::Quota, &["429", "quota", "rate limit", "too many requests"]),
    (Cause::Network, &["timeout", "timed out", "etimedout", "econnrefused", "econnreset", "enotfound", "connection refused", "connection reset", "greylist"]),
    (Cause::Remote, &["500", "502", "503", "504", "bad gateway", "service unavailable", "internal server error"]),
    (Cause::Data, &["null", "missing", "invalid", "violates", "not found", "malformed", "parse"]),
];

impl Cause {
    /// The kind that `message` looks like.
    pub fn of(message: &str) -> Option<Self> {
        let lower = message.to_lowercase();
        WORDS
            .iter()
            .find(|(_, words)| words.iter().any(|word| lower.contains(word)))
            .map(|(cause, _)| *cause)
    }

    /// What it is, in one or two words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::Quota => "quota",
            Self::Network => "network",
            Self::Remote => "remote fault",
            Self::Data => "data",
        }
    }
}
