//! What happened to one record, a line a moment.

use chrono::TimeDelta;
use ratatui::text::{Line, Span};

use super::{Context, Role, badge, text};
use crate::domain::{
    alert::Level,
    audit::{
        Fate,
        about::{Deed, Kind},
    },
    change::{Change, Changed},
    error_group::ErrorDetail,
    event::{EventRow, EventStatus},
    mask,
    timeline::{self, Around, Happening, Join, Moment},
    untrusted::Untrusted,
    workflow::{Execution, ExecutionStatus},
};

/// From this width on, each moment says how long after the one before it it was.
const WIDE: usize = 60;

/// The moments of `detail` and, at the end, now and what that comes to; each cut to `width` cells.
pub fn lines(
    cx: &Context<'_>,
    detail: &ErrorDetail,
    around: &Around<'_>,
    width: usize,
) -> Vec<Line<'static>> {
    let moments = timeline::of(detail, around, cx.pipeline, cx.now);
    let mut before = None;
    let mut lines: Vec<Line<'static>> = Vec::with_capacity(moments.len() + 3);
    for moment in &moments {
        let gap = before.replace(moment.at).map(|at| moment.at - at);
        let gap = if width < WIDE {
            String::new()
        } else {
            format!("{:>7} ", gap.map_or_else(String::new, waited))
        };
        lines.push(line(cx, detail, moment, (&gap, width)));
    }
    let gap = if width < WIDE { 0 } else { 8 };
    let now = format!("{:<9} {:gap$}-- now --", text::clock(cx, cx.now), "");
    lines.push(Line::styled(now, cx.style(Role::Dim)));
    lines.extend(summed(cx, detail, &moments, width));
    for lack in &around.lacks {
        let says = Untrusted::from(lack.as_str()).display_cut(200);
        lines.push(fact(cx, ("not told", &says), width));
    }
    lines
}

/// How long it took from one moment to the next.
fn waited(delta: TimeDelta) -> String {
    let ms = u64::try_from(delta.num_milliseconds()).unwrap_or(0);
    match delta.num_minutes() {
        0 => format!("+{}", text::latency(ms)),
        _ => format!("+{}", text::span(delta)),
    }
}

/// Which stages the record went through, and how sure it is that what is shown belongs to it.
fn summed(
    cx: &Context<'_>,
    detail: &ErrorDetail,
    moments: &[Moment<'_>],
    width: usize,
) -> Vec<Line<'static>> {
    let mut stages: Vec<(String, bool)> = Vec::new();
    for event in &detail.events {
        let label = event.stage.label();
        let has_failed = event.status == EventStatus::Failed;
        stages.retain(|(known, _)| *known != label);
        stages.push((label, has_failed));
    }
    let of = cx.pipeline.stages.len();
    let seen = stages.len();
    let names = stages.into_iter().map(|(label, has_failed)| {
        let failed = if has_failed { " FAILED" } else { "" };
        format!("{label}{failed}")
    });
    let names = names.collect::<Vec<_>>().join(" > ");
    let n = |join| moments.iter().filter(|moment| moment.join == join).count();
    let joins = [Join::Exact, Join::Strong, Join::Weak]
        .map(|join| format!("{} {}", join.name(), n(join)))
        .join("  ");
    let mut told = Vec::with_capacity(2);
    if seen > 0 {
        told.push(("chain", format!("{seen} of {of} stages: {names}")));
    }
    told.push(("joined", joins));
    let told = told.iter();
    told.map(|(name, says)| fact(cx, (name, says), width))
        .collect()
}

/// A line below the moments.
fn fact(cx: &Context<'_>, (name, says): (&str, &str), width: usize) -> Line<'static> {
    let says = text::cut(says, width.saturating_sub(10));
    Line::from(vec![
        Span::styled(format!("{name:<9} "), cx.style(Role::Header)),
        Span::styled(says, cx.style(Role::Dim)),
    ])
}

fn line(
    cx: &Context<'_>,
    detail: &ErrorDetail,
    moment: &Moment<'_>,
    (gap, width): (&str, usize),
) -> Line<'static> {
    let (says, role) = says(cx, detail, moment);
    // What is weakly joined stands in brackets: it may belong to another record.
    let says = match moment.join {
        Join::Weak if moment.candidates > 1 => {
            format!("[{}] weak, {} candidates", says.trim(), moment.candidates)
        }
        Join::Weak => format!("[{}] weak", says.trim()),
        Join::Exact | Join::Strong => says,
    };
    let clock = format!("{:<9} {gap}", text::clock(cx, moment.at));
    let room = width.saturating_sub(clock.len());
    Line::from(vec![
        Span::styled(clock, cx.style(Role::Dim)),
        Span::styled(text::cut(&says, room), cx.style(role)),
    ])
}

