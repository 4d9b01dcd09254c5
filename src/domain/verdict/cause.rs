//! The likeliest reason for a finding, how sure it is, and what to do: deterministic rules over facts that are
//! already there. A missing input is named, never guessed over.

use chrono::TimeDelta;

use super::{Evidence, Health, Source, Step, finding::Finding};
use crate::domain::{
    Timestamp,
    alert::{Reading, RuleId},
    duration,
    error_group::ErrorGroup,
    event::EventType,
    flow::{FlowLine, Trouble},
    pipeline::{self, Stage},
    workflow::{Execution, ExecutionStatus, Workflow},
};

/// A reason with its strength, and steps.
type Cause = (String, Vec<(Step, String)>);

/// Why `finding` is, and what to do.
pub(super) fn of(e: &Evidence<'_>, finding: &Finding<'_>) -> Cause {
    match (finding.trouble, finding.line) {
        (Trouble::Storm, Some(line)) => storm(line),
        (Trouble::Stalled | Trouble::Growing, Some(line)) => not_taken(e, line),
        (Trouble::Errors, _) => errors(e, finding.stage.as_ref()),
        (Trouble::Alert(rule), _) => outcome(e, finding, rule),
        (Trouble::Storm | Trouble::Stalled | Trouble::Growing | Trouble::Starved, _) => (
            "unknown: no reading of a stage".to_owned(),
            vec![step(Step::Queue, "see the backlog")],
        ),
    }
}

fn step(step: Step, text: &str) -> (Step, String) {
    (step, text.to_owned())
}

fn storm(line: &FlowLine) -> Cause {
    let usual = line.trend.usual_in_per_min().unwrap_or(1.0);
    let times = line.reading.in_per_min() / usual;
    (
        format!("{times:.0} times the usual arrivals; what takes them still runs (strong)"),
        vec![
            step(Step::Queue, "watch the backlog drain"),
            step(Step::Stream, "see what arrives"),
        ],
    )
}

/// Why events of `line` are not taken, or not fast enough.
fn not_taken(e: &Evidence<'_>, line: &FlowLine) -> Cause {
    let backlog = step(Step::Queue, "see the backlog");
    let retry = (
        Step::Stream,
        format!("retry the {} waiting events", line.reading.pending),
    );
    let (why, first) = match e.n8n {
        Source::Off(_) => (
            "unknown: without n8n it cannot be told whether the workflow hears".to_owned(),
            None,
        ),
        Source::Waiting => ("unknown: n8n has not answered yet".to_owned(), None),
        Source::Down(..) | Source::Stale(..) => n8n_down(e),
        Source::Fresh => heard(e, line),
    };
    let steps = match first {
        Some(first) => vec![first, retry, backlog],
        None => vec![backlog, step(Step::Workflows, "check the workflows in n8n")],
    };
    (why, steps)
}

fn n8n_down(e: &Evidence<'_>) -> (String, Option<(Step, String)>) {
    let (age, why) = match e.n8n {
        Source::Down(since, why) => ((e.now - *since).num_seconds(), why.as_str()),
        Source::Stale(age, why) => (*age, why.as_deref().unwrap_or("no answer")),
        Source::Off(_) | Source::Waiting | Source::Fresh => (0, ""),
    };
    let nothing_moves = e.flow.iter().all(|line| line.reading.processed_5m == 0);
    let strength = if nothing_moves { "strong" } else { "weak" };
    (
        format!(
            "n8n does not answer for {} ({why}) ({strength})",
            duration::format(age)
        ),
        None,
    )
}

/// What n8n says of the workflow that should take the events of `line`.
fn heard(e: &Evidence<'_>, line: &FlowLine) -> (String, Option<(Step, String)>) {
    let Some((_, stage)) = pipeline::find(&line.stage) else {
        return (
            "unknown: no workflow is known for this stage".to_owned(),
            None,
        );
    };
    let name = stage.workflow;
    match workflow_of(stage, e.workflows) {
        None => (
            format!("n8n shows no workflow named {name}, and none with its webhook (weak)"),
            None,
        ),
        Some(workflow) if !workflow.active || workflow.archived => (
            format!("workflow {name} is inactive in n8n (certain)"),
            Some((Step::Workflows, format!("activate {name}"))),
        ),
        Some(workflow) => active(e, line, workflow, name),
    }
}

