//! How the pipeline stood at a moment: asked with `:at`, and stepped through.

use chrono::{SubsecRound as _, TimeDelta};

use super::{action, scroll};
use crate::{
    action::{Action, TimeMode},
    domain::{
        Timestamp,
        error_group::{Look, Seen},
        moment::{self, Toward},
        zone::Zone,
    },
    effect::Effect,
    model::{Model, Overlay},
    msg::Fault,
};

/// Shows the moment that `text` spells; times of day are those of the clocks on the screen.
pub(super) fn open(model: &mut Model, text: &str) -> Vec<Effect> {
    let utc = Zone::default();
    let zone = match model.time_mode {
        TimeMode::Local => &model.options.zone,
        TimeMode::Age | TimeMode::Utc => &utc,
    };
    let now = model.store.database_clock(model.now);
    let Some(at) = moment::read(text, (now, zone), Toward::Past) else {
        model.say("say when: :at 14:24, :at 2h, :at yesterday 14:24, :at 2026-03-09 14:24Z");
        return Vec::new();
    };
    if at > now {
        model.say("that moment is still to come");
        return Vec::new();
    }
    let at = at.trunc_subsecs(0);
    model.overlays.push(Overlay::Past { at, scroll: 0 });
    vec![look(model, at)]
}

/// Does `action` over a moment that is shown.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other action is bound over a moment"
)]
pub(super) fn on_past(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Back | Action::Escape => {
            model.overlays.pop();
        }
        Action::Down | Action::Up | Action::HalfDown | Action::HalfUp => {
            scroll::scroll(model, action);
        }
        Action::Earlier => return step(model, TimeDelta::minutes(-1)),
        Action::Later => return step(model, TimeDelta::minutes(1)),
        Action::MuchEarlier => return step(model, TimeDelta::minutes(-10)),
        Action::MuchLater => return step(model, TimeDelta::minutes(10)),
        Action::Refresh => {
            if let Some(Overlay::Past { at, .. }) = model.overlays.last() {
                let at = *at;
                return vec![look(model, at)];
            }
        }
        Action::Copy => return copy(model),
        _ => return action::anywhere(model, action),
    }
    Vec::new()
}

/// Goes on by so much, never beyond now.
fn step(model: &mut Model, by: TimeDelta) -> Vec<Effect> {
    let now = model.store.database_clock(model.now).trunc_subsecs(0);
    let Some(Overlay::Past { at, .. }) = model.overlays.last_mut() else {
        return Vec::new();
    };
    let there = at
        .checked_add_signed(by)
        .map_or(*at, |there| there.min(now));
    if there == *at {
        model.say("this is now");
        return Vec::new();
    }
    *at = there;
    vec![look(model, there)]
}

fn look(model: &mut Model, at: Timestamp) -> Effect {
    model.store.past = None;
    Effect::Look(Look::Past(at))
}

fn copy(model: &mut Model) -> Vec<Effect> {
    if let Some(Ok(past)) = &model.store.past {
        let text = past.markdown(&model.store.pipeline);
        model.say("copied as a Markdown table");
        return vec![Effect::Copy(text)];
    }
    model.say("there is nothing to copy yet");
    Vec::new()
}

/// How it stood at `at` came; of a moment that is not shown any more it is of no use.
pub(super) fn looked(model: &mut Model, at: Timestamp, answer: Result<Seen, Fault>) {
    let is_shown = |it: &Overlay| matches!(it, Overlay::Past { at: shown, .. } if *shown == at);
    if !model.overlays.iter().any(is_shown) {
        return;
    }
    model.store.past = match answer {
        Ok(Seen::Past(past)) => Some(Ok(*past)),
        Ok(_) => return,
        Err(fault) => Some(Err(fault)),
    };
    model.revision += 1;
}