fn says(cx: &Context<'_>, detail: &ErrorDetail, moment: &Moment<'_>) -> (String, Role) {
    match &moment.what {
        Happening::Event(event) => {
            let own = detail
                .event
                .as_ref()
                .is_some_and(|(own, _)| own.id == event.id);
            let took = event.processed_at.map_or_else(String::new, |end| {
                let ms = (end - event.created_at).num_milliseconds();
                format!(" {}", text::latency(u64::try_from(ms).unwrap_or(0)))
            });
            let sign = if own { ">" } else { " " };
            let again = match event.retries {
                0 => String::new(),
                n => format!(", retried {n}x"),
            };
            let words = format!(
                "{sign}ev {} {} {}{took}{again}",
                event.id,
                event.stage.label(),
                event.status.label()
            );
            (words, badge::status(&event.status))
        }
        Happening::Error(error) => {
            let own = if error.id == detail.error.id {
                ">"
            } else {
                " "
            };
            let message = mask::cut(&error.message, 160);
            (format!("{own}er {} {message}", error.id), Role::Bad)
        }
        Happening::Execution(execution) => {
            let workflow = workflow(cx, detail, execution);
            let ran = (execution.started_at.zip(execution.stopped_at)).map(|(from, to)| to - from);
            let ran = ran.and_then(|ran| u64::try_from(ran.num_milliseconds()).ok());
            let ran = ran.map_or_else(String::new, |ms| format!(" {}", text::latency(ms)));
            let status = execution_status(&execution.status);
            let words = format!(" ex {}{workflow} {status}{ran}", execution.id);
            (words, execution_role(&execution.status))
        }
        Happening::Deed(deed) => did(deed),
        Happening::Change(change) => changed(change),
        Happening::Missing(stage, after) => {
            let failed = |event: &&EventRow| event.status == EventStatus::Failed;
            let mut events = detail.events.iter().filter(failed);
            let words = if events.any(|event| event.id == **after) {
                format!(" -- {stage} is missing: #{after} failed")
            } else {
                let due = text::clock(cx, moment.at);
                format!(" -- {stage} is missing after #{after} (due {due})")
            };
            (words, Role::Warn)
        }
    }
}

/// What an operator did about a row.
fn did(deed: &Deed) -> (String, Role) {
    let who = deed.actor.display_cut(64);
    let who = who.split('@').next().unwrap_or(&who).to_owned();
    let (kind, key) = &deed.about;
    let about = match kind {
        Kind::Table | Kind::Note => String::new(),
        Kind::Event
        | Kind::Error
        | Kind::Group
        | Kind::Alert
        | Kind::Workflow
        | Kind::Execution => {
            format!(" {} {key}", kind.word())
        }
    };
    // The action is of several rows, as a rule; of this one its verb.
    let action = deed.action.display_cut(40);
    let (verb, _) = action.split_once('_').unwrap_or((&action, ""));
    let fate = match deed.fate {
        Some(_) if *kind == Kind::Note => String::new(),
        Some(fate) => format!(": {}", fate.word()),
        None => String::new(),
    };
    let reasons = [&deed.why, &deed.note].into_iter().flatten();
    let reasons: Vec<String> = reasons.map(|why| mask::cut(why, 120)).collect();
    let why = if reasons.is_empty() {
        String::new()
    } else {
        format!("  {}", reasons.join("; "))
    };
    let role = match deed.fate {
        Some(Fate::Failed | Fate::Unknown) => Role::Warn,
        Some(Fate::Done | Fate::Skipped | Fate::Untried | Fate::Remark) | None => Role::Strong,
    };
    (format!(" op {who} {verb}{about}{fate}{why}"), role)
}

/// What changed around the record.
fn changed(change: &Change) -> (String, Role) {
    match &change.what {
        Changed::Alert { rule, fires, .. } => {
            let title = rule.rule().title;
            let role = match change.what.level() {
                Some(Level::Critical) => Role::Bad,
                Some(Level::Warning) => Role::Warn,
                None => Role::Text,
            };
            let how = if *fires { "FIRES" } else { "ended" };
            (format!(" al {title} {how}"), role)
        }
        Changed::Workflow { name, how, .. } => {
            let name = name.display_cut(60);
            (format!(" wf {name} {}", how.word()), Role::Strong)
        }
    }
}

/// The workflow that ran, where an event of the record names the execution.
fn workflow(cx: &Context<'_>, detail: &ErrorDetail, execution: &Execution) -> String {
    let id = execution.id.as_str();
    let is_named = |name: &Option<Untrusted>| name.as_ref().is_some_and(|name| name.raw() == id);
    let of_event = detail
        .events
        .iter()
        .find(|event| is_named(&event.execution));
    let of_error = || {
        detail
            .errors
            .iter()
            .find(|error| is_named(&error.execution))
    };
    let stage = of_event.map(|event| &event.stage);
    let stage = stage.or_else(|| of_error().map(|error| &error.stage));
    let found = stage.and_then(|stage| cx.pipeline.find(stage));
    found.map_or_else(String::new, |stage| format!(" {}", stage.workflow))
}

const fn execution_role(status: &ExecutionStatus) -> Role {
    match status {
        ExecutionStatus::Error | ExecutionStatus::Crashed => Role::Bad,
        ExecutionStatus::Success => Role::Ok,
        ExecutionStatus::New
        | ExecutionStatus::Running
        | ExecutionStatus::Waiting
        | ExecutionStatus::Canceled
        | ExecutionStatus::Other(_) => Role::Text,
    }
}

fn execution_status(status: &ExecutionStatus) -> String {
    let word = match status {
        ExecutionStatus::New => "queued",
        ExecutionStatus::Running => "running",
        ExecutionStatus::Waiting => "waiting",
        ExecutionStatus::Success => "ok",
        ExecutionStatus::Error => "ERROR",
        ExecutionStatus::Canceled => "cancelled",
        ExecutionStatus::Crashed => "crashed",
        ExecutionStatus::Other(word) => return word.display_cut(16),
    };
    word.to_owned()
}
