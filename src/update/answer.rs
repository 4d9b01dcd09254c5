//! What screens answer, and what becomes of an open line.

use super::{action, audit, batch, errors, kept, past, plan, runs, triage};
use crate::{
    action::Action,
    domain::{
        event::RowId,
        plan::{Leaf, Mutation, Plan},
        triage::{Deed, LONGEST},
    },
    effect::{Effect, FeedId},
    model::{Form, Line, Model, Overlay, Purpose},
    palette::{Command, CommandError},
    screens::Answer,
};

/// Lines of history kept.
const HISTORY: usize = 100;

/// Does what a screen wants. A mutation becomes a plan that is shown: none leaves from here.
pub(super) fn take(model: &mut Model, answers: Vec<Answer>) -> Vec<Effect> {
    let mut effects = Vec::new();
    for answer in answers {
        match answer {
            Answer::Go(screen, filter) => {
                if screen != model.screen {
                    model.trail.push(model.screen);
                    action::show(model, screen);
                }
                if let Some(filter) = filter {
                    action::filter(model, screen, &filter);
                }
            }
            Answer::OpenEvent(id) => effects.push(open_event(model, id)),
            Answer::Propose(mutation) => effects.extend(propose(model, mutation)),
            Answer::FillIn(stage) => model.overlays.push(Overlay::Form(Form::new(&stage))),
            Answer::AskNote(ids) => open(model, Purpose::ResolveNote(ids), ""),
            Answer::AskTriage(deed, targets, place) => {
                open(model, Purpose::Triage(deed, targets, place), "");
            }
            Answer::OpenAudit(id) => audit::open(model, id),
            Answer::OpenRun(id) => runs::open(model, id),
            Answer::Export(name, entries) => effects.push(Effect::Export(name, entries)),
            Answer::OpenErrors(ids, at) => errors::open(model, (ids, at), false),
            Answer::OpenTimeline(ids, at) => errors::open(model, (ids, at), true),
            Answer::Explain(stage, group) => effects.push(errors::explain(model, stage, group)),
            Answer::Look(look) => effects.push(errors::ask(model, look)),
            Answer::Order(id, order) => effects.push(Effect::Batch(id, order)),
            Answer::AskOrder(id, order) => open(model, Purpose::Order(id, order), ""),
            Answer::Copy(text) => effects.push(Effect::Copy(text)),
            Answer::Say(text) => model.say(text),
        }
    }
    effects
}

pub(super) fn open_event(model: &mut Model, id: RowId) -> Effect {
    model.store.detail = None;
    model.overlays.push(Overlay::Detail {
        id: id.clone(),
        scroll: 0,
        wrap: true,
        reveal: false,
    });
    Effect::FetchEvent(id)
}

/// Shows the plan for `mutation`; what writes to the database is looked into first, by reading alone.
pub(super) fn propose(model: &mut Model, mutation: Mutation) -> Option<Effect> {
    if mutation.is_empty() {
        model.say("nothing is selected");
        return None;
    }
    let plan = Plan::new(mutation, model.now).paced(model.options.bulk);
    model.overlays.push(Overlay::Plan {
        plan: Box::new(plan.clone()),
        scroll: 0,
        leaf: Leaf::Facts,
    });
    (!plan.mutation.is_in_n8n()).then_some(Effect::Examine(plan))
}

/// Opens a line with `text` in it.
pub(super) fn open(model: &mut Model, purpose: Purpose, text: &str) {
    model.overlays.push(Overlay::Line(Line {
        purpose,
        text: text.to_owned(),
        cursor: text.len(),
        suggestion: 0,
        before: text.to_owned(),
        error: None,
    }));
}

/// The text of the open line changed: a filter works while it is typed.
pub(super) fn typed(model: &mut Model) {
    let screen = model.screen;
    let Some(Overlay::Line(line)) = model.overlays.last_mut() else {
        return;
    };
    line.suggestion = 0;
    if line.purpose == Purpose::Filter {
        line.error = model.screens.set_filter(screen, &line.text).err();
        model.screens.settle(model.screen, &model.store);
    }
}

