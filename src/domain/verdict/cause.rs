//! The likeliest reason for a finding, how sure it is, and what to do: deterministic rules over facts that are
//! already there. A missing input is named, never guessed over.

mod bounces;
pub(super) mod workflow;

use super::{Evidence, Health, Step, finding::Finding};
use crate::domain::{
    alert::RuleId,
    duration,
    error_group::{Class, ErrorGroup, GroupState},
    event::EventType,
    flow::{FlowLine, Trouble},
};

/// A reason with its strength, in forms of which the first is the longest.
type Why = Vec<String>;

/// A reason, and what to do.
pub(super) struct Cause {
    why: Why,
    /// What to do.
    pub(super) steps: Vec<(Step, String)>,
}

impl Cause {
    /// The reason with what happens `below`, and shorter forms of both, the longest first.
    pub(super) fn with(&self, below: &[String]) -> (String, Vec<String>) {
        let whole = self
            .why
            .iter()
            .flat_map(|why| below.iter().map(move |below| format!("{why}{below}")));
        let mut forms = whole.chain(self.why.iter().cloned());
        let longest = forms.next().unwrap_or_default();
        let mut shorter: Vec<String> = forms.collect();
        shorter.dedup();
        (longest, shorter)
    }
}

/// Why `finding` is, and what to do.
pub(super) fn of(e: &Evidence<'_>, finding: &Finding<'_>) -> Cause {
    match (finding.trouble, finding.line) {
        (Trouble::Storm, Some(line)) => storm(line),
        (Trouble::Stalled | Trouble::Growing, Some(line)) => workflow::not_taken(e, line),
        (Trouble::Dropped, Some(line)) => workflow::written_nothing(e, line),
        (Trouble::Errors, _) => errors(e, finding.stage.as_ref()),
        (Trouble::Alert(rule), _) => outcome(e, finding, rule),
        (
            Trouble::Storm
            | Trouble::Stalled
            | Trouble::Growing
            | Trouble::Dropped
            | Trouble::Starved,
            _,
        ) => Cause {
            why: vec!["unknown: no reading of a stage".to_owned()],
            steps: vec![step(Step::Queue, "see the backlog")],
        },
    }
}

fn step(step: Step, text: &str) -> (Step, String) {
    (step, text.to_owned())
}

fn storm(line: &FlowLine) -> Cause {
    let usual = line.trend.usual_in_per_min().unwrap_or(1.0);
    let times = line.reading.in_per_min() / usual;
    Cause {
        why: vec![
            format!("{times:.0} times the usual arrivals; what takes them still runs (strong)"),
            format!("{times:.0} times the usual arrivals (strong)"),
        ],
        steps: vec![
            step(Step::Queue, "watch the backlog drain"),
            step(Step::Stream, "see what arrives"),
        ],
    }
}

/// The groups of errors of `stage` that are not resolved, those that are left alone among them: they fail all the same.
fn groups_of<'a>(
    e: &Evidence<'a>,
    stage: Option<&EventType>,
) -> impl Iterator<Item = &'a ErrorGroup> {
    let of_stage = move |g: &&ErrorGroup| Some(&g.stage) == stage && g.open > 0;
    e.groups.iter().filter(of_stage)
}

/// How sure it is that what explains `part` of `all` explains them: strong from three fifths on.
const fn strength(part: u64, all: u64) -> &'static str {
    if part * 5 >= all * 3 {
        "strong"
    } else {
        "weak"
    }
}

/// The largest group of errors of `stage`, and whether it is most of them.
fn group_words(e: &Evidence<'_>, stage: Option<&EventType>) -> Option<Why> {
    let all: u64 = groups_of(e, stage).map(|g| g.open).sum();
    let largest = groups_of(e, stage).max_by_key(|g| g.open)?;
    let n = largest.open;
    let strength = strength(n, all);
    let class = largest.class;
    let cause = if class == Class::Unknown {
        String::new()
    } else {
        format!("{}: ", class.label())
    };
    let text = largest.fingerprint.as_str();
    let left = if largest.state == GroupState::Ignored {
        ", left alone"
    } else {
        ""
    };
    let mut forms: Why = [60, 44, 30]
        .map(|length| {
            let text = in_words(text, length);
            format!("{cause}{text} x{n} of {all} open{left} ({strength})")
        })
        .into();
    forms.push(format!("{cause}x{n} of {all} open{left} ({strength})"));
    Some(forms)
}

/// As many words of `text` as `length` characters hold, at least one.
fn in_words(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    let mut out = String::new();
    for word in text.split_whitespace() {
        if !out.is_empty() && out.chars().count() + 1 + word.chars().count() > length {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().take(length));
    }
    format!("{}…", out.trim_end_matches([',', ';', ':']))
}

fn errors(e: &Evidence<'_>, stage: Option<&EventType>) -> Cause {
    let unknown = || vec!["unknown: no unresolved error of this stage is known".to_owned()];
    Cause {
        why: group_words(e, stage).unwrap_or_else(unknown),
        steps: vec![
            step(Step::Errors, "see the errors of this stage"),
            step(Step::Stream, "retry what failed, once it is mended"),
        ],
    }
}

fn outcome(e: &Evidence<'_>, finding: &Finding<'_>, rule: RuleId) -> Cause {
    let line = finding.line;
    let held_up = line.filter(|line| line.health < Health::Ok && line.reading.stuck > 0);
    let words = || group_words(e, finding.stage.as_ref());
    let why = match (rule, held_up) {
        (RuleId::CrmSyncFailure, Some(line)) => Some(workflow::not_taken(e, line).why),
        (RuleId::SlowProcessing, _) => slow(e, line),
        (RuleId::DeliverabilityDrop, _) => bounces::why(e, finding.stage.as_ref()),
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
    Cause {
        why: why.unwrap_or_else(|| vec!["unknown: no fact at hand explains it".to_owned()]),
        steps: vec![second, step(Step::Alerts, rule.rule().advice)],
    }
}

fn slow(e: &Evidence<'_>, line: Option<&FlowLine>) -> Option<Why> {
    if e.executions.queued > 0 {
        return Some(workflow::queue(e.executions.queued));
    }
    let line = line?;
    let avg = duration::format_ms(line.reading.latency.avg_ms?);
    let name = line.workflow.as_deref().unwrap_or("its workflow");
    let n = line.reading.latency.n;
    Some(vec![format!(
        "{name} takes {avg} on average, n={n} (strong)"
    )])
}
