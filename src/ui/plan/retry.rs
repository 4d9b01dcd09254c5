//! What a plan says that tries events again, or takes that back.

use std::collections::{BTreeMap, BTreeSet};

use super::{Page, counted, guard, role_of, runs};
use crate::{
    domain::{
        batch::{Bound, Pacing, Rate},
        drops::Drops,
        event::{EventType, RowId},
        pipeline::{Children, Pipeline, SideEffect, Stage},
        plan::{Chance, EventClone, Examination, Plan, Retry, Strategy},
        untrusted::Untrusted,
    },
    ui::{Role, text},
};

/// Events that would be tried again.
pub(super) fn lines<'a>(page: &mut Page<'a>, retry: &'a Retry, plan: &'a Plan) {
    let examined = plan.examined.as_ref();
    let runs = runs(examined);
    let mut by_stage: BTreeMap<usize, (String, SideEffect, Vec<&RowId>)> = BTreeMap::new();
    for target in &retry.targets {
        let place = page.cx.pipeline.place(&target.stage);
        let entry = by_stage
            .entry(place)
            .or_insert_with(|| (target.stage.label(), target.side_effect, Vec::new()));
        if runs(&&target.id) {
            entry.2.push(&target.id);
        }
    }
    by_stage.retain(|_, (_, _, ids)| !ids.is_empty());
    let facing = by_stage
        .values()
        .any(|(_, effect, _)| *effect == SideEffect::PersonFacing);
    if let Some(left) = &plan.left_out {
        page.fact("NOT IN", left, Role::Warn);
    }
    let other = retry.other_way().strategy.name();
    let by = format!("{}; v: {other} instead", retry.strategy.name());
    page.fact("BY", &by, Role::Strong);
    for (stage, effect, ids) in by_stage.values() {
        let line = format!("{stage} x{}: {}", ids.len(), effect.label());
        page.fact("EFFECT", &line, role_of(*effect));
    }
    quiet(page, retry);
    guard(page, examined, facing);
    page.fact("CHANCE", &chance(examined), Role::Text);
    let run = if plan.pacing.is_some() {
        one_by_one(retry.strategy)
    } else {
        run(retry.strategy)
    };
    page.fact("RUN", run, Role::Text);
    if let Some(pacing) = &plan.pacing {
        paced(page, pacing, plan);
    }
    // What cannot be taken back is said before what a small terminal shows only to who scrolls.
    page.undo(undo(retry.strategy, facing), Role::Text);
    if let Some(cascade) = cascade(page.cx.pipeline, page.drops, retry) {
        page.fact("CASCADE", &cascade, Role::Text);
    }
    for address in called(retry) {
        page.fact("POST", &address, Role::Text);
    }
    if let Some(pacing) = &plan.pacing {
        page.fact("LIMIT", &limits(pacing, &plan.rates()), Role::Text);
        let how = "outpost runs; the journal keeps it, B shows it";
        page.fact("WHILE", how, Role::Text);
    }
    page.fact(
        "SKIP",
        "what changed or was sent since: looked at again as it runs",
        Role::Text,
    );
    page.blank();
    for (stage, _, ids) in by_stage.into_values() {
        page.ids(&stage, ids);
    }
}

/// When nobody is written to, or that somebody is all the same.
fn quiet(page: &mut Page<'_>, retry: &Retry) {
    let Some(quiet) = retry.quiet.as_ref().filter(|_| retry.writes()) else {
        return;
    };
    let hours = format!("{} to {} ({})", quiet.from, quiet.until, quiet.zone);
    if quiet.is_overridden {
        let says = format!("{hours}: written to ALL THE SAME; o: leave them out");
        page.fact("QUIET", &says, Role::Bad);
    } else {
        let says = format!("nobody is written to from {hours}");
        page.fact("QUIET", &says, Role::Text);
    }
}

/// The webhooks that it calls.
fn called(retry: &Retry) -> Vec<String> {
    let calls = retry.strategy == Strategy::Webhook;
    let addresses = retry.webhooks.values().filter(|_| calls);
    let shown = addresses.map(|it| Untrusted::from(it.as_str()).display_cut(200));
    shown.collect()
}

/// Cascades told one by one.
const CASCADES: usize = 2;

/// What those that end well start next, as the pipeline describes it and as was seen, and whether people are written to further
/// down.
fn cascade(pipeline: &Pipeline, drops: Option<&Drops>, retry: &Retry) -> Option<String> {
    let stages: BTreeSet<&EventType> = retry.targets.iter().map(|it| &it.stage).collect();
    let each = |children: Children| match children {
        Children::One => "one each",
        Children::OneOrMore => "one or more each",
        Children::OneAtMost => "one each at most",
        Children::Any => "any number",
    };
    let next = stages
        .iter()
        .flat_map(|stage| pipeline.children(stage.raw()));
    let next = next.filter(|child| stages.iter().all(|stage| stage.raw() != child.event));
    let words = |child: &Stage| {
        let parent = child.parent.as_ref();
        let how = parent.map_or("", |parent| each(parent.children));
        let seen = parent.and_then(|parent| drops?.children(&parent.event, &child.event));
        let seen = seen.map_or_else(String::new, |(each, of)| {
            format!(", x{each:.1} (n={})", text::grouped(of))
        });
        format!("{}, {how}{seen}", child.event)
    };
    let told: Vec<String> = next.map(words).collect();
    let more = told.len().saturating_sub(CASCADES);
    let mut says = told.get(..CASCADES.min(told.len()))?.join("; ");
    if says.is_empty() {
        return None;
    }
    if more > 0 {
        says = format!("{says}; {more} more");
    }
    let writes =
        |event: &str| pipeline.side_effect(&EventType::from(event)) == SideEffect::PersonFacing;
    let is_below = |stage: &Stage| {
        let event = EventType::from(stage.event.as_str());
        let mut above = pipeline.ancestors(&event);
        above.any(|it| stages.iter().any(|stage| stage.raw() == it))
    };
    let further = pipeline
        .stages
        .iter()
        .any(|stage| writes(&stage.event) && is_below(stage));
    let people = if further {
        "; further down e-mail to people"
    } else {
        ""
    };
    Some(format!("what ends well starts {says}{people}"))
}

