//! Executions of n8n that a plan is about.

use serde::{Deserialize, Serialize};

use super::super::{
    event::RowId,
    pipeline::SideEffect,
    untrusted::Untrusted,
    workflow::{Execution, ExecutionStatus},
};

/// An execution to stop or to retry, in the state it was shown in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunTarget {
    /// Its key.
    pub id: RowId,
    /// The name of its workflow, or its key where the name is not known.
    pub workflow: Untrusted,
    /// The status it was shown with; one that has another by now is skipped.
    pub status: ExecutionStatus,
    /// What a run of its workflow does outside.
    pub side_effect: SideEffect,
}

/// The version of its workflow that an execution is retried with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revision {
    /// The one that failed.
    Original,
    /// The one that is saved now.
    Latest,
}

impl Revision {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Original => Self::Latest,
            Self::Latest => Self::Original,
        }
    }

    /// What it is called in a plan.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Original => "the workflow as it was when it failed",
            Self::Latest => "the workflow as it is saved now",
        }
    }
}

/// Why an execution cannot be stopped, if it cannot.
pub const fn unstoppable(run: &Execution) -> Option<&'static str> {
    match run.status {
        ExecutionStatus::New | ExecutionStatus::Running | ExecutionStatus::Waiting => None,
        ExecutionStatus::Success
        | ExecutionStatus::Error
        | ExecutionStatus::Canceled
        | ExecutionStatus::Crashed => Some("this execution has ended: there is nothing to stop"),
        ExecutionStatus::Other(_) => {
            Some("its status is a word that outpost does not know, so it is left alone")
        }
    }
}

/// Why an execution may not be retried, if it may not. n8n itself would let a waiting one jump over its wait, and one that
/// a retry has mended run a second time.
pub const fn unretriable(run: &Execution) -> Option<&'static str> {
    match run.status {
        ExecutionStatus::Error | ExecutionStatus::Crashed if run.retry_success.is_some() => {
            Some("a retry has mended this execution: another would do its work a second time")
        }
        ExecutionStatus::Error | ExecutionStatus::Crashed => None,
        ExecutionStatus::New | ExecutionStatus::Running => {
            Some("this execution has not ended: it is retried when it has failed")
        }
        ExecutionStatus::Waiting => Some("this execution waits: a retry would jump over its wait"),
        ExecutionStatus::Success => {
            Some("this execution ended well: a retry would do its work a second time")
        }
        ExecutionStatus::Canceled => {
            Some("somebody stopped this execution: retry its event instead, if it must run")
        }
        ExecutionStatus::Other(_) => {
            Some("its status is a word that outpost does not know, so it is left alone")
        }
    }
}
