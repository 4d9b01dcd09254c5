//! Workflows and executions of n8n.

use serde::{Deserialize, Serialize};

use super::{Timestamp, event::RowId, untrusted::Untrusted};

/// A workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workflow {
    /// Its key.
    pub id: RowId,
    /// Its name.
    pub name: Untrusted,
    /// Whether it is published. That is no proof that it listens (n8n#34038).
    pub active: bool,
    /// Whether it is archived.
    pub archived: bool,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// The paths of its webhooks.
    pub webhooks: Vec<Untrusted>,
}

/// How an execution stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ExecutionStatus {
    /// Queued, not started.
    New,
    /// Running.
    Running,
    /// Paused.
    Waiting,
    /// Ended well.
    Success,
    /// Failed.
    Error,
    /// Stopped by someone.
    Canceled,
    /// n8n died under it.
    Crashed,
    /// A word this program does not know.
    Other(Untrusted),
}

impl ExecutionStatus {
    /// Its word, as it is shown; one of the site's own comes as it is.
    pub fn word(&self) -> &str {
        match self {
            Self::New => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Success => "success",
            Self::Error => "error",
            Self::Canceled => "canceled",
            Self::Crashed => "crashed",
            Self::Other(word) => word.raw(),
        }
    }
}

/// An execution of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// Its key; n8n counts up over all workflows.
    pub id: RowId,
    /// Its workflow's key.
    pub workflow: RowId,
    /// How it stands.
    pub status: ExecutionStatus,
    /// How it was started: `webhook`, `trigger`, `retry`, `error`, …
    pub mode: Untrusted,
    /// When it started; `None` while queued.
    pub started_at: Option<Timestamp>,
    /// When it ended; for a waiting one, when it paused.
    pub stopped_at: Option<Timestamp>,
    /// The execution it tries again.
    pub retry_of: Option<RowId>,
    /// The retry of it that ended well.
    pub retry_success: Option<RowId>,
}

/// n8n lists this many executions at once: where there are as many, there may be more.
pub const LISTED: u64 = 250;

/// How many executions there are of some kind, in words: `250+` where the list may have been cut.
pub fn listed(n: u64) -> String {
    let more = if n >= LISTED { "+" } else { "" };
    format!("{n}{more}")
}

/// The executions of one poll.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Executions {
    /// The newest, newest first, running ones included.
    pub recent: Vec<Execution>,
    /// How many run now, up to [`LISTED`]; `None` where the server is too old to say.
    pub running: Option<u64>,
    /// How many wait in the queue, up to [`LISTED`].
    pub queued: u64,
}

impl Executions {
    /// The execution with this key, if it is among the recent ones.
    pub fn find(&self, id: &RowId) -> Option<&Execution> {
        self.recent.iter().find(|execution| execution.id == *id)
    }
}

/// What the server lets our key do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The scopes, if the server can tell (`/discover`, from about 2.20); `None` means unknown.
    pub scopes: Option<Vec<String>>,
    /// Requests left in the present rate window, if the server says (from 2.47).
    pub requests_left: Option<u64>,
}

impl Access {
    /// Whether the key may do `scope`, as far as is known.
    pub fn may(&self, scope: &str) -> bool {
        self.scopes
            .as_ref()
            .is_none_or(|scopes| scopes.iter().any(|s| s == scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fills_a_page_is_called_at_least_that_many() {
        assert_eq!(listed(0), "0");
        assert_eq!(listed(LISTED - 1), "249");
        assert_eq!(listed(LISTED), "250+");
    }
}
