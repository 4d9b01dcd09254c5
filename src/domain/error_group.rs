//! Errors: rows of `pipeline_errors`, and groups of those that say the same.

use serde::{Deserialize, Serialize};

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
