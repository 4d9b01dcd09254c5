//! The latency tab: every stage over a window of time, and how the selected one's is spread.

use chrono::TimeDelta;
use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span as Words},
};

use super::{State, tabs};
use crate::{
    domain::{
        flow::FlowLine,
        latency::window::{Band, LatencyWindow, Origin, Span, StageWindow},
    },
    effect::FeedId,
    store::{Store, feed::Feed},
    ui::{
        Context, Role, freshness, note, panel, spark,
        table::{Cell, Column, Row, Table, cell},
        text,
    },
};

/// Times the usual from which a stage is marked as slow, and as far too slow.
const SLOW: f64 = 2.0;
const FAR_TOO_SLOW: f64 = 4.0;

/// Marks for few to many events, each readable without colour.
const HEAT: [char; 9] = ['.', ':', '-', '=', '+', '*', '#', '%', '@'];

/// Cells of a heat map before its slots: the limit of the band, its bar, its number.
const LABEL: usize = 8;
const BAR: usize = 12;
const COUNT: usize = 7;
const BEFORE: usize = LABEL + BAR + COUNT + 2;

/// Bands that the spread is told in at most, and its rows beside them: borders, sentence, axis.
const BANDS: u16 = 12;
const AROUND: u16 = 4;

/// What stands behind the last place of a series where it is not over yet.
pub(super) const RUNNING: char = '~';

/// The columns; the trend takes `trend` cells.
const fn columns(trend: u16) -> [Column; 10] {
    [
        Column::left("STAGE", 20, 0),
        Column::right("n", 5, 5),
        Column::right("AVG", 5, 4),
        Column::right("MAX", 5, 3),
        Column::right("p50", 6, 2),
        Column::right("p95", 6, 0),
        Column::right("p99", 6, 6),
        Column::right("USUAL", 6, 1),
        Column::right("x", 5, 1),
        Column::left("p95 OVER THE WINDOW", trend, 7).growing(),
    ]
}

pub(super) fn paint(
    state: &State,
    store: &Store,
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    shown: &[&FlowLine],
) {
    let feed = &store.latency[state.span as usize];
    let selected = state.cursor.selected();
    let line = shown.iter().find(|line| Some(&line.stage) == selected);
    let of = line
        .zip(feed.value())
        .and_then(|(line, window)| find(window, line));
    let bands = of.map_or(0, |of| of.bands(1, usize::from(BANDS)).len() as u16);
    let left = area.height.saturating_sub(shown.len() as u16 + 3);
    let below = if area.height < 14 || feed.value().is_none() {
        0
    } else {
        // As many rows as it fills; on a small screen no more than leave seven stages in sight.
        (bands + AROUND).min(left.max(area.height - 10))
    };
    let [above, below] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]).areas(area);
    table(state, store, cx, buf, above, (shown, feed));
    if let (Some(line), Some(window), true) = (line, feed.value(), below.height > 0) {
        let title = format!("{}  enter shows its events", line.stage.label());
        spread(cx, buf, below, (line, window), &title);
    }
}

/// Whether the last place of a window is of an hour that runs, and so holds less than the others.
fn is_running(cx: &Context<'_>, window: &LatencyWindow) -> bool {
    window.origin == Origin::RollUps && window.until.is_some_and(|until| until > cx.now)
}

/// How the latency of one stage is spread, where another tab has room for it.
pub(super) fn beside(
    state: &State,
    store: &Store,
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    line: &FlowLine,
) {
    let feed = &store.latency[state.span as usize];
    let (of, span) = (line.stage.label(), state.span.words());
    let title = format!("latency of {of}, last {span}  ] shows all stages");
    if let Some(window) = feed.value() {
        spread(cx, buf, area, (line, window), &title);
    } else {
        let inner = panel::panel(cx, buf, area, &title, &(String::new(), Role::Dim), false);
        let _is_absent = freshness::absent(cx, buf, inner, feed, &store.reader);
    }
}

/// The window of `stage`, where something is known of it.
fn find<'a>(window: &'a LatencyWindow, line: &FlowLine) -> Option<&'a StageWindow> {
    window.stages.iter().find(|of| of.stage == line.stage)
}

fn title(state: &State, cx: &Context<'_>, window: Option<&LatencyWindow>) -> String {
    let tabs = tabs(state.tab);
    let span = state.span.words();
    let Some(window) = window else {
        return format!("{tabs}  last {span}");
    };
    let from = match window.origin {
        Origin::Table => String::new(),
        Origin::Memory => ", from memory".to_owned(),
        Origin::RollUps => {
            let behind = window.until.map(|until| cx.now - until);
            match behind.filter(|behind| *behind > TimeDelta::hours(1)) {
                Some(behind) => format!(", rolled up {} ago", text::span(behind)),
                None if is_running(cx, window) => {
                    format!(", from roll-ups; {RUNNING} this hour is not over")
                }
                None => ", from roll-ups".to_owned(),
            }
        }
    };
    let since = window.since.map_or_else(String::new, |since| {
        format!(", known for {}", text::span(cx.now - since))
    });
    format!("{tabs}  last {span}{from}{since}")
}

