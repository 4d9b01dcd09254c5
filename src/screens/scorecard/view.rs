use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
};

use super::{
    State,
    rows::{self, Row as Metric},
};
use crate::{
    domain::{
        alert::Unit,
        outcomes::Share,
        scorecard::{Band, Better, METRICS, MIN_N},
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
const BAR: u16 = 30;

const COLUMNS: &[Column] = &[
    Column::left("METRIC", 21, 0),
    Column::left("BAND", 7, 0),
    Column::right("VALUE", 7, 0),
    Column::right("n", 5, 2),
    Column::left("", BAR, 5),
    Column::right("TARGET", 7, 1),
    Column::right("EXCEL", 7, 3),
    Column::right("GOAL", 7, 4),
    Column::left("MEASURED AS", 24, 6).growing(),
];

const PHASES: [&str; 3] = ["1 Enrichment", "2 Messaging", "3 Delivery"];

/// Paints the scorecard screen.
pub fn view(state: &State, store: &Store, cx: &Context<'_>, frame: &mut Frame<'_>, area: Rect) {
    let buf = frame.buffer_mut();
    let shown = rows::shown(state, store);
    let headed = area.height >= shown.len() as u16 + 6;
    let taken = lines(&shown, headed).len() as u16 + 3;
    let room = area.height >= taken + 5 && !shown.is_empty();
    let below = if room { 6 } else { 0 };
    let above = if below > 0 { taken } else { area.height };
    let [above, below] =
        Layout::vertical([Constraint::Length(above), Constraint::Length(below)]).areas(area);
    table(state, store, cx, buf, above, &shown, headed);
    let selected = state.cursor.selected();
    if below.height > 0
        && let Some(metric) = shown
            .iter()
            .find(|metric| Some(&metric.spec.id) == selected)
    {
        detail(cx, buf, below, metric);
    }
}

/// A line of the list: the head of a phase, or a metric by its place.
#[derive(Clone, Copy)]
enum Line {
    Phase(u8),
    Metric(usize),
}

fn lines(shown: &[Metric], headed: bool) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut phase = 0;
    for (at, metric) in shown.iter().enumerate() {
        if headed && metric.spec.phase != phase {
            phase = metric.spec.phase;
            lines.push(Line::Phase(phase));
        }
        lines.push(Line::Metric(at));
    }
    lines
}

fn title(state: &State, cx: &Context<'_>, shown: &[Metric]) -> String {
    let count = |band: Band| shown.iter().filter(|metric| metric.band == band).count();
    let unknown = match count(Band::LowN) + count(Band::NoData) + count(Band::Slow) {
        0 => String::new(),
        unknown => format!("  {unknown} cannot be told"),
    };
    let title = format!(
        "SCORECARD  {} excellent  {} on target  {} missed{unknown}",
        count(Band::Excellent),
        count(Band::Target),
        count(Band::Miss)
    );
    let measured = shown.iter().filter_map(|metric| metric.reading?.as_of);
    title + &note::filtered(&state.filter, shown.len(), METRICS.len()) + &note::as_of(cx, measured)
}

fn table(
    state: &State,
    store: &Store,
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    shown: &[Metric],
    headed: bool,
) {
    let badge = freshness::trouble(
        cx,
        &store.scorecard,
        FeedId::Scorecard.interval(),
        &store.reader,
    );
    let title = if shown.is_empty() {
        "SCORECARD".to_owned()
    } else {
        title(state, cx, shown)
    };
    let inner = panel::panel(cx, buf, area, &title, &badge, true);
    if freshness::absent(cx, buf, inner, &store.scorecard, &store.reader) {
        return;
    }
    if shown.is_empty() {
        let none = note::no_match(&state.filter, METRICS.len(), "metrics");
        note::sentences(cx, buf, inner, &none);
        return;
    }
    let lines = lines(shown, headed);
    let selected = state.cursor.selected();
    let is_selected = |line: &Line| match line {
        Line::Phase(_) => false,
        Line::Metric(at) => shown.get(*at).map(|metric| &metric.spec.id) == selected,
    };
    let table = Table {
        columns: COLUMNS,
        len: lines.len(),
        selected: lines.iter().position(is_selected),
        focused: true,
    };
    table.paint(cx, buf, inner, |at| match lines.get(at) {
        Some(Line::Phase(phase)) => {
            let name = PHASES.get(usize::from(phase.saturating_sub(1)));
            Row::new(vec![cell(*name.unwrap_or(&""), Role::Title)])
        }
        Some(Line::Metric(at)) => shown.get(*at).map_or_else(Row::default, |metric| Row {
            marked: state.cursor.is_marked(&metric.spec.id),
            ..row(cx, metric)
        }),
        None => Row::default(),
    });
}

const fn role(band: Band) -> Role {
    match band {
        Band::Miss => Role::Bad,
        Band::Target => Role::Warn,
        Band::Excellent => Role::Ok,
        Band::LowN | Band::NoData => Role::Idle,
        Band::Slow => Role::Stale,
    }
}

fn amount(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Share => text::percent(value),
        Unit::Seconds => text::span(chrono::TimeDelta::seconds(value.round() as i64)),
        Unit::Rows => text::count(value.max(0.0) as u64),
    }
}

/// A limit: a number that was chosen, `5m` and not `5m00s`.
fn limit(unit: Unit, value: f64) -> String {
    let minutes = value / 60.0;
    match unit {
        Unit::Seconds if value >= 60.0 && minutes.fract() == 0.0 => format!("{minutes}m"),
        Unit::Share | Unit::Seconds | Unit::Rows => amount(unit, value),
    }
}

