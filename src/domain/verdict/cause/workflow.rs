//! Why events are not taken: what n8n says of the workflow that should take them.

use chrono::TimeDelta;

use super::{Cause, Evidence, Step, Why, step};
use crate::domain::{
    Timestamp, duration,
    flow::{FlowLine, Trouble},
    pipeline::Stage,
    verdict::Source,
    workflow::{Execution, ExecutionStatus, Workflow, listed},
};

/// The shortest look back from which silence of a workflow says anything.
const SHORTEST_LOOK: TimeDelta = TimeDelta::seconds(10);

/// Why, and the steps that this calls for.
type Heard = (Why, Vec<(Step, String)>);

/// Why events of `line` are not taken, or not fast enough.
pub(super) fn not_taken(e: &Evidence<'_>, line: &FlowLine) -> Cause {
    let backlog = step(Step::Queue, "see the backlog");
    let unknown = |why: &str| (vec![format!("unknown: {why}")], Vec::new());
    let (why, mut steps) = match e.n8n {
        Source::Off(_) => unknown("without n8n it cannot be told whether the workflow hears"),
        Source::Waiting | Source::Resting(_) => unknown("n8n has not answered yet"),
        Source::Down(..) | Source::Stale(..) => (n8n_down(e), Vec::new()),
        Source::Fresh => heard(e, line),
    };
    let is_unclear = steps.is_empty();
    steps.push(backlog);
    if is_unclear {
        steps.push(step(Step::Workflows, "check the workflows in n8n"));
    }
    Cause { why, steps }
}

/// Why events of `line` are done and nothing came of them. No error row says it, so n8n's word on the runs is the best
/// there is.
pub(super) fn written_nothing(e: &Evidence<'_>, line: &FlowLine) -> Cause {
    let stage = e.pipeline.find(&line.stage);
    let workflow = stage.and_then(|stage| workflow_of(stage, e.workflows));
    let name = stage.map_or("its workflow", |stage| stage.workflow.as_str());
    let ended = |execution: &&Execution| {
        let of_it = workflow.is_some_and(|workflow| execution.workflow == workflow.id);
        of_it && !is_under_way(execution)
    };
    let runs = e.executions.recent.iter().filter(ended);
    let (well, all) = runs.fold((0_usize, 0_usize), |(well, all), run| {
        (well + usize::from(!has_failed(run)), all + 1)
    });
    let why = match (e.n8n, all) {
        (Source::Fresh, 1..) => vec![
            format!(
                "{well} of {all} runs of {name} ended well: its write-back, or the trigger behind it, is missing (strong)"
            ),
            format!(
                "{well} of {all} runs ended well: the write-back or its trigger is missing (strong)"
            ),
            format!("{well} of {all} runs ended well, nothing was written (strong)"),
        ],
        _ => vec![
            format!(
                "no error row: {name} ended without its write-back, or the trigger behind it is off (weak)"
            ),
            "no error row: no write-back, or its trigger is off (weak)".to_owned(),
        ],
    };
    Cause {
        why,
        steps: vec![
            step(Step::Queue, "see the dropped records: ["),
            step(Step::Doctor, "check the triggers: outpost doctor"),
            (Step::Workflows, format!("see what {name} writes back")),
        ],
    }
}

/// For events that no execution has and none will take by itself: a retry of others would do their work twice.
fn retry(line: &FlowLine) -> (Step, String) {
    let text = format!("retry the {} waiting events", line.reading.pending);
    (Step::Stream, text)
}

fn n8n_down(e: &Evidence<'_>) -> Why {
    let (age, why) = match e.n8n {
        Source::Down(since, why) => ((e.now - *since).num_seconds(), why.as_str()),
        Source::Stale(age, why) => (*age, why.as_deref().unwrap_or("no answer")),
        Source::Off(_) | Source::Waiting | Source::Resting(_) | Source::Fresh => (0, ""),
    };
    let nothing_moves = e.flow.iter().all(|line| line.reading.processed_5m == 0);
    let strength = if nothing_moves { "strong" } else { "weak" };
    let silent = format!("n8n does not answer for {}", duration::format(age));
    vec![
        format!("{silent} ({why}) ({strength})"),
        format!("{silent} ({strength})"),
    ]
}

/// What n8n says of the workflow that should take the events of `line`.
fn heard(e: &Evidence<'_>, line: &FlowLine) -> Heard {
    let Some(stage) = e.pipeline.find(&line.stage) else {
        let why = "unknown: no workflow is known for this stage";
        return (vec![why.to_owned()], Vec::new());
    };
    let name = stage.workflow.as_str();
    match workflow_of(stage, e.workflows) {
        None => (
            vec![
                format!("n8n shows no workflow named {name}, and none with its webhook (weak)"),
                format!("n8n shows no workflow {name} (weak)"),
            ],
            Vec::new(),
        ),
        Some(workflow) if !workflow.active || workflow.archived => (
            vec![
                format!("workflow {name} is inactive in n8n (certain)"),
                format!("{name} is inactive (certain)"),
            ],
            vec![(Step::Workflows, format!("activate {name}")), retry(line)],
        ),
        Some(workflow) => active(e, line, workflow, name),
    }
}