/// The workflow of `stage`: by its name, else by its webhook.
fn workflow_of<'a>(stage: &Stage, workflows: &'a [Workflow]) -> Option<&'a Workflow> {
    let named = |w: &&Workflow| w.name.raw().trim().eq_ignore_ascii_case(stage.workflow);
    let hooked = |w: &&Workflow| {
        w.webhooks
            .iter()
            .any(|path| path.raw().trim_matches('/') == stage.webhook)
    };
    workflows
        .iter()
        .find(named)
        .or_else(|| workflows.iter().find(hooked))
}

/// What the executions of a workflow that claims to be active say.
fn active(
    e: &Evidence<'_>,
    line: &FlowLine,
    workflow: &Workflow,
    name: &str,
) -> (String, Option<(Step, String)>) {
    let watched = watched_since(e, line);
    let since = watched.unwrap_or(e.now);
    let runs: Vec<&Execution> = e
        .executions
        .recent
        .iter()
        .filter(|x| x.workflow == workflow.id && x.started_at.is_none_or(|at| at >= since))
        .collect();
    if runs.is_empty() && line.reading.processed_5m == 0 {
        return without_runs(e, watched, line.reading.pending, name);
    }
    let running = runs.iter().filter(|x| is_under_way(x)).count();
    let failed = runs
        .iter()
        .filter(|x| matches!(x.status, ExecutionStatus::Error | ExecutionStatus::Crashed))
        .count();
    let see = Some((Step::Workflows, format!("see the executions of {name}")));
    if failed > 0 && failed * 2 > runs.len() {
        return (
            format!(
                "{failed} of {} executions of {name} failed (strong)",
                runs.len()
            ),
            see,
        );
    }
    if e.executions.queued > 0 {
        let queued = e.executions.queued;
        return (
            format!("{queued} executions queue in n8n: its concurrency limit (strong)"),
            see,
        );
    }
    if line.trouble == Some(Trouble::Growing) {
        return (
            format!("more comes than {name} takes: {running} running (strong)"),
            None,
        );
    }
    (
        format!(
            "{name} started {} executions ({running} running), yet events stay pending: slow, or not written back (weak)",
            runs.len()
        ),
        see,
    )
}

/// A workflow that claims to be active and shows no execution since `watched`, while `pending` events wait.
fn without_runs(
    e: &Evidence<'_>,
    watched: Option<Timestamp>,
    pending: u64,
    name: &str,
) -> (String, Option<(Step, String)>) {
    let Some(since) = watched else {
        return (
            format!("cannot tell: {name} is on, and n8n lists no finished execution to judge by"),
            Some((Step::Workflows, format!("test the webhook of {name}"))),
        );
    };
    let window = e.now - since;
    let strong = pending >= 5 && window >= TimeDelta::seconds(60);
    let strength = if strong { "strong" } else { "weak" };
    (
        format!(
            "deaf webhook ({strength}): {name} is on, 0 runs in {}, {pending} wait",
            duration::format(window.num_seconds())
        ),
        Some((
            Step::Workflows,
            format!("bounce {name}: deactivate, activate"),
        )),
    )
}

fn is_under_way(execution: &Execution) -> bool {
    matches!(
        execution.status,
        ExecutionStatus::New | ExecutionStatus::Running | ExecutionStatus::Waiting
    )
}

/// Since when the executions known would show one that took these events: since the oldest of them came, and
/// not before the oldest finished execution known. Those under way come in a list of their own, which reaches back as
/// far as the longest of them runs and says nothing of what ended meanwhile. `None` where none finished: a server
/// that keeps no executions looks the same as one that ran none.
fn watched_since(e: &Evidence<'_>, line: &FlowLine) -> Option<Timestamp> {
    let waited = line.reading.oldest_pending.unwrap_or(e.now);
    let recent = e.executions.recent.iter();
    let oldest = recent
        .filter(|x| !is_under_way(x))
        .filter_map(|x| x.started_at)
        .min()?;
    Some(oldest.max(waited).min(e.now))
}

