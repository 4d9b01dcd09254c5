//! What `R` would plan for what is marked or selected, as far as that is known before anybody looks: nothing is asked for this.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::Scene;
use crate::{
    domain::{
        error_group::{ErrorGroup, Outlook},
        pipeline::SideEffect,
        plan::{Strategy, Tier},
    },
    ui::{Role, panel, plan, text},
};

/// A line: what it is about, and what it says.
type Pair = (&'static str, Role, String);

/// Paints the panel.
pub(super) fn paint(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let badge = ("a plan, run only on confirm".to_owned(), Role::Dim);
    let inner = panel::panel(scene.cx, buf, area, "IF YOU PRESS R", &badge, false);
    let groups = scene.state.groups_meant(scene.store);
    if groups.is_empty() {
        let none = "m: mark or select groups, errors or records";
        let line = Line::styled(none, scene.cx.style(Role::Dim));
        panel::put(buf, panel::indented(inner), 0, &line);
        return;
    }
    let room = usize::from(inner.width).saturating_sub(10);
    let mut row = 0;
    for (name, role, says) in lines(scene, &groups) {
        for (at, part) in text::wrap(&says, room).iter().take(2).enumerate() {
            let name = if at == 0 { name } else { "" };
            let line = Line::from(vec![
                Span::styled(format!(" {name:<8}"), scene.cx.style(Role::Header)),
                Span::styled(part.clone(), scene.cx.style(role)),
            ]);
            panel::put(buf, inner, row, &line);
            row += 1;
        }
    }
}

fn lines(scene: &Scene<'_>, groups: &[&ErrorGroup]) -> Vec<Pair> {
    let (cx, store) = (scene.cx, scene.store);
    let n = scene.state.meant(store);
    let plural = if n == 1 { "" } else { "s" };
    let n_text = text::grouped(n);
    let strategy = store.retrying.strategy;
    let mut lines = vec![(
        "ACTION",
        Role::Strong,
        format!(
            "retry the events of {n_text} error{plural}, by {}",
            strategy.name()
        ),
    )];
    let mut effects: BTreeMap<&str, (SideEffect, Vec<String>)> = BTreeMap::new();
    for group in groups {
        let effect = cx.pipeline.side_effect(&group.stage);
        let entry = effects
            .entry(effect.label())
            .or_insert((effect, Vec::new()));
        let label = group.stage.label();
        if !entry.1.contains(&label) {
            entry.1.push(label);
        }
    }
    for (label, (effect, stages)) in &effects {
        let role = match effect {
            SideEffect::PersonFacing => Role::Bad,
            SideEffect::PaidApi | SideEffect::CrmWrite => Role::Warn,
            SideEffect::Internal => Role::Text,
        };
        lines.push(("EFFECT", role, format!("{}: {label}", stages.join(", "))));
    }
    lines.push(chance(groups));
    if let Some(first) = first(groups) {
        lines.push(("FIRST", Role::Warn, first));
    }
    lines.push(("PACE", Role::Text, pace(scene, n)));
    lines.push((
        "GUARD",
        Role::Text,
        "R fixes keys and versions, looks for what was sent".to_owned(),
    ));
    let effects: Vec<SideEffect> = effects.into_values().map(|(effect, _)| effect).collect();
    let asks = plan::asks(&Tier::of(n as usize, &effects));
    lines.push((
        "CONFIRM",
        Role::Text,
        format!("{asks}, if nothing is blocked"),
    ));
    lines.push(watch(scene, n));
    let undo = match strategy {
        Strategy::Clone => "u deletes a clone that nobody has taken",
        Strategy::Requeue | Strategy::Webhook => "none: the workflow runs again",
    };
    lines.push(("UNDO", Role::Text, undo.to_owned()));
    let sql = "d shows the exact statements, c copies the plan";
    lines.push(("SQL", Role::Dim, sql.to_owned()));
    lines
}

/// How what is retried is followed.
fn watch(scene: &Scene<'_>, n: u64) -> Pair {
    let says = if n > scene.store.bulk.above as u64 {
        "B: each event is followed to its end, with a report"
    } else {
        "their status shows here and in the stream"
    };
    ("WATCH", Role::Text, says.to_owned())
}

/// How earlier retries of these went.
fn chance(groups: &[&ErrorGroup]) -> Pair {
    let (tried, ok) = groups.iter().fold((0, 0), |(tried, ok), group| {
        (tried + group.retries.tried, ok + group.retries.ok)
    });
    if tried == 0 {
        let says = "not known: none of these was tried again in 24 h";
        return ("CHANCE", Role::Dim, says.to_owned());
    }
    let role = if ok * 2 < tried { Role::Warn } else { Role::Ok };
    let says = format!("{ok} of {tried} events that were tried again ended well");
    ("CHANCE", role, says)
}

/// What is to be done before, where a retry alone does not help.
fn first(groups: &[&ErrorGroup]) -> Option<String> {
    let mut all: Vec<&str> = groups
        .iter()
        .filter(|group| group.outlook() == Outlook::Mend)
        .map(|group| group.class.advice())
        .collect();
    all.dedup();
    (!all.is_empty()).then(|| all.join("; "))
}

fn pace(scene: &Scene<'_>, n: u64) -> String {
    let bulk = scene.store.bulk;
    if n <= bulk.above as u64 {
        return "all at once; more than that would be a batch".to_owned();
    }
    let pacing = bulk.pacing;
    // The canaries are waited for besides.
    let seconds = n.saturating_mul(60) / u64::from(pacing.per_minute.max(1));
    let long = TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX / 1_000));
    format!(
        "canary {} of each group, then {}/min, {} at least; stops on {} equal failures, or {} more in its queue",
        pacing.canary,
        pacing.per_minute,
        text::span(long),
        pacing.brake,
        pacing.backlog
    )
}
