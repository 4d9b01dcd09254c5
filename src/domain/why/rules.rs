//! The rules: one a hypothesis, each a pure function from what is known to clues.

use super::{Case, Clue, Weight};
use crate::domain::{
    duration,
    error_group::{Class, ErrorGroup},
    event::EventStatus,
    verdict::workflow_of,
    workflow::{Workflow, listed},
};

/// A hypothesis, and what looks for its clues.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) next: &'static str,
    pub(super) clues: fn(&Case<'_>) -> Vec<Clue>,
}

const fn rule(name: &'static str, next: &'static str, clues: fn(&Case<'_>) -> Vec<Clue>) -> Rule {
    Rule { name, next, clues }
}

/// What a notification holds at most, in bytes: at more, `pg_notify` raises in the trigger, and the event is never written.
const NOTIFIED: usize = 8_000;

/// Clocks this far apart mislead, ms.
const SKEWED: i64 = 5_000;

#[rustfmt::skip]
pub(super) const ALL: [Rule; 15] = [
    rule("credential not accepted", "renew it in n8n, then retry one (R)",         |case| of_class(case, Class::Credential)),
    rule("rate limited or quota used up", "wait or raise the quota, then retry",   |case| of_class(case, Class::Quota)),
    rule("bad data",               "mend these records, then retry them",          bad_data),
    rule("fault of the workflow's code", "mend the workflow, then retry one (R)",  |case| of_class(case, Class::Code)),
    rule("a service that fails now and then", "retry (R)",                         transient),
    rule("workflow inactive",      "activate it: 6, P",                            inactive),
    rule("deaf webhook",           "deactivate and activate it: 6, P",             deaf),
    rule("n8n queue full",         "let it drain, or raise the concurrency limit", queue_full),
    rule("trigger disabled",       "ALTER TABLE … ENABLE TRIGGER …",               trigger_disabled),
    rule("nothing notifies",       "outpost migrate adds the trigger",            nothing_notifies),
    rule("payload near the limit", "let the trigger notify the key alone",         large),
    rule("database lock",          "see pg_blocking_pids; end what blocks",        lock),
    rule("upstream dry",           "look at the stage above",                      dry),
    rule("purge or manual change", "H has what operators did; who else may write?", by_hand),
    rule("clock skew",             "set the clocks: NTP",                          skew),
];

fn supports(says: impl Into<String>) -> Clue {
    Clue {
        weight: Weight::Supports,
        says: says.into(),
    }
}

fn contradicts(says: impl Into<String>) -> Clue {
    Clue {
        weight: Weight::Contradicts,
        says: says.into(),
    }
}

fn unknown(says: impl Into<String>) -> Clue {
    Clue {
        weight: Weight::Unknown,
        says: says.into(),
    }
}

/// How retries went, as a clue for something that a retry does not mend.
fn unmended(group: &ErrorGroup) -> Option<Clue> {
    let (tried, ok) = (group.retries.tried, group.retries.ok);
    match tried {
        0 => None,
        _ if ok * 5 >= tried * 4 => {
            Some(contradicts(format!("{ok} of {tried} retries ended well")))
        }
        _ if ok * 5 <= tried => Some(supports(format!("{ok} of {tried} retries ended well"))),
        _ => None,
    }
}

/// What an error's class says of a reason that is a class.
fn of_class(case: &Case<'_>, class: Class) -> Vec<Clue> {
    let Some(group) = case.group else {
        return Vec::new();
    };
    if group.class == class {
        let n = counted(group.count(), "error", "errors");
        let says = format!("the rule `{}` holds for {n}", group.rule);
        return [supports(says)]
            .into_iter()
            .chain(unmended(group))
            .collect();
    }
    if group.class == Class::Unknown {
        return vec![unknown(
            "the message says nothing that a rule knows; read a sample: enter",
        )];
    }
    vec![contradicts(format!(
        "the message says {}: {}",
        group.class.label(),
        group.rule
    ))]
}

fn bad_data(case: &Case<'_>) -> Vec<Clue> {
    let mut clues = of_class(case, Class::Data);
    if let Some(detail) = case.sample {
        let failed = detail
            .events
            .iter()
            .filter(|event| event.status == EventStatus::Failed);
        let mut stages: Vec<String> = failed.map(|event| event.stage.label()).collect();
        stages.sort();
        stages.dedup();
        match stages.len() {
            1 if detail.events.len() > 1 => {
                clues.push(contradicts("the sample's record fails in this stage alone"));
            }
            0 | 1 => {}
            n => clues.push(supports(format!("the sample's record fails in {n} stages"))),
        }
    }
    if let Some(group) = case.group.filter(|group| group.records >= 10) {
        clues.push(contradicts(format!(
            "{} records fail the same way",
            group.records
        )));
    }
    clues
}

fn transient(case: &Case<'_>) -> Vec<Clue> {
    let mut clues = of_class(case, Class::Transient);
    // For this one a retry that went well speaks for it, not against.
    for clue in &mut clues {
        if clue.says.ends_with("retries ended well") {
            clue.weight = match clue.weight {
                Weight::Supports => Weight::Contradicts,
                Weight::Contradicts => Weight::Supports,
                Weight::Unknown => Weight::Unknown,
            };
        }
    }
    clues
}

/// The workflow of the stage; or the clue that it is not known.
fn workflow<'a>(case: &Case<'a>) -> Result<&'a Workflow, Option<Clue>> {
    let stage = case.stage.ok_or(None)?;
    let workflows = match &case.workflows {
        Ok(workflows) => *workflows,
        Err(why) => return Err(Some(unknown(format!("workflows: {why}")))),
    };
    let none = || supports(format!("n8n shows no workflow named {}", stage.workflow));
    workflow_of(stage, workflows).ok_or_else(|| Some(none()))
}