/// Closes the line; what it changed while it was typed is undone.
pub(super) fn abandon(model: &mut Model) {
    let Some(Overlay::Line(line)) = model.overlays.pop() else {
        return;
    };
    if line.purpose == Purpose::Filter {
        action::filter(model, model.screen, &line.before);
    }
}

/// Takes the line.
pub(super) fn submit(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Line(line)) = model.overlays.last() else {
        return Vec::new();
    };
    let line = line.clone();
    match line.purpose {
        Purpose::Filter => match line.error {
            Some(error) => model.say(format!("filter: {error}, at {}", error.at + 1)),
            None => {
                model.overlays.pop();
            }
        },
        Purpose::ResolveNote(ids) => {
            let note = line.text.trim().to_owned();
            if note.is_empty() {
                model.say("a note is needed: why are these errors resolved?");
            } else {
                model.overlays.pop();
                return propose(model, Mutation::ResolveErrors { ids, note })
                    .into_iter()
                    .collect();
            }
        }
        Purpose::Triage(deed, ref targets, ref place) => {
            let chosen = chosen(model, &line);
            let text = chosen.unwrap_or_else(|| line.text.clone());
            match triage::said(model, deed, targets, &text) {
                Ok((deed, targets)) => {
                    model.overlays.pop();
                    let place = place.clone();
                    let mutation = Mutation::Triage {
                        deed,
                        targets,
                        place,
                    };
                    return propose(model, mutation).into_iter().collect();
                }
                Err(wrong) => model.say(wrong),
            }
        }
        Purpose::Note => {
            let note = noted(&line.text);
            if note.is_empty() {
                model.say("what happened? esc leaves it");
            } else {
                model.overlays.pop();
                return propose(model, Mutation::Note { note })
                    .into_iter()
                    .collect();
            }
        }
        Purpose::Confirm(tier) => return plan::typed(model, &tier, &line.text),
        Purpose::Pace => batch::pace(model, &line.text),
        Purpose::Order(id, order) => return batch::order(model, &id, order, &line.text),
        Purpose::Palette => return command(model, &line),
        Purpose::Kept => return kept::submit(model, &line),
    }
    Vec::new()
}

/// What is to be written down of what was typed.
fn noted(text: &str) -> String {
    text.trim().chars().take(LONGEST).collect()
}

/// Runs what was typed; where that is no command, the suggestion that is selected.
fn command(model: &mut Model, line: &Line) -> Vec<Effect> {
    let offered = model.suggestions(line);
    let chosen = offered.get(line.suggestion).map(|s| s.text.clone());
    let offer = model.offer();
    let typed = offer.command(&line.text);
    let (text, read) = match (typed, chosen) {
        (Err(CommandError::Wrong(_)), Some(chosen)) => {
            let read = offer.command(&chosen);
            (chosen, read)
        }
        (_, Some(chosen)) if line.suggestion > 0 => {
            let read = offer.command(&chosen);
            (chosen, read)
        }
        (typed, _) => (line.text.trim().to_owned(), typed),
    };
    match read {
        Ok(command) => {
            model.overlays.pop();
            model.history.retain(|given| *given != text);
            model.history.push(text);
            let surplus = model.history.len().saturating_sub(HISTORY);
            model.history.drain(..surplus);
            run(model, command)
        }
        Err(error @ CommandError::Incomplete(..)) => {
            action::write_line(model, format!("{text} "));
            model.say(error.to_string());
            Vec::new()
        }
        Err(error @ CommandError::Wrong(_)) => {
            model.say(error.to_string());
            Vec::new()
        }
    }
}