fn table(
    state: &State,
    store: &Store,
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    (shown, feed): (&[&FlowLine], &Feed<LatencyWindow>),
) {
    let every = FeedId::Latency(state.span).interval();
    let badge = freshness::trouble(cx, feed, every, &store.reader);
    let title = title(state, cx, feed.value());
    let inner = panel::panel(cx, buf, area, &title, &badge, true);
    if freshness::absent(cx, buf, inner, feed, &store.reader) {
        return;
    }
    let Some(window) = feed.value() else { return };
    if shown.is_empty() {
        let none = note::no_match(&state.filter, store.flow.len(), "stages");
        note::sentences(cx, buf, inner, &none);
        return;
    }
    if window
        .stages
        .iter()
        .all(|of| of.n == 0 && of.in_flight.is_empty())
    {
        note::sentences(cx, buf, inner, &[(Role::Dim, nothing(cx, window))]);
        return;
    }
    let trend = usize::from(state.span.slots());
    let columns = columns(trend as u16 + u16::from(is_running(cx, window)));
    let selected = state.cursor.selected();
    let table = Table {
        columns: &columns,
        len: shown.len(),
        selected: shown.iter().position(|line| Some(&line.stage) == selected),
        focused: true,
    };
    table.paint(cx, buf, inner, |at| match shown.get(at) {
        Some(line) => Row {
            marked: state.cursor.is_marked(&line.stage),
            ..row(cx, line, window)
        },
        None => Row::default(),
    });
}

/// What a window without an event says.
fn nothing(cx: &Context<'_>, window: &LatencyWindow) -> String {
    let span = window.span.words();
    let behind = window.until.map(|until| cx.now - until);
    match window.origin {
        Origin::RollUps if behind.is_some_and(|it| it.num_seconds() > window.span.seconds()) => {
            let behind = behind.map_or_else(String::new, text::span);
            format!(
                "the roll-ups end {behind} ago and hold nothing of the last {span}: outpost rollup is at it, or is to be run"
            )
        }
        Origin::RollUps if window.until.is_none() => {
            format!(
                "the roll-ups hold nothing of the last {span}: run outpost rollup, every minute or so"
            )
        }
        Origin::RollUps | Origin::Table | Origin::Memory => {
            format!("no event ended in the last {span}, and none is in flight")
        }
    }
}

fn row<'a>(cx: &Context<'_>, line: &'a FlowLine, window: &LatencyWindow) -> Row<'a> {
    let stage = cell(line.stage.label(), Role::Text);
    let Some(of) = find(window, line) else {
        let blank = (0..9).map(|_| cell("-", Role::Dim));
        return Row::new(std::iter::once(stage).chain(blank).collect());
    };
    let latency = of.latency();
    let dashed = |words: Option<String>| words.unwrap_or_else(|| "-".to_owned());
    let quiet = |is_none: bool| if is_none { Role::Dim } else { Role::Text };
    let mut cells: Vec<Cell<'a>> = vec![stage, cell(text::count(latency.n), Role::Dim)];
    for ms in [latency.avg_ms, latency.max_ms] {
        cells.push(cell(dashed(ms.map(text::latency)), quiet(ms.is_none())));
    }
    for quantile in [latency.p50, latency.p95, latency.p99] {
        let open = quantile.is_some_and(|quantile| quantile.at_least);
        let role = if open {
            Role::Warn
        } else {
            quiet(quantile.is_none())
        };
        cells.push(cell(dashed(quantile.map(text::quantile)), role));
    }
    let usual = of.usual.map(|usual| text::latency(usual.p95_ms));
    cells.push(cell(dashed(usual), Role::Dim));
    let times = of.times_usual();
    let role = match times {
        Some(times) if times >= FAR_TOO_SLOW => Role::Bad,
        Some(times) if times >= SLOW => Role::Warn,
        Some(_) => Role::Text,
        None => Role::Dim,
    };
    cells.push(cell(dashed(times.map(text::rate)), role));
    let slots = usize::from(window.span.slots());
    let mut trend = spark::spark(&of.p95_by_slot(window.span.slots()), slots);
    if is_running(cx, window) {
        trend.push(RUNNING);
    }
    cells.push(cell(trend, Role::Graph));
    Row::new(cells)
}

