mod detail;

use chrono::TimeDelta;
use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
};
use unicode_width::UnicodeWidthStr as _;

use super::{State, rows};
use crate::{
    domain::{
        Timestamp,
        alert::{self, Alert, Level, RULES, Reading, Rule, Unit, reading},
        as_of::AsOf,
    },
    effect::FeedId,
    store::Store,
    ui::{
        Context, Role, freshness, note, panel, spark,
        table::{Column, Row, Table, cell},
        text,
    },
};

/// Cells of a bar.
const BAR: u16 = 14;

/// Where what operators said stands, where they said something.
const SAID: usize = 4;

/// Cells of that at most.
const MOST_SAID: usize = 36;

const COLUMNS: [Column; 12] = [
    Column::left("STATE", 7, 0),
    Column::left("LEVEL", 5, 7),
    Column::left("RULE", 25, 0),
    Column::right("VALUE", 7, 1),
    Column::left("ACK, SILENCE", 12, 0),
    Column::right("FIRES AT", 8, 3),
    Column::left("", BAR, 6),
    Column::right("n", 5, 5),
    Column::right("HELD", 7, 2),
    Column::right("SINCE", 12, 4),
    Column::left("STAGE", 20, 8),
    Column::left("WINDOW", 12, 9).growing(),
];

/// The columns: what was said in as many cells as it takes, and not at all where nothing was.
fn columns(cx: &Context<'_>, shown: &[&Alert]) -> Vec<Column> {
    let said = shown.iter().map(|alert| said(cx, alert).width());
    let most = said.max().unwrap_or_default().min(MOST_SAID);
    let mut columns = COLUMNS.to_vec();
    if most == 0 {
        columns.remove(SAID);
    } else if let Some(column) = columns.get_mut(SAID) {
        column.width = column.width.max(most as u16);
    }
    columns
}

/// Who acknowledged it, and until when it is silenced.
fn said(cx: &Context<'_>, alert: &Alert) -> String {
    alert.said.words(|at| text::minute(cx, at))
}

/// Paints the alerts screen.
pub fn view(state: &State, store: &Store, cx: &Context<'_>, frame: &mut Frame<'_>, area: Rect) {
    let buf = frame.buffer_mut();
    let shown = rows::shown(state, store);
    let wanted = shown.len().max(2) as u16 + 3;
    let below = area.height.saturating_sub(wanted).min(12);
    let below = if below >= 5 && !shown.is_empty() {
        below
    } else {
        0
    };
    let above = if below > 0 { wanted } else { area.height };
    let [above, below] =
        Layout::vertical([Constraint::Length(above), Constraint::Length(below)]).areas(area);
    table(state, store, cx, buf, above, &shown);
    let selected = state.cursor.selected();
    if below.height > 0
        && let Some(alert) = shown.iter().find(|alert| Some(&alert.rule) == selected)
    {
        let known = detail::Known {
            counted: counted(store, alert),
            newest: newest(store, alert),
            burn: rows::burn(store, alert),
            place: store.said_in(),
        };
        detail::paint(cx, buf, below, alert, known);
    }
}

fn title(state: &State, store: &Store, shown: usize) -> String {
    let count =
        |of: fn(alert::State) -> bool| store.alerts.iter().filter(|it| of(it.state)).count();
    let firing = count(|it| matches!(it, alert::State::Firing(_)));
    let pending = count(|it| matches!(it, alert::State::Pending(_)));
    let blind = count(|it| matches!(it, alert::State::NoData(_)));
    let blind = match blind {
        0 => String::new(),
        blind => format!("  {blind} without data"),
    };
    let off = off(store);
    let (unack, silenced) = alert::counted(&store.alerts);
    let silenced = match silenced {
        0 => String::new(),
        silenced => format!("  {silenced} silenced"),
    };
    let title =
        format!("ALERTS  {firing} firing  {unack} unack{silenced}  {pending} pending{blind}{off}");
    title + &note::filtered(&state.filter, shown, store.alerts.len())
}

/// The rules that the configuration switches off, lest one that is missing pass for one that is well.
fn off(store: &Store) -> String {
    let names: Vec<&str> = RULES
        .iter()
        .filter(|rule| rows::find(store, rule.id).is_none())
        .map(|rule| rule.title)
        .collect();
    if names.is_empty() || store.alerts.is_empty() {
        return String::new();
    }
    format!("  off: {}", names.join(", "))
}

