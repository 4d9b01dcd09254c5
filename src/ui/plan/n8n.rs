//! What a plan says that is about n8n.

use super::{Page, counted};
use crate::{
    domain::{
        pipeline::SideEffect,
        plan::{Mutation, Revision, RunTarget},
    },
    ui::Role,
};

/// The requests that would leave; `None` where the plan is about the database.
pub(super) fn requests(mutation: &Mutation) -> Option<String> {
    Some(match mutation {
        Mutation::SetWorkflowActive { id, active, .. } => switch(id.as_str(), *active),
        Mutation::BounceWorkflow { id, .. } => format!(
            "{}\n\nthen, 2 s later:\n\n{}",
            switch(id.as_str(), false),
            switch(id.as_str(), true)
        ),
        Mutation::StopExecutions(targets) => each(targets, "stop", ""),
        Mutation::RetryExecutions { targets, revision } => {
            let latest = *revision == Revision::Latest;
            each(
                targets,
                "retry",
                &format!("\n{{\"loadWorkflow\": {latest}}}"),
            )
        }
        Mutation::RetryEvents(_)
        | Mutation::DeleteClones(_)
        | Mutation::Purge(_)
        | Mutation::Note { .. }
        | Mutation::ResolveErrors { .. }
        | Mutation::ReopenErrors { .. }
        | Mutation::InsertEvent(_)
        | Mutation::DeleteTestEvents { .. }
        | Mutation::Triage { .. } => return None,
    })
}

fn switch(id: &str, active: bool) -> String {
    let (new, old) = if active {
        ("publish", "activate")
    } else {
        ("unpublish", "deactivate")
    };
    format!(
        "POST /api/v1/workflows/{id}/{new}\n\nor, where n8n does not offer that:\n\nPOST /api/v1/workflows/{id}/{old}"
    )
}

fn each(targets: &[RunTarget], verb: &str, body: &str) -> String {
    let calls = targets.iter().map(|RunTarget { id, .. }| {
        format!(
            "GET /api/v1/executions/{id}\nPOST /api/v1/executions/{id}/{verb}{body}\nGET /api/v1/executions/{id}"
        )
    });
    calls.collect::<Vec<_>>().join("\n\n")
}

/// What the plan would do.
pub(super) fn lines(page: &mut Page<'_>, mutation: &Mutation) {
    match mutation {
        Mutation::SetWorkflowActive { id, name, active } => {
            let set = format!("{}  ({id})", name.display_cut(60));
            page.fact("SET", &set, Role::Strong);
            set_active(page, *active);
        }
        Mutation::BounceWorkflow { id, name } => {
            let set = format!("{}  ({id})", name.display_cut(60));
            page.fact("SET", &set, Role::Strong);
            bounce(page);
        }
        Mutation::StopExecutions(targets) => {
            page.fact("SET", &counted(targets.len(), "execution"), Role::Strong);
            stop(page);
            list(page, targets);
        }
        Mutation::RetryExecutions { targets, revision } => {
            page.fact("SET", &counted(targets.len(), "execution"), Role::Strong);
            retry(page, targets, *revision);
            list(page, targets);
        }
        Mutation::RetryEvents(_)
        | Mutation::DeleteClones(_)
        | Mutation::Purge(_)
        | Mutation::Note { .. }
        | Mutation::ResolveErrors { .. }
        | Mutation::ReopenErrors { .. }
        | Mutation::InsertEvent(_)
        | Mutation::DeleteTestEvents { .. }
        | Mutation::Triage { .. } => {}
    }
}

fn set_active(page: &mut Page<'_>, active: bool) {
    let (run, effect, undo) = if active {
        (
            "n8n: activate (publish) this workflow",
            "its webhooks are registered; it takes events again",
            "u, or the same key again",
        )
    } else {
        (
            "n8n: deactivate (unpublish) this workflow",
            "its webhooks are gone; events for it stay pending until it is active again",
            "u, or the same key again; what came meanwhile needs a retry",
        )
    };
    page.fact("RUN", run, Role::Text);
    let role = if active { Role::Text } else { Role::Warn };
    page.fact("EFFECT", effect, role);
    page.undo(undo, Role::Text);
    if !active {
        page.fact(
            "OR",
            "v: bounce it, for a workflow that is active and hears nothing",
            Role::Dim,
        );
    }
}

fn bounce(page: &mut Page<'_>) {
    page.fact(
        "RUN",
        "n8n: deactivate this workflow, wait 2 s, activate it again (3 tries)",
        Role::Text,
    );
    page.fact(
        "EFFECT",
        "its webhooks are registered anew; what comes in between reaches nobody and needs a retry",
        Role::Warn,
    );
    page.fact(
        "CHANCE",
        "it does not always help: users report webhooks that stay deaf (n8n#34163). Watch its next event",
        Role::Warn,
    );
    page.undo("none: it is active before and after", Role::Text);
    page.fact("OR", "v: deactivate it only", Role::Dim);
}

fn stop(page: &mut Page<'_>) {
    page.fact(
        "RUN",
        "n8n: stop, one after the other; each is read again after it",
        Role::Text,
    );
    page.fact(
        "SKIP",
        "what has ended by then is skipped and listed",
        Role::Text,
    );
    page.fact(
        "EFFECT",
        "what its nodes have done by then stays done; the rest does not run",
        Role::Warn,
    );
    page.undo(
        "none: a stopped run is not taken up again; retry its event",
        Role::Text,
    );
}

fn retry(page: &mut Page<'_>, targets: &[RunTarget], revision: Revision) {
    page.fact("WITH", revision.label(), Role::Strong);
    let other = format!("v: {}", revision.other().label());
    page.fact("OR", &other, Role::Dim);
    for effect in [
        SideEffect::PersonFacing,
        SideEffect::CrmWrite,
        SideEffect::PaidApi,
        SideEffect::Internal,
    ] {
        let n = targets
            .iter()
            .filter(|target| target.side_effect == effect)
            .count();
        if n > 0 {
            let line = format!("x{n}: {}", effect.label());
            page.fact("EFFECT", &line, super::role_of(effect));
        }
    }
    page.fact(
        "RUN",
        "n8n: only the node that failed and those behind it, with the input that was kept",
        Role::Text,
    );
    page.fact(
        "GUARD",
        "whether a message has left already is not looked up: what the failed node did before it failed, it does again",
        Role::Warn,
    );
    page.fact(
        "SKIP",
        "what was retried or changed meanwhile; no call is sent twice",
        Role::Text,
    );
    page.undo("none: its nodes run again", Role::Text);
}

fn list(page: &mut Page<'_>, targets: &[RunTarget]) {
    page.blank();
    let line = |target: &RunTarget| {
        format!(
            "{} {} ({})",
            target.id,
            target.workflow.display_cut(40),
            target.status.word()
        )
    };
    page.each("EXECUTIONS", targets.iter().map(line));
}