/// How the latency of one stage is spread: a band a row, with its bar, and how many events of it each slot had.
fn spread(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    (line, window): (&FlowLine, &LatencyWindow),
    title: &str,
) {
    let of = find(window, line);
    let badge = of.and_then(StageWindow::times_usual).map_or_else(
        || (String::new(), Role::Dim),
        |times| {
            let role = if times >= SLOW { Role::Warn } else { Role::Ok };
            (format!("x{} of the usual", text::rate(times)), role)
        },
    );
    let inner = panel::panel(cx, buf, area, title, &badge, false);
    let Some(of) = of else {
        let none = format!("no event in the last {}", window.span.words());
        note::sentences(cx, buf, inner, &[(Role::Dim, none)]);
        return;
    };
    let head = Line::styled(format!(" {}", sentence(of, window)), cx.style(Role::Text));
    panel::put(buf, inner, 0, &head);
    let rows = usize::from(inner.height.saturating_sub(2));
    let bands = of.bands(window.span.slots(), rows);
    if bands.is_empty() {
        return;
    }
    let width = usize::from(inner.width).saturating_sub(BEFORE);
    let slots = usize::from(window.span.slots());
    let each = (width / slots).clamp(1, 4);
    let most = bands.iter().map(|band| band.n).max().unwrap_or(0).max(1);
    let hottest = bands.iter().flat_map(|band| &band.slots).copied().max();
    for (row, band) in (1..inner.height).zip(&bands) {
        let painted = band_line(cx, band, (most, hottest.unwrap_or(0)), each);
        panel::put(buf, inner, row, &painted);
    }
    let mut axis = axis(window.span, slots * each);
    if is_running(cx, window) {
        axis.push(RUNNING);
    }
    let at = (bands.len() + 1) as u16;
    let indent = " ".repeat(BEFORE);
    panel::put(
        buf,
        inner,
        at,
        &Line::styled(format!("{indent}{axis}"), cx.style(Role::Dim)),
    );
}

fn band_line(
    cx: &Context<'_>,
    band: &Band,
    (most, hottest): (u64, u64),
    each: usize,
) -> Line<'static> {
    let label = format!(" <{:>5} ", text::latency(band.below_ms));
    let bar = spark::bar(band.n as f64 / most as f64, BAR);
    let count = format!("{:>COUNT$}  ", text::grouped(band.n));
    let heat: String = band
        .slots
        .iter()
        .flat_map(|n| std::iter::repeat_n(mark(*n, hottest), each))
        .collect();
    Line::from(vec![
        Words::styled(label, cx.style(Role::Header)),
        Words::styled(bar, cx.style(Role::Graph)),
        Words::styled(count, cx.style(Role::Text)),
        Words::styled(heat, cx.style(Role::Graph)),
    ])
}

/// The mark of `n` events where the fullest place has `hottest`: by its logarithm, so that few are seen beside many.
fn mark(n: u64, hottest: u64) -> char {
    if n == 0 || hottest == 0 {
        return ' ';
    }
    let share = (n as f64).ln_1p() / (hottest as f64).ln_1p();
    let place = (share * HEAT.len() as f64).ceil() as usize;
    HEAT.get(place.clamp(1, HEAT.len()) - 1)
        .copied()
        .unwrap_or('@')
}

/// What stands under the slots: how long ago the first was, and the present.
fn axis(span: Span, width: usize) -> String {
    let ago = format!("{} ago", span.words());
    let room = width.saturating_sub(ago.len());
    format!("{ago}{:>room$}", "now")
}

/// The p95 against what is usual.
fn sentence(of: &StageWindow, window: &LatencyWindow) -> String {
    let latency = of.latency();
    let p95 = latency.p95.map_or_else(|| "-".to_owned(), text::quantile);
    let waiting: u64 = of.in_flight.iter().map(|(_, n)| n).sum();
    let flight = match waiting {
        0 => String::new(),
        n => format!("; {} in flight as lower bounds", text::grouped(n)),
    };
    let usual = match (of.usual, of.times_usual()) {
        (Some(usual), Some(times)) => format!(
            ", usual {} ({} weeks) x{}",
            text::latency(usual.p95_ms),
            usual.weeks,
            text::rate(times)
        ),
        (Some(usual), None) => format!(
            ", usual {} ({} weeks)",
            text::latency(usual.p95_ms),
            usual.weeks
        ),
        (None, _) if window.span.needs_roll_ups() => {
            ", no baseline: of an hour and a day only".to_owned()
        }
        (None, _) if window.has_baseline => {
            ", no baseline: fewer than 2 of the 4 weeks before are known".to_owned()
        }
        (None, _) => ", no baseline: it needs roll-ups (outpost rollup)".to_owned(),
    };
    format!("p95 {p95}{usual}{flight}")
}