fn inactive(case: &Case<'_>) -> Vec<Clue> {
    match workflow(case) {
        Err(clue) => clue.into_iter().collect(),
        Ok(workflow) if workflow.archived => vec![supports("its workflow is archived in n8n")],
        Ok(workflow) if !workflow.active => vec![supports("its workflow is inactive in n8n")],
        Ok(_) => vec![contradicts("its workflow is active in n8n")],
    }
}

fn deaf(case: &Case<'_>) -> Vec<Clue> {
    let Ok(workflow) = workflow(case) else {
        return vec![unknown(
            "whether its workflow hears: n8n does not say which it is",
        )];
    };
    let mut clues = Vec::new();
    if let Some(line) = case.line {
        let (pending, done) = (line.reading.pending, line.reading.processed_5m);
        clues.push(match (pending, done) {
            (0, _) => contradicts("no event waits"),
            (n, 0) => supports(format!("{n} wait, none was done in 5 min")),
            (_, done) => contradicts(format!("{done} were done in 5 min")),
        });
    }
    match &case.executions {
        Ok(executions) => {
            let runs = executions
                .recent
                .iter()
                .filter(|run| run.workflow == workflow.id)
                .count();
            clues.push(match runs {
                0 => supports("none of the newest executions is of this workflow"),
                n => contradicts(format!("{n} of the newest executions are of this workflow")),
            });
        }
        Err(why) => clues.push(unknown(format!("executions: {why}"))),
    }
    clues
}

fn queue_full(case: &Case<'_>) -> Vec<Clue> {
    match &case.executions {
        Ok(executions) if executions.queued > 0 => {
            let what = match executions.queued {
                1 => "1 execution waits".to_owned(),
                n => format!("{} executions wait", listed(n)),
            };
            vec![supports(format!("{what} in n8n"))]
        }
        Ok(_) => vec![contradicts("no execution waits in n8n")],
        Err(why) => vec![unknown(format!("executions: {why}"))],
    }
}

fn trigger_disabled(case: &Case<'_>) -> Vec<Clue> {
    match &case.probe {
        Ok(probe) if probe.switched_off.is_empty() => vec![contradicts("every trigger is on")],
        Ok(probe) => vec![supports(format!(
            "switched off: {}",
            probe.switched_off.join(", ")
        ))],
        Err(why) => vec![unknown(format!("triggers: {why}"))],
    }
}

fn nothing_notifies(case: &Case<'_>) -> Vec<Clue> {
    match &case.probe {
        Ok(probe) if probe.notifies => vec![contradicts("a trigger notifies")],
        Ok(_) => vec![supports("no trigger of the pipeline's tables notifies")],
        Err(why) => vec![unknown(format!("triggers: {why}"))],
    }
}

