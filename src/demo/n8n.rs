//! A stand-in for n8n 2.41: its state as plain data, and its answers as JSON. No IO and no clock: a request and
//! the time are arguments, and what a request does to the world comes back as [`Wish`]es.
//!
//! The bodies follow answers recorded from a real server (`tests/fixtures/n8n/`); a test compares them field by
//! field. Whoever owns the world tells it of runs by [`N8n::deliver`] and [`N8n::finish`].

mod catalogue;
mod discover;
mod executions;
mod json;
mod past;
mod query;
mod routes;
mod run_data;
mod workflows;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::Timestamp;
use catalogue::Workflow;

pub use past::PastRun;

/// How many executions are kept; older ones that ended are pruned, as n8n Cloud does.
pub const KEPT_EXECUTIONS: usize = 2_500;

/// The scopes a console needs to do all it can.
pub const CONSOLE_SCOPES: [&str; 11] = [
    "execution:list",
    "execution:read",
    "insights:read",
    "tag:list",
    "workflow:list",
    "workflow:read",
    "workflow:activate",
    "workflow:deactivate",
    "execution:retry",
    "execution:stop",
    "execution:delete",
];

/// A request as n8n sees it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, still percent-encoded.
    pub path: String,
    /// What stands after the `?`.
    pub query: String,
    /// The header `X-N8N-API-KEY`.
    pub key: Option<String>,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The header `Content-Type`.
    pub content_type: &'static str,
    /// Whether the endpoint is deprecated, which n8n says in a header.
    pub deprecated: bool,
    /// The body.
    pub body: Vec<u8>,
}

/// When an answer is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// At once.
    Now(Response),
    /// When this execution has ended: ask [`N8n::retried`] then.
    WhenEnded(ExecutionId),
}

/// What a request did that the world must carry out.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// A workflow, by name, now takes events.
    Activated(&'static str),
    /// A workflow, by name, no longer takes events.
    Deactivated(&'static str),
    /// `execution` has started; it tries `of` again with the same input.
    Retry {
        /// The new execution, running.
        execution: ExecutionId,
        /// The one it tries again.
        of: ExecutionId,
    },
    /// An execution was stopped: whatever it was doing must end here.
    Stop(ExecutionId),
    /// Somebody called a production webhook over HTTP; `execution` has started.
    Called {
        /// The new execution, running.
        execution: ExecutionId,
        /// The webhook's path.
        webhook: &'static str,
        /// The body sent.
        body: Value,
    },
}

/// The key of an execution; n8n counts up over all workflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecutionId(pub i64);

/// Why a webhook did not take an event: nobody listens there, whatever `active` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the webhook is not registered")]
pub struct NotRegistered;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Well.
    Success,
    /// With this failure of the node that does the workflow's work.
    Error(Failure),
}

/// What a node said when it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// n8n's prose, such as `The service refused the connection - perhaps it is offline`.
    pub message: String,
    /// What lies under it, such as `connect ECONNREFUSED 127.0.0.1:9`, if anything.
    pub cause: Option<String>,
    /// `404`, `ECONNREFUSED`, … if the node made an HTTP call.
    pub http_code: Option<String>,
}

/// How an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// In the queue.
    New,
    /// Running.
    Running,
    /// Ended well.
    Success,
    /// Failed.
    Error,
    /// Stopped.
    Canceled,
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Running => "running",
            Self::Success => "success",
            Self::Error => "error",
            Self::Canceled => "canceled",
        }
    }

    const fn has_ended(self) -> bool {
        match self {
            Self::New | Self::Running => false,
            Self::Success | Self::Error | Self::Canceled => true,
        }
    }
}

/// One execution.
#[derive(Debug, Clone)]
struct Run {
    id: i64,
    workflow: usize,
    webhook: &'static str,
    retry_of: Option<i64>,
    retry_success: Option<i64>,
    status: Status,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    stopped_at: Option<Timestamp>,
    body: Value,
    failure: Option<Failure>,
}

/// The stand-in.
#[derive(Debug)]
pub struct N8n {
    key: String,
    scopes: Vec<String>,
    born_at: Timestamp,
    workflows: Vec<Workflow>,
    runs: BTreeMap<i64, Run>,
    next_execution: i64,
    next_publication: i64,
}

impl N8n {
    /// An n8n with every workflow of the pipeline, all active since `born_at`, which lets in whoever has `key`.
    /// Its first execution has the number `first`.
    pub fn new(key: &str, first: ExecutionId, born_at: Timestamp) -> Self {
        let workflows = catalogue::workflows(born_at);
        Self {
            key: key.to_owned(),
            scopes: CONSOLE_SCOPES.map(str::to_owned).to_vec(),
            born_at,
            next_publication: 1 + workflows.len() as i64,
            workflows,
            runs: BTreeMap::new(),
            next_execution: first.0,
        }
    }

    /// Gives the key other scopes than [`CONSOLE_SCOPES`].
    #[must_use]
    pub fn with_scopes(mut self, scopes: &[&str]) -> Self {
        self.scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        self
    }