/// The groups of errors of `stage`.
fn groups_of<'a>(
    e: &Evidence<'a>,
    stage: Option<&EventType>,
) -> impl Iterator<Item = &'a ErrorGroup> {
    e.groups.iter().filter(move |g| Some(&g.stage) == stage)
}

/// The largest group of errors of `stage`, and whether it is most of them.
fn group_words(e: &Evidence<'_>, stage: Option<&EventType>) -> Option<String> {
    let all: usize = groups_of(e, stage).map(|g| g.ids.len()).sum();
    let largest = groups_of(e, stage).max_by_key(|g| g.ids.len())?;
    let n = largest.ids.len();
    let strength = if n * 5 >= all * 3 { "strong" } else { "weak" };
    let cause = largest
        .cause
        .map_or_else(String::new, |cause| format!("{}: ", cause.label()));
    let text: String = largest.fingerprint.as_str().chars().take(60).collect();
    Some(format!("{cause}{text} x{n} of {all} open ({strength})"))
}

fn errors(e: &Evidence<'_>, stage: Option<&EventType>) -> Cause {
    let why = group_words(e, stage)
        .unwrap_or_else(|| "unknown: no unresolved error of this stage is known".to_owned());
    (
        why,
        vec![
            step(Step::Errors, "see the errors of this stage"),
            step(Step::Stream, "retry what failed, once it is mended"),
        ],
    )
}

fn outcome(e: &Evidence<'_>, finding: &Finding<'_>, rule: RuleId) -> Cause {
    let line = finding.line;
    let held_up = line.filter(|line| line.health < Health::Ok && line.reading.stuck > 0);
    let words = || group_words(e, finding.stage.as_ref());
    let why = match (rule, held_up) {
        (RuleId::CrmSyncFailure, Some(line)) => Some(not_taken(e, line).0),
        (RuleId::SlowProcessing, _) => slow(e, line),
        (RuleId::DeliverabilityDrop, _) => bounces(e, finding.stage.as_ref()),
        (
            RuleId::CrmSyncFailure
            | RuleId::LowEnrichment
            | RuleId::ReplyRateDrop
            | RuleId::PipelineStalled
            | RuleId::HighErrorRate,
            _,
        ) => words(),
    };
    let second = match rule {
        RuleId::DeliverabilityDrop | RuleId::ReplyRateDrop => {
            step(Step::Campaigns, "see which campaign it is")
        }
        RuleId::SlowProcessing => step(Step::Queue, "see the latency of each stage"),
        RuleId::CrmSyncFailure | RuleId::LowEnrichment => step(Step::Errors, "see the errors"),
        RuleId::PipelineStalled | RuleId::HighErrorRate => step(Step::Queue, "see the backlog"),
    };
    (
        why.unwrap_or_else(|| "unknown: no fact at hand explains it".to_owned()),
        vec![second, step(Step::Alerts, rule.rule().advice)],
    )
}

/// A bounce is a row of the delivery log, not an error; the errors of the stage explain the bounces only where the
/// largest group is at least half as many.
fn bounces(e: &Evidence<'_>, stage: Option<&EventType>) -> Option<String> {
    let bounced = match &e.alert(RuleId::DeliverabilityDrop)?.reading {
        Reading::Value { value, n, .. } => value * *n as f64,
        Reading::Idle | Reading::Unknown(_) => return None,
    };
    let largest = groups_of(e, stage).map(|group| group.ids.len()).max()?;
    if largest as f64 * 2.0 >= bounced {
        group_words(e, stage)
    } else {
        None
    }
}

fn slow(e: &Evidence<'_>, line: Option<&FlowLine>) -> Option<String> {
    if e.executions.queued > 0 {
        let queued = e.executions.queued;
        return Some(format!(
            "{queued} executions queue in n8n: its concurrency limit (strong)"
        ));
    }
    let line = line?;
    let avg = duration::format_ms(line.reading.latency.avg_ms?);
    let name = line.workflow.unwrap_or("its workflow");
    Some(format!(
        "{name} takes {avg} on average, n={} (strong)",
        line.reading.latency.n
    ))
}
