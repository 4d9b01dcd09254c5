//! What each action does.

use chrono::TimeDelta;

use super::{answer, audit, batch, errors, form, line, past, plan, purge, runs, scroll};
use crate::{
    action::{Action, ScreenId, TimeMode},
    domain::{
        mask,
        plan::{EventTarget, Leaf},
    },
    effect::{Effect, FeedId},
    model::{Model, Overlay, Purpose},
    msg::Link,
    screens::Answer,
};

/// A key that writes is ignored for so long after the screen changed: it was meant for what stood there before.
const SETTLING: TimeDelta = TimeDelta::milliseconds(300);

/// Rows of the terminal that no list gets: title, verdict, borders, footer.
const CHROME: u16 = 9;

/// Does `action`, or says why it cannot be done.
pub(super) fn ask(model: &mut Model, action: Action) -> Vec<Effect> {
    if let Some(reason) = model.refusal(action) {
        let back = model.taken_back_here().filter(|_| action == Action::Undo);
        // Which day it was says the entry that lies on top.
        let back = back.map(|back| back.words(&back.at.format("%H:%M:%SZ").to_string()));
        model.say(back.unwrap_or_else(|| reason.to_owned()));
        return Vec::new();
    }
    let now = model.now;
    let writes = action.writes().is_some() || action == Action::Undo;
    if writes && model.shown_at.is_some_and(|at| now - at < SETTLING) {
        model.say("ignored, since the screen had just changed; press it again");
        return Vec::new();
    }
    match model.overlays.last() {
        Some(Overlay::Help(_) | Overlay::Ledger(_) | Overlay::Cost(_)) => on_help(model, action),
        Some(Overlay::Detail { .. }) => on_detail(model, action),
        Some(Overlay::Errors { .. }) => errors::on_errors(model, action),
        Some(Overlay::Why { .. }) => errors::on_why(model, action),
        Some(Overlay::Past { .. }) => past::on_past(model, action),
        Some(Overlay::Audit { .. }) => audit::on_entry(model, action),
        Some(Overlay::Run { .. }) => runs::on_run(model, action),
        Some(Overlay::Plan { .. }) => on_plan(model, action),
        Some(Overlay::Undo(_)) => plan::among_undos(model, action),
        Some(Overlay::Purge) => purge::act(model, action),
        Some(Overlay::Form(_)) => form::act(model, action),
        Some(Overlay::Line(_)) => on_line(model, action),
        None => on_screen(model, action),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other action is the screen's own"
)]
fn on_screen(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Go(screen) => go(model, screen),
        Action::LastScreen => go(model, model.last_screen),
        Action::Back => return back(model),
        Action::Escape => escape(model),
        Action::OpenPalette => answer::open(model, Purpose::Palette, ""),
        Action::OpenScenarios => answer::open(model, Purpose::Palette, "scenario "),
        Action::OpenKept | Action::OpenFilter => {
            // The overview shows the worst of everything; what is looked for is found in the stream.
            if model.screen == ScreenId::Overview {
                go(model, ScreenId::Stream);
            }
            if action == Action::OpenKept {
                answer::open(model, Purpose::Kept, "");
                return Vec::new();
            }
            let filter = model.screens.filter(model.screen).to_owned();
            answer::open(model, Purpose::Filter, &filter);
        }
        Action::Refresh => return refresh(model),
        Action::Undo => return plan::undo(model),
        Action::Note => answer::open(model, Purpose::Note, ""),
        Action::Purge => return purge::ask(model),
        Action::NextTimeMode => next_time_mode(model),
        Action::Quit | Action::Redraw | Action::Suspend | Action::ToggleHelp => {
            return anywhere(model, action);
        }
        _ => {
            let page = usize::from(model.size.1.saturating_sub(CHROME).max(1));
            let answers = model
                .screens
                .update(model.screen, &model.store, action, page);
            return answer::take(model, answers);
        }
    }
    Vec::new()
}

/// What an action does wherever it is asked, if it does something everywhere.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other action depends on where it is asked"
)]
pub(super) fn anywhere(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Quit => batch::leave(model),
        Action::Redraw => vec![Effect::Redraw],
        Action::Suspend => vec![Effect::Suspend],
        Action::ToggleHelp => {
            model.overlays.push(Overlay::Help(0));
            Vec::new()
        }
        _ => Vec::new(),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other action is bound in the help"
)]
fn on_help(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::ToggleHelp | Action::Back | Action::Escape => {
            model.overlays.pop();
        }
        Action::Down | Action::Up | Action::HalfDown | Action::HalfUp => {
            scroll::scroll(model, action);
        }
        _ => return anywhere(model, action),
    }
    Vec::new()
}

