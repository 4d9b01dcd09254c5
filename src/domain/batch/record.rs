//! What can happen to a batch: a line of its journal each.

use serde::{Deserialize, Serialize};

use crate::domain::{
    Timestamp,
    error_group::Fingerprint,
    event::{EventType, RowId},
};

/// Something that happened to a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Record {
    /// A transaction of this number is about to be committed; it sends the row, or leaves it alone for that reason.
    Begun {
        /// The row.
        id: RowId,
        /// When.
        at: Timestamp,
        /// The number of the transaction.
        xid: String,
        /// Why the row is left alone, if it is.
        skip: Option<String>,
        /// The event that is written in the place of the row, where one is.
        clone: Option<RowId>,
    },
    /// The row is tried again.
    Sent {
        /// The row.
        id: RowId,
        /// When.
        at: Timestamp,
        /// The event that stands in its place, where one does.
        clone: Option<RowId>,
    },
    /// Nothing of what was begun stands: the row waits as before.
    TakenBack {
        /// The row.
        id: RowId,
        /// When.
        at: Timestamp,
    },
    /// n8n asked to be called later: the row was put back, and waits as before.
    Deferred {
        /// The row.
        id: RowId,
        /// When.
        at: Timestamp,
        /// Nothing is sent before then.
        until: Timestamp,
        /// The version of the row now that it was put back, where rows have one.
        version: Option<String>,
    },
    /// The row was left alone.
    Skipped {
        /// The row.
        id: RowId,
        /// When.
        at: Timestamp,
        /// Why.
        why: String,
    },
    /// Nobody can say what became of the row.
    Unknown {
        /// The row.
        id: RowId,
        /// When.
        at: Timestamp,
        /// Why.
        why: String,
    },
    /// The row's workflow has done with it, or it was waited for long enough.
    Ended {
        /// The row.
        id: RowId,
        /// When that was seen.
        at: Timestamp,
        /// How.
        how: End,
    },
    /// No row is sent from here on.
    Paused {
        /// When.
        at: Timestamp,
        /// Why.
        why: Halt,
    },
    /// Rows are sent again.
    Resumed {
        /// When.
        at: Timestamp,
        /// By whom.
        who: String,
    },
    /// It has another pace, or another brake.
    Paced {
        /// When.
        at: Timestamp,
        /// Rows a minute.
        per_minute: u32,
        /// Equal failures in a row that stop it, where that is new.
        #[serde(default)]
        brake: Option<u32>,
        /// Events a minute that a quiet stage is sent all the same, where that is new.
        #[serde(default)]
        least: Option<u32>,
    },
    /// What was not sent by now never will be.
    Stopped {
        /// When.
        at: Timestamp,
        /// By whom.
        who: String,
    },
    /// Every row that was sent has ended or was waited for long enough.
    Finished {
        /// When.
        at: Timestamp,
    },
}

/// How a row ended that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Its workflow ended well.
    Ok,
    /// Its workflow failed again.
    Failed {
        /// With what, where that is known.
        cause: Option<Fingerprint>,
        /// Whether that is what it failed with before.
        same: bool,
    },
    /// It has not ended, and was waited for as long as was agreed.
    Pending,
}

/// Why no row is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Halt {
    /// Somebody said so.
    ByHand(String),
    /// A row that was tried before the others did not end well.
    Canary(RowId, Option<Fingerprint>),
    /// So many in a row failed with the same.
    Equal(u32, Option<Fingerprint>),
    /// So many in a row were not done in the time agreed.
    Untaken(u32),
    /// The queue of this stage has grown by so many events of others.
    Backlog(EventType, u64),
    /// The database refused.
    Fault(String),
    /// The call of its webhook was not accepted.
    Call(RowId),
    /// n8n asked to be called later so many times in a row.
    Deferred(u32),
}

impl Halt {
    /// Whether the batch itself put on the brake.
    pub const fn is_brake(&self) -> bool {
        !matches!(self, Self::ByHand(_))
    }

    /// Why, in a sentence.
    pub fn sentence(&self) -> String {
        let with = |cause: &Option<Fingerprint>| match cause {
            Some(cause) => format!(" with {cause}"),
            None => String::new(),
        };
        match self {
            Self::ByHand(who) => format!("paused by {who}"),
            Self::Canary(id, None) => format!("canary {id} did not end well"),
            Self::Canary(id, cause) => format!("canary {id} failed{}", with(cause)),
            Self::Equal(n, cause) => format!("{n} in a row failed{}", with(cause)),
            Self::Untaken(n) => format!("{n} in a row were not done in time: nobody takes them"),
            Self::Backlog(stage, n) => {
                format!("{} has {n} more in its queue than before", stage.label())
            }
            Self::Fault(fault) => fault.clone(),
            Self::Deferred(n) => format!("n8n asked to be called later {n} times in a row"),
            Self::Call(id) => format!("nobody accepted the call for {id}"),
        }
    }
}

/// What somebody wants of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Send no row from here on.
    Pause,
    /// Send rows again.
    Resume,
    /// Never send what was not sent by now.
    Stop,
    /// Send so many a minute.
    Pace {
        /// Rows a minute.
        per_minute: u32,
        /// Equal failures in a row that stop it.
        brake: u32,
        /// Events a minute that a quiet stage is sent all the same.
        least: u32,
    },
}

/// Who drives a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// This program.
    Here,
    /// Another process on this machine.
    Elsewhere,
    /// Nobody.
    Nobody,
}
