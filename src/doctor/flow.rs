//! Whether events come from the data, are notified of, and are taken.

use super::{Finding, Level, notifier};
use crate::{
    domain::{
        drops::{Certainty, Count, Drops},
        duration,
        pipeline::Pipeline,
    },
    sources::postgres::{
        probe::{Arrivals, Flow, Mode, Notifier, Probe, Trigger},
        rollup::Lag,
        syntax::{quote, quote_both},
    },
};

/// A roll-up that ends earlier is not kept by anybody, s.
const LATE_S: u64 = 3_600;

pub(super) fn judge(pipeline: &Pipeline, probe: &Probe) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &probe.triggers {
        Ok(triggers) => {
            findings.extend(disabled(pipeline, triggers));
            // Switched off, its text does not speak of notifying.
            let is_off = matches!(
                probe.notifier,
                Ok(Notifier {
                    mode: Some(Mode::Off),
                    ..
                })
            );
            if !is_off {
                findings.extend(notifies_of(triggers));
            }
        }
        Err(fault) => findings.push(Finding::unknown("triggers", fault)),
    }
    match &probe.notifier {
        Ok(found) => findings.extend(notifier::judge(*found)),
        Err(fault) => findings.push(Finding::unknown("the notifier", fault)),
    }
    match (&probe.arrivals, &probe.flow) {
        (Ok(arrivals), Ok(flow)) => {
            let triggers = probe.triggers.as_deref().unwrap_or_default();
            let silent: Vec<Finding> = arrivals
                .iter()
                .filter_map(|came| silent(came, flow, triggers))
                .collect();
            if silent.is_empty() && arrivals.iter().any(|came| came.rows > 0) {
                findings.push(Finding::ok(format!(
                    "every table that gained rows in the last 24 h wrote its events{}",
                    looked(arrivals)
                )));
            }
            findings.extend(silent);
            findings.extend(arrivals.iter().filter_map(unseen));
        }
        (Err(fault), _) => findings.push(Finding::unknown("rows of the last 24 h", fault)),
        (_, Err(fault)) => findings.push(Finding::unknown("events of the last 24 h", fault)),
    }
    match &probe.drops {
        Ok(drops) => findings.extend(dropped(pipeline, drops)),
        Err(fault) => findings.push(Finding::unknown("silent drops", fault)),
    }
    if let Ok(flow) = &probe.flow {
        findings.extend(flow.iter().filter_map(|flow| untaken(pipeline, flow)));
    }
    match &probe.rollup {
        Ok(lag) => findings.extend(lag.map(rolled_up)),
        Err(fault) => findings.push(Finding::unknown("roll-ups", fault)),
    }
    findings
}

/// Whether the roll-ups are kept. Nobody has to; once begun, what reads them takes them for the present.
fn rolled_up(lag: Lag) -> Finding {
    let Some(behind) = lag.behind_s else {
        return Finding::ok(
            "the roll-ups were never filled; outpost rollup, from cron, would fill and keep them",
        );
    };
    let age = duration::format_ms(behind.saturating_mul(1_000));
    let what = format!("the roll-ups end {age} ago");
    if behind > LATE_S {
        Finding::warn(
            what,
            "event_minute, event_hour and campaign_stats lack everything since, and look as if nothing had happened",
            "run outpost rollup every minute, from cron or an n8n schedule",
        )
    } else {
        Finding::ok(what)
    }
}

/// Whether the function speaks of writing this event.
fn writes(trigger: &Trigger, event: &str) -> bool {
    trigger.source.raw().contains(&format!("'{event}'"))
}

fn notifies(trigger: &Trigger) -> bool {
    let source = trigger.source.raw();
    source.contains("'pipeline_event'") && source.to_ascii_lowercase().contains("notify")
}

fn disabled(pipeline: &Pipeline, triggers: &[Trigger]) -> Vec<Finding> {
    let is_ours = |trigger: &&Trigger| {
        notifies(trigger)
            || pipeline
                .stages
                .iter()
                .any(|stage| writes(trigger, &stage.event))
    };
    let off = triggers
        .iter()
        .filter(|trigger| !trigger.is_enabled)
        .filter(is_ours);
    off.map(|trigger| {
        let (table, name) = (trigger.table.display(), trigger.name.display());
        Finding::critical(
            format!("the trigger {name} on {table} is disabled"),
            "what it should write or notify of does not come",
            enable(trigger),
        )
    })
    .collect()
}

/// The statement that switches a trigger on.
fn enable(trigger: &Trigger) -> String {
    let (table, name) = (quote_both(trigger.table.raw()), quote(trigger.name.raw()));
    format!("ALTER TABLE {table} ENABLE TRIGGER {name};")
}

fn notifies_of(triggers: &[Trigger]) -> Vec<Finding> {
    const MEND: &str = "outpost migrate";
    let on_events = |t: &&&Trigger| t.table.raw().ends_with(".pipeline_events");
    let live: Vec<&Trigger> = triggers
        .iter()
        .filter(|t| t.is_enabled && notifies(t))
        .collect();
    let (mut insert, mut update) = (false, false);
    for trigger in live.iter().filter(on_events) {
        insert |= trigger.on.insert;
        update |= trigger.on.update;
    }
    vec![match (live.is_empty(), insert, update) {
        (true, ..) => Finding::warn(
            "no enabled trigger notifies pipeline_event",
            "nobody is told of events: changes are seen by polling only, and a workflow that listens hears nothing",
            MEND,
        ),
        (false, false, _) => Finding::warn(
            "only triggers on the data tables notify, none on pipeline_events",
            "an event written by hand is silent",
            MEND,
        ),
        (false, true, false) => {
            Finding::ok("new events are notified; changes of status are seen within 2 s")
        }
        (false, true, true) => Finding::ok("new events and changes of status are notified"),
    }]
}

