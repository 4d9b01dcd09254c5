//! How things stand, as text for people and as JSON for programs.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{Snapshot, links};
use crate::{
    domain::{
        Timestamp,
        alert::{Alert, Reading},
        cost::Spent,
        drops::{Certainty, Count, Drops},
        duration,
        flow::FlowLine,
        latency::{
            Quantile,
            end_to_end::EndToEnd,
            window::{LatencyWindow, Span, StageWindow},
        },
        mask,
        scorecard::METRICS,
        stage::Totals,
        triage::LONGEST,
    },
    store::Store,
};

/// Dropped records that the text names, a link.
const NAMED: usize = 10;

/// The JSON, or the text.
pub fn told(snapshot: &Snapshot, is_json: bool) -> String {
    if is_json {
        json(snapshot)
    } else {
        text(snapshot)
    }
}

/// The text: verdict, stages, alerts, totals.
pub fn text(snapshot: &Snapshot) -> String {
    let store = &snapshot.store;
    let verdict = &store.verdict;
    let mut out = format!("{:<8}{}\n", verdict.health.word(), verdict.headline);
    let troubles = snapshot.troubles();
    let is_told = |why: &String| troubles.iter().any(|told| told.contains(why));
    if !verdict.why.is_empty() && !is_told(&verdict.why) {
        line_of(&mut out, "why", &verdict.why);
    }
    for (_, step) in &verdict.steps {
        line_of(&mut out, "do", step);
    }
    for text in &troubles {
        line_of(&mut out, "link", text);
    }
    for text in links::remarks(store) {
        line_of(&mut out, "link", &text);
    }
    if !store.flow.is_empty() {
        out.push_str(
            "\nSTATE   STAGE                   PENDING   OLDEST   IN/m  OUT/m  ERR%      p95\n",
        );
        for line in &store.flow {
            out.push_str(&stage_line(line));
        }
    }
    out.push('\n');
    for alert in &store.alerts {
        out.push_str(&alert_line(alert, store.clock));
    }
    if let Some(totals) = store.totals.value() {
        out.push_str(&totals_line(totals));
    }
    out.push_str(&latency_text(snapshot));
    if let Some(drops) = store.drops.value() {
        out.push_str(&drops_text(drops));
    }
    if let Some(workflows) = store.workflows.value() {
        let known: Vec<_> = workflows.iter().filter(|w| !w.archived).collect();
        let active = known.iter().filter(|w| w.active).count();
        let running = store
            .executions
            .value()
            .and_then(|e| e.running)
            .map_or_else(|| "-".to_owned(), |running| running.to_string());
        let _infallible = writeln!(
            out,
            "n8n: {active}/{} workflows active, {running} running",
            known.len()
        );
    }
    out
}

/// The numbers of the guide's hybrid dashboard.
fn totals_line(totals: &Totals) -> String {
    let rate = totals
        .success_rate()
        .map_or_else(|| "-".to_owned(), |rate| format!("{:.1}%", rate * 100.0));
    let latency = totals
        .avg_latency_ms
        .map_or_else(|| "-".to_owned(), duration::format_ms);
    let more = |is_least| if is_least { "+" } else { "" };
    let unordered = if totals.is_unordered {
        format!(" ({})", Totals::UNORDERED)
    } else {
        String::new()
    };
    let left_out = totals.errors_since.map_or_else(String::new, |since| {
        let since = since.format("%Y-%m-%d %H:%MZ");
        format!(" of those since {since}, older ones were not looked at")
    });
    format!(
        "\n24h: {}{} events{unordered}, success {rate}, average latency {latency}; {} processed in 5 min; {}{} errors unresolved{left_out}\n",
        totals.events,
        more(totals.is_least()),
        totals.processed_5m,
        totals.unresolved_errors,
        more(totals.errors_since.is_some())
    )
}

fn line_of(out: &mut String, label: &str, text: &str) {
    let _infallible = writeln!(out, "{label:<8}{text}");
}

