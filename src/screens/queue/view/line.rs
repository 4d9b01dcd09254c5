//! A stage as a row of the table, and the row of the sums.

use chrono::TimeDelta;

use crate::{
    domain::{flow::FlowLine, outcomes::Share, stage::StageReading},
    ui::{
        Context, Role,
        table::{Cell, Row, cell},
        text,
    },
};

fn pending(reading: &StageReading) -> String {
    let plus = if reading.pending_capped { "+" } else { "" };
    format!("{}{plus}", text::count(reading.pending))
}

/// What becomes of the backlog at the present rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Drain {
    /// There is none.
    Empty,
    /// As many are taken as come.
    Even,
    /// It is gone after so many seconds.
    In(f64),
    /// It stays or grows.
    Never,
}

impl Drain {
    /// A change of less than this part of what comes is noise.
    const NOISE: f64 = 0.05;

    pub(super) fn of(reading: &StageReading) -> Self {
        let noise = Self::NOISE * reading.in_per_min();
        let net = reading.net_per_min();
        match reading.drain_seconds() {
            _ if reading.pending == 0 => Self::Empty,
            _ if reading.processed_5m == 0 || net > noise => Self::Never,
            Some(seconds) if net < -noise => Self::In(seconds.ceil()),
            Some(_) | None => Self::Even,
        }
    }

    fn word(self) -> String {
        match self {
            Self::Empty => "-".to_owned(),
            Self::Even => "even".to_owned(),
            Self::In(seconds) => span(seconds as i64),
            Self::Never => "never".to_owned(),
        }
    }
}

fn dashed<T>(value: Option<T>, show: impl Fn(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), show)
}

pub(super) fn row<'a>(cx: &Context<'_>, line: &'a FlowLine, trend: usize) -> Row<'a> {
    let phase = line
        .phase
        .map_or_else(|| "-".to_owned(), |phase| phase.to_string());
    let mut cells = vec![
        cell(line.health.word(), super::role(line.health)),
        cell(phase, Role::Dim),
        cell(line.stage.label(), Role::Text),
    ];
    backlog(&mut cells, line);
    flow(&mut cells, &line.reading);
    cells.push(dropped(line));
    latency(&mut cells, &line.reading);
    let age = |at| text::span(cx.now - at);
    cells.push(cell(dashed(line.reading.last_processed, age), Role::Dim));
    cells.push(cell(super::hour(&line.trend.backlog, trend), Role::Graph));
    Row::new(cells)
}

/// Nothing to see is dimmed, so that the eye finds what there is.
const fn quiet(is_zero: bool) -> Role {
    if is_zero { Role::Dim } else { Role::Text }
}

fn backlog(cells: &mut Vec<Cell<'_>>, line: &FlowLine) {
    let reading = &line.reading;
    let waiting = if reading.pending > 0 {
        Role::Strong
    } else {
        Role::Dim
    };
    let stuck = if reading.stuck > 0 {
        Role::Bad
    } else {
        Role::Dim
    };
    cells.push(cell(pending(reading), waiting));
    cells.push(cell(
        dashed(line.oldest_s, span),
        quiet(line.oldest_s.is_none()),
    ));
    cells.push(cell(text::count(reading.stuck), stuck));
}

fn flow(cells: &mut Vec<Cell<'_>>, reading: &StageReading) {
    let net = reading.net_per_min();
    let growing = Drain::of(reading) == Drain::Never && net > 0.0;
    let net_role = if growing {
        Role::Warn
    } else {
        quiet(net.abs() < 0.05)
    };
    let failed = reading.error_share();
    let erring = if reading.errors_1h > 0 {
        Role::Warn
    } else {
        Role::Dim
    };
    cells.push(cell(
        text::rate(reading.in_per_min()),
        quiet(reading.created_5m == 0),
    ));
    cells.push(cell(
        text::rate(reading.out_per_min()),
        quiet(reading.processed_5m == 0),
    ));
    cells.push(cell(text::signed(net), net_role));
    cells.push(cell(Drain::of(reading).word(), quiet(reading.pending == 0)));
    cells.push(cell(dashed(failed, text::told), erring));
}

/// How many of its records were dropped; a stage that leads nowhere drops none, and says nothing.
fn dropped(line: &FlowLine) -> Cell<'_> {
    let word = line.lost.as_deref().unwrap_or_default();
    let role = match word {
        "?" => Role::Stale,
        "" | "0" | "-" => Role::Dim,
        _ => Role::Bad,
    };
    cell(word, role)
}

fn latency(cells: &mut Vec<Cell<'_>>, reading: &StageReading) {
    let latency = &reading.latency;
    for ms in [latency.avg_ms, latency.max_ms] {
        cells.push(cell(dashed(ms, text::latency), quiet(ms.is_none())));
    }
    for quantile in [latency.p50, latency.p95, latency.p99] {
        let open = quantile.is_some_and(|quantile| quantile.at_least);
        let role = if open {
            Role::Warn
        } else {
            quiet(quantile.is_none())
        };
        cells.push(cell(dashed(quantile, text::quantile), role));
    }
    cells.push(cell(text::count(latency.n), Role::Dim));
}

/// The sums of what can be summed, and the oldest of all.
pub(super) struct Sum {
    pub(super) pending: String,
    pub(super) oldest_s: Option<i64>,
    pub(super) stuck: u64,
    pub(super) in_per_min: f64,
    pub(super) out_per_min: f64,
    errors: u64,
    ended: u64,
    n: u64,
}

impl Sum {
    pub(super) fn of(shown: &[&FlowLine]) -> Self {
        let whole =
            |of: fn(&StageReading) -> u64| -> u64 { shown.iter().map(|it| of(&it.reading)).sum() };
        let flow =
            |of: fn(&StageReading) -> f64| -> f64 { shown.iter().map(|it| of(&it.reading)).sum() };
        let capped = shown.iter().any(|line| line.reading.pending_capped);
        let plus = if capped { "+" } else { "" };
        let errors = whole(|it| it.errors_1h);
        Self {
            pending: format!("{}{plus}", text::count(whole(|it| it.pending))),
            oldest_s: shown.iter().filter_map(|line| line.oldest_s).max(),
            stuck: whole(|it| it.stuck),
            in_per_min: flow(StageReading::in_per_min),
            out_per_min: flow(StageReading::out_per_min),
            errors,
            ended: errors + whole(|it| it.processed_1h),
            n: whole(|it| it.latency.n),
        }
    }
}

pub(super) fn total(shown: &[&FlowLine]) -> Row<'static> {
    let sum = Sum::of(shown);
    let strong = |words: String| cell(words, Role::Strong);
    let blank = || cell("", Role::Dim);
    let mut cells = vec![
        blank(),
        blank(),
        cell(format!("all {}", shown.len()), Role::Header),
        strong(sum.pending),
        strong(dashed(sum.oldest_s, span)),
        strong(text::count(sum.stuck)),
        strong(text::rate(sum.in_per_min)),
        strong(text::rate(sum.out_per_min)),
        strong(text::signed(sum.in_per_min - sum.out_per_min)),
        blank(),
        strong(text::told(Share {
            part: sum.errors,
            of: sum.ended,
        })),
    ];
    cells.extend((0..6).map(|_| blank()));
    cells.push(strong(text::count(sum.n)));
    Row::new(cells)
}

pub(super) fn span(seconds: i64) -> String {
    text::span(TimeDelta::seconds(seconds))
}
