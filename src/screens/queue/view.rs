mod detail;
mod drops;
mod latency;
mod line;
mod records;

use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Constraint, Flex, Layout, Rect},
};

use super::{
    State, Tab,
    panes::{self, Panes},
    rows,
};
use crate::{
    domain::{flow::FlowLine, verdict::Health},
    effect::FeedId,
    store::Store,
    ui::{
        Context, Role, freshness, note, panel, spark,
        table::{Column, Row, Table},
        text,
    },
};

/// The columns; the trend takes `trend` cells.
const fn columns(trend: u16) -> [Column; 20] {
    [
        Column::left("", 4, 1),
        Column::left("P", 1, 9),
        Column::left("STAGE", 20, 0),
        Column::right("PEND", 5, 0),
        Column::right("OLDEST", 6, 2),
        Column::right("STUCK", 5, 3),
        Column::right("IN/m", 5, 4),
        Column::right("OUT/m", 5, 5),
        Column::right("NET", 5, 4),
        Column::right("DRAIN", 5, 6),
        Column::right("ERR%", 5, 8),
        Column::right("DROP", 4, 5),
        Column::right("AVG", 5, 11),
        Column::right("MAX", 5, 12),
        Column::right("p50", 6, 8),
        Column::right("p95", 6, 7),
        Column::right("p99", 6, 10),
        Column::right("n 1h", 5, 13),
        Column::right("LAST", 5, 14),
        Column::left("BACKLOG 1h", trend, 10).growing(),
    ]
}

/// Paints the queue screen.
pub fn view(state: &State, store: &Store, cx: &Context<'_>, frame: &mut Frame<'_>, area: Rect) {
    let buf = frame.buffer_mut();
    let shown = rows::shown(state, store);
    match state.tab {
        Tab::Queue => {}
        Tab::Latency => return latency::paint(state, store, cx, buf, area, &shown),
        Tab::Records => return records::paint(state, store, cx, buf, area),
        Tab::Drops => return drops::paint(state, store, cx, buf, area),
    }
    let panes = Panes::of(area.height, shown.len());
    let heights = [panes.list, panes.detail, panes.spread].map(Constraint::Length);
    let [list, below, spread] = Layout::vertical(heights).flex(Flex::Start).areas(area);
    table(state, store, cx, buf, list, &shown);
    if let Some(line) = panes::selected(state, &shown).filter(|_| below.height > 0) {
        detail::paint(store, cx, buf, below, line);
        if spread.height > 0 {
            latency::beside(state, store, cx, buf, spread, line);
        }
    }
}

/// The names of the tabs; that of the one shown is in capitals, which needs no colour to be seen.
fn tabs(shown: Tab) -> String {
    let names = Tab::ALL.map(|tab| {
        if tab == shown {
            tab.name().to_uppercase()
        } else {
            tab.name().to_owned()
        }
    });
    names.join(" ")
}

fn title(state: &State, store: &Store, shown: &[&FlowLine]) -> String {
    let tabs = tabs(state.tab);
    if shown.is_empty() {
        return tabs;
    }
    let sum = line::Sum::of(shown);
    let oldest = sum
        .oldest_s
        .map_or_else(String::new, |s| format!(", oldest {}", line::span(s)));
    format!(
        "{tabs}  {} pending{oldest}, {} stuck, in {}/m out {}/m{}",
        sum.pending,
        text::grouped(sum.stuck),
        text::rate(sum.in_per_min),
        text::rate(sum.out_per_min),
        note::filtered(&state.filter, shown.len(), store.flow.len()),
    )
}

fn table(
    state: &State,
    store: &Store,
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    shown: &[&FlowLine],
) {
    let badge = freshness::trouble(cx, &store.stages, FeedId::Stages.interval(), &store.reader);
    let inner = panel::panel(cx, buf, area, &title(state, store, shown), &badge, true);
    if freshness::absent(cx, buf, inner, &store.stages, &store.reader) {
        return;
    }
    if store.flow.is_empty() {
        note::sentences(
            cx,
            buf,
            inner,
            &[(Role::Dim, "waiting for the first answer".to_owned())],
        );
        return;
    }
    if shown.is_empty() {
        let none = note::no_match(&state.filter, store.flow.len(), "stages");
        note::sentences(cx, buf, inner, &none);
        return;
    }
    let totals = u16::from(usize::from(inner.height) >= shown.len() + 2);
    let [list, foot] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(totals)]).areas(inner);
    let selected = state.cursor.selected();
    let trend = trend_width(inner.width);
    let columns = columns(trend as u16);
    let table = Table {
        columns: &columns,
        len: shown.len(),
        selected: shown.iter().position(|line| Some(&line.stage) == selected),
        focused: true,
    };
    table.paint(cx, buf, list, |at| match shown.get(at) {
        Some(line) => Row {
            marked: state.cursor.is_marked(&line.stage),
            ..line::row(cx, line, trend)
        },
        None => Row::default(),
    });
    let sum = Table {
        len: 1,
        selected: None,
        focused: false,
        ..table
    };
    if totals == 1 {
        sum.paint(cx, buf, foot, |_| line::total(shown));
    }
}

/// The role of a stage's health.
pub(super) const fn role(health: Health) -> Role {
    match health {
        Health::Critical => Role::Bad,
        Health::Warning | Health::Starving => Role::Warn,
        Health::Stale | Health::Unknown => Role::Stale,
        Health::Ok => Role::Ok,
        Health::Idle => Role::Idle,
    }
}

/// Cells for the trend of an hour: a minute each where there is room, else five.
const fn trend_width(width: u16) -> usize {
    if width >= 190 { 60 } else { 12 }
}

/// An hour of minutes in `cells`, each the highest of those it stands for.
fn hour(minutes: &[u64], cells: usize) -> String {
    let each = (minutes.len() / cells.max(1)).max(1);
    let highest = minutes
        .chunks(each)
        .map(|some| some.iter().copied().max().unwrap_or(0));
    let highest: Vec<u64> = highest.collect();
    spark::spark(&highest, cells)
}