fn stage_line(line: &FlowLine) -> String {
    let reading = &line.reading;
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let more = if reading.pending_capped { "+" } else { "" };
    format!(
        "{:<8}{:<22}{:>9}{:>9}{:>7.1}{:>7.1}{:>6}{:>9}\n",
        line.health.word(),
        line.stage.label(),
        format!("{}{more}", reading.pending),
        or_dash(line.oldest_s.map(duration::format)),
        reading.in_per_min(),
        reading.out_per_min(),
        or_dash(reading.error_share().map(|share| {
            let rate = share.rate().filter(|_| !share.is_low());
            rate.map_or_else(|| "lown".to_owned(), |rate| format!("{:.1}", rate * 100.0))
        })),
        or_dash(reading.latency.p95.map(quantile)),
    )
}

fn quantile(quantile: Quantile) -> String {
    let bound = if quantile.at_least { ">=" } else { "" };
    format!("{bound}{}", duration::format_ms(quantile.ms))
}

fn alert_line(alert: &Alert, now: Timestamp) -> String {
    let rule = alert.rule();
    let reading = match &alert.reading {
        Reading::Value { value, n, .. } => format!(
            "{} (limit {}, n={n})",
            rule.format(*value),
            rule.threshold()
        ),
        Reading::Idle => "nothing to do".to_owned(),
        Reading::Unknown(why) => format!("unknown: {why}"),
    };
    let said = alert.said.words_at(now);
    let said = if said.is_empty() {
        said
    } else {
        format!("  {said}")
    };
    format!(
        "{:<8}{:<27}{reading}{said}\n",
        alert.state.word(),
        rule.title
    )
}

/// The JSON. Field names are stable; a value that is not known is null.
pub fn json(snapshot: &Snapshot) -> String {
    let store = &snapshot.store;
    let verdict = &store.verdict;
    // What is said of alerts is read with the errors: until then nobody knows.
    let counted = store.unacked_and_silenced();
    let value = json!({
        "at": snapshot.at,
        "verdict": {
            "health": verdict.health,
            "headline": verdict.headline,
            "why": verdict.why,
            "do": verdict.steps.iter().map(|(_, text)| text).collect::<Vec<_>>(),
            "root": verdict.root.as_ref().map(crate::domain::event::EventType::label),
            "since": verdict.since,
        },
        "alerts_unack": counted.map(|(unack, _)| unack),
        "alerts_silenced": counted.map(|(_, silenced)| silenced),
        "links": { "database": links::link(&store.reader), "n8n": links::link(&store.n8n) },
        "standby": links::standby(store),
        "stages": store.flow.iter().map(stage).collect::<Vec<_>>(),
        "alerts": store.alerts.iter().map(alert_json).collect::<Vec<_>>(),
        "totals_24h": store.totals.value().map(|t| json!({
            "events": t.events, "processed": t.processed, "failed": t.failed, "success_rate": t.success_rate(),
            "avg_latency_ms": t.avg_latency_ms, "processed_5m": t.processed_5m,
            "unresolved_errors": t.unresolved_errors, "unresolved_errors_at_least": t.errors_since.is_some(),
            "unresolved_errors_since": t.errors_since, "since": t.since,
            "keys_in_order_of_time": !t.is_unordered,
        })),
        "n8n": store.workflows.value().map(|workflows| json!({
            "workflows": workflows.iter().filter(|w| !w.archived).count(),
            "active": workflows.iter().filter(|w| w.active && !w.archived).count(),
            "running": store.executions.value().and_then(|e| e.running),
            "queued": store.executions.value().map(|e| e.queued),
        })),
        "silent_drops": store.drops.value().map(drops),
        "latency": store.latency[snapshot.span as usize].value().map(latency),
        "latency_unknown": latency_unknown(snapshot),
        "records": store.records[snapshot.span as usize].value().and_then(|of| of.end_to_end.as_ref()).map(end_to_end),
        "cost": cost(store),
        "scorecard": store.scorecard.value().map(|readings| METRICS.iter().map(|metric| {
            let reading = metric.find(readings);
            json!({
                "metric": metric.id, "value": reading.and_then(|r| r.value), "n": reading.map(|r| r.n),
                "target": metric.target, "excellent": metric.excellent, "band": metric.band(reading).word(),
            })
        }).collect::<Vec<_>>()),
    });
    format!("{value:#}\n")
}

