//! What a mutation is called.

use super::{Mutation, Strategy, Table};
use crate::domain::{triage, untrusted::Untrusted};

impl Mutation {
    /// Its name in the audit log.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RetryEvents(_) => "retry_events",
            Self::DeleteClones(_) => "delete_clones",
            Self::Purge(_) => "purge",
            Self::Note { .. } => "note",
            Self::ResolveErrors { .. } => "resolve_errors",
            Self::ReopenErrors { .. } => "reopen_errors",
            Self::SetWorkflowActive { .. } => "set_workflow_active",
            Self::BounceWorkflow { .. } => "bounce_workflow",
            Self::StopExecutions(_) => "stop_executions",
            Self::RetryExecutions { .. } => "retry_executions",
            Self::InsertEvent(_) => "insert_event",
            Self::DeleteTestEvents { .. } => "delete_test_events",
            Self::Triage { deed, .. } => deed.name(),
        }
    }

    /// What it would do: `retry 3 events`, `deactivate workflow CRM Syncer`.
    pub fn words(&self) -> String {
        let n = self.len();
        let plural = if n == 1 { "" } else { "s" };
        match self {
            Self::RetryEvents(retry) => {
                let how = match retry.strategy {
                    Strategy::Requeue => "",
                    Strategy::Clone => " by a clone each",
                    Strategy::Webhook => " by webhook",
                };
                format!("retry {n} event{plural}{how}")
            }
            Self::DeleteClones(_) => format!("delete {n} clone{plural}"),
            Self::Note { note } => {
                format!("note {:?}", Untrusted::from(note.as_str()).display_cut(60))
            }
            Self::Purge(purge) => {
                let days = |table| purge.before(table).format("%Y-%m-%d");
                format!(
                    "purge events processed before {} and errors resolved before {}",
                    days(Table::Events),
                    days(Table::Errors)
                )
            }
            Self::ResolveErrors { .. } => format!("resolve {n} error{plural}"),
            Self::ReopenErrors { .. } => format!("reopen {n} error{plural}"),
            Self::SetWorkflowActive { name, active, .. } => {
                let verb = if *active { "activate" } else { "deactivate" };
                format!("{verb} workflow {}", name.display_cut(60))
            }
            Self::BounceWorkflow { name, .. } => {
                format!("bounce workflow {}", name.display_cut(60))
            }
            Self::StopExecutions(_) => format!("stop {n} execution{plural}"),
            Self::RetryExecutions { .. } => format!("retry {n} execution{plural}"),
            Self::InsertEvent(event) => format!("insert a test event {}", event.stage.label()),
            Self::DeleteTestEvents { .. } => format!("delete {n} test event{plural}"),
            Self::Triage { deed, targets, .. } => triage::words(*deed, targets),
        }
    }
}
