//! Errors whole, the one of which a sample is shown, and what was asked about them.

use super::{action, answer, campaigns, past, scroll};
use crate::{
    action::{Action, ScreenId},
    domain::{
        error_group::{BEYOND, Found, GroupId, Look, Page, Seen, Wanted},
        event::{EventType, RowId},
        plan::EventTarget,
        retry::Objection,
        timeline::Join,
    },
    effect::Effect,
    model::{Model, Overlay, Purpose, Reading},
    msg::Fault,
    screens::errors::Frozen,
};

/// The levels that are unfolded, one key after another.
const DEPTHS: [Option<usize>; 4] = [None, Some(1), Some(2), Some(3)];

/// Shows these errors whole, from that one on, with what happened to their records first or not.
pub(super) fn open(model: &mut Model, (ids, at): (Vec<RowId>, usize), timeline: bool) {
    model.overlays.push(Overlay::Errors {
        ids,
        at,
        scroll: 0,
        look: Reading {
            timeline,
            ..Reading::default()
        },
    });
}

/// The error that is shown whole, or of which a sample is shown.
fn shown(model: &Model) -> Option<RowId> {
    let opened = model
        .overlays
        .iter()
        .rev()
        .find_map(|overlay| match overlay {
            Overlay::Errors { ids, at, .. } => ids.get(*at).cloned(),
            Overlay::Help(_)
            | Overlay::Ledger(_)
            | Overlay::Cost(_)
            | Overlay::Detail { .. }
            | Overlay::Why { .. }
            | Overlay::Past { .. }
            | Overlay::Plan { .. }
            | Overlay::Audit { .. }
            | Overlay::Run { .. }
            | Overlay::Undo(_)
            | Overlay::Purge
            | Overlay::Form(_)
            | Overlay::Line(_) => None,
        });
    let listed = || {
        let is_shown = model.screen == ScreenId::Errors;
        is_shown
            .then(|| model.screens.sample(&model.store))
            .flatten()
    };
    opened.or_else(listed)
}

/// Asks for the error that is shown, unless it is known or asked for; and, while errors are listed, for what the list needs.
pub(super) fn wanted(model: &mut Model) -> Vec<Effect> {
    let mut effects: Vec<Effect> = sample(model).into_iter().collect();
    if model.screen == ScreenId::Errors {
        let looks = model.screens.errors.wanted(&model.store);
        effects.extend(looks.into_iter().map(Effect::Look));
    }
    effects
}

fn sample(model: &mut Model) -> Option<Effect> {
    let id = shown(model)?;
    let is_known = model
        .store
        .sample
        .as_ref()
        .is_some_and(|(known, _)| *known == id);
    if is_known || model.sample_asked.as_ref() == Some(&id) {
        return None;
    }
    model.sample_asked = Some(id.clone());
    Some(Effect::Look(Look::Error(id)))
}

/// Does `action` over an error that is shown whole.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other action is bound over an error"
)]
pub(super) fn on_errors(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(Overlay::Errors {
        ids,
        at,
        scroll,
        look,
    }) = model.overlays.last_mut()
    else {
        return Vec::new();
    };
    let len = ids.len().max(1);
    let id = ids.get(*at).cloned();
    match action {
        Action::NextProblem => (*at, *scroll) = ((*at + 1) % len, 0),
        Action::PreviousProblem => (*at, *scroll) = ((*at + len - 1) % len, 0),
        Action::Wrap => look.wrap = !look.wrap,
        Action::Raw => look.raw = !look.raw,
        Action::Timeline => (look.timeline, *scroll) = (!look.timeline, 0),
        Action::Fold => {
            let place = DEPTHS
                .iter()
                .position(|depth| *depth == look.depth)
                .unwrap_or(0);
            look.depth = DEPTHS.get((place + 1) % DEPTHS.len()).copied().flatten();
        }
        Action::Reveal => {
            look.reveal = !look.reveal;
            let shown = id.filter(|_| look.reveal).map(Effect::AuditReveal);
            return shown.into_iter().collect();
        }
        Action::Back | Action::Escape => {
            model.overlays.pop();
        }
        Action::Down | Action::Up | Action::HalfDown | Action::HalfUp => {
            scroll::scroll(model, action);
        }
        Action::Retry => {
            let ids = id.into_iter().collect();
            return vec![ask(model, Look::Behind(Wanted::Events, ids, Vec::new()))];
        }
        Action::Resolve => {
            if let Some(id) = id {
                answer::open(model, Purpose::ResolveNote(vec![id]), "");
            }
        }
        Action::Explain => return explain_sample(model),
        Action::Copy => return copy(model),
        _ => return action::anywhere(model, action),
    }
    Vec::new()
}

