//! The executions that are shown, what a filter finds in them, what is copied of them.

use std::borrow::Cow;

use chrono::TimeDelta;

use super::{State, rows};
use crate::{
    domain::{
        Timestamp,
        event::RowId,
        filter::Filtered,
        untrusted::Untrusted,
        workflow::{Execution, ExecutionStatus},
    },
    screens::json::Object,
    store::Store,
};

/// An execution with its workflow, for the filter.
struct Named<'a> {
    run: &'a Execution,
    taker: Option<rows::Taker<'a>>,
}

impl Filtered for Named<'_> {
    fn texts(&self) -> Vec<Cow<'_, str>> {
        let mut texts = vec![
            self.run.id.as_str().into(),
            self.run.status.word().into(),
            self.run.mode.raw().into(),
        ];
        texts.extend(self.taker.map(|it| it.workflow.name.raw().into()));
        texts
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match name {
            "id" | "execution" | "exec" => self.run.id.as_str().into(),
            "workflow" | "name" => self.taker?.workflow.name.raw().into(),
            "stage" | "event" => {
                let found = self.taker?.field(name)?.into_owned();
                found.into()
            }
            "status" | "state" => self.run.status.word().into(),
            "mode" => self.run.mode.raw().into(),
            _ => return None,
        })
    }

    fn is(&self, is: &str) -> bool {
        match is {
            "failed" | "problem" => is_failure(self.run),
            "retried" => self.run.retry_success.is_some(),
            _ => self.run.status.word().eq_ignore_ascii_case(is),
        }
    }
}

/// The name of its workflow, if the list of workflows has it.
pub(super) fn name<'a>(store: &'a Store, run: &Execution) -> Option<&'a Untrusted> {
    rows::find(store, &run.workflow).map(|workflow| &workflow.name)
}

/// The executions that are shown, newest first.
pub(super) fn shown<'a>(state: &'a State, store: &'a Store) -> Vec<&'a Execution> {
    let all = store
        .executions
        .value()
        .into_iter()
        .flat_map(|it| &it.recent);
    let of_it = |run: &&Execution| state.only.as_ref().is_none_or(|only| run.workflow == *only);
    let empty = state.filter.is_empty();
    let matching = |run: &&Execution| {
        let workflow = rows::find(store, &run.workflow);
        let taker = workflow.map(|workflow| rows::taker(store, workflow));
        empty || state.filter.matches(&Named { run, taker }, store.clock)
    };
    all.filter(of_it).filter(matching).collect()
}

/// The keys of [`shown`].
pub(super) fn keys(state: &State, store: &Store) -> Vec<RowId> {
    let rows = shown(state, store);
    rows.into_iter().map(|run| run.id.clone()).collect()
}

/// The execution with this key.
pub(super) fn find<'a>(store: &'a Store, id: &RowId) -> Option<&'a Execution> {
    store.executions.value()?.find(id)
}

/// Whether it ended badly.
pub(super) const fn is_failure(run: &Execution) -> bool {
    matches!(
        run.status,
        ExecutionStatus::Error | ExecutionStatus::Crashed
    )
}

/// Whether it runs.
pub(super) const fn is_running(run: &Execution) -> bool {
    matches!(run.status, ExecutionStatus::Running)
}

/// How long it ran, or has run by `now`; `None` before it starts.
pub(super) fn duration(run: &Execution, now: Timestamp) -> Option<TimeDelta> {
    let started = run.started_at?;
    let ended = match run.status {
        ExecutionStatus::Running | ExecutionStatus::New => Some(now),
        ExecutionStatus::Waiting
        | ExecutionStatus::Success
        | ExecutionStatus::Error
        | ExecutionStatus::Canceled
        | ExecutionStatus::Crashed
        | ExecutionStatus::Other(_) => run.stopped_at,
    };
    Some((ended? - started).max(TimeDelta::zero()))
}

/// The execution as one line of JSON.
pub(super) fn json(store: &Store, run: &Execution) -> String {
    let other = |id: &Option<RowId>| id.as_ref().map(|id| Untrusted::from(id.as_str()));
    Object::default()
        .text("id", run.id.as_str())
        .text("workflowId", run.workflow.as_str())
        .untrusted("workflow", name(store, run))
        .text("status", run.status.word())
        .untrusted("mode", Some(&run.mode))
        .moment("startedAt", run.started_at)
        .moment("stoppedAt", run.stopped_at)
        .untrusted("retryOf", other(&run.retry_of).as_ref())
        .untrusted("retrySuccessId", other(&run.retry_success).as_ref())
        .end()
}
