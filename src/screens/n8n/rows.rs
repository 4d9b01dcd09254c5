//! The workflows that are shown, what a filter finds in them, what is known of each.

use std::borrow::Cow;

use super::{State, executions};
use crate::{
    domain::{
        Timestamp,
        event::RowId,
        filter::{Field, Filtered, Vocabulary},
        pipeline::{Pipeline, Stage},
        untrusted::Untrusted,
        workflow::{Execution, Workflow},
    },
    screens::json::Object,
    store::Store,
};

/// What the filter of this screen understands.
pub const VOCABULARY: Vocabulary = Vocabulary {
    fields: &[
        Field::text(&["workflow", "name"]),
        Field::text(&["stage", "event"]),
        Field::text(&["status", "state"]),
        Field::text(&["webhook"]),
        Field::text(&["mode"]),
        Field::text(&["id"]),
        Field::text(&["execution", "exec"]),
    ],
    words: &[
        "active", "on", "inactive", "off", "archived", "failed", "problem", "retried", "queued",
        "new", "running", "waiting", "success", "error", "canceled", "crashed",
    ],
    own: None,
    is_timed: false,
};

/// A workflow and the pipeline it works for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taker<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) workflow: &'a Workflow,
}

impl Filtered for Taker<'_> {
    fn texts(&self) -> Vec<Cow<'_, str>> {
        let it = self.workflow;
        let mut texts: Vec<Cow<'_, str>> = vec![it.id.as_str().into(), it.name.raw().into()];
        texts.extend(it.webhooks.iter().map(|hook| Cow::from(hook.raw())));
        texts.extend(self.stages().map(|stage| Cow::from(stage.event.as_str())));
        texts
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        let joined = |words: Vec<&str>| Cow::from(words.join(" "));
        let it = self.workflow;
        Some(match name {
            "id" => it.id.as_str().into(),
            "workflow" | "name" => it.name.raw().into(),
            "stage" | "event" => joined(self.stages().map(|stage| stage.event.as_str()).collect()),
            "webhook" => joined(it.webhooks.iter().map(Untrusted::raw).collect()),
            "status" | "state" => if it.active { "active" } else { "off" }.into(),
            _ => return None,
        })
    }

    fn is(&self, word: &str) -> bool {
        match word {
            "active" | "on" => self.workflow.active,
            "inactive" | "off" => !self.workflow.active,
            "archived" => self.workflow.archived,
            _ => false,
        }
    }
}

impl<'a> Taker<'a> {
    /// The stages whose events this workflow takes: by its name, else by a webhook of the stage's path.
    pub(super) fn stages(self) -> impl Iterator<Item = &'a Stage> {
        let workflow = self.workflow;
        self.pipeline.stages.iter().filter(move |stage| {
            let webhook = stage.webhook.trim_matches('/');
            let hears = |hook: &Untrusted| hook.raw().trim_matches('/').ends_with(webhook);
            let name = workflow.name.raw().trim();
            name.eq_ignore_ascii_case(&stage.workflow) || workflow.webhooks.iter().any(hears)
        })
    }
}

/// `workflow` with the pipeline of `store`.
pub(super) fn taker<'a>(store: &'a Store, workflow: &'a Workflow) -> Taker<'a> {
    Taker {
        pipeline: &store.pipeline,
        workflow,
    }
}

/// The workflows that are shown, by name, archived ones last.
pub(super) fn shown<'a>(state: &State, store: &'a Store) -> Vec<&'a Workflow> {
    let all = store.workflows.value().into_iter().flatten();
    let mut rows: Vec<&Workflow> = all
        .filter(|row| state.filter.matches(&taker(store, row), store.clock))
        .collect();
    rows.sort_by_key(|row| row.archived);
    rows
}

/// The keys of [`shown`].
pub(super) fn keys(state: &State, store: &Store) -> Vec<RowId> {
    let rows = shown(state, store);
    rows.into_iter().map(|row| row.id.clone()).collect()
}

/// The workflow with this key.
pub(super) fn find<'a>(store: &'a Store, id: &RowId) -> Option<&'a Workflow> {
    let mut all = store.workflows.value().into_iter().flatten();
    all.find(|row| row.id == *id)
}

/// What the executions of the last poll tell of a workflow.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Activity {
    /// When it ran last.
    pub(super) last: Option<Timestamp>,
    /// Whether that run failed.
    pub(super) last_failed: bool,
    /// Runs that started in the last hour; a lower bound where the poll does not reach back that far.
    pub(super) runs_1h: u64,
    /// Of those, failed.
    pub(super) failed_1h: u64,
    /// Running now.
    pub(super) running: u64,
}

/// What the executions tell of the workflow with this key, as of the poll.
pub(super) fn activity(store: &Store, id: &RowId) -> Activity {
    let mut activity = Activity::default();
    let Some(polled) = store.executions.at() else {
        return activity;
    };
    let all = store
        .executions
        .value()
        .into_iter()
        .flat_map(|it| &it.recent);
    for run in all.filter(|run| run.workflow == *id) {
        activity.running += u64::from(executions::is_running(run));
        let Some(started) = run.started_at else {
            continue;
        };
        if (polled - started).num_seconds() <= 3600 {
            activity.runs_1h += 1;
            activity.failed_1h += u64::from(executions::is_failure(run));
        }
        if activity.last.is_none_or(|last| started > last) {
            activity.last = Some(started);
            activity.last_failed = executions::is_failure(run);
        }
    }
    activity
}

/// Whether the poll reaches back an hour, so that counts of the hour are whole.
pub(super) fn reaches_an_hour(store: &Store) -> bool {
    let Some((polled, executions)) = store.executions.at().zip(store.executions.value()) else {
        return false;
    };
    let started = executions
        .recent
        .iter()
        .filter_map(|run: &Execution| run.started_at);
    started
        .min()
        .is_some_and(|oldest| (polled - oldest).num_seconds() > 3600)
}

/// Whether someone should look at this workflow: it feeds a stage and is off, or its last run failed.
pub(super) fn is_problem(store: &Store, row: &Workflow) -> bool {
    let off = !row.active && taker(store, row).stages().next().is_some();
    !row.archived && (off || activity(store, &row.id).last_failed)
}

/// The workflow as one line of JSON.
pub(super) fn json(row: &Workflow) -> String {
    let webhooks: Vec<String> = row.webhooks.iter().map(Untrusted::json).collect();
    Object::default()
        .text("id", row.id.as_str())
        .untrusted("name", Some(&row.name))
        .raw("active", if row.active { "true" } else { "false" })
        .raw("archived", if row.archived { "true" } else { "false" })
        .moment("updated_at", row.updated_at)
        .raw("webhooks", &format!("[{}]", webhooks.join(",")))
        .end()
}
