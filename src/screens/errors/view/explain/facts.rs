//! What is known of a group, a line each.

use crate::{
    domain::{
        alert::{Alert, State},
        error_group::{Class, ErrorGroup, GroupState, RETRIED_OF},
        flow::FlowLine,
        mask,
        pipeline::SideEffect,
        presence,
        verdict::workflow_of,
    },
    screens::errors::view::{Scene, sample},
    ui::{Role, text},
};

/// How much of a group there is: errors, records, people.
pub(super) fn counted(group: &ErrorGroup) -> String {
    let n = |n: u64, what: &str| {
        let plural = if n == 1 { "" } else { "s" };
        format!("{} {what}{plural}", text::grouped(n))
    };
    let people = match group.people {
        1 => "1 person".to_owned(),
        n => format!("{} people", text::grouped(n)),
    };
    format!(
        "{}, {}, {people}",
        n(group.count(), "error"),
        n(group.records, "record")
    )
}

/// When the first and the last came.
pub(super) fn seen(scene: &Scene<'_>, group: &ErrorGroup) -> String {
    let ago = |at| text::span(scene.cx.now - at);
    format!(
        "first {}, last {} ago",
        ago(group.first_at),
        ago(group.last_at)
    )
}

/// How often one comes, where there are several, and whether its stage still does events: `, every 4m12s; none ok since`.
pub(super) fn pace(scene: &Scene<'_>, group: &ErrorGroup) -> String {
    // The first and the last may be resolved ones.
    let gaps = (group.open + group.resolved).saturating_sub(1);
    let every = if gaps == 0 {
        String::new()
    } else {
        let span = group.last_at - group.first_at;
        let every = text::span(span / i32::try_from(gaps).unwrap_or(i32::MAX));
        format!(", every {every}")
    };
    let last_ok = line(scene, group).and_then(|line| line.reading.last_processed);
    let ok = match last_ok {
        Some(at) if at < group.first_at => {
            format!(", none ok since {}", text::clock(scene.cx, at))
        }
        Some(at) => format!(", ok {} ago", text::span(scene.cx.now - at)),
        None => String::new(),
    };
    every + &ok
}

/// How the stage of the group flows.
pub(super) fn line<'a>(scene: &Scene<'a>, group: &ErrorGroup) -> Option<&'a FlowLine> {
    let mut lines = scene.store.flow.iter();
    lines.find(|line| line.stage == group.stage)
}

/// Where the newest of them failed: its execution and for how long that ran, its node, and how surely its event is known;
/// then the same shortly.
pub(super) fn ran(scene: &Scene<'_>, group: &ErrorGroup) -> Option<(String, String)> {
    let detail = sample::detail(scene);
    let node = group.node.as_ref();
    let node = node.map(|node| format!("node \"{}\"", node.display_cut(60)));
    let run = detail.and_then(|detail| detail.error.execution.as_ref());
    let run = run.map(|run| {
        let took = sample::execution(scene).and_then(sample::took);
        let took = took.map_or_else(String::new, |took| format!(" {took}"));
        format!("#{}{took}", run.display_cut(24))
    });
    let event = detail.and_then(|detail| detail.event.as_ref());
    let join = event.map(|(_, join)| format!("join {}", join.name()));
    let event = event.map(|(event, join)| format!("event {} ({})", event.id, join.name()));
    let told = |parts: [Option<String>; 3]| {
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        parts.join(", ")
    };
    let long = told([run.clone(), node.clone(), event]);
    (!long.is_empty()).then(|| (long, told([run, node, join])))
}

