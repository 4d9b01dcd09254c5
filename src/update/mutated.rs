//! What became of a plan, in one sentence.

use super::purge;
use crate::{
    domain::{
        event::{GONE, RowId},
        plan::{Mutation, Outcome, Plan, Strategy, Table},
        untrusted::Untrusted,
    },
    effect::{Effect, FeedId},
    model::Model,
    msg::Fault,
    store::ring::Ring,
};

/// Skipped rows that are named with their reason.
const NAMED: usize = 3;

/// Says what became of `plan`, and asks for what it touched; also after a fault, which may have struck when the
/// change was already made.
pub(super) fn mutated(
    model: &mut Model,
    plan: &Plan,
    outcome: Result<Outcome, Fault>,
) -> Vec<Effect> {
    let words = plan.mutation.words();
    // What is known of the error that is shown may not hold any more.
    model.store.sample = None;
    if matches!(plan.mutation, Mutation::Purge(_)) {
        purge::ended(model);
    }
    // It is written down by now.
    model.audit_asked = None;
    model.store.audit.doubt();
    if let (Mutation::ResolveErrors { .. }, Ok(outcome)) = (&plan.mutation, &outcome) {
        model.screens.errors.resolved(&model.store, &outcome.done);
    }
    // Also when there is none: what was done before must not be taken back in its place.
    let undo = outcome
        .as_ref()
        .ok()
        .and_then(|outcome| plan.mutation.undo(outcome, &model.options.actor));
    let can_undo = undo.is_some();
    // It changes nothing that something could be taken back in the place of.
    if !matches!(plan.mutation, Mutation::Note { .. }) {
        model.remember(&plan.mutation, undo);
    }
    if let Ok(outcome) = &outcome {
        struck(model, &plan.mutation, outcome);
    }
    match outcome {
        Ok(outcome) => {
            let mut text = sentence(&plan.mutation, &outcome);
            if can_undo {
                text.push_str("; u takes it back");
            }
            if outcome.failed.is_empty() && outcome.unknown.is_empty() {
                model.say(text);
            } else {
                model.insist(text);
            }
        }
        Err(fault @ Fault::InDoubt(_)) => model.insist(format!("{words}: {fault}")),
        Err(fault) => model.insist(format!("could not {words}: {fault}")),
    }
    let touched: &[FeedId] = match plan.mutation {
        Mutation::RetryEvents(_)
        | Mutation::DeleteClones(_)
        | Mutation::InsertEvent(_)
        | Mutation::DeleteTestEvents { .. } => &[FeedId::Tail, FeedId::Stages, FeedId::Totals],
        Mutation::Purge(_) => &[FeedId::Ledger, FeedId::Totals, FeedId::Errors],
        Mutation::ResolveErrors { .. } | Mutation::ReopenErrors { .. } => {
            &[FeedId::Errors, FeedId::Totals]
        }
        Mutation::Triage { .. } => &[FeedId::Errors],
        Mutation::Note { .. } => &[],
        Mutation::SetWorkflowActive { .. }
        | Mutation::BounceWorkflow { .. }
        | Mutation::StopExecutions(_)
        | Mutation::RetryExecutions { .. } => &[FeedId::Workflows, FeedId::Executions],
    };
    touched.iter().copied().map(Effect::Fetch).collect()
}

/// Strikes out of the stream what was deleted here, and what turned out to be gone; what a purge did is found by the next sweep.
fn struck(model: &mut Model, mutation: &Mutation, outcome: &Outcome) {
    let deleted: &[RowId] = match mutation {
        Mutation::DeleteClones(_) | Mutation::DeleteTestEvents { .. } => &outcome.done,
        Mutation::RetryEvents(_) => &[],
        Mutation::InsertEvent(_)
        | Mutation::Purge(_)
        | Mutation::Note { .. }
        | Mutation::ResolveErrors { .. }
        | Mutation::ReopenErrors { .. }
        | Mutation::Triage { .. }
        | Mutation::SetWorkflowActive { .. }
        | Mutation::BounceWorkflow { .. }
        | Mutation::StopExecutions(_)
        | Mutation::RetryExecutions { .. } => return,
    };
    let stream = &mut model.store.stream;
    stream.strike(|id| deleted.contains(id));
    strike(stream, &outcome.skipped);
}

/// Strikes out those of `rows`, each with a reason, that are gone.
pub(super) fn strike(stream: &mut Ring, rows: &[(RowId, String)]) {
    stream.strike(|id| rows.iter().any(|(gone, why)| why == GONE && gone == id));
}

fn sentence(mutation: &Mutation, outcome: &Outcome) -> String {
    let done = outcome.done.len();
    let (verb, noun) = match mutation {
        Mutation::RetryEvents(retry) => match retry.strategy {
            Strategy::Requeue => ("retried", "event"),
            Strategy::Clone => ("cloned", "event"),
            Strategy::Webhook => ("posted", "event"),
        },
        Mutation::DeleteClones(_) => ("deleted", "clone"),
        Mutation::ResolveErrors { .. } => ("resolved", "error"),
        Mutation::ReopenErrors { .. } => ("reopened", "error"),
        Mutation::SetWorkflowActive { active: true, .. } => ("activated", "workflow"),
        Mutation::SetWorkflowActive { active: false, .. } => ("deactivated", "workflow"),
        Mutation::BounceWorkflow { .. } => ("bounced", "workflow"),
        Mutation::StopExecutions(_) => ("stopped", "execution"),
        Mutation::RetryExecutions { .. } => ("retried", "execution"),
        Mutation::Purge(_) => return purged(outcome),
        Mutation::Note { note } => {
            let note = Untrusted::from(note.as_str()).display_cut(80);
            return with_rows(format!("noted: {note}"), outcome);
        }
        Mutation::InsertEvent(_) => ("inserted", "test event"),
        Mutation::DeleteTestEvents { .. } => ("deleted", "test event"),
        Mutation::Triage { deed, .. } => (deed.verbs().1, deed.noun()),
    };
    let plural = if done == 1 { "" } else { "s" };
    let text = if done == 0 {
        "nothing was changed".to_owned()
    } else {
        format!("{verb} {done} {noun}{plural}")
    };
    with_rows(text, outcome)
}

/// What a purge came to.
fn purged(outcome: &Outcome) -> String {
    let n = |table: Table| {
        let n = outcome.deleted_from(table);
        let s = if n == 1 { "" } else { "s" };
        format!("{n} {}{s}", table.noun())
    };
    let text = format!("purged {} and {}", n(Table::Events), n(Table::Errors));
    with_rows(text, outcome)
}

/// `text`, and behind it what is to be said of single rows.
fn with_rows(mut text: String, outcome: &Outcome) -> String {
    for (word, rows) in [
        ("note", &outcome.remarks),
        ("nobody knows of", &outcome.unknown),
        ("failed", &outcome.failed),
        ("skipped", &outcome.skipped),
    ] {
        text.push_str(&named(word, rows));
    }
    match outcome.untried.len() {
        0 => text,
        n => format!("{text}; not tried {n}"),
    }
}

/// The first of `rows` by name, each with its reason; nothing where there are none.
fn named(word: &str, rows: &[(RowId, String)]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let first: Vec<String> = rows
        .iter()
        .take(NAMED)
        .map(|(id, why)| format!("{id} ({why})"))
        .collect();
    let more = rows.len().saturating_sub(NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("; {word} {}: {}{more}", rows.len(), first.join(", "))
}
