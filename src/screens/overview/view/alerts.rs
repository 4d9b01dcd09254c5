//! The seven rules: those that ask for something first.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::{
    super::{Pane, ordered},
    Scene,
};
use crate::{
    domain::alert::{self, Alert, Level, Reading, State},
    ui::{
        Context, Role, panel,
        table::{Column, Row, Table, cell},
        text,
    },
};

const COLUMNS: &[Column] = &[
    Column::left("STATE", 5, 0),
    Column::left("RULE", 12, 0).growing(),
    Column::right("VALUE", 6, 1),
    Column::right("LIMIT", 6, 2),
    Column::right("SINCE", 6, 3),
    Column::right("N", 5, 4),
    Column::left("TO GO", 18, 5),
];

/// From so many cells on there is room for all counts in the border.
const WIDE: u16 = 60;

/// Paints the pane.
pub(super) fn alerts(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let all = ordered(scene.store);
    let firing = all.iter().filter(|alert| alert.is_firing()).count();
    let pending = all
        .iter()
        .filter(|alert| matches!(alert.state, State::Pending(_)))
        .count();
    let (unack, silenced) = alert::counted(&scene.store.alerts);
    let role = if unack > 0 { Role::Bad } else { Role::Dim };
    let words = match (silenced, area.width < WIDE) {
        (0, true) => format!("{firing} firing  {unack} unack"),
        (0, false) => format!("{firing} firing  {unack} unack  {pending} pending"),
        (_, true) => format!("{unack} unack  {silenced} silenced"),
        (_, false) => {
            format!("{firing} firing  {unack} unack  {silenced} silenced  {pending} pending")
        }
    };
    let summary = (words, role);
    let title = (Pane::Alerts, "5 ALERTS");
    let inner = scene.boxed(buf, area, title, (String::new(), Role::Dim), summary);
    if all.is_empty() {
        let line = Line::styled("waiting for the first answer", scene.cx.style(Role::Dim));
        panel::put(buf, panel::indented(inner), 0, &line);
        return;
    }
    let chosen = scene.state.alerts.selected();
    let has_keys = scene.has_keys(Pane::Alerts);
    let table = Table {
        columns: COLUMNS,
        len: all.len(),
        selected: all
            .iter()
            .position(|alert| has_keys && Some(&alert.rule) == chosen),
        focused: has_keys,
    };
    table.paint(scene.cx, buf, inner, |index| {
        all.get(index)
            .map_or_else(Row::default, |alert| row(scene.cx, alert))
    });
    advice(scene, buf, inner, &all);
}

/// What the guide says to do about those that fire, where there is room below the table.
fn advice(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, all: &[&Alert]) {
    let area = panel::indented(area);
    let mut row = all.len() as u16 + 2;
    let loud = |alert: &&&Alert| alert.is_firing() && !alert.is_silenced();
    for alert in all.iter().filter(loud) {
        let rule = alert.rule();
        let stage = alert
            .stage()
            .map_or_else(String::new, |stage| format!(" in {}", stage.label()));
        let mut lines = vec![(format!("{}{stage}", rule.title), Role::Strong)];
        let words = [rule.condition(), rule.advice.to_owned()].into_iter();
        let wrapped =
            words.flat_map(|words| text::wrap(&words, usize::from(area.width).saturating_sub(2)));
        lines.extend(wrapped.map(|line| (format!("  {line}"), Role::Dim)));
        if row + lines.len() as u16 > area.height {
            return;
        }
        for (line, role) in lines {
            panel::put(buf, area, row, &Line::styled(line, scene.cx.style(role)));
            row += 1;
        }
    }
}

fn row(cx: &Context<'_>, alert: &Alert) -> Row<'static> {
    let rule = alert.rule();
    let loud = match (alert.is_firing(), rule.level) {
        _ if alert.is_silenced() => Role::Dim,
        (true, Level::Critical) => Role::Bad,
        (true, Level::Warning) => Role::Warn,
        (false, _) => Role::Text,
    };
    let word = match alert.state {
        _ if alert.is_silenced() => Role::Dim,
        State::Firing(_) => loud,
        State::Pending(_) => Role::Warn,
        State::Ok => Role::Ok,
        State::Idle | State::LowN => Role::Idle,
        State::NoData(_) => Role::Stale,
    };
    let (value, n) = match &alert.reading {
        Reading::Value { value, n, .. } => (rule.format(*value), text::count(*n)),
        Reading::Idle => ("-".to_owned(), "-".to_owned()),
        Reading::Unknown(_) => ("?".to_owned(), "-".to_owned()),
    };
    let since = alert
        .state
        .since()
        .map_or_else(|| "-".to_owned(), |at| text::span(cx.now - at));
    let to_go = to_go(cx, alert);
    Row::new(vec![
        cell(brief(alert), word),
        cell(rule.title, loud),
        cell(value, loud),
        cell(rule.threshold(), Role::Dim),
        cell(since, Role::Text),
        cell(n, Role::Dim),
        cell(to_go, Role::Dim),
    ])
}

/// Who looks after it, or until when it is silenced; else how far it is from a change.
fn to_go(cx: &Context<'_>, alert: &Alert) -> String {
    if let Some(silenced) = &alert.said.silenced {
        return format!("silenced {} more", text::span(silenced.until - cx.now));
    }
    if let Some(acked) = &alert.said.acked {
        let doubt = if acked.is_sure { "" } else { "?" };
        return acked.words() + doubt;
    }
    alert
        .distance(cx.now)
        .unwrap_or_else(|| match &alert.reading {
            Reading::Unknown(why) => why.clone(),
            Reading::Value { .. } | Reading::Idle => String::new(),
        })
}

/// The state in at most 5 cells.
fn brief(alert: &Alert) -> &'static str {
    match alert.state {
        State::Firing(_) if alert.is_silenced() => "muted",
        State::Firing(_) if alert.acked_by().is_some() => "acked",
        State::Firing(_) => "FIRE",
        State::Pending(_) => "pend",
        State::Ok => "ok",
        State::Idle => "idle",
        State::LowN => "low n",
        State::NoData(_) => "blind",
    }
}
