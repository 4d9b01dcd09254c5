//! A frozen set of changes, shown before anything runs, and what became of it.

use serde::{Deserialize, Serialize};

use super::{
    Timestamp,
    event::{EventType, RowId},
    untrusted::Untrusted,
};

/// An event to retry, in the state it was shown in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTarget {
    /// Its key.
    pub id: RowId,
    /// Its stage.
    pub stage: EventType,
    /// The status it was shown with, in the database's own word; a row that has another by now is skipped.
    pub raw_status: Untrusted,
    /// The retry count it was shown with; a row that has another by now is skipped.
    pub retries: u32,
}

/// A change to the outside world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mutation {
    /// Set events to pending again and notify.
    RetryEvents(Vec<EventTarget>),
    /// Mark errors as resolved, with a note.
    ResolveErrors {
        /// The errors, all unresolved when shown.
        ids: Vec<RowId>,
        /// Why, in the operator's words; not empty.
        note: String,
    },
    /// Activate or deactivate a workflow.
    SetWorkflowActive {
        /// Its key.
        id: RowId,
        /// Its name.
        name: Untrusted,
        /// What it is to become; it was the other when shown.
        active: bool,
    },
}

/// A mutation as it is shown, and exactly as it will run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What will change.
    pub mutation: Mutation,
    /// When the set was frozen.
    pub frozen_at: Timestamp,
}

/// What became of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Rows changed.
    pub done: Vec<RowId>,
    /// Rows left alone, and why.
    pub skipped: Vec<(RowId, String)>,
    /// Whether a line was written to the audit table; the audit file has one in any case.
    pub audited_in_database: bool,
}

impl Mutation {
    /// How many rows it would change.
    pub const fn len(&self) -> usize {
        match self {
            Self::RetryEvents(targets) => targets.len(),
            Self::ResolveErrors { ids, .. } => ids.len(),
            Self::SetWorkflowActive { .. } => 1,
        }
    }

    /// Whether it would change nothing.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it would do: `retry 3 events`, `deactivate workflow CRM Syncer`.
    pub fn words(&self) -> String {
        let n = self.len();
        let plural = if n == 1 { "" } else { "s" };
        match self {
            Self::RetryEvents(_) => format!("retry {n} event{plural}"),
            Self::ResolveErrors { .. } => format!("resolve {n} error{plural}"),
            Self::SetWorkflowActive { name, active, .. } => {
                let verb = if *active { "activate" } else { "deactivate" };
                format!("{verb} workflow {}", name.display_cut(60))
            }
        }
    }
}