/// Shows the people of the open event, which leaves a line in the audit file, or masks them again.
fn reveal(model: &mut Model) -> Vec<Effect> {
    match model.overlays.last_mut() {
        Some(Overlay::Detail { id, reveal, .. }) => {
            *reveal = !*reveal;
            let shown = reveal.then(|| Effect::AuditReveal(id.clone()));
            shown.into_iter().collect()
        }
        Some(
            Overlay::Help(_)
            | Overlay::Ledger(_)
            | Overlay::Cost(_)
            | Overlay::Plan { .. }
            | Overlay::Errors { .. }
            | Overlay::Undo(_)
            | Overlay::Purge
            | Overlay::Form(_)
            | Overlay::Why { .. }
            | Overlay::Past { .. }
            | Overlay::Audit { .. }
            | Overlay::Run { .. }
            | Overlay::Line(_),
        )
        | None => Vec::new(),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other action is bound over an event"
)]
fn on_detail(model: &mut Model, action: Action) -> Vec<Effect> {
    let shown = || model.store.detail.as_ref()?.as_ref().ok();
    let reveals = matches!(
        model.overlays.last(),
        Some(Overlay::Detail { reveal: true, .. })
    );
    match action {
        Action::Back | Action::Escape => {
            model.overlays.pop();
        }
        Action::Down | Action::Up | Action::HalfDown | Action::HalfUp => {
            scroll::scroll(model, action);
        }
        Action::Wrap => {
            if let Some(Overlay::Detail { wrap, .. }) = model.overlays.last_mut() {
                *wrap = !*wrap;
            }
        }
        Action::Reveal => return reveal(model),
        Action::Explain => {
            let stage = shown().map(|detail| detail.row.stage.clone());
            return stage
                .map(|stage| errors::explain(model, stage, None))
                .into_iter()
                .collect();
        }
        Action::Copy => match shown() {
            Some(detail) if reveals => return vec![Effect::Copy(detail.json())],
            Some(detail) => {
                return vec![Effect::Copy(
                    mask::detail(&model.store.pipeline, detail).json(),
                )];
            }
            None => model.say("there is nothing to copy yet"),
        },
        Action::Retry => {
            if let Some(Ok(target)) = shown().map(|detail| {
                EventTarget::of(&model.store.pipeline, &detail.row, model.store.tail.at())
            }) {
                let store = &model.store;
                let retry = store.retrying.propose(&store.pipeline, vec![target]);
                return answer::take(model, vec![Answer::Propose(retry)]);
            }
        }
        _ => return anywhere(model, action),
    }
    Vec::new()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other action is bound over a plan"
)]
fn on_plan(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Confirm => return plan::confirm(model),
        Action::Copy => return plan::copy(model),
        Action::Statement => plan::turn(model, Leaf::Statement),
        Action::Blocked => plan::turn(model, Leaf::Blocked),
        Action::OtherWay => return plan::other_way(model),
        Action::AnyHour => return plan::any_hour(model),
        Action::EditPace => batch::edit(model),
        Action::Cancel | Action::Back | Action::Escape => {
            model.overlays.pop();
            model.say("left undone: nothing was changed");
        }
        Action::Down | Action::Up | Action::HalfDown | Action::HalfUp => {
            scroll::scroll(model, action);
        }
        _ => return anywhere(model, action),
    }
    Vec::new()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other action is bound in a line"
)]
fn on_line(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Submit => return answer::submit(model),
        Action::Cancel | Action::Back | Action::Escape => answer::abandon(model),
        Action::Complete => answer::complete(model),
        Action::NextSuggestion => answer::suggest(model, true),
        Action::PreviousSuggestion => answer::suggest(model, false),
        _ => return anywhere(model, action),
    }
    Vec::new()
}

/// Shows `screen`. What was drilled into is forgotten: this is a jump.
pub(super) fn go(model: &mut Model, screen: ScreenId) {
    model.trail.clear();
    show(model, screen);
}

/// Shows `screen`, and keeps in mind which one it came from.
pub(super) fn show(model: &mut Model, screen: ScreenId) {
    if screen != model.screen {
        model.last_screen = model.screen;
        model.screen = screen;
        model.screens.settle(screen, &model.store);
        model.shown_at = Some(model.now);
        model.notice.take_if(|_| !model.insists);
    }
}

/// Back to where this was drilled into from; from a root screen, out.
fn back(model: &mut Model) -> Vec<Effect> {
    match model.trail.pop() {
        Some(screen) => {
            show(model, screen);
            Vec::new()
        }
        None => batch::leave(model),
    }
}

/// Marks first, then the filter, then the way back; never out.
fn escape(model: &mut Model) {
    let screen = model.screen;
    if model
        .screens
        .refusal(screen, &model.store, Action::ClearMarks)
        .is_none()
    {
        let _answers = model
            .screens
            .update(screen, &model.store, Action::ClearMarks, 1);
    } else if !model.screens.filter(screen).is_empty() {
        filter(model, screen, "");
    } else if let Some(screen) = model.trail.pop() {
        show(model, screen);
    } else if model.notice.take().is_none() {
        model.say("nothing to leave here; q leaves outpost");
    }
}

fn refresh(model: &mut Model) -> Vec<Effect> {
    model.audit_asked = None;
    model.say("asked every feed");
    let without_n8n = matches!(model.store.n8n, Link::Off(_));
    FeedId::ALL
        .into_iter()
        .filter(|feed| !(without_n8n && feed.is_n8n()))
        .map(Effect::Fetch)
        .collect()
}

fn next_time_mode(model: &mut Model) {
    let (mode, words) = match model.time_mode {
        TimeMode::Age => (TimeMode::Local, "times are local"),
        TimeMode::Local => (TimeMode::Utc, "times are UTC"),
        TimeMode::Utc => (TimeMode::Age, "times are ages"),
    };
    model.time_mode = mode;
    model.say(words);
}

/// Sets the filter of `screen`, or says what is wrong with it.
pub(super) fn filter(model: &mut Model, screen: ScreenId, text: &str) {
    if let Err(error) = model.screens.set_filter(screen, text) {
        model.say(format!("filter: {error}, at {}", error.at + 1));
    }
    model.screens.settle(screen, &model.store);
}

/// Makes `text` what stands in the open line.
pub(super) fn write_line(model: &mut Model, text: String) {
    if let Some(Overlay::Line(open)) = model.overlays.last_mut() {
        line::replace(open, text);
    }
}