/// How it goes about its rows, and what stops it.
fn paced(page: &mut Page<'_>, pacing: &Pacing, plan: &Plan) {
    let canaries = plan.canaries();
    let first = match canaries {
        0 => "no canary".to_owned(),
        1 => "1 canary, its end awaited".to_owned(),
        n => format!("{n} canaries, their ends awaited"),
    };
    let seconds = i64::try_from(plan.seconds()).unwrap_or(i64::MAX / 1_000);
    let eta = text::span(chrono::TimeDelta::seconds(seconds));
    let rates = plan.rates();
    let speeds = || rates.values().map(|rate| rate.per_minute);
    let speed = match (speeds().min(), speeds().max()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most}/min"),
        (least, _) => format!("{}/min", least.unwrap_or(pacing.per_minute)),
    };
    let going = format!("{first}; then {speed}, {eta} at least");
    page.fact("PACE", &going, Role::Strong);
    let patience = text::span(chrono::TimeDelta::seconds(pacing.patience_s.into()));
    let stop = format!(
        "{} equal failures in a row, or not done in {patience}; a canary that fails; {} more in its queue",
        pacing.brake, pacing.backlog
    );
    page.fact("STOP IF", &stop, Role::Text);
}

/// How earlier retries of the same went.
fn chance(examined: Option<&Examination>) -> String {
    let Some(examined) = examined else {
        return "looks how earlier retries of the same went …".to_owned();
    };
    match examined.chance {
        None => "not known: how earlier retries of the same went cannot be read".to_owned(),
        Some(Chance { of: 0, .. }) => "not known: no retry of the same has ended lately".to_owned(),
        Some(Chance { ok, of }) => format!("{ok} of the last {of} retries of the same ended well"),
    }
}

/// What holds it below its pace, and what else may.
fn limits(pacing: &Pacing, rates: &BTreeMap<&EventType, Rate>) -> String {
    let n8n = match pacing.n8n_runs {
        0 => "n8n's queue (its room: n8n.concurrency)".to_owned(),
        n => format!("n8n's free runs of {n}, and its queue"),
    };
    let mut all = Vec::new();
    for (stage, rate) in rates {
        match &rate.by {
            Bound::Usual(_, usual) if *usual < rate.per_minute => all.push(format!(
                "{}: {usual} in its usual minute, no slower than {} (e: least)",
                stage.label(),
                rate.per_minute
            )),
            Bound::Usual(_, usual) => {
                all.push(format!("{}: {usual} in its usual minute", stage.label()));
            }
            Bound::Set | Bound::Room(..) | Bound::Queue(_) | Bound::Budget => {}
        }
    }
    if pacing.budget > 0 {
        all.push(format!("{}/min to paid APIs", pacing.budget));
    }
    if all.is_empty() {
        all.push(format!("{}/min as set", pacing.per_minute));
    }
    all.extend([n8n, "Retry-After".to_owned()]);
    all.join("; ")
}

const fn one_by_one(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Requeue => "one by one: status back to pending, then notify",
        Strategy::Clone => "one by one: a new pending event beside it, with payload.retry_of",
        Strategy::Webhook => {
            "one by one: retry count up, call its webhook once; put back where n8n refuses"
        }
    }
}

const fn run(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Requeue => "status back to pending, then notify, in batches of 50",
        Strategy::Clone => {
            "a new pending event beside each, with payload.retry_of; the old one stays failed, its retry count goes up"
        }
        Strategy::Webhook => {
            "one after the other: retry count up, call its webhook once; put back where n8n refuses; stops at the first that is not taken"
        }
    }
}

const fn undo(strategy: Strategy, facing: bool) -> &'static str {
    match (strategy, facing) {
        (Strategy::Clone, _) => "u, as long as no workflow has taken a clone: it is deleted again",
        (Strategy::Requeue | Strategy::Webhook, true) => "none: e-mail leaves the system",
        (Strategy::Requeue | Strategy::Webhook, false) => "none: its workflow runs again",
    }
}

/// Clones that would be deleted.
pub(super) fn delete(page: &mut Page<'_>, clones: &[EventClone], examined: Option<&Examination>) {
    page.fact("SET", &counted(clones.len(), "clone"), Role::Strong);
    guard(page, examined, false);
    page.fact(
        "RUN",
        "delete, only what is pending, never retried and taken by no run; the retry counts of the old ones go back",
        Role::Text,
    );
    page.fact(
        "EFFECT",
        "internal; a workflow that has begun and not written yet is not stopped",
        Role::Text,
    );
    page.undo("none: retry the old ones again", Role::Text);
    page.blank();
    let line = |clone: &EventClone| format!("{} of {}", clone.id, clone.of);
    page.each("CLONES", clones.iter().map(line));
}