/// The alerts of the stage of the group that fire or are about to, and who has the group meanwhile.
pub(super) fn alerts(scene: &Scene<'_>, group: &ErrorGroup) -> Option<(Role, String)> {
    let ago = |at| text::span(scene.cx.now - at);
    let mut role = Role::Warn;
    let own = scene.store.alerts.iter();
    let own = own.filter(|alert| alert.stage().as_ref() == Some(&group.stage));
    let mut own: Vec<&Alert> = own.collect();
    // A rule of this stage alone says more than one of any.
    own.sort_by_key(|alert| alert.rule().home.is_none());
    let told = own.into_iter().filter_map(|alert| {
        let (word, at) = match alert.state {
            State::Firing(at) => ("FIRING", at),
            State::Pending(at) => ("pending", at),
            State::Ok | State::Idle | State::LowN | State::NoData(_) => return None,
        };
        if alert.is_firing() {
            role = Role::Bad;
        }
        Some(format!("{} {word} {}", alert.rule().title, ago(at)))
    });
    let told: Vec<String> = told.collect();
    let standing = &group.standing;
    let has = match (&standing.owner, standing.owned_at) {
        (Some(owner), Some(at)) => {
            let at = text::clock(scene.cx, at);
            format!(" ({} since {at})", presence::shown(owner))
        }
        (Some(owner), None) => format!(" ({})", presence::shown(owner)),
        (None, _) => String::new(),
    };
    (!told.is_empty()).then(|| (role, told.join("; ") + &has))
}

/// What the newest of them says.
pub(super) fn message(group: &ErrorGroup) -> String {
    mask::cut(&group.message, 400)
}

/// The class, the rule that said so, and of how many: they are one fingerprint.
pub(super) fn class(group: &ErrorGroup) -> String {
    let n = text::grouped(group.count());
    format!("{} ({}, {n}/{n} identical)", group.class.name(), group.rule)
}

/// Whether a retry helps, by the class; where those of late went otherwise, by these.
const fn helps(group: &ErrorGroup) -> &'static str {
    let (tried, ok) = (group.retries.tried, group.retries.ok);
    match group.class.retry_helps() {
        Some(true) if tried >= 3 && ok * 2 < tried => "should help, and did not",
        Some(true) => "helps",
        Some(false) if tried > 0 && ok * 2 >= tried => "may help by now",
        Some(false) => "now will fail",
        None => "may help or not",
    }
}

/// Whether a retry will help, and how earlier ones went: `will fail: 0 of 9 ended well`; then the same shortly.
pub(super) fn retried(group: &ErrorGroup) -> (String, String) {
    let helps = helps(group);
    let short = match group.retries.tried {
        0 => format!("{helps}: none tried again in 24 h"),
        tried => format!(
            "{helps}: {} of {tried} ended well in 24 h",
            group.retries.ok
        ),
    };
    let of = text::grouped(RETRIED_OF);
    (format!("{short}, of the newest {of} events"), short)
}

/// The class with whether a retry helps, in one line.
pub(super) fn class_and_retry(group: &ErrorGroup) -> String {
    let helps = helps(group);
    let went = match group.retries.tried {
        0 => "none tried again in 24 h".to_owned(),
        tried => format!("{} of {tried} retries ok", group.retries.ok),
    };
    let class = group.class.name();
    format!("{class}  retry {helps} ({went})  rule: {}", group.rule)
}

/// What changed near the first of them: the workflow; what n8n does not tell is said to be unknown. Then the same shortly.
pub(super) fn near(scene: &Scene<'_>, group: &ErrorGroup) -> Option<(Role, String, String)> {
    let stage = scene.cx.pipeline.find(&group.stage)?;
    let workflows = scene.store.workflows.value();
    let workflow = workflows.and_then(|all| workflow_of(stage, all));
    let (role, changed) = match (workflows, workflow) {
        (None, _) => (Role::Dim, "workflow: n8n has not told".to_owned()),
        (Some(_), None) => (
            Role::Warn,
            format!("n8n shows no workflow named {}", stage.workflow),
        ),
        (Some(_), Some(workflow)) => match workflow.updated_at {
            None => (Role::Dim, "workflow: when it changed is unknown".to_owned()),
            Some(at) if at > group.first_at => {
                let ago = text::span(scene.cx.now - at);
                (
                    Role::Text,
                    format!("workflow changed {ago} ago, since the first"),
                )
            }
            Some(at) if (group.first_at - at).num_hours() < 24 => {
                let before = text::span(group.first_at - at);
                (
                    Role::Warn,
                    format!("workflow changed {before} before the first"),
                )
            }
            Some(at) => {
                let ago = text::span(scene.cx.now - at);
                (Role::Text, format!("workflow unchanged {ago}"))
            }
        },
    };
    let is_active = workflow.is_none_or(|it| it.active && !it.archived);
    let off = if is_active { "" } else { ", and is not active" };
    let (long, short) = if group.class == Class::Credential {
        (
            "; when the credential changed is unknown: n8n's API does not tell",
            "; credential: unknown (API)",
        )
    } else {
        ("", "")
    };
    Some((
        role,
        format!("{changed}{off}{long}"),
        format!("{changed}{off}{short}"),
    ))
}

