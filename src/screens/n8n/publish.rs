//! Activating and deactivating a workflow: when it can be proposed, and what.

use super::{Pane, State, rows};
use crate::{
    domain::{plan::Mutation, workflow::Workflow},
    msg::{Fault, Link},
    screens::Answer,
    store::Store,
};

fn selected<'a>(state: &State, store: &'a Store) -> Option<&'a Workflow> {
    rows::find(store, state.workflows.selected()?)
}

/// Why n8n cannot be told anything now, if it cannot.
pub(super) const fn unreachable(store: &Store) -> Option<&'static str> {
    match &store.n8n {
        Link::Off(_) => Some("n8n is not set up: give N8N_BASE_URL and N8N_API_KEY"),
        Link::Down { fault, .. } => Some(down(fault)),
        Link::Connecting | Link::Up(..) | Link::Deaf(..) => None,
    }
}

/// Why the selected workflow cannot be activated or deactivated now, if it cannot.
pub(super) fn refusal(state: &State, store: &Store) -> Option<&'static str> {
    if let Some(reason) = unreachable(store) {
        return Some(reason);
    }
    if state.pane == Pane::Executions {
        return Some("select a workflow first (tab)");
    }
    let Some(workflow) = selected(state, store) else {
        return Some("no workflow is selected");
    };
    if workflow.archived {
        return Some("this workflow is archived: restore it in n8n first");
    }
    let access = store.access.value();
    let may = |scope: &str| access.is_none_or(|access| access.may(scope));
    if workflow.active && !may("workflow:deactivate") {
        return Some("the n8n key lacks the scope workflow:deactivate");
    }
    if !workflow.active && !may("workflow:activate") {
        return Some("the n8n key lacks the scope workflow:activate");
    }
    None
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other fault means the same here"
)]
const fn down(fault: &Fault) -> &'static str {
    match fault {
        Fault::Unauthorized(_) => "n8n does not accept the key: nothing can be changed",
        Fault::RateLimited(_) => "n8n asks to wait: try again in a moment",
        _ => "n8n does not answer: nothing can be changed there now",
    }
}

/// The plan for the selected workflow: to become what it is not.
pub(super) fn propose(state: &State, store: &Store) -> Vec<Answer> {
    if let Some(reason) = refusal(state, store) {
        return vec![Answer::Say(reason.to_owned())];
    }
    let propose = |workflow: &Workflow| {
        Answer::Propose(Mutation::SetWorkflowActive {
            id: workflow.id.clone(),
            name: workflow.name.clone(),
            active: !workflow.active,
        })
    };
    selected(state, store).map(propose).into_iter().collect()
}