/// Explains why a stage, or a group of its errors, is as it is; what the database has to do with it is looked up.
pub(super) fn explain(model: &mut Model, stage: EventType, group: Option<GroupId>) -> Effect {
    model.store.probe = None;
    model.overlays.push(Overlay::Why {
        stage: stage.clone(),
        group,
        scroll: 0,
    });
    Effect::Look(Look::Why(stage))
}

fn explain_sample(model: &mut Model) -> Vec<Effect> {
    let Some((_, Ok(detail))) = &model.store.sample else {
        model.say("this error is not read yet");
        return Vec::new();
    };
    let errors = model.store.errors.value();
    let groups = errors.map_or(&[][..], |errors| errors.groups.as_slice());
    let group = detail.error.group(groups).map(|group| group.id);
    let stage = detail.error.stage.clone();
    vec![explain(model, stage, group)]
}

/// Does `action` over an explanation; what writes is asked of what lies below it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other action is bound over an explanation"
)]
pub(super) fn on_why(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Back | Action::Escape | Action::Explain => {
            model.overlays.pop();
        }
        Action::Down | Action::Up | Action::HalfDown | Action::HalfUp => {
            scroll::scroll(model, action);
        }
        Action::Retry | Action::Resolve => {
            model.overlays.pop();
            return action::ask(model, action);
        }
        _ => return action::anywhere(model, action),
    }
    Vec::new()
}

fn copy(model: &mut Model) -> Vec<Effect> {
    match &model.store.sample {
        Some((_, Ok(detail))) => vec![Effect::Copy(detail.json())],
        Some((_, Err(_))) | None => {
            model.say("there is nothing to copy yet");
            Vec::new()
        }
    }
}

/// Asks `look`; an answer to what was asked before it is not waited for any more, unless the list itself asks.
pub(super) fn ask(model: &mut Model, look: Look) -> Effect {
    if !is_of_list(&look) {
        model.looked_for = Some(look.clone());
    }
    Effect::Look(look)
}

const fn is_of_list(look: &Look) -> bool {
    matches!(look, Look::Page(..) | Look::Still(..) | Look::Payloads(..))
}

/// What the list asked for came.
fn listed(model: &mut Model, look: &Look, answer: Result<Seen, Fault>) {
    let (screen, store) = (&mut model.screens.errors, &model.store);
    match (look, answer) {
        (Look::Page(place, filter), answer) => {
            let answer = answer.map(|seen| match seen {
                Seen::Page(page) => page,
                Seen::Error(_)
                | Seen::Found(_)
                | Seen::Probe(_)
                | Seen::Past(_)
                | Seen::Still(_)
                | Seen::Tests(_)
                | Seen::Payloads(_) => Page::default(),
            });
            if let Err(fault) = screen.paged(store, (place, filter), answer) {
                model.say(format!("older errors could not be read: {fault}"));
            }
        }
        (Look::Still(from, to), Ok(Seen::Still(Some(keys)))) => {
            screen.still(store, (from, to), &keys);
        }
        (Look::Payloads(paths, ids), Ok(Seen::Payloads(found))) => {
            screen.found(store, (paths, ids), Ok(found));
        }
        (Look::Payloads(paths, ids), Err(fault)) => {
            screen.found(store, (paths, ids), Err(fault));
        }
        _ => {}
    }
    model.revision += 1;
}