fn table(
    state: &State,
    store: &Store,
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    shown: &[&Alert],
) {
    let stages = freshness::trouble(cx, &store.stages, FeedId::Stages.interval(), &store.reader);
    let badge = if stages.0.is_empty() {
        freshness::trouble(
            cx,
            &store.outcomes,
            FeedId::Outcomes.interval(),
            &store.reader,
        )
    } else {
        stages
    };
    let inner = panel::panel(
        cx,
        buf,
        area,
        &title(state, store, shown.len()),
        &badge,
        true,
    );
    if shown.is_empty() {
        let sentences = if store.alerts.is_empty() {
            vec![(Role::Dim, "waiting for the first answer".to_owned())]
        } else {
            note::no_match(&state.filter, store.alerts.len(), "rules")
        };
        note::sentences(cx, buf, inner, &sentences);
        return;
    }
    let selected = state.cursor.selected();
    let columns = columns(cx, shown);
    let is_said = columns.len() == COLUMNS.len();
    let table = Table {
        columns: &columns,
        len: shown.len(),
        selected: shown.iter().position(|alert| Some(&alert.rule) == selected),
        focused: true,
    };
    table.paint(cx, buf, inner, |at| match shown.get(at) {
        Some(alert) => Row {
            marked: state.cursor.is_marked(&alert.rule),
            ..row(cx, alert, counted(store, alert), is_said)
        },
        None => Row::default(),
    });
}

/// The role of an alert: that of its level while it fires and is not silenced.
pub(super) const fn role(alert: &Alert) -> Role {
    if alert.is_silenced() {
        return Role::Dim;
    }
    match (alert.state, alert.rule().level) {
        (alert::State::Firing(_), Level::Critical) => Role::Bad,
        (alert::State::Firing(_), Level::Warning) | (alert::State::Pending(_), _) => Role::Warn,
        (alert::State::Ok, _) => Role::Ok,
        (alert::State::Idle | alert::State::LowN, _) => Role::Idle,
        (alert::State::NoData(_), _) => Role::Stale,
    }
}

/// When what `alert` is judged on was counted, where that was before the last look.
fn counted(store: &Store, alert: &Alert) -> Option<AsOf> {
    reading::counted(alert.rule, store.outcomes.value()?)
}

/// Among how many rows it was counted, where that was not all of its window.
fn newest(store: &Store, alert: &Alert) -> Option<u64> {
    reading::newest(alert.rule, store.outcomes.value()?)
}

fn row<'a>(cx: &Context<'_>, alert: &Alert, counted: Option<AsOf>, is_said: bool) -> Row<'a> {
    let rule = alert.rule();
    let (value, n, filled) = match alert.reading {
        Reading::Value { value, n, .. } => {
            (rule.format(value), text::count(n), bar(cx, rule, value))
        }
        Reading::Idle | Reading::Unknown(_) => ("-".to_owned(), "-".to_owned(), String::new()),
    };
    let level = match rule.level {
        Level::Critical => "crit",
        Level::Warning => "warn",
    };
    let since = alert
        .state
        .since()
        .map_or_else(|| "-".to_owned(), |at| text::moment(cx, at));
    let (place, place_role) = match (&alert.blind, &alert.reading) {
        (Some((reason, _)), _) => (reason.clone(), Role::Stale),
        (
            None,
            Reading::Value {
                stage: Some(stage), ..
            },
        ) => (stage.label(), Role::Text),
        (None, Reading::Value { .. } | Reading::Idle | Reading::Unknown(_)) => {
            (String::new(), Role::Text)
        }
    };
    let mut cells = vec![
        cell(alert.state.word(), role(alert)),
        cell(level, Role::Dim),
        cell(rule.title, Role::Strong),
        cell(value, role(alert)),
        cell(rule.threshold(), Role::Dim),
        cell(filled, role(alert)),
        cell(n, Role::Dim),
        cell(held(alert, cx.now), Role::Text),
        cell(since, Role::Text),
        cell(place, place_role),
        cell(
            rule.window.to_owned() + &note::as_of(cx, counted),
            Role::Dim,
        ),
    ];
    if is_said {
        cells.insert(SAID, cell(said(cx, alert), Role::Strong));
    }
    Row::new(cells)
}

/// How long it has been beyond the threshold, of how long it must be before it fires: `12s/1m`.
fn held(alert: &Alert, now: Timestamp) -> String {
    let hold = TimeDelta::from_std(alert.rule().hold).unwrap_or_default();
    match alert.state {
        alert::State::Pending(since) => {
            format!("{}/{}", text::span((now - since).min(hold)), whole(hold))
        }
        alert::State::Firing(_)
        | alert::State::Ok
        | alert::State::Idle
        | alert::State::LowN
        | alert::State::NoData(_) => "-".to_owned(),
    }
}

/// A span that was chosen, not measured: `5m`, and not `5m00s`.
fn whole(span: TimeDelta) -> String {
    let minutes = span.num_minutes();
    if span == TimeDelta::minutes(minutes) && (1..60).contains(&minutes) {
        format!("{minutes}m")
    } else {
        text::span(span)
    }
}

/// The value against the threshold, which stands as a mark in the bar.
fn bar(cx: &Context<'_>, rule: &Rule, value: f64) -> String {
    let full = match rule.unit {
        Unit::Share => (rule.fire * 2.0).min(1.0),
        Unit::Rows | Unit::Seconds => rule.fire * 2.0,
    };
    let width = usize::from(BAR);
    let place = (rule.fire / full * width as f64).round() as usize;
    let mark = if cx.theme.ascii { '|' } else { '│' };
    let filled = spark::bar(value / full, width);
    let cells = filled.chars().enumerate();
    cells
        .map(|(at, c)| if at == place.min(width - 1) { mark } else { c })
        .collect()
}