/// The silent drops: how many in all, each link that has some with its newest records, and what cannot be told.
fn drops_text(drops: &Drops) -> String {
    let (known, blind) = drops.total();
    let mut out = format!("silent drops: {known}");
    if blind > 0 {
        let s = if blind == 1 { "" } else { "s" };
        let _infallible = write!(out, ", {blind} link{s} cannot be told");
    }
    out.push('\n');
    for link in &drops.links {
        let (stage, child) = (link.stage.label(), link.child.label());
        let told = match link.certainty(drops) {
            Certainty::Idle => continue,
            Certainty::Exact if link.dropped.is_empty() => continue,
            Certainty::CannotTell(why) => format!("cannot tell: {why}"),
            Certainty::Exact | Certainty::AtLeast(_) => {
                let named = link
                    .dropped
                    .iter()
                    .take(NAMED)
                    .map(|it| format!("#{}", it.id));
                let named: Vec<String> = named.collect();
                let word = link.word(drops);
                format!("{word} of {}: {}", link.basis(), named.join(" "))
            }
        };
        let _infallible = writeln!(out, "  {stage} > {child}: {told}");
    }
    out
}

fn drops(drops: &Drops) -> Value {
    let link = |link: &Count| {
        let (certainty, why) = match link.certainty(drops) {
            Certainty::Exact => ("exact", None),
            Certainty::AtLeast(why) => ("at_least", Some(why)),
            Certainty::CannotTell(why) => ("cannot_tell", Some(why)),
            Certainty::Idle => ("idle", None),
        };
        let records = drops.records_of(link).iter().map(|it| {
            json!({ "event": it.id.as_str(), "record": it.record.as_ref().map(|record| record.display_cut(256)), "processed_at": it.ended_at })
        });
        json!({
            "stage": link.stage.label(), "child": link.child.label(), "dropped": link.known(drops), "certainty": certainty,
            "why": why, "checked": link.checked, "ended": link.ended, "gap_s": link.gap_s, "gap_p99_ms": link.p99_ms,
            "pairs": link.pairs, "records": records.collect::<Vec<_>>(),
        })
    };
    let (known, blind) = drops.total();
    json!({
        "dropped": known, "cannot_tell": blind, "since": drops.since,
        "links": drops.links.iter().map(link).collect::<Vec<_>>(),
    })
}

/// Why nothing is known of latency over the window that was asked for.
fn latency_unknown(snapshot: &Snapshot) -> Option<String> {
    let fault = snapshot.store.latency[snapshot.span as usize].fault()?;
    Some(fault.to_string())
}

/// Latency by stage over a window that is longer than the hour of the stages' lines.
fn latency_text(snapshot: &Snapshot) -> String {
    let span = snapshot.span;
    if span == Span::Hour {
        return String::new();
    }
    let mut out = format!("\nlatency, last {}:", span.words());
    if let Some(why) = latency_unknown(snapshot) {
        let _infallible = writeln!(out, " {why}");
        return out;
    }
    out.push('\n');
    let window = snapshot.store.latency[span as usize].value();
    for of in window.into_iter().flat_map(|window| &window.stages) {
        let latency = of.latency();
        let told = |q: Option<Quantile>| q.map_or_else(|| "-".to_owned(), quantile);
        let _infallible = writeln!(
            out,
            "  {:<22}{:>9} p50, {:>9} p95, {:>9} p99, n={}",
            of.stage.label(),
            told(latency.p50),
            told(latency.p95),
            told(latency.p99),
            latency.n
        );
    }
    out
}

