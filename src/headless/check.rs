//! One line as Nagios and its kin read it: state, headline, and figures after a bar.

use std::fmt::Write as _;

use super::Snapshot;
use crate::{
    domain::{
        Timestamp,
        alert::{Alert, RuleId},
        drops::{Certainty, Count},
        stage::{COUNTED, Totals},
        verdict::Health,
    },
    store::Store,
};

/// The line.
pub fn line(snapshot: &Snapshot) -> String {
    let store = &snapshot.store;
    let word = match store.verdict.health {
        Health::Ok | Health::Idle => "OK",
        Health::Warning | Health::Starving => "WARNING",
        Health::Critical => "CRITICAL",
        Health::Stale | Health::Unknown => "UNKNOWN",
    };
    let mut parts = vec![store.verdict.headline.clone()];
    let troubles = snapshot.troubles();
    let why = &store.verdict.why;
    // What is out of reach says why and what to do; the verdict's why would say the half of it again.
    if !why.is_empty() && !troubles.iter().any(|told| told.contains(why)) {
        parts.push(why.clone());
    }
    parts.extend(
        troubles
            .iter()
            .map(|told| told.trim_end_matches('.').to_owned()),
    );
    parts.extend(hushed(snapshot));
    let bounds = lower_bounds(snapshot);
    if !bounds.is_empty() {
        parts.push(format!("lower bounds: {}", bounds.join(", ")));
    }
    // A bar or a line end would begin the figures too early.
    let mut line = format!(
        "OUTPOST {word} - {}",
        parts.join("; ").replace(['|', '\n'], " ")
    );
    let figures = figures(snapshot);
    if !figures.is_empty() {
        line.push_str(" | ");
        line.push_str(&figures);
    }
    line.push('\n');
    line
}

/// The figures that are lower bounds, by their labels, and what they rest on: a figure itself has no room for a mark.
fn lower_bounds(snapshot: &Snapshot) -> Vec<String> {
    let store = &snapshot.store;
    let since = |at: Timestamp| format!("since {}", at.format("%Y-%m-%dT%H:%MZ"));
    let capped = || format!("counted up to {COUNTED}");
    let mut bounds = Vec::new();
    let mut stages = store.stages.value().into_iter().flatten();
    if stages.any(|stage| stage.pending_capped) {
        bounds.push(format!("pending and stuck ({})", capped()));
    }
    if let Some(totals) = store.totals.value() {
        if let Some(at) = totals.since {
            bounds.push(format!("events_24h ({})", since(at)));
        } else if totals.is_unordered {
            bounds.push(format!("events_24h ({})", Totals::UNORDERED));
        }
        let errors = totals.errors_since.map(since);
        let is_full = totals.unresolved_errors >= COUNTED;
        let errors = errors.or_else(|| is_full.then(capped));
        bounds.extend(errors.map(|why| format!("unresolved_errors ({why})")));
    }
    if let Some(drops) = store.drops.value() {
        let least = |link: &&Count| matches!(link.certainty(drops), Certainty::AtLeast(_));
        if drops.links.iter().any(|link| least(&link)) {
            bounds.push("silent_drops".to_owned());
        }
    }
    bounds
}

/// The figures: `label=value[unit];warn;crit;min`, with empty fields left out at the end. What is not known is left out.
fn figures(snapshot: &Snapshot) -> String {
    let store = &snapshot.store;
    let mut out = String::new();
    let mut add = |label: &str, value: Option<f64>, tail: &str| {
        if let Some(value) = value {
            // Writing to a String cannot fail.
            let _infallible = write!(out, "{label}={value}{tail} ");
        }
    };
    let stages = store.stages.value();
    let sum = |of: fn(&crate::domain::stage::StageReading) -> u64| {
        stages.map(|stages| stages.iter().map(of).sum::<u64>() as f64)
    };
    add("pending", sum(|s| s.pending), ";;;0");
    let limit = store
        .alerts
        .iter()
        .find(|alert| alert.rule == RuleId::PipelineStalled)
        .map_or_else(String::new, |alert| alert.rule().fire.to_string());
    add("stuck", sum(|s| s.stuck), &format!(";;{limit};0"));
    let oldest = store.flow.iter().filter_map(|line| line.oldest_s).max();
    add(
        "oldest_pending",
        stages.map(|_| oldest.unwrap_or_default() as f64),
        "s;;;0",
    );
    add("errors_1h", sum(|s| s.errors_1h), ";;;0");
    let totals = store.totals.value();
    add("events_24h", totals.map(|t| t.events as f64), ";;;0");
    add(
        "unresolved_errors",
        totals.map(|t| t.unresolved_errors as f64),
        ";;;0",
    );
    let rate = totals.and_then(Totals::success_rate);
    add(
        "success_rate",
        rate.map(|rate| (rate * 1_000.0).round() / 10.0),
        "%;;;0;100",
    );
    add(
        "latency_avg",
        totals
            .and_then(|t| t.avg_latency_ms)
            .map(|ms| ms as f64 / 1_000.0),
        "s;;;0",
    );
    let dropped = store.drops.value().map(|drops| drops.total().0 as f64);
    add("silent_drops", dropped, ";;;0");
    for (label, n) in counted(store) {
        add(label, stages.and(n).map(|n| n as f64), ";;;0");
    }
    let executions = store.executions.value();
    add(
        "executions_running",
        executions.and_then(|e| e.running).map(|n| n as f64),
        ";;;0",
    );
    out.trim_end().to_owned()
}

/// What operators said of those alerts that fire: who acknowledged them, and until when they are silenced, so that this does not fail for
/// them; that it is not known, where it is not. What the reason says already of the same alert is left out.
fn hushed(snapshot: &Snapshot) -> Vec<String> {
    let store = &snapshot.store;
    if store.errors.value().is_none() && firing(&store.alerts).next().is_some() {
        return vec!["silences not read".to_owned()];
    }
    let why = &store.verdict.why;
    let said = firing(&store.alerts).filter_map(|alert| {
        let (title, words) = (alert.rule().title, alert.said.words_at(store.clock));
        // Several that are silenced at once have the same words.
        let is_told = ["", ", which fires"]
            .iter()
            .any(|fires| why.contains(&format!("{title}{fires}: {words}")));
        (!words.is_empty() && !is_told).then(|| format!("{title}: {words}"))
    });
    said.collect()
}

/// Those that fire.
fn firing(alerts: &[Alert]) -> impl Iterator<Item = &Alert> {
    alerts.iter().filter(|alert| alert.is_firing())
}

/// How many alerts fire, wait for somebody to acknowledge them, and are silenced; what is said of them is read with the errors.
fn counted(store: &Store) -> [(&'static str, Option<usize>); 3] {
    let said = store.unacked_and_silenced();
    [
        ("alerts_firing", Some(firing(&store.alerts).count())),
        ("alerts_unack", said.map(|(unack, _)| unack)),
        ("alerts_silenced", said.map(|(_, silenced)| silenced)),
    ]
}
