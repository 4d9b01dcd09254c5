//! n8n: its workflows, and what they executed lately.

mod executions;
mod publish;
mod rows;
mod runs;
mod view;

pub use view::view;

use crate::{
    action::{Action, ScreenId},
    domain::{event::RowId, filter::Filter},
    screens::{Answer, cursor::Cursor},
    store::Store,
};

/// The pane that has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Pane {
    /// The workflows.
    #[default]
    Workflows,
    /// The executions.
    Executions,
}

pub use rows::VOCABULARY;

/// What the operator chose here.
#[derive(Debug, Default)]
pub struct State {
    /// Which rows are shown.
    pub filter: Filter,
    pane: Pane,
    workflows: Cursor<RowId>,
    executions: Cursor<RowId>,
    /// The workflow whose executions are shown; those of every one if none.
    only: Option<RowId>,
}

/// Does `action`; the list shows `page` rows.
pub fn update(state: &mut State, store: &Store, action: Action, page: usize) -> Vec<Answer> {
    let keys = keys(state, store);
    if cursor(state).act(action, &keys, page) {
        return Vec::new();
    }
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other action is not about this screen"
    )]
    match action {
        Action::NextPane | Action::PreviousPane => {
            state.pane = match state.pane {
                Pane::Workflows => Pane::Executions,
                Pane::Executions => Pane::Workflows,
            };
            settle(state, store);
            Vec::new()
        }
        Action::NextProblem | Action::PreviousProblem => {
            seek(state, store, &keys, action == Action::NextProblem)
        }
        Action::Open => open(state, store),
        Action::Inspect => {
            let selected = state.executions.selected().cloned();
            selected.map(Answer::OpenRun).into_iter().collect()
        }
        Action::Copy => vec![Answer::Copy(copy(state, store))],
        Action::Publish => publish::propose(state, store),
        Action::StopExecutions | Action::RetryExecutions => runs::propose(state, store, action),
        _ => Vec::new(),
    }
}

fn keys(state: &State, store: &Store) -> Vec<RowId> {
    match state.pane {
        Pane::Workflows => rows::keys(state, store),
        Pane::Executions => executions::keys(state, store),
    }
}

const fn cursor(state: &mut State) -> &mut Cursor<RowId> {
    match state.pane {
        Pane::Workflows => &mut state.workflows,
        Pane::Executions => &mut state.executions,
    }
}

fn seek(state: &mut State, store: &Store, keys: &[RowId], forward: bool) -> Vec<Answer> {
    let pane = state.pane;
    let is_problem = |id: &RowId| match pane {
        Pane::Workflows => rows::find(store, id).is_some_and(|row| rows::is_problem(store, row)),
        Pane::Executions => executions::find(store, id).is_some_and(executions::is_failure),
    };
    if cursor(state).seek(keys, forward, is_problem) {
        return Vec::new();
    }
    vec![Answer::Say(match pane {
        Pane::Workflows => "no workflow shown here is off or failing".to_owned(),
        Pane::Executions => "no execution shown here has failed".to_owned(),
    })]
}

/// A workflow opens its executions, or those of all again; an execution opens the events it took.
fn open(state: &mut State, store: &Store) -> Vec<Answer> {
    match state.pane {
        Pane::Workflows => {
            let selected = state.workflows.selected().cloned();
            if state.only == selected {
                state.only = None;
            } else {
                state.only = selected;
                state.pane = Pane::Executions;
            }
            settle(state, store);
            Vec::new()
        }
        Pane::Executions => {
            let Some(id) = state.executions.selected() else {
                return Vec::new();
            };
            let names_it = store.stream.newest().any(|row| {
                let execution = row.execution.as_ref();
                execution.is_some_and(|execution| execution.raw() == id.as_str())
            });
            if names_it {
                vec![Answer::Go(
                    ScreenId::Stream,
                    Some(format!("execution:{id}")),
                )]
            } else {
                vec![Answer::Say(format!(
                    "no event in the stream names execution {id}"
                ))]
            }
        }
    }
}

fn copy(state: &State, store: &Store) -> String {
    let lines: Vec<String> = match state.pane {
        Pane::Workflows => {
            let targets = state.workflows.targets();
            let found = targets.iter().filter_map(|id| rows::find(store, id));
            found.map(rows::json).collect()
        }
        Pane::Executions => {
            let targets = state.executions.targets();
            let found = targets.iter().filter_map(|id| executions::find(store, id));
            found.map(|row| executions::json(store, row)).collect()
        }
    };
    lines.join("\n")
}

/// Makes the selection valid again.
pub fn settle(state: &mut State, store: &Store) {
    if let Some(only) = &state.only
        && store.workflows.value().is_some()
        && rows::find(store, only).is_none()
    {
        state.only = None;
    }
    let workflows = rows::keys(state, store);
    state.workflows.settle(&workflows);
    let executions = executions::keys(state, store);
    state.executions.settle(&executions);
}

/// Why `action` cannot be done here now, if it cannot.
pub fn refusal(state: &State, store: &Store, action: Action) -> Option<&'static str> {
    match (action, state.pane) {
        (Action::Publish, _) => publish::refusal(state, store),
        (Action::StopExecutions | Action::RetryExecutions, _) => {
            runs::refusal(state, store, action)
        }
        (Action::Inspect, Pane::Workflows) => Some("select an execution first (tab)"),
        (Action::Inspect, Pane::Executions) => {
            let none = state.executions.selected().is_none();
            none.then_some("no execution is selected")
        }
        (Action::NextPane | Action::PreviousPane, _) => None,
        (_, Pane::Workflows) => state.workflows.refusal(action, "no workflow is selected"),
        (_, Pane::Executions) => state.executions.refusal(action, "no execution is selected"),
    }
}