/// Latency by stage over a window, beside what is usual.
fn latency(window: &LatencyWindow) -> Value {
    let of = |of: &StageWindow| {
        let latency = of.latency();
        json!({
            "stage": of.stage.label(), "n": latency.n, "avg_ms": latency.avg_ms, "max_ms": latency.max_ms,
            "p50": bound(latency.p50), "p95": bound(latency.p95), "p99": bound(latency.p99),
            "usual": of.usual.map(|usual| json!({
                "weeks": usual.weeks, "p50_ms": usual.p50_ms, "p95_ms": usual.p95_ms,
            })),
            "times_usual": of.times_usual(),
        })
    };
    json!({
        "window_s": window.span.seconds(), "origin": window.origin, "has_baseline": window.has_baseline,
        "stages": window.stages.iter().map(of).collect::<Vec<_>>(),
    })
}

/// A quantile, and whether the truth can only be higher.
fn bound(quantile: Option<Quantile>) -> Option<Value> {
    quantile.map(|q| json!({ "ms": q.ms, "at_least": q.at_least }))
}

/// Records from end to end.
fn end_to_end(known: &EndToEnd) -> Value {
    json!({
        "n": known.n, "p50": bound(known.p50), "p95": bound(known.p95), "p99": bound(known.p99),
        "max_ms": known.max_ms,
        "from": known.path.as_ref().map(|path| &path.first), "to": known.path.as_ref().map(|path| &path.last),
        "in_flight": known.in_flight.n, "in_flight_oldest_ms": known.in_flight.oldest_ms,
        "of_newest": known.newest,
    })
}

/// What this run cost the database: in all, and feed by feed.
fn cost(store: &Store) -> Value {
    let told = |spent: Spent| json!({ "queries": spent.queries, "rows": spent.rows, "database_ms": spent.busy_us as f64 / 1_000.0 });
    let feeds = store.turns.iter().filter(|(feed, _)| !feed.is_n8n());
    let feeds: Map<String, Value> = feeds
        .map(|(feed, turn)| (feed.name().to_owned(), told(turn.spent)))
        .collect();
    let all = store.cost.latest().unwrap_or_default();
    json!({ "all": told(all.spent), "feeds": feeds })
}
fn stage(line: &FlowLine) -> Value {
    let reading = &line.reading;
    json!({
        "stage": line.stage.label(), "phase": line.phase, "workflow": line.workflow, "health": line.health,
        "pending": reading.pending, "pending_is_lower_bound": reading.pending_capped, "stuck": reading.stuck,
        "processing": reading.processing, "oldest_pending_s": line.oldest_s,
        "in_per_min": reading.in_per_min(), "out_per_min": reading.out_per_min(), "net_per_min": reading.net_per_min(),
        "error_rate_1h": reading.error_rate().0, "n_1h": reading.error_rate().1,
        "latency_1h": {
            "n": reading.latency.n, "avg_ms": reading.latency.avg_ms, "max_ms": reading.latency.max_ms,
            "p50": bound(reading.latency.p50), "p95": bound(reading.latency.p95), "p99": bound(reading.latency.p99),
        },
    })
}

fn alert_json(alert: &Alert) -> Value {
    let rule = alert.rule();
    let (value, n, why) = match &alert.reading {
        Reading::Value { value, n, .. } => (Some(*value), Some(*n), None),
        Reading::Idle => (None, None, Some("nothing to do")),
        Reading::Unknown(why) => (None, None, Some(why.as_str())),
    };
    json!({
        "rule": rule.id, "level": format!("{:?}", rule.level).to_lowercase(), "state": alert.state.word().to_lowercase(),
        "since": alert.state.since(), "value": value, "n": n, "threshold": rule.fire, "why_not": why,
        "stage": alert.stage().map(|s| s.label()), "advice": rule.advice,
        "acked": alert.said.acked.as_ref().map(|acked| json!({
            "by": acked.by.display_cut(256), "at": acked.at, "of_this_firing": acked.is_sure.then_some(true),
        })),
        "silenced": alert.said.silenced.as_ref().map(|silenced| json!({
            "by": silenced.by.display_cut(256), "since": silenced.since, "until": silenced.until,
        })),
        "note": alert.said.note.as_ref().map(|note| mask::cut(note, LONGEST)),
    })
}