/// The classic fault: a table gains rows, and their events do not come.
fn silent(came: &Arrivals, flow: &[Flow], triggers: &[Trigger]) -> Option<Finding> {
    let event = came.event.raw();
    let written = |name: &str| {
        flow.iter()
            .find(|f| f.event.raw() == name)
            .map_or(0, |f| f.written)
    };
    // A company that came in already validated writes that event instead.
    let instead = if event == "company_created" {
        written("company_validated")
    } else {
        0
    };
    if came.rows == 0 || written(event) > 0 || instead >= came.rows {
        return None;
    }
    let table = came.table.raw();
    let on_table: Vec<&Trigger> = triggers
        .iter()
        .filter(|t| t.table.raw().split('.').next_back() == Some(table))
        .collect();
    let writer = on_table.iter().find(|trigger| writes(trigger, event));
    let (why, mend) = match writer {
        Some(trigger) if trigger.is_enabled => (
            "its trigger runs, but the branch for this event is never true (OLD is null on insert)",
            format!(
                "correct the condition in the function of trigger {}",
                trigger.name.display()
            ),
        ),
        Some(trigger) => ("its trigger is disabled", enable(trigger)),
        None => (
            "no trigger on that table writes this event",
            "outpost migrate".to_owned(),
        ),
    };
    let rows = if came.rows >= 1_000 {
        "1,000 or more".to_owned()
    } else {
        came.rows.to_string()
    };
    Some(Finding::critical(
        format!(
            "{table} gained {rows} rows in 24 h, and no {} event came",
            came.event.display()
        ),
        why,
        mend,
    ))
}

/// Of which tables only the newest rows were looked at.
fn looked(arrivals: &[Arrivals]) -> String {
    let some = arrivals.iter().filter_map(|came| {
        let looked = came.looked.filter(|looked| *looked > 0)?;
        Some(format!("the newest {looked} of {}", came.table.display()))
    });
    let some: Vec<String> = some.collect();
    if some.is_empty() {
        return String::new();
    }
    format!(" (looked at: {})", some.join(", "))
}

/// A table of which no row was looked at.
fn unseen(came: &Arrivals) -> Option<Finding> {
    let table = came.table.display();
    (came.looked == Some(0)).then(|| {
        Finding::new(
            Level::Unknown,
            format!("whether {table} gained rows in the last 24 h was not looked at"),
            "it is large, and neither an index on its time nor the order of its keys finds them",
            format!("an index on the time of {table}"),
        )
    })
}

/// Records that are done and nothing came of them; where there are none, what that rests on.
fn dropped(pipeline: &Pipeline, drops: &Drops) -> Vec<Finding> {
    let found: Vec<Finding> = drops
        .links
        .iter()
        .filter(|link| link.known(drops).is_some_and(|n| n > 0))
        .map(|link| dropped_at(pipeline, link))
        .collect();
    if !found.is_empty() {
        return found;
    }
    let told = |link: &Count| match link.certainty(drops) {
        Certainty::CannotTell(why) => {
            let (stage, child) = (link.stage.label(), link.child.label());
            Some(format!("; cannot tell of {stage} > {child}: {why}"))
        }
        Certainty::Exact | Certainty::AtLeast(_) | Certainty::Idle => None,
    };
    let blind: String = drops.links.iter().filter_map(told).collect();
    let judged: u64 = drops.links.iter().map(|link| link.checked).sum();
    vec![Finding::ok(format!(
        "no silent drop among {judged} events that are done{blind}"
    ))]
}

fn dropped_at(pipeline: &Pipeline, link: &Count) -> Finding {
    let workflow = pipeline.find(&link.stage);
    let workflow = workflow.map_or("its workflow", |stage| stage.workflow.as_str());
    let ids: Vec<String> = link
        .dropped
        .iter()
        .take(10)
        .map(|it| format!("#{}", it.id))
        .collect();
    let more = if link.dropped.len() > ids.len() {
        " …"
    } else {
        ""
    };
    Finding::warn(
        format!(
            "{} {} events are done and no {} came of them: {}{more}",
            link.dropped.len(),
            link.stage.label(),
            link.child.label(),
            ids.join(" ")
        ),
        "a workflow that ends well without its write-back, or a trigger that is off, leaves no error: these records go no further",
        format!("see what {workflow} writes back; the queue screen lists them (3, then [)"),
    )
}

/// A stage whose events wait, and nobody has processed one for a day.
fn untaken(pipeline: &Pipeline, flow: &Flow) -> Option<Finding> {
    if flow.stuck == 0 || flow.processed > 0 {
        return None;
    }
    let event = flow.event.display_cut(64);
    let mut stages = pipeline.stages.iter();
    let stage = stages.find(|stage| stage.event == flow.event.raw());
    let workflow = stage.map_or("its workflow", |stage| stage.workflow.as_str());
    Some(Finding::critical(
        format!(
            "nobody takes {event}: {} wait for more than 5 min, none was processed in 24 h",
            flow.stuck
        ),
        "PostgreSQL notifies, but cannot call a webhook: something must hear the notification and start the workflow",
        format!(
            "activate {workflow} in n8n, and let it start from a Postgres Trigger on the channel pipeline_event"
        ),
    ))
}
