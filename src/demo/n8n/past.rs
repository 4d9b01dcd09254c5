//! Executions from before the stand-in lived. A server that forgot them all could tell nobody how long a workflow has been
//! silent.

use serde_json::Value;

use super::{ExecutionId, Failure, N8n, Run, Status};
use crate::domain::Timestamp;

/// A run that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRun {
    /// Its key.
    pub execution: ExecutionId,
    /// The production webhook that started it.
    pub webhook: &'static str,
    /// The body it was started with.
    pub body: Value,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub stopped_at: Timestamp,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}

impl N8n {
    /// Puts `past` in the place of every execution that has ended; those under way stay. A run of a webhook that no
    /// workflow has is left out.
    pub fn remember(&mut self, past: Vec<PastRun>) {
        self.runs.retain(|_, run| !run.status.has_ended());
        for past in past {
            let Some(workflow) = self.workflow_of(past.webhook) else {
                continue;
            };
            let id = past.execution.0;
            self.next_execution = self.next_execution.max(id + 1);
            self.runs.entry(id).or_insert(Run {
                id,
                workflow,
                webhook: past.webhook,
                retry_of: None,
                retry_success: None,
                status: if past.failure.is_some() {
                    Status::Error
                } else {
                    Status::Success
                },
                created_at: past.started_at,
                started_at: Some(past.started_at),
                stopped_at: Some(past.stopped_at),
                body: past.body,
                failure: past.failure,
            });
        }
        self.prune();
    }
}
