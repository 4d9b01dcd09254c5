//! Stopping and retrying executions: when it can be proposed, and what.

use super::{Pane, State, executions, publish, rows};
use crate::{
    action::Action,
    domain::{
        pipeline::SideEffect,
        plan::{Mutation, Revision, RunTarget, unretriable, unstoppable},
        untrusted::Untrusted,
        workflow::{Execution, Workflow},
    },
    screens::Answer,
    store::Store,
};

/// The marked executions, or the selected one.
fn chosen<'a>(state: &State, store: &'a Store) -> Vec<&'a Execution> {
    let targets = state.executions.targets();
    targets
        .iter()
        .filter_map(|id| executions::find(store, id))
        .collect()
}

/// What speaks against doing `action` to an execution.
fn objection(action: Action) -> fn(&Execution) -> Option<&'static str> {
    if action == Action::StopExecutions {
        unstoppable
    } else {
        unretriable
    }
}

/// Why none of the chosen executions can be stopped or retried now; `None` if at least one can.
pub(super) fn refusal(state: &State, store: &Store, action: Action) -> Option<&'static str> {
    if let Some(reason) = publish::unreachable(store) {
        return Some(reason);
    }
    if state.pane == Pane::Workflows {
        return Some("select an execution first (tab)");
    }
    let mut first = None;
    for run in chosen(state, store) {
        let why = objection(action)(run)?;
        first.get_or_insert(why);
    }
    Some(first.unwrap_or("no execution is selected"))
}

/// The plan for those of the chosen executions that can be, and a word about those left out.
pub(super) fn propose(state: &State, store: &Store, action: Action) -> Vec<Answer> {
    let chosen = chosen(state, store);
    let of = chosen.len();
    let targets: Vec<RunTarget> = chosen
        .into_iter()
        .filter(|run| objection(action)(run).is_none())
        .map(|run| target(store, run))
        .collect();
    let mut answers = Vec::new();
    let left = of - targets.len();
    if left > 0 {
        let why = if action == Action::StopExecutions {
            "have ended"
        } else {
            "have not failed, or were mended"
        };
        answers.push(Answer::Say(format!("left out {left} of {of}: they {why}")));
    }
    if !targets.is_empty() {
        answers.push(Answer::Propose(if action == Action::StopExecutions {
            Mutation::StopExecutions(targets)
        } else {
            Mutation::RetryExecutions {
                targets,
                revision: Revision::Original,
            }
        }));
    }
    answers
}

fn target(store: &Store, run: &Execution) -> RunTarget {
    let workflow = rows::find(store, &run.workflow);
    RunTarget {
        id: run.id.clone(),
        workflow: workflow.map_or_else(
            || Untrusted::from(run.workflow.as_str()),
            |workflow| workflow.name.clone(),
        ),
        status: run.status.clone(),
        side_effect: workflow.map_or(SideEffect::PersonFacing, |workflow| worst(store, workflow)),
    }
}

/// The worst that a run of `workflow` may do outside; one that takes no event of the pipeline may do anything.
fn worst(store: &Store, workflow: &Workflow) -> SideEffect {
    let taker = rows::Taker {
        pipeline: &store.pipeline,
        workflow,
    };
    let effects: Vec<SideEffect> = taker.stages().map(|stage| stage.side_effect).collect();
    [
        SideEffect::PersonFacing,
        SideEffect::CrmWrite,
        SideEffect::PaidApi,
        SideEffect::Internal,
    ]
    .into_iter()
    .find(|effect| effects.contains(effect))
    .unwrap_or(SideEffect::PersonFacing)
}