/// The marks in a bar: the guide's criterion, the target, excellent.
const fn marks(cx: &Context<'_>) -> [char; 3] {
    if cx.theme.ascii {
        [':', '|', '!']
    } else {
        ['┊', '│', '┃']
    }
}

fn row<'a>(cx: &Context<'_>, metric: &Metric) -> Row<'a> {
    let spec = metric.spec;
    let value = metric.reading.and_then(|reading| reading.value);
    let n = metric.reading.map_or(0, |reading| reading.n);
    let shown = value.map_or_else(|| "-".to_owned(), |value| amount(spec.unit, value));
    let sign = match spec.better {
        Better::Higher => "",
        Better::Lower => "<",
    };
    let limit = |value| format!("{sign}{}", limit(spec.unit, value));
    let goal = spec.criterion.map_or_else(|| "-".to_owned(), limit);
    Row::new(vec![
        cell(spec.label, Role::Text),
        cell(metric.band.word(), role(metric.band)),
        cell(shown, role(metric.band)),
        cell(
            text::count(n),
            if n < MIN_N { Role::Warn } else { Role::Dim },
        ),
        cell(bar(cx, metric), role(metric.band)),
        cell(limit(spec.target), Role::Text),
        cell(limit(spec.excellent), Role::Text),
        cell(goal, Role::Dim),
        cell(spec.formula, Role::Dim),
    ])
}

/// The value as a bar, with a mark each for the target, for excellent, and for the guide's criterion.
fn bar(cx: &Context<'_>, metric: &Metric) -> String {
    let spec = metric.spec;
    let highest = spec.target.max(spec.excellent) * 1.25;
    let full = match spec.unit {
        Unit::Share => highest.min(1.0),
        Unit::Seconds | Unit::Rows => highest,
    };
    let width = usize::from(BAR);
    let place = |value: f64| ((value / full * width as f64).round() as usize).min(width - 1);
    let [criterion, target, excellent] = marks(cx);
    let value = metric
        .reading
        .and_then(|reading| reading.value)
        .unwrap_or(0.0);
    let mut cells: Vec<char> = spark::bar(value / full, width).chars().collect();
    let marks = [
        (spec.criterion, criterion),
        (Some(spec.target), target),
        (Some(spec.excellent), excellent),
    ];
    for (value, mark) in marks {
        if let Some(cell) = value.and_then(|value| cells.get_mut(place(value))) {
            *cell = mark;
        }
    }
    cells.into_iter().collect()
}

fn detail(cx: &Context<'_>, buf: &mut Buffer, area: Rect, metric: &Metric) {
    let title = format!("{}  enter shows where it comes from", metric.spec.label);
    let badge = (metric.band.word().to_owned(), role(metric.band));
    let inner = panel::panel(cx, buf, area, &title, &badge, false);
    note::sentences(cx, buf, inner, &sentences(cx, metric));
}

/// Among which rows it was measured, where those of its window are not found.
fn newest(metric: &Metric) -> String {
    let newest = metric.reading.and_then(|reading| reading.newest);
    newest.map_or_else(String::new, |rows| {
        format!(" among the newest {} rows", text::grouped(rows))
    })
}

fn sentences(cx: &Context<'_>, metric: &Metric) -> Vec<(Role, String)> {
    let spec = metric.spec;
    let [criterion_mark, target_mark, excellent_mark] = marks(cx);
    let n = metric.reading.map_or(0, |reading| reading.n);
    let value = metric.reading.and_then(|reading| reading.value);
    let now = match (metric.band, value) {
        (Band::Slow, _) => "Its query takes too long, or would read too much of a large table: outpost doctor names the index it lacks, if one would help.".to_owned(),
        (Band::NoData, _) | (_, None) => "There is nothing to measure yet.".to_owned(),
        (Band::LowN, Some(value)) => format!(
            "{} of n {n}: fewer than {MIN_N} cases say nothing.",
            amount(spec.unit, value)
        ),
        (Band::Miss | Band::Target | Band::Excellent, Some(value)) => {
            format!(
                "{} of n {}{}{}.",
                amount(spec.unit, value),
                text::grouped(n),
                newest(metric),
                interval(spec.unit, value, n)
            )
        }
    };
    let criterion = spec.criterion.map_or_else(String::new, |value| {
        format!(
            "   success criterion ({criterion_mark}) {}",
            limit(spec.unit, value)
        )
    });
    vec![
        (role(metric.band), now),
        (Role::Text, format!("Measured as {}.", spec.formula)),
        (
            Role::Dim,
            format!(
                "target ({target_mark}) {}   excellent ({excellent_mark}) {}{criterion}",
                limit(spec.unit, spec.target),
                limit(spec.unit, spec.excellent)
            ),
        ),
    ]
}

/// Where the true share lies, for a share.
fn interval(unit: Unit, value: f64, n: u64) -> String {
    let part = (value * n as f64).round() as u64;
    match (unit, Share { part, of: n }.wilson()) {
        (Unit::Share, Some((low, high))) => {
            format!(
                ", the truth lies between {} and {} (95 %)",
                text::percent(low),
                text::percent(high)
            )
        }
        (Unit::Share | Unit::Seconds | Unit::Rows, _) => String::new(),
    }
}
