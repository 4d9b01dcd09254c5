//! A plan: what would change, exactly, and what that does outside. Nothing has run yet.

use std::collections::BTreeMap;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{Context, Role, overlay, text};
use crate::domain::{
    pipeline::{self, SideEffect},
    plan::{EventTarget, Mutation, Plan},
};

/// Paints `plan`, scrolled down by `scroll` lines.
pub fn plan(cx: &Context<'_>, buf: &mut Buffer, area: Rect, plan: &Plan, scroll: usize) {
    let width = area.width.min(78);
    let body = lines(cx, plan, usize::from(width).saturating_sub(4));
    let asks = question(cx);
    let height = (body.len() + 4).min(usize::from(area.height)) as u16;
    let badge = ("nothing run".to_owned(), Role::OkBadge);
    let title = format!("PLAN {}", title(&plan.mutation));
    let inner = overlay::popup(cx, buf, area, (width, height), &title, &badge);
    let content = Rect {
        height: inner.height.saturating_sub(2),
        ..inner
    };
    overlay::scrolled(cx, buf, content, &body, scroll);
    let row = inner.height.saturating_sub(1);
    super::panel::put(buf, inner, row, &asks);
}

fn title(mutation: &Mutation) -> String {
    match mutation {
        Mutation::RetryEvents(targets) => format!("retry {}", counted(targets.len(), "event")),
        Mutation::ResolveErrors { ids, .. } => format!("resolve {}", counted(ids.len(), "error")),
        Mutation::SetWorkflowActive { active, .. } => {
            let verb = if *active { "activate" } else { "deactivate" };
            format!("{verb} 1 workflow")
        }
    }
}

fn counted(n: usize, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {noun}{s}", text::grouped(n as u64))
}

fn question(cx: &Context<'_>) -> Line<'static> {
    let key = |key: &'static str| Span::styled(key, cx.style(Role::Key));
    let words = |words: &'static str| Span::styled(words, cx.style(Role::Text));
    Line::from(vec![
        key("y"),
        words(" run exactly this   "),
        key("n"),
        words(" or "),
        key("esc"),
        words(" leave it, nothing is changed"),
    ])
}

fn lines(cx: &Context<'_>, plan: &Plan, width: usize) -> Vec<Line<'static>> {
    let mut page = Page {
        cx,
        width,
        lines: Vec::new(),
    };
    let frozen = text::clock(cx, plan.frozen_at);
    match &plan.mutation {
        Mutation::RetryEvents(targets) => {
            let set = format!("{}, frozen {frozen}", counted(targets.len(), "event"));
            page.fact("SET", &set, Role::Strong);
            retry(&mut page, targets);
        }
        Mutation::ResolveErrors { ids, note } => {
            let set = format!("{}, frozen {frozen}", counted(ids.len(), "error"));
            page.fact("SET", &set, Role::Strong);
            page.fact("NOTE", note, Role::Strong);
            page.fact(
                "RUN",
                "set resolved, with the note, who and when",
                Role::Text,
            );
            page.fact(
                "GUARD",
                "an error resolved meanwhile is skipped and listed",
                Role::Text,
            );
            page.fact("EFFECT", "internal: nothing leaves the system", Role::Text);
            page.fact(
                "UNDO",
                "set resolved back by hand: the ids stand in the audit log",
                Role::Text,
            );
            page.blank();
            page.ids(
                "IDS",
                &ids.iter().map(ToString::to_string).collect::<Vec<_>>(),
            );
        }
        Mutation::SetWorkflowActive { id, name, active } => {
            workflow(&mut page, id.as_str(), &name.display_cut(60), *active);
        }
    }
    page.lines
}

fn workflow(page: &mut Page<'_>, id: &str, name: &str, active: bool) {
    page.fact("SET", &format!("{name}  ({id})"), Role::Strong);
    let (run, effect, undo) = if active {
        (
            "n8n: activate (publish) this workflow",
            "its webhooks are registered; it takes events again",
            "deactivate it with the same key",
        )
    } else {
        (
            "n8n: deactivate (unpublish) this workflow",
            "its webhooks are gone; events for it stay pending until it is active again",
            "activate it with the same key; what came meanwhile needs a retry",
        )
    };
    page.fact("RUN", run, Role::Text);
    page.fact(
        "EFFECT",
        effect,
        if active { Role::Text } else { Role::Warn },
    );
    page.fact("UNDO", undo, Role::Text);
}

fn retry(page: &mut Page<'_>, targets: &[EventTarget]) {
    let mut by_stage: BTreeMap<usize, (String, SideEffect, Vec<String>)> = BTreeMap::new();
    for target in targets {
        let place = pipeline::find(&target.stage).map_or(usize::MAX, |(at, _)| at);
        let entry = by_stage.entry(place).or_insert_with(|| {
            (
                target.stage.label(),
                pipeline::side_effect(&target.stage),
                Vec::new(),
            )
        });
        entry.2.push(target.id.to_string());
    }
    let facing = by_stage
        .values()
        .any(|(_, effect, _)| *effect == SideEffect::PersonFacing);
    for (stage, effect, ids) in by_stage.values() {
        let role = match effect {
            SideEffect::PersonFacing => Role::Bad,
            SideEffect::PaidApi | SideEffect::CrmWrite => Role::Warn,
            SideEffect::Internal => Role::Text,
        };
        let line = format!("{stage} x{}: {}", ids.len(), effect.label());
        page.fact("EFFECT", &line, role);
    }
    if facing {
        page.fact("CAREFUL", "people may get the same e-mail twice", Role::Bad);
    }
    page.fact(
        "RUN",
        "status back to pending, then notify, one row at a time",
        Role::Text,
    );
    page.fact(
        "GUARD",
        "a row whose status or retry count changed is skipped and listed",
        Role::Text,
    );
    let undo = if facing {
        "none: e-mail leaves the system"
    } else {
        "none: its workflow runs again"
    };
    page.fact("UNDO", undo, Role::Text);
    page.blank();
    for (stage, _, ids) in by_stage.values() {
        page.ids(stage, ids);
    }
}

/// Lines of facts, each with its name at the left.
struct Page<'a> {
    cx: &'a Context<'a>,
    width: usize,
    lines: Vec<Line<'static>>,
}

impl Page<'_> {
    fn fact(&mut self, name: &str, what: &str, role: Role) {
        let wrapped = text::wrap(what, self.width.saturating_sub(8));
        for (at, line) in wrapped.into_iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            self.lines.push(Line::from(vec![
                Span::styled(format!("{name:8}"), self.cx.style(Role::Header)),
                Span::styled(line, self.cx.style(role)),
            ]));
        }
    }

    fn blank(&mut self) {
        self.lines.push(Line::default());
    }

    /// Every single id: what is not shown is not done.
    fn ids(&mut self, title: &str, ids: &[String]) {
        let heading = format!("{title}, exactly these:");
        self.lines
            .push(Line::styled(heading, self.cx.style(Role::Header)));
        for line in text::wrap(&ids.join(" "), self.width.saturating_sub(2)) {
            self.lines
                .push(Line::styled(format!("  {line}"), self.cx.style(Role::Text)));
        }
    }
}
