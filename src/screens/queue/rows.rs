//! The rows of the queue: which stages are shown, what a filter finds in them, what is copied of them.

use std::borrow::Cow;

use super::State;
use crate::{
    domain::{
        event::EventType,
        filter::{Field, Filtered, Vocabulary},
        flow::FlowLine,
        latency::{
            Quantile,
            window::{Span, StageWindow},
        },
    },
    screens::json::Object,
    store::Store,
};

/// What the filter of this screen understands.
pub const VOCABULARY: Vocabulary = Vocabulary {
    fields: &[
        Field::text(&["stage", "event"]),
        Field::text(&["workflow"]),
        Field::number(&["phase"]),
        Field::closed(
            &["health", "state"],
            &["ok", "warn", "crit", "strv", "idle", "stale", "unknown"],
        ),
        Field::number(&["pending"]),
        Field::number(&["stuck"]),
        Field::number(&["oldest"]),
        Field::number(&["p95"]),
    ],
    words: &[
        "problem", "pending", "stuck", "ok", "warn", "crit", "strv", "idle", "stale", "unknown",
    ],
    own: None,
    is_timed: false,
};

impl Filtered for FlowLine {
    fn texts(&self) -> Vec<Cow<'_, str>> {
        let stage = [Some(self.stage.raw()), self.workflow.as_deref()];
        stage.into_iter().flatten().map(Cow::from).collect()
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match name {
            "stage" | "event" => self.stage.raw().into(),
            "workflow" => self.workflow.as_deref()?.into(),
            "phase" => self.phase?.to_string().into(),
            "health" | "state" => self.health.word().into(),
            "pending" => self.reading.pending.to_string().into(),
            "stuck" => self.reading.stuck.to_string().into(),
            "oldest" => self.oldest_s?.to_string().into(),
            "p95" => seconds(self.reading.latency.p95?.ms).into(),
            _ => return None,
        })
    }

    fn is(&self, word: &str) -> bool {
        match word {
            "problem" => is_problem(self),
            "pending" => self.reading.pending > 0,
            "stuck" => self.reading.stuck > 0,
            _ => self.health.word().eq_ignore_ascii_case(word),
        }
    }
}

fn seconds(ms: u64) -> String {
    (ms as f64 / 1_000.0).to_string()
}

/// The stages that are shown, in the order of the pipeline.
pub(super) fn shown<'a>(state: &State, store: &'a Store) -> Vec<&'a FlowLine> {
    let all = store.flow.iter();
    all.filter(|row| state.filter.matches(*row, store.clock))
        .collect()
}

/// The keys of [`shown`].
pub(super) fn keys(state: &State, store: &Store) -> Vec<EventType> {
    let rows = shown(state, store);
    rows.into_iter().map(|row| row.stage.clone()).collect()
}

/// The line of `stage`.
pub(super) fn find<'a>(store: &'a Store, stage: &EventType) -> Option<&'a FlowLine> {
    store.flow.iter().find(|row| row.stage == *stage)
}

/// Whether someone should look at this stage.
pub(super) const fn is_problem(row: &FlowLine) -> bool {
    row.trouble.is_some()
}

/// The filter that shows the events of `stage`.
pub(super) fn filter_for(stage: &EventType) -> String {
    format!("stage:{}", stage.label())
}

/// The latency of the stage over a window, as one line of JSON; what is not known is null.
pub(super) fn latency_json(line: &FlowLine, store: &Store, span: Span) -> String {
    let window = store.latency[span as usize].value();
    let of = window.and_then(|window| window.stages.iter().find(|of| of.stage == line.stage));
    let latency = of.map(StageWindow::latency).unwrap_or_default();
    let usual = of.and_then(|of| of.usual);
    Object::default()
        .text("stage", line.stage.raw())
        .number("window_s", span.seconds().unsigned_abs())
        .number("n", latency.n)
        .raw("avg_ms", &whole(latency.avg_ms))
        .raw("max_ms", &whole(latency.max_ms))
        .raw("p50", &ms(latency.p50))
        .raw("p95", &ms(latency.p95))
        .raw("p99", &ms(latency.p99))
        .raw("usual_p50_ms", &whole(usual.map(|usual| usual.p50_ms)))
        .raw("usual_p95_ms", &whole(usual.map(|usual| usual.p95_ms)))
        .end()
}

fn ms(quantile: Option<Quantile>) -> String {
    quantile.map_or_else(
        || "null".to_owned(),
        |q| format!("{{\"ms\":{},\"at_least\":{}}}", q.ms, q.at_least),
    )
}

fn whole(ms: Option<u64>) -> String {
    ms.map_or_else(|| "null".to_owned(), |ms| ms.to_string())
}

/// The stage as one line of JSON.
pub(super) fn json(line: &FlowLine) -> String {
    let row = &line.reading;
    Object::default()
        .text("stage", row.stage.raw())
        .text("health", line.health.word())
        .number("pending", row.pending)
        .raw(
            "pending_capped",
            if row.pending_capped { "true" } else { "false" },
        )
        .number("stuck", row.stuck)
        .number("processing", row.processing)
        .moment("oldest_pending", row.oldest_pending)
        .fraction("in_per_min", Some(row.in_per_min()))
        .fraction("out_per_min", Some(row.out_per_min()))
        .fraction("drain_seconds", row.drain_seconds())
        .number("errors_1h", row.errors_1h)
        .moment("last_processed", row.last_processed)
        .number("n", row.latency.n)
        .raw("avg_ms", &whole(row.latency.avg_ms))
        .raw("max_ms", &whole(row.latency.max_ms))
        .raw("p50", &ms(row.latency.p50))
        .raw("p95", &ms(row.latency.p95))
        .raw("p99", &ms(row.latency.p99))
        .end()
}
