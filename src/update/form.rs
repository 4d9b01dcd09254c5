//! Filling in a test event.

use std::sync::Arc;

use super::{answer, batch, line};
use crate::{
    action::Action,
    domain::plan::Mutation,
    effect::Effect,
    keymap::Chord,
    model::{Form, Model, Overlay},
};

/// Edits the field that has the keys.
pub(super) fn edit(form: &mut Form, chord: Chord) {
    if let Some(field) = form.field() {
        line::edit_text(&mut field.text, &mut field.cursor, chord);
    }
}

/// Puts `text` into the field that has the keys.
pub(super) fn insert(form: &mut Form, text: &str) {
    if let Some(field) = form.field() {
        line::insert_text(&mut field.text, &mut field.cursor, text);
    }
}

/// Does what an action means in the form on top; any other does nothing there.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other action is bound in a form"
)]
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let pipeline = Arc::clone(&model.store.pipeline);
    let Some(Overlay::Form(form)) = model.overlays.last_mut() else {
        return Vec::new();
    };
    match action {
        Action::NextPane => form.turn(true),
        Action::PreviousPane => form.turn(false),
        Action::NextSuggestion => form.turn_stage(&pipeline, true),
        Action::PreviousSuggestion => form.turn_stage(&pipeline, false),
        Action::Submit => return submit(model),
        Action::Cancel | Action::Back | Action::Escape => {
            model.overlays.pop();
            model.say("left undone: nothing was changed");
        }
        Action::Quit => return batch::leave(model),
        _ => {}
    }
    Vec::new()
}

/// Shows the plan for what is filled in, over the form; or says what is wrong with it.
fn submit(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Form(form)) = model.overlays.last() else {
        return Vec::new();
    };
    match form.event(&model.store.pipeline, &model.options.actor, model.now) {
        Ok(event) => {
            model.overlays.pop();
            answer::propose(model, Mutation::InsertEvent(Box::new(event)))
                .into_iter()
                .collect()
        }
        Err(wrong) => {
            model.say(wrong);
            Vec::new()
        }
    }
}
