//! A plan on its way: looked into, confirmed by as much as it takes, taken back.

use super::{answer, batch, mutated, purge};
use crate::{
    action::Action,
    domain::plan::{Examination, Leaf, Mutation, Plan, Tier},
    effect::Effect,
    model::{Model, Overlay, Purpose},
    msg::Fault,
};

/// What was found about `about`; kept only for that plan, and only once: what is shown does not change any more.
pub(super) fn examined(model: &mut Model, about: &Plan, answer: Result<Examination, Fault>) {
    let open = model.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Plan { plan, .. } => plan.is_same(about).then_some(plan),
        Overlay::Help(_)
        | Overlay::Ledger(_)
        | Overlay::Cost(_)
        | Overlay::Detail { .. }
        | Overlay::Errors { .. }
        | Overlay::Undo(_)
        | Overlay::Purge
        | Overlay::Form(_)
        | Overlay::Why { .. }
        | Overlay::Past { .. }
        | Overlay::Audit { .. }
        | Overlay::Run { .. }
        | Overlay::Line(_) => None,
    });
    let Some(plan) = open else { return };
    match answer {
        Ok(examination) => {
            if matches!(plan.mutation, Mutation::RetryEvents(_)) {
                mutated::strike(&mut model.store.stream, &examination.blocked);
            }
            plan.examined = Some(examination);
        }
        // Without an answer nothing is known of any row, so none is frozen, and none may run.
        Err(fault) => {
            let text =
                format!("this plan cannot be confirmed, for nothing could be looked at: {fault}");
            model.say(text);
        }
    }
    model.revision += 1;
}

/// Carries out the plan on top, or opens the line in which it is confirmed, or says why neither.
pub(super) fn confirm(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Plan { plan, .. }) = model.overlays.last() else {
        return Vec::new();
    };
    match plan.tier() {
        Err(unready) => model.say(unready.sentence()),
        Ok(Tier::Yes) => return run(model, None),
        Ok(tier @ Tier::Typed { .. }) => answer::open(model, Purpose::Confirm(tier), ""),
    }
    Vec::new()
}

/// Takes what was typed to confirm the plan below the line.
pub(super) fn typed(model: &mut Model, tier: &Tier, text: &str) -> Vec<Effect> {
    match tier.take(text) {
        Err(missing) => {
            model.say(missing);
            Vec::new()
        }
        Ok(reason) => {
            model.overlays.pop();
            run(model, reason)
        }
    }
}

fn run(model: &mut Model, reason: Option<String>) -> Vec<Effect> {
    let Some(Overlay::Plan { mut plan, .. }) = model.overlays.pop() else {
        return Vec::new();
    };
    plan.reason = reason;
    if matches!(plan.mutation, Mutation::Purge(_)) {
        return purge::begin(model, *plan);
    }
    let (all, running) = (plan.mutation.len(), plan.running());
    let left = if running < all {
        format!(", {} blocked ones left out", all - running)
    } else {
        String::new()
    };
    if plan.pacing.is_some() {
        // What was done before must not be taken back in its place.
        model.remember_batch(&plan);
        model.say(format!("a batch begins: {}{left}", plan.mutation.words()));
    } else {
        model.say(format!("under way: {}{left}", plan.mutation.words()));
    }
    vec![Effect::Mutate(*plan)]
}

/// Shows this of the plan on top, or what it does where that is shown already.
pub(super) fn turn(model: &mut Model, to: Leaf) {
    if let Some(Overlay::Plan { leaf, scroll, .. }) = model.overlays.last_mut() {
        *leaf = if *leaf == to { Leaf::Facts } else { to };
        *scroll = 0;
    }
}

/// Puts the plan on top on the clipboard, as it is printed outside the console.
pub(super) fn copy(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Plan { plan, .. }) = model.overlays.last() else {
        return Vec::new();
    };
    if plan.examined.is_none() && !plan.mutation.is_in_n8n() {
        model.say("not yet: the guard has not said what speaks against this");
        return Vec::new();
    }
    let text = serde_json::to_string_pretty(&plan.json()).unwrap_or_default();
    vec![Effect::Copy(text)]
}

/// Shows the other way to do about what the plan on top does, in its place.
pub(super) fn other_way(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Plan { plan, .. }) = model.overlays.last() else {
        return Vec::new();
    };
    let Some(way) = plan.mutation.other_way() else {
        return Vec::new();
    };
    instead(model, way)
}

/// Takes in what the plan on top leaves out for quiet hours, or leaves it out again.
pub(super) fn any_hour(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Plan { plan, .. }) = model.overlays.last() else {
        return Vec::new();
    };
    match plan.mutation.at_any_hour() {
        Some(way) => instead(model, way),
        None => Vec::new(),
    }
}

/// Shows a plan for `way` in the place of the one on top, which is about the same rows.
fn instead(model: &mut Model, way: Mutation) -> Vec<Effect> {
    let Some(Overlay::Plan { plan, .. }) = model.overlays.last() else {
        return Vec::new();
    };
    // What was typed of its pace holds for either way.
    let typed = plan.pacing;
    let left_out = plan.left_out.clone();
    model.overlays.pop();
    let effects = answer::propose(model, way).into_iter().collect();
    if let Some(Overlay::Plan { plan, .. }) = model.overlays.last_mut() {
        plan.pacing = plan.pacing.and(typed);
        plan.left_out = left_out;
    }
    effects
}

/// Plans to take back what the last plan did.
pub(super) fn undo(model: &mut Model) -> Vec<Effect> {
    match model.undo_here().cloned() {
        Some(undo) => answer::propose(model, undo).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Moves in the list of what can be taken back, leaves it, or shows the plan for what is selected.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other action is bound in the list"
)]
pub(super) fn among_undos(model: &mut Model, action: Action) -> Vec<Effect> {
    let undos: Vec<Mutation> = model
        .undoable()
        .into_iter()
        .map(|(_, undo)| undo.clone())
        .collect();
    let last = undos.len().saturating_sub(1);
    let Some(Overlay::Undo(selected)) = model.overlays.last_mut() else {
        return Vec::new();
    };
    match action {
        Action::Down => *selected = (*selected + 1).min(last),
        Action::Up => *selected = selected.saturating_sub(1),
        Action::Open => {
            let chosen = undos.into_iter().nth(*selected);
            model.overlays.pop();
            return match chosen {
                Some(undo) => answer::propose(model, undo).into_iter().collect(),
                None => Vec::new(),
            };
        }
        Action::Back => {
            model.overlays.pop();
        }
        Action::Quit => return batch::leave(model),
        _ => {}
    }
    Vec::new()
}
