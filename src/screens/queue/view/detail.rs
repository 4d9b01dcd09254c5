//! The selected stage, in sentences.

use chrono::TimeDelta;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{
    latency::RUNNING,
    line::{Drain, span},
};
use crate::{
    domain::{
        flow::{FlowLine, Trouble},
        latency::Quantile,
        stage::StageReading,
    },
    store::Store,
    ui::{
        Context, Role,
        panel::{self, Badge},
        text,
    },
};

pub(super) fn paint(
    store: &Store,
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    line: &FlowLine,
) {
    let title = format!("{}  enter shows its events", line.stage.label());
    let health: Badge = (line.health.word().to_owned(), super::role(line.health));
    let inner = panel::panel(cx, buf, area, &title, &health, false);
    let width = usize::from(inner.width);
    for (row, (label, words, role)) in (0..inner.height).zip(lines(store, cx, line, width)) {
        let label = Span::styled(format!(" {label:<9}"), cx.style(Role::Header));
        let words = Span::styled(words, cx.style(role));
        panel::put(buf, inner, row, &Line::from(vec![label, words]));
    }
}

fn lines(
    store: &Store,
    cx: &Context<'_>,
    line: &FlowLine,
    width: usize,
) -> Vec<(&'static str, String, Role)> {
    let reading = &line.reading;
    let trend = |values: &[u64], unit: &str| {
        let cells = if width >= 96 { 60 } else { 12 };
        let now = values.last().copied().unwrap_or(0);
        let peak = values.iter().copied().max().unwrap_or(0);
        let drawn = super::hour(values, cells);
        format!(
            "{drawn}  now {}{unit}, peak {}{unit}",
            text::grouped(now),
            text::grouped(peak)
        )
    };
    // Of what comes and goes the minute that runs has a part only.
    let rate = |values: &[u64]| {
        let cells = if width >= 96 { 60 } else { 12 };
        let whole = values.split_last().map_or(values, |(_, whole)| whole);
        let last = whole.last().copied().unwrap_or(0);
        let peak = whole.iter().copied().max().unwrap_or(0);
        format!(
            "{}{RUNNING} last {}/m, peak {}/m; {RUNNING} not over",
            super::hour(values, cells),
            text::grouped(last),
            text::grouped(peak)
        )
    };
    let mut lines = vec![
        (
            "wrong",
            wrong(line),
            if line.trouble.is_some() {
                Role::Bad
            } else {
                Role::Dim
            },
        ),
        ("backlog", backlog(line), Role::Text),
        ("flow", flow(reading), Role::Text),
        ("latency", latency(store, line), Role::Text),
        ("errors", errors(cx, reading), Role::Text),
        ("drops", dropped(store, line), Role::Text),
        ("takes it", taker(store, line), Role::Text),
        ("path", path(store, line), Role::Dim),
        ("in", rate(&line.trend.created), Role::Graph),
        ("out", rate(&line.trend.processed), Role::Graph),
        ("pending", trend(&line.trend.backlog, ""), Role::Graph),
    ];
    // The first says what is wrong, and what of the drops there is to say.
    lines.retain(|(label, words, _)| !matches!(*label, "wrong" | "drops") || !words.is_empty());
    lines
}

fn wrong(line: &FlowLine) -> String {
    match line.trouble {
        None => String::new(),
        Some(Trouble::Stalled) => "events wait, and none is taken".to_owned(),
        Some(Trouble::Errors) => "too many of its events fail".to_owned(),
        Some(Trouble::Alert(rule)) => format!("the alert `{}` points here", rule.rule().title),
        Some(Trouble::Storm) => "far more events come than usual, and than are taken".to_owned(),
        Some(Trouble::Growing) => "more events come than are taken".to_owned(),
        Some(Trouble::Dropped) => {
            "events are done, and what should come of them does not: [ lists them".to_owned()
        }
        Some(Trouble::Starved) => "nothing comes: a stage above holds it back".to_owned(),
    }
}

fn backlog(line: &FlowLine) -> String {
    let reading = &line.reading;
    if reading.pending == 0 {
        return format!(
            "nothing waits, {} in work",
            text::grouped(reading.processing)
        );
    }
    let least = if reading.pending_capped {
        "at least "
    } else {
        ""
    };
    let oldest = line.oldest_s.map_or_else(String::new, |s| {
        format!(", oldest {}", text::span(TimeDelta::seconds(s)))
    });
    format!(
        "{least}{} pending{oldest}, {} of them for more than 5 min, {} in work",
        text::grouped(reading.pending),
        text::grouped(reading.stuck),
        text::grouped(reading.processing),
    )
}

