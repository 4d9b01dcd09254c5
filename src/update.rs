//! The one place where the model changes.

use crate::{domain::Timestamp, effect::Effect, model::Model, msg::Msg};

/// Folds `msg`, which happened `at`, into the model; answers with what to do about it.
#[must_use]
pub fn update(model: &mut Model, at: Timestamp, msg: Msg) -> Vec<Effect> {
    model.now = at;
    model.revision += 1;
    match msg {
        Msg::Fetched(feed, answer, ms) => {
            model.store.absorb(at, feed, answer, ms);
        }
        Msg::Linked(id, link) => {
            model.store.linked(at, id, link);
        }
        Msg::Resized(width, height) => model.size = (width, height),
        Msg::Key(_)
        | Msg::Pasted(_)
        | Msg::Tick
        | Msg::Notified(_)
        | Msg::Detail(..)
        | Msg::Mutated(..)
        | Msg::Focused(_)
        | Msg::Said(_) => {}
    }
    Vec::new()
}