/// The workflow of `stage`: by its name, else by its webhook.
pub fn workflow_of<'a>(stage: &Stage, workflows: &'a [Workflow]) -> Option<&'a Workflow> {
    let named = |w: &&Workflow| w.name.raw().trim().eq_ignore_ascii_case(&stage.workflow);
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
fn active(e: &Evidence<'_>, line: &FlowLine, workflow: &Workflow, name: &str) -> Heard {
    let waited = line.reading.oldest_pending.unwrap_or(e.now).min(e.now);
    let runs: Vec<&Execution> = e
        .executions
        .recent
        .iter()
        .filter(|x| x.workflow == workflow.id && x.started_at.is_none_or(|at| at >= waited))
        .collect();
    if runs.is_empty() && line.reading.processed_5m == 0 {
        return silent(e, line, waited, name);
    }
    let see = (Step::Workflows, format!("see the executions of {name}"));
    let all = runs.len();
    let running = runs.iter().filter(|x| is_under_way(x)).count();
    let failed = runs.iter().filter(|x| has_failed(x)).count();
    if failed > 0 && failed * 2 > all {
        return (
            vec![
                format!("{failed} of {all} executions of {name} failed (strong)"),
                format!("{failed} of {all} runs failed (strong)"),
            ],
            vec![see, retry(line)],
        );
    }
    if e.executions.queued > 0 {
        let limit = "let n8n work the queue off, or raise its concurrency limit";
        return (
            queue(e.executions.queued),
            vec![see, step(Step::Workflows, limit)],
        );
    }
    if line.trouble == Some(Trouble::Growing) {
        return (
            vec![
                format!("more comes than {name} takes: {running} running (strong)"),
                format!("more comes than it takes: {running} running (strong)"),
            ],
            Vec::new(),
        );
    }
    (
        vec![
            format!(
                "{name} started {all} executions ({running} running), yet events stay pending: slow, or not written back (weak)"
            ),
            format!("{name}: {all} runs, {running} running, yet events stay pending (weak)"),
            format!("{all} runs, yet events stay pending (weak)"),
        ],
        vec![see],
    )
}

/// What it means that no execution of `name` is known since `waited`: it is deaf, if the list reaches back.
fn silent(e: &Evidence<'_>, line: &FlowLine, waited: Timestamp, name: &str) -> Heard {
    let test = || {
        let test = (Step::Workflows, format!("test the webhook of {name}"));
        vec![test, retry(line)]
    };
    let Some(covered) = covered_since(e) else {
        return (
            vec![
                format!(
                    "cannot tell: {name} is on, and n8n lists no finished execution to judge by"
                ),
                format!("cannot tell: {name} is on, n8n lists nothing finished"),
            ],
            test(),
        );
    };
    let window = e.now - covered.max(waited);
    let time = duration::format(window.num_seconds().max(0));
    if window < SHORTEST_LOOK {
        return (
            vec![
                format!(
                    "cannot tell: {name} is on, and n8n's newest executions reach back {time} only"
                ),
                format!("cannot tell: n8n's newest executions reach back {time} only"),
            ],
            test(),
        );
    }
    let pending = line.reading.pending;
    let is_strong = pending >= 5 && window >= TimeDelta::seconds(60);
    let strength = if is_strong { "strong" } else { "weak" };
    (
        vec![
            format!("deaf webhook ({strength}): {name} is on, 0 runs in {time}, {pending} wait"),
            format!("deaf webhook ({strength}): on, 0 runs in {time}, {pending} wait"),
        ],
        vec![
            (
                Step::Workflows,
                format!("bounce {name}: deactivate, activate"),
            ),
            retry(line),
        ],
    )
}

/// Since when the executions known would show one of any workflow: since the oldest that ended. Those under way come
/// in a list of their own, which reaches back as far as the longest of them runs and says nothing of what ended
/// meanwhile. `None` where none ended: a server that keeps no executions looks the same as one that ran none.
fn covered_since(e: &Evidence<'_>) -> Option<Timestamp> {
    let recent = e.executions.recent.iter();
    recent
        .filter(|x| !is_under_way(x))
        .filter_map(|x| x.started_at)
        .min()
}

/// That executions queue.
pub(super) fn queue(queued: u64) -> Why {
    let queued = listed(queued);
    vec![
        format!("{queued} executions queue in n8n: its concurrency limit (strong)"),
        format!("{queued} runs queue in n8n: its limit (strong)"),
    ]
}

const fn is_under_way(execution: &Execution) -> bool {
    matches!(
        execution.status,
        ExecutionStatus::New | ExecutionStatus::Running | ExecutionStatus::Waiting
    )
}

const fn has_failed(execution: &Execution) -> bool {
    matches!(
        execution.status,
        ExecutionStatus::Error | ExecutionStatus::Crashed
    )
}