fn flow(reading: &StageReading) -> String {
    let drains = match Drain::of(reading) {
        Drain::Empty => "nothing to drain".to_owned(),
        Drain::Even => "as many are taken as come".to_owned(),
        Drain::In(seconds) => format!("drained in {}", span(seconds as i64)),
        Drain::Never => "it does not drain".to_owned(),
    };
    format!(
        "{} in and {} out a minute, net {}, {drains}; last hour {} in, {} out",
        text::rate(reading.in_per_min()),
        text::rate(reading.out_per_min()),
        text::signed(reading.net_per_min()),
        text::grouped(reading.created_1h),
        text::grouped(reading.processed_1h),
    )
}

fn latency(store: &Store, line: &FlowLine) -> String {
    let stage = store.pipeline.find(&line.stage);
    let target = stage
        .and_then(|stage| stage.latency_s)
        .map_or_else(String::new, |s| format!(", target {}", span(s as i64)));
    let latency = &line.reading.latency;
    let quantiles = [
        ("p50", latency.p50),
        ("p95", latency.p95),
        ("p99", latency.p99),
    ];
    let shown = quantiles.map(|(name, q): (_, Option<Quantile>)| match q {
        Some(q) => format!("{name} {}", text::quantile(q)),
        None => format!("{name} -"),
    });
    let ended = match (latency.avg_ms, latency.max_ms) {
        (Some(avg), Some(max)) => format!(
            "; of those ended avg {} max {}",
            text::latency(avg),
            text::latency(max)
        ),
        _ => "; none ended".to_owned(),
    };
    format!(
        "{}{ended}, n {}{target}",
        shown.join("  "),
        text::grouped(latency.n)
    )
}

fn errors(cx: &Context<'_>, reading: &StageReading) -> String {
    let (rate, n) = reading.error_rate();
    let rate = rate.map_or_else(
        || "nothing ended in the last hour".to_owned(),
        |rate| {
            format!(
                "{} of {} in the last hour",
                text::percent(rate),
                text::grouped(n)
            )
        },
    );
    let last = reading.last_processed.map_or_else(
        || "none processed in 24 h".to_owned(),
        |at| format!("last processed {} ago", text::span(cx.now - at)),
    );
    format!("{rate}, {last}")
}

/// How many of its records were dropped, and what that rests on; nothing where no event comes of it.
fn dropped(store: &Store, line: &FlowLine) -> String {
    let Some(drops) = store.drops.value() else {
        return String::new();
    };
    drops.at(&line.stage).map_or_else(String::new, |link| {
        let because = super::drops::because(drops, link);
        format!(
            "{} before {}: {because}",
            link.word(drops),
            link.child.label()
        )
    })
}

fn taker(store: &Store, line: &FlowLine) -> String {
    let Some(stage) = store.pipeline.find(&line.stage) else {
        return "not a stage of the pipeline: outpost does not know its workflow".to_owned();
    };
    let mut workflows = store.workflows.value().into_iter().flatten();
    let active = match workflows.find(|it| it.name.raw().eq_ignore_ascii_case(&stage.workflow)) {
        Some(workflow) if workflow.archived => "archived",
        Some(workflow) if workflow.active => "active",
        Some(_) => "NOT ACTIVE",
        None if store.workflows.value().is_some() => "not found in n8n",
        None => "n8n not read yet",
    };
    format!(
        "{} ({active}), webhook {}, {}",
        stage.workflow,
        stage.webhook,
        stage.side_effect.label()
    )
}

fn path(store: &Store, line: &FlowLine) -> String {
    let pipeline = &store.pipeline;
    let Some(stage) = pipeline.find(&line.stage) else {
        return "unknown".to_owned();
    };
    let parent = stage.parent_event().unwrap_or("(starts here)");
    let children = pipeline.children(&stage.event);
    let children: Vec<&str> = children.map(|it| it.event.as_str()).collect();
    let children = if children.is_empty() {
        "(ends here)".to_owned()
    } else {
        children.join(", ")
    };
    let phase = pipeline.phase(stage.phase);
    let name = phase.map_or("?", |phase| phase.name.as_str());
    let target = phase
        .and_then(|phase| phase.end_to_end_s)
        .map_or_else(String::new, |s| format!(", in {}", span(s as i64)));
    format!(
        "phase {} {name}{target}: {parent} > {} > {children}",
        stage.phase, stage.event
    )
}
