//! A purge: planned, under way, at an end.

use super::{action, answer};
use crate::{
    action::Action,
    domain::plan::{Mutation, Pace, Plan, Progress, Purge, Purging},
    effect::Effect,
    model::{Model, Overlay},
};

/// Plans a purge; where one runs, shows how far it is.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    if model.store.purging.is_some() {
        model.overlays.push(Overlay::Purge);
        return Vec::new();
    }
    let Some(server) = model.store.server.value() else {
        return Vec::new();
    };
    let name = if model.options.profile.trim().is_empty() {
        server.database.display_cut(64)
    } else {
        model.options.profile.trim().to_owned()
    };
    // What is old is told by the clock of the database, which wrote the moments.
    let purge = Purge::at(model.store.clock, model.options.retention, name);
    answer::propose(model, Mutation::Purge(purge))
        .into_iter()
        .collect()
}

/// Carries it out: the plan gives way to how far it is.
pub(super) fn begin(model: &mut Model, plan: Plan) -> Vec<Effect> {
    if model.store.purging.is_some() {
        model.say("a purge runs already: D shows it");
        return Vec::new();
    }
    model.store.purging = Some(Purging {
        pace: Pace::Run,
        progress: None,
    });
    model.overlays.push(Overlay::Purge);
    vec![Effect::Mutate(plan)]
}

/// It says how far it is.
pub(super) fn told(model: &mut Model, progress: Progress) -> Vec<Effect> {
    if let Some(purging) = &mut model.store.purging {
        purging.progress = Some(progress);
        model.revision += 1;
    }
    Vec::new()
}

/// It has ended.
pub(super) fn ended(model: &mut Model) {
    model.store.purging = None;
    model
        .overlays
        .retain(|overlay| !matches!(overlay, Overlay::Purge));
}

/// Pauses it, lets it go on, stops it, or hides how far it is.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other action is bound over a purge"
)]
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let pace = match action {
        Action::Back | Action::Escape => {
            model.overlays.pop();
            if model.store.purging.is_some() {
                model.say("the purge goes on: D shows it");
            }
            return Vec::new();
        }
        Action::Pause => match model.store.purging.as_ref().map(|purging| purging.pace) {
            Some(Pace::Run) => Pace::Pause,
            Some(Pace::Pause) => Pace::Run,
            Some(Pace::Stop) | None => return Vec::new(),
        },
        Action::Stop => Pace::Stop,
        _ => return action::anywhere(model, action),
    };
    let Some(purging) = &mut model.store.purging else {
        return Vec::new();
    };
    purging.pace = pace;
    vec![Effect::Pace(pace)]
}
