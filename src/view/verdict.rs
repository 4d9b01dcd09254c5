//! The first rows: how bad it is and where, why, and what to press.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use unicode_width::UnicodeWidthStr as _;

use super::rows::Rows;
use crate::{
    action::{Action, ScreenId},
    domain::verdict::Step,
    keymap::Scope,
    model::Model,
    ui::{Context, Role, badge, panel, text},
};

/// Paints the verdict into its rows.
pub(super) fn verdict(cx: &Context<'_>, buf: &mut Buffer, rows: &Rows, model: &Model) {
    let verdict = &model.store.verdict;
    let role = badge::loud(verdict.health);
    let word = Span::styled(format!(" {} ", verdict.health.word()), cx.style(role));
    let room = usize::from(rows.verdict.width).saturating_sub(word.width() + 1);
    let headline = text::fitting(verdict.headlines(), room);
    // Held for calm: about what it says.
    let about = if verdict.is_held { "~" } else { " " };
    let head = Span::styled(format!("{about}{headline}"), cx.style(Role::Strong));
    panel::put(buf, rows.verdict, 0, &Line::from(vec![word, head]));
    if !verdict.why.is_empty() {
        let room = usize::from(rows.why.width).saturating_sub(6);
        let why = text::fitting(verdict.whys(), room);
        said(cx, buf, rows.why, "why", &why);
    }
    steps(cx, buf, rows.steps, model);
}

fn said(cx: &Context<'_>, buf: &mut Buffer, area: Rect, name: &str, what: &str) {
    let line = Line::from(vec![
        Span::styled(format!(" {name:4} "), cx.style(Role::Header)),
        Span::styled(what.to_owned(), cx.style(Role::Text)),
    ]);
    panel::put(buf, area, 0, &line);
}

fn steps(cx: &Context<'_>, buf: &mut Buffer, area: Rect, model: &Model) {
    let mut spans = Vec::new();
    if !model.store.verdict.steps.is_empty() {
        spans.push(Span::styled(" do   ", cx.style(Role::Header)));
    }
    for (step, words) in &model.store.verdict.steps {
        let chord = screen_of(*step)
            .and_then(|id| model.options.keymap.shown(&[Scope::Global], Action::Go(id)));
        let chord = chord.map_or_else(String::new, |chord| format!("{chord} "));
        let used: usize = spans.iter().map(Span::width).sum();
        let room = usize::from(area.width).saturating_sub(used + chord.width());
        if words.width() > room && spans.len() > 1 {
            break;
        }
        spans.push(Span::styled(chord, cx.style(Role::Key)));
        let words = text::cut(words, room);
        spans.push(Span::styled(format!("{words}   "), cx.style(Role::Text)));
    }
    let line = Line::from(spans);
    let room = usize::from(area.width).saturating_sub(line.width() + 1);
    panel::put_both(buf, area, 0, &line, &saved(cx, model, room));
}

/// The filters of this screen that are kept, each with the number that sets it: `saved: 1 mine  2 new today  3 crm   '`.
fn saved(cx: &Context<'_>, model: &Model, room: usize) -> Line<'static> {
    let own = model.kept.iter().filter(|kept| kept.screen == model.screen);
    let chord = model
        .options
        .keymap
        .shown(&[Scope::Global], Action::OpenKept);
    let key = format!(
        " {} ",
        chord.map_or_else(String::new, |chord| chord.to_string())
    );
    let mut told = String::new();
    for (at, kept) in own.enumerate() {
        let one = format!("  {} {}", at + 1, kept.name);
        if "saved:".len() + told.width() + one.width() + key.width() + 2 > room {
            // Which there are more of is told by the key.
            told += " …";
            break;
        }
        told += &one;
    }
    if told.trim_matches([' ', '…']).is_empty() {
        return Line::default();
    }
    Line::from(vec![
        Span::styled("saved:", cx.style(Role::Header)),
        Span::styled(format!("{told} "), cx.style(Role::Text)),
        Span::styled(key, cx.style(Role::Key)),
    ])
}

/// The screen on which a step is taken.
const fn screen_of(step: Step) -> Option<ScreenId> {
    match step {
        Step::Errors => Some(ScreenId::Errors),
        Step::Queue => Some(ScreenId::Queue),
        Step::Stream => Some(ScreenId::Stream),
        Step::Workflows => Some(ScreenId::N8n),
        Step::Alerts => Some(ScreenId::Alerts),
        Step::Campaigns => Some(ScreenId::Campaigns),
        Step::Doctor => None,
    }
}
