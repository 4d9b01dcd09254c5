//! The audit history: what of it is asked for, and what one does about an entry.

use chrono::TimeDelta;

use super::{action, answer, scroll};
use crate::{
    action::{Action, ScreenId},
    domain::audit::{Answer, EntryId, Known, Question, jsonl},
    effect::Effect,
    model::{Model, Overlay},
    msg::Fault,
    screens::{errors, room::Room},
};

/// The newest entries are asked for this often while they are shown.
const INTERVAL: TimeDelta = TimeDelta::seconds(10);

/// What was done about a record is asked for again this often while it is shown.
const AGAIN: TimeDelta = TimeDelta::seconds(30);

/// What is to be asked for, given what is shown: the newest now and then, those before them when the end of the list is near,
/// the one that is opened.
pub(super) fn wanted(model: &mut Model) -> Vec<Effect> {
    let mut questions = Vec::new();
    if model.screen == ScreenId::Audit || tells_of_it(model) {
        let is_due = |at| model.now - at >= INTERVAL;
        if model.audit_asked.is_none_or(is_due) {
            model.audit_asked = Some(model.now);
            questions.extend([Question::Page(None), Question::File]);
        }
        if model.screen == ScreenId::Audit && model.screens.wants_older(&model.store) {
            questions.extend(model.store.audit.older());
        }
    }
    questions.extend(around(model));
    if let Some(id) = opened(model)
        && model.store.audit.whole(id) == Known::NotYet
    {
        questions.push(Question::Whole(id));
    }
    questions.retain(|question| model.store.audit.ask(question));
    questions.into_iter().map(Effect::Audit).collect()
}

/// What is to be asked of the record that is shown, where what happened to it is shown or explained.
fn around(model: &mut Model) -> Vec<Question> {
    let (width, _) = model.size;
    let body = Room::of(model.size.1, false).body;
    let overlays = model.overlays.iter();
    let is_open = overlays
        .rev()
        .any(|it| matches!(it, Overlay::Errors { .. } | Overlay::Why { .. }));
    let has_panel = model.screen == ScreenId::Errors && errors::tells_of_record((width, body));
    if !is_open && !has_panel {
        return Vec::new();
    }
    let Some((_, Ok(detail))) = &model.store.sample else {
        return Vec::new();
    };
    let subject = model.store.subject(detail);
    let since = model.now - AGAIN;
    model.store.audit.after(subject, since, model.now)
}

/// Whether the errors are shown with a panel that tells of it.
fn tells_of_it(model: &Model) -> bool {
    let (width, _) = model.size;
    let body = Room::of(model.size.1, false).body;
    model.screen == ScreenId::Errors && errors::tells_of_audit((width, body))
}

/// The entry that is opened.
fn opened(model: &Model) -> Option<EntryId> {
    model.overlays.iter().rev().find_map(|overlay| {
        let Overlay::Audit { id, .. } = overlay else {
            return None;
        };
        Some(*id)
    })
}

/// What was asked came.
pub(super) fn answered(
    model: &mut Model,
    question: Question,
    answer: Result<Answer, Fault>,
) -> Vec<Effect> {
    let answer = answer.map_err(|fault| fault.to_string());
    let ahead = model.store.database_clock(model.now) - model.now;
    model.store.audit.beside(ahead);
    model.store.audit.answered(model.now, question, answer);
    model.revision += 1;
    model.screens.settle(model.screen, &model.store);
    Vec::new()
}

/// Shows the entry `id` whole.
pub(super) fn open(model: &mut Model, id: EntryId) {
    model.overlays.push(Overlay::Audit { id, scroll: 0 });
}

/// Does `action` over an entry.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other action is bound over an entry"
)]
pub(super) fn on_entry(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Back | Action::Escape => {
            model.overlays.pop();
        }
        Action::Down | Action::Up | Action::HalfDown | Action::HalfUp => {
            scroll::scroll(model, action);
        }
        Action::Undo => {
            if let Some(undo) = model.undo_here().cloned() {
                return answer::propose(model, undo).into_iter().collect();
            }
        }
        Action::Copy => {
            let whole = opened(model).and_then(|id| model.store.audit.whole(id).read());
            match whole {
                Some(whole) => return vec![Effect::Copy(jsonl(&whole.entry, Some(whole)))],
                None => model.say("this entry is not read yet"),
            }
        }
        _ => return action::anywhere(model, action),
    }
    Vec::new()
}