/// What was asked came.
pub(super) fn looked(model: &mut Model, look: &Look, answer: Result<Seen, Fault>) -> Vec<Effect> {
    if let Look::Tests(campaign) = look {
        campaigns::looked(model, campaign, answer);
        return Vec::new();
    }
    if let Look::Past(at) = look {
        past::looked(model, *at, answer);
        return Vec::new();
    }
    if let Look::Error(id) = look {
        let answer = match answer {
            Ok(Seen::Error(detail)) => Ok(*detail),
            Ok(_) => return Vec::new(),
            Err(fault) => Err(fault),
        };
        if model.sample_asked.as_ref() == Some(id) {
            model.sample_asked = None;
            model.store.sample = Some((id.clone(), answer));
            model.revision += 1;
        }
        return Vec::new();
    }
    if let Look::Why(_) = look {
        model.store.probe = match answer {
            Ok(Seen::Probe(probe)) => Some(Ok(probe)),
            Ok(_) => None,
            Err(fault) => Some(Err(fault)),
        };
        model.revision += 1;
        return Vec::new();
    }
    if is_of_list(look) {
        listed(model, look, answer);
        return Vec::new();
    }
    if model.looked_for.as_ref() != Some(look) {
        return Vec::new();
    }
    model.looked_for = None;
    match (look, answer) {
        (_, Err(fault)) => model.say(format!("could not look at the errors: {fault}")),
        (Look::Behind(Wanted::Events, ..), Ok(Seen::Found(found))) => return retry(model, &found),
        (Look::Behind(Wanted::Errors, ..), Ok(Seen::Found(found))) => {
            if found.is_cut {
                let n = found.errors.len();
                model.say(format!(
                    "more than {n} errors: only the first {n} are meant"
                ));
            }
            answer::open(model, Purpose::ResolveNote(found.errors), "");
        }
        (Look::Matching(filter), Ok(Seen::Found(found))) => matched(model, found, filter.clone()),
        (_, Ok(_)) => {}
    }
    Vec::new()
}

/// Marks the errors that match a filter in the whole table.
fn matched(model: &mut Model, found: Found, filter: String) {
    let n = found.errors.len();
    let cut = if found.is_cut {
        "; there are more, which were not looked at"
    } else {
        ""
    };
    let beyond = match found.beyond {
        0 => String::new(),
        beyond => format!("; without {beyond} {BEYOND}"),
    };
    model.say(format!(
        "marked all {n} errors that match, as they stand now{cut}{beyond}"
    ));
    model.screens.errors.freeze(Frozen {
        ids: found.errors,
        filter,
    });
}

/// Proposes to retry what was found behind errors, and says what is left out and why.
fn retry(model: &mut Model, found: &Found) -> Vec<Effect> {
    let at = model.store.tail.at();
    let mut targets = Vec::new();
    let mut weak = 0_usize;
    let mut refused: Vec<Objection> = Vec::new();
    for (event, join) in &found.events {
        match EventTarget::of(&model.store.pipeline, event, at) {
            _ if *join == Join::Weak => weak += 1,
            Ok(target) => targets.push(target),
            Err(objection) => refused.push(objection),
        }
    }
    let mut left_out: Vec<String> = Objection::ALL
        .iter()
        .map(|objection| {
            (
                refused.iter().filter(|it| *it == objection).count(),
                objection.words(),
            )
        })
        .filter(|(n, _)| *n > 0)
        .map(|(n, words)| format!("{n} {words}"))
        .collect();
    if weak > 0 {
        left_out.push(format!("{weak} joined too weakly"));
    }
    if found.is_cut {
        left_out.push(format!(
            "every error after the first {}",
            found.errors.len()
        ));
    }
    if found.beyond > 0 {
        left_out.push(format!("{} {BEYOND}", found.beyond));
    }
    if found.events.is_empty() {
        let beyond = left_out.last().filter(|_| found.beyond > 0);
        let beyond = beyond.map_or_else(String::new, |beyond| format!(", of {beyond}"));
        model.say(format!(
            "no event of these errors is found{beyond}: nothing can be retried"
        ));
        return Vec::new();
    }
    if targets.is_empty() {
        model.say(format!("left out {}", left_out.join(", ")));
        return Vec::new();
    }
    let store = &model.store;
    let retry = store.retrying.propose(&store.pipeline, targets);
    let effects = answer::propose(model, retry).into_iter().collect();
    if let Some(Overlay::Plan { plan, .. }) = model.overlays.last_mut() {
        let words = left_out.join(", ");
        plan.left_out = (!words.is_empty()).then(|| words.into());
    }
    effects
}
