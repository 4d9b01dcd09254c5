//! Alert rules as data, and the state each one is in.

use serde::{Deserialize, Serialize};

use super::{Timestamp, event::EventType};

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleId {
    /// Too many events stuck in pending.
    PipelineStalled,
    /// Too many errors in a stage.
    HighErrorRate,
    /// Too many bounces.
    DeliverabilityDrop,
    /// No lead reaches the CRM.
    CrmSyncFailure,
    /// Events take too long.
    SlowProcessing,
    /// Too few e-mails are found.
    LowEnrichment,
    /// Too few people reply.
    ReplyRateDrop,
}

/// How urgent a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// Act now.
    Critical,
    /// Watch closely.
    Warning,
}

/// What a threshold is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Rows.
    Rows,
    /// A share of 1, shown in percent.
    Share,
    /// Seconds.
    Seconds,
}

/// On which side of its threshold a rule fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// Above it.
    Above,
    /// Below it.
    Below,
}

/// What a rule is about to be judged on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Reading {
    /// The value, the cases behind it, and the stage it is worst in, where it has one.
    Value {
        /// In the rule's unit.
        value: f64,
        /// Cases behind it; rows, for a count.
        n: u64,
        /// The stage the value is of, for a rule that looks at each stage.
        stage: Option<EventType>,
    },
    /// There is nothing to do, so nothing can be wrong.
    Idle,
    /// It cannot be known, in a few words.
    Unknown(String),
}

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// On the right side of its threshold.
    Ok,
    /// On the wrong side since then, but not yet for long enough.
    Pending(Timestamp),
    /// Firing since then.
    Firing(Timestamp),
    /// Nothing to judge: no traffic of its kind.
    Idle,
    /// Fewer cases than the rule needs.
    LowN,
    /// Cannot be known since then; it keeps its last reading.
    NoData(Timestamp),
}

/// One rule, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Which.
    pub rule: RuleId,
    /// Where it stands.
    pub state: State,
    /// What it was last judged on.
    pub reading: Reading,
    /// When it last fired and ended, if it did while we watched.
    pub resolved_at: Option<Timestamp>,
}