fn run(model: &mut Model, command: Command) -> Vec<Effect> {
    match command {
        Command::Run(action) => action::ask(model, action),
        Command::Go(screen, filter) => {
            action::go(model, screen);
            if let Some(filter) = filter {
                action::filter(model, screen, &filter);
            }
            Vec::new()
        }
        Command::Filter(text) => {
            action::filter(model, model.screen, &text);
            Vec::new()
        }
        Command::Event(id) => vec![open_event(model, id)],
        Command::Ledger => {
            model.overlays.push(Overlay::Ledger(0));
            vec![Effect::Fetch(FeedId::Ledger)]
        }
        Command::Undo => {
            model.overlays.push(Overlay::Undo(0));
            Vec::new()
        }
        Command::Note(text) => {
            if let Some(reason) = model.refusal(Action::Note) {
                model.say(reason);
                return Vec::new();
            }
            let note = noted(&text);
            propose(model, Mutation::Note { note })
                .into_iter()
                .collect()
        }
        Command::Acknowledge(rule, text) => triage::of_rule(model, Deed::Acknowledge, rule, &text),
        Command::Silence(rule, text) => triage::of_rule(model, Deed::Silence, rule, &text),
        Command::At(text) => past::open(model, &text),
        Command::Cost => {
            model.overlays.push(Overlay::Cost(0));
            Vec::new()
        }
        Command::Theme(name) => {
            model.say(format!("theme {name}"));
            vec![Effect::SetTheme(name)]
        }
        Command::Scenario(name) => {
            model.say(format!("scenario {name} begins"));
            vec![Effect::Scenario(name)]
        }
    }
}

/// The suggestion that is taken in the place of what was typed: one that was gone to, or the first where nothing was typed.
pub(super) fn chosen(model: &Model, line: &Line) -> Option<String> {
    let is_taken = line.suggestion > 0 || line.text.trim().is_empty();
    let offered = model.suggestions(line).into_iter().nth(line.suggestion);
    offered.filter(|_| is_taken).map(|offered| offered.text)
}

/// Whether there may be suggestions for a line of this purpose.
const fn has_suggestions(purpose: &Purpose) -> bool {
    matches!(
        purpose,
        Purpose::Palette | Purpose::Kept | Purpose::Triage(..)
    )
}

/// Completes the line with the suggestion that is selected.
pub(super) fn complete(model: &mut Model) {
    let Some(Overlay::Line(line)) = model.overlays.last() else {
        return;
    };
    if !has_suggestions(&line.purpose) {
        model.say("there is nothing to complete here");
        return;
    }
    let is_palette = line.purpose == Purpose::Palette;
    let offered = model.suggestions(line);
    let Some(chosen) = offered.into_iter().nth(line.suggestion) else {
        model.say(if is_palette {
            "no command is like that"
        } else {
            "nothing that is offered begins like that"
        });
        return;
    };
    if !is_palette {
        action::write_line(model, chosen.text);
        return;
    }
    let wants_more = matches!(
        model.offer().command(&chosen.text),
        Err(CommandError::Incomplete(..))
    );
    let tail = if wants_more { " " } else { "" };
    action::write_line(model, format!("{}{tail}", chosen.text));
}

/// Selects the next suggestion, or the previous one; before the first come the lines given before.
pub(super) fn suggest(model: &mut Model, next: bool) {
    let Some(Overlay::Line(line)) = model.overlays.last() else {
        return;
    };
    if !has_suggestions(&line.purpose) {
        model.say("there are no suggestions here");
        return;
    }
    let is_palette = line.purpose == Purpose::Palette;
    let last = model.suggestions(line).len().saturating_sub(1);
    let to = if next {
        Some((line.suggestion + 1).min(last))
    } else {
        line.suggestion.checked_sub(1)
    };
    let place = model.history.iter().position(|given| *given == line.text);
    let earlier = place.map_or(model.history.len().checked_sub(1), |at| at.checked_sub(1));
    let recalled = earlier.and_then(|at| model.history.get(at)).cloned();
    if let (Some(to), Some(Overlay::Line(line))) = (to, model.overlays.last_mut()) {
        line.suggestion = to;
    } else if let Some(recalled) = recalled.filter(|_| is_palette) {
        action::write_line(model, recalled);
    }
}
