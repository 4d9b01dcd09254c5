//! A line being typed: what it is for, what is wrong with it, what is offered.

use ratatui::buffer::Buffer;

use super::{batch, rows::Rows};
use crate::{
    domain::triage::Deed,
    keymap::BINDINGS,
    model::{Line, Model, Purpose},
    ui::{Context, Role, line, plan, text},
};

/// What stands before a line, and what it is for.
fn asked(model: &Model, typed: &Line) -> (&'static str, String) {
    match &typed.purpose {
        Purpose::Filter => ("/", "words, /re/, !word, field:value".to_owned()),
        Purpose::Palette => (":", String::new()),
        Purpose::Kept => ("'", kept(model)),
        Purpose::ResolveNote(ids) if ids.len() == 1 => ("note", "why 1 error is resolved".into()),
        Purpose::ResolveNote(_) => ("note", "why these errors are resolved".into()),
        Purpose::Triage(Deed::Assign, ..) => (
            "owner",
            "me, a name, - for nobody; behind a semicolon a note".into(),
        ),
        Purpose::Triage(Deed::Acknowledge, ..) => {
            ("ack", "me, or a name; behind a semicolon a note".into())
        }
        Purpose::Triage(Deed::Silence, ..) => (
            "until",
            "1h, 18:00, tomorrow 9:00; behind a semicolon a note".into(),
        ),
        Purpose::Triage(..) => (
            "until",
            "4h, tomorrow 9:00, 50 more, 20/h; - ends it; behind a semicolon a note".into(),
        ),
        Purpose::Note => (
            "note",
            "what happened: deploy billing 1.4, token rotated".into(),
        ),
        Purpose::Confirm(tier) => ("confirm", plan::asks(tier)),
        Purpose::Pace => (
            "pace",
            "events a minute, or pace=20 canary=1 brake=2".to_owned(),
        ),
        Purpose::Order(id, order) => ("batch", batch::asks(model, id, *order)),
    }
}

/// What may be typed where filters are kept.
fn kept(model: &Model) -> String {
    let set = model.screens.filter(model.screen).trim();
    if set.is_empty() {
        return "the name or number of a filter that is kept; -name forgets it".to_owned();
    }
    let set = text::cut(set, 32);
    format!("the name of one that is kept, or a new one to keep {set}")
}

/// Paints the open line, and what is offered for it.
pub(super) fn typing(cx: &Context<'_>, buf: &mut Buffer, rows: &Rows, model: &Model, typed: &Line) {
    let (prompt, purpose) = asked(model, typed);
    // What is said lies under the line, so the line itself says what is missing.
    let missing = match &typed.purpose {
        Purpose::Confirm(tier) if !typed.text.is_empty() => tier.take(&typed.text).err(),
        Purpose::Confirm(_)
        | Purpose::Filter
        | Purpose::Kept
        | Purpose::Palette
        | Purpose::ResolveNote(_)
        | Purpose::Pace
        | Purpose::Note
        | Purpose::Order(..)
        | Purpose::Triage(..) => None,
    };
    let wrong = typed.error.as_ref().map(ToString::to_string).or(missing);
    let remark = match &wrong {
        Some(reason) => Some((reason.as_str(), Role::Bad)),
        None if typed.text.is_empty() && !purpose.is_empty() => Some((purpose.as_str(), Role::Dim)),
        None => None,
    };
    let suggestions = model.suggestions(typed);
    if !suggestions.is_empty() || matches!(typed.purpose, Purpose::Palette) {
        let offered: Vec<(String, String)> = suggestions
            .into_iter()
            .map(|suggestion| {
                let chord = suggestion
                    .chord
                    .map_or_else(String::new, |chord| chord.to_string());
                let bound = BINDINGS.iter().find(|it| it.name == suggestion.text);
                match bound.and_then(|binding| model.barred(binding.action)) {
                    Some(why) => (suggestion.text, format!("-{chord}-    {why}")),
                    None => (suggestion.text, format!("{chord:6} {}", suggestion.help)),
                }
            })
            .collect();
        let title = title(&typed.purpose);
        line::suggestions(cx, buf, rows.over, (title, &offered), typed.suggestion);
    }
    let mut input = line::Input {
        prompt,
        text: &typed.text,
        cursor: typed.cursor,
        remark,
    };
    if let Some(error) = &typed.error
        && line::caret(cx, buf, rows.footer, &input, (error.at, &error.reason))
    {
        input.remark = None;
    }
    line::input(cx, buf, rows.line, &input);
}

/// What is offered for a line, in a few words.
const fn title(purpose: &Purpose) -> &'static str {
    match purpose {
        Purpose::Triage(Deed::Assign, ..) => "who takes it",
        Purpose::Triage(Deed::Acknowledge, ..) => "who looks after it",
        Purpose::Triage(Deed::Silence, ..) => "silenced until",
        Purpose::Triage(..) => "left alone until",
        Purpose::Kept => "kept filters",
        Purpose::Palette
        | Purpose::Filter
        | Purpose::ResolveNote(_)
        | Purpose::Pace
        | Purpose::Note
        | Purpose::Order(..)
        | Purpose::Confirm(_) => "commands",
    }
}