    /// The name of the node that does the work of `workflow`.
    pub fn working_node(&self, workflow: &str) -> Option<&'static str> {
        let found = self.workflows.iter().find(|it| it.name == workflow);
        found.map(|it| it.work.name)
    }

    /// Whether a workflow, by name, is published. It may still be deaf.
    pub fn is_active(&self, workflow: &str) -> bool {
        self.workflows
            .iter()
            .any(|w| w.name == workflow && w.active)
    }

    /// Whether anybody listens at a webhook.
    pub fn hears(&self, webhook: &str) -> bool {
        self.workflow_of(webhook)
            .and_then(|at| self.workflows.get(at))
            .is_some_and(|w| w.active && !w.deaf)
    }

    /// Makes a workflow, by name, deaf or hearing: a deaf one is active, but its webhooks are not registered.
    /// Deactivating and activating it heals it.
    pub fn set_deaf(&mut self, workflow: &str, deaf: bool) {
        for found in self.workflows.iter_mut().filter(|w| w.name == workflow) {
            found.deaf = deaf;
        }
    }

    /// Delivers an event to a webhook and starts a run at once. `body` is an object with `event_id`,
    /// `event_type` and `record_id`, which the run remembers as n8n's custom data.
    pub fn deliver(
        &mut self,
        webhook: &str,
        body: Value,
        at: Timestamp,
    ) -> Result<ExecutionId, NotRegistered> {
        let execution = self.enqueue(webhook, body, at)?;
        self.begin(execution, at);
        Ok(execution)
    }

    /// Delivers an event to a webhook, but leaves the run in the queue, as n8n does at its limit of concurrent
    /// runs, until [`Self::begin`].
    pub fn enqueue(
        &mut self,
        webhook: &str,
        body: Value,
        at: Timestamp,
    ) -> Result<ExecutionId, NotRegistered> {
        let workflow = self.workflow_of(webhook).ok_or(NotRegistered)?;
        let path = self
            .workflows
            .get(workflow)
            .filter(|w| w.active && !w.deaf)
            .and_then(|w| w.webhooks.iter().copied().find(|path| *path == webhook))
            .ok_or(NotRegistered)?;
        Ok(self.add(workflow, path, None, body, at))
    }

    /// Starts a queued run; does nothing to others.
    pub fn begin(&mut self, execution: ExecutionId, at: Timestamp) {
        if let Some(run) = self.runs.get_mut(&execution.0)
            && run.status == Status::New
        {
            run.status = Status::Running;
            run.started_at = Some(at);
        }
    }

    /// Ends a run that is running; a run that was stopped or deleted in the meantime stays as it is.
    pub fn finish(&mut self, execution: ExecutionId, ending: Ending, at: Timestamp) {
        let Some(run) = self.runs.get_mut(&execution.0) else {
            return;
        };
        if run.status != Status::Running {
            return;
        }
        run.stopped_at = Some(at);
        let retry_of = run.retry_of;
        match ending {
            Ending::Success => {
                run.status = Status::Success;
                let tried = retry_of.and_then(|of| self.runs.get_mut(&of));
                if let Some(original) = tried {
                    original.retry_success = Some(execution.0);
                }
            }
            Ending::Error(failure) => {
                run.status = Status::Error;
                run.failure = Some(failure);
            }
        }
    }

    /// How an execution stands, if it is still kept.
    pub fn status(&self, execution: ExecutionId) -> Option<Status> {
        self.runs.get(&execution.0).map(|run| run.status)
    }

    /// The workflow, by name, and the body an execution was started with, if it is still kept.
    pub fn input(&self, execution: ExecutionId) -> Option<(&'static str, &Value)> {
        let run = self.runs.get(&execution.0)?;
        let workflow = self.workflows.get(run.workflow)?;
        Some((workflow.name, &run.body))
    }

    /// The answer to a retry, once the retried run has ended.
    pub fn retried(&self, execution: ExecutionId) -> Option<Response> {
        match self.runs.get(&execution.0) {
            None => Some(Response::message(404, "Not Found")),
            Some(run) if run.status.has_ended() => Some(Response::json(200, &self.retry_json(run))),
            Some(_) => None,
        }
    }

    fn add(
        &mut self,
        workflow: usize,
        webhook: &'static str,
        retry_of: Option<i64>,
        body: Value,
        at: Timestamp,
    ) -> ExecutionId {
        let id = self.next_execution;
        self.next_execution += 1;
        self.runs.insert(
            id,
            Run {
                id,
                workflow,
                webhook,
                retry_of,
                retry_success: None,
                status: Status::New,
                created_at: at,
                started_at: None,
                stopped_at: None,
                body,
                failure: None,
            },
        );
        self.prune();
        ExecutionId(id)
    }

    fn prune(&mut self) {
        while self.runs.len() > KEPT_EXECUTIONS {
            let oldest = self.runs.values().find(|run| run.status.has_ended());
            let Some(id) = oldest.map(|run| run.id) else {
                return;
            };
            self.runs.remove(&id);
        }
    }

    fn workflow_of(&self, webhook: &str) -> Option<usize> {
        self.workflows
            .iter()
            .position(|w| w.webhooks.contains(&webhook))
    }
}