/// What stands still because of them, and what a retry does outside; then the same shortly.
pub(super) fn effect(scene: &Scene<'_>, group: &ErrorGroup) -> (String, String) {
    let pipeline = scene.cx.pipeline;
    let n = text::grouped(group.records);
    let plural = if group.records == 1 { "" } else { "s" };
    let mut next = pipeline.children(group.stage.raw());
    let effect = pipeline.side_effect(&group.stage);
    let short_of = match (effect, next.next()) {
        (SideEffect::CrmWrite, _) => "not in the CRM".to_owned(),
        (SideEffect::PersonFacing, _) => "not mailed".to_owned(),
        (_, Some(next)) => format!("short of {}", next.event),
        (_, None) => "not done".to_owned(),
    };
    let (retry, short) = match effect {
        SideEffect::Internal => ("a retry stays inside", "retry stays inside"),
        SideEffect::PaidApi => (
            "a retry calls a paid API, mails nobody",
            "paid API, no mail",
        ),
        SideEffect::CrmWrite => (
            "a retry writes to the CRM, mails nobody",
            "retry writes CRM, no mail",
        ),
        SideEffect::PersonFacing => (
            "a retry mails people, not twice: R checks",
            "retry mails people",
        ),
    };
    (
        format!("{n} record{plural} {short_of}; {retry}"),
        format!("{n} {short_of}; {short}"),
    )
}

/// Where the group stands, in a sentence.
pub(super) fn state(scene: &Scene<'_>, group: &ErrorGroup) -> String {
    let ago = |at| text::span(scene.cx.now - at);
    match (group.state, group.resolved_at) {
        (GroupState::Regressed, Some(at)) => {
            let ago = ago(at);
            format!("regressed: resolved {ago} ago, and it came again")
        }
        (GroupState::New, _) => "new: never seen before, as far back as is kept".to_owned(),
        (GroupState::Resolved, Some(at)) => format!("resolved {} ago", ago(at)),
        (
            GroupState::Open | GroupState::Ignored | GroupState::Regressed | GroupState::Resolved,
            _,
        ) => group.state.name().to_owned(),
    }
}

/// How often it came before, when last and for how long, and how many of it are resolved; then the first of that alone. Nothing
/// of one without a past.
pub(super) fn history(scene: &Scene<'_>, group: &ErrorGroup) -> Option<(String, String)> {
    let past = group.past;
    let before = past.last.map(|(from, to)| {
        let times = if past.times == 1 { "once" } else { "times" };
        let n = match past.times {
            1 => String::new(),
            n => format!("{} ", text::grouped(n)),
        };
        let ago = text::span(scene.cx.now - from);
        let long = text::span(to - from);
        format!("seen {n}{times} before, last {ago} ago for {long}")
    });
    let resolved = (group.resolved > 0 && group.open > 0).then(|| {
        let n = text::grouped(group.resolved);
        let ago = group.resolved_at.map(|at| text::span(scene.cx.now - at));
        let last = ago.map_or_else(String::new, |ago| format!(", the last {ago} ago"));
        format!("{n} resolved{last}")
    });
    let parts: Vec<String> = before.into_iter().chain(resolved).collect();
    let first = parts.first()?.clone();
    Some((parts.join("; "), first))
}

/// The likeliest reason, of what is known without asking.
pub(super) fn reason(scene: &Scene<'_>, group: &ErrorGroup) -> Option<String> {
    use crate::domain::why::Weight;
    let hypotheses = scene.store.why(&group.stage, Some(group.id));
    let first = hypotheses.first()?;
    let n = |weight| first.count(weight);
    let (supports, against) = (n(Weight::Supports), n(Weight::Contradicts));
    (supports > 0).then(|| {
        format!(
            "1 {}: {supports} for, {against} against  (x: all)",
            first.name
        )
    })
}