/// A trigger that puts the payload into the notification fails with a large one.
fn large(case: &Case<'_>) -> Vec<Clue> {
    let Some(detail) = case.sample.filter(|detail| !detail.payload.is_empty()) else {
        return Vec::new();
    };
    let bytes = detail.payload.full_bytes();
    let says = format!("the sample's payload has {bytes} bytes; a notification holds {NOTIFIED}");
    // The key, the type and quotes come on top of it.
    let is_near = bytes * 8 >= NOTIFIED * 7;
    // One that was written got through; others of its stage may not, where the trigger notifies all of it.
    vec![if is_near {
        unknown(format!("{says}: whether the trigger puts all of it in"))
    } else {
        contradicts(says)
    }]
}

fn counted(n: u64, one: &str, many: &str) -> String {
    let noun = if n == 1 { one } else { many };
    format!("{n} {noun}")
}

fn lock(case: &Case<'_>) -> Vec<Clue> {
    let mut clues = Vec::new();
    if let Some(group) = case
        .group
        .filter(|group| group.rule == "lock or serialization")
    {
        let verb = if group.count() == 1 {
            "speaks"
        } else {
            "speak"
        };
        let n = counted(group.count(), "error", "errors");
        clues.push(supports(format!("{n} {verb} of locks")));
    }
    clues.push(match &case.probe {
        Ok(probe) if probe.waiting > 0 => {
            let longest = duration::format(i64::try_from(probe.longest_s).unwrap_or(i64::MAX));
            supports(match probe.waiting {
                1 => format!("1 session waits for a lock, for {longest}"),
                n => format!("{n} sessions wait for a lock, the longest {longest}"),
            })
        }
        Ok(_) => contradicts("no session waits for a lock"),
        Err(why) => unknown(format!("locks: {why}")),
    });
    clues
}

fn dry(case: &Case<'_>) -> Vec<Clue> {
    let Some(line) = case.line.filter(|_| case.group.is_none()) else {
        return Vec::new();
    };
    let arrived = line.reading.created_5m;
    if arrived > 0 {
        return vec![contradicts(format!("{arrived} events came in 5 min"))];
    }
    let mut clues = vec![supports("no event came in 5 min")];
    if let Some(above) = case.upstream {
        let done = above.reading.processed_5m;
        clues.push(match done {
            0 => supports(format!("{} did none in 5 min", above.stage.label())),
            n => contradicts(format!("{} did {n} in 5 min", above.stage.label())),
        });
    }
    clues
}

fn skew(case: &Case<'_>) -> Vec<Clue> {
    match case.skew_ms {
        None => vec![unknown("the server's clock has not been read yet")],
        Some(ms) if ms.abs() >= SKEWED => {
            let apart = duration::format(ms.abs() / 1_000);
            vec![supports(format!("the server's clock is {apart} from ours"))]
        }
        Some(_) => vec![contradicts("the clocks agree")],
    }
}

/// Rows that are gone, or ended without a run: by a purge, or by hand.
fn by_hand(case: &Case<'_>) -> Vec<Clue> {
    let Some(rows) = &case.rows else {
        return vec![unknown("the stream of events has not been read yet")];
    };
    let mut clues = Vec::new();
    if rows.gone > 0 {
        let n = counted(
            rows.gone,
            "event of the stage is",
            "events of the stage are",
        );
        clues.push(supports(format!("{n} gone since the stream saw them")));
    }
    if rows.is_orphan {
        clues.push(supports("the event that the sample names is gone"));
    }
    if let Some((who, at)) = &rows.purged {
        let (who, at) = (who.display_cut(64), at.format("%Y-%m-%d %H:%MZ"));
        clues.push(supports(format!("{who} purged at {at}")));
    }
    let named = rows.ended - rows.unnamed;
    if named == 0 {
        let why = "whether each end has a run: no event that ended lately names one";
        clues.push(unknown(why));
    } else if rows.unnamed > 0 && named >= rows.unnamed * 9 {
        let n = counted(rows.unnamed, "event", "events");
        let says = format!(
            "{n} of {} ended without a run, which the others name",
            rows.ended
        );
        clues.push(supports(says));
    } else if rows.unnamed == 0 {
        clues.push(contradicts("every event that ended lately names its run"));
    }
    match &rows.lack {
        Some(lack) => clues.push(unknown(format!("what operators did: {lack}"))),
        None if rows.gone == 0 && !rows.is_orphan && rows.purged.is_none() => {
            clues.push(contradicts("no event is gone, and nobody purged"));
        }
        None => {}
    }
    clues
}
