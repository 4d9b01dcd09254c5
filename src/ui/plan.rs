//! A plan: what would change, exactly, and what that does outside. Nothing has run yet.

mod n8n;
mod page;
mod purge;
mod retry;
mod test_events;
mod triage;

use std::collections::BTreeMap;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use self::page::Page;
use super::{Context, Role, overlay, text};
use crate::domain::{
    drops::Drops,
    event::RowId,
    mask,
    pipeline::SideEffect,
    plan::{Examination, Leaf, Mutation, Plan, Strategy, Taken, Tier, Unready},
    untrusted::Untrusted,
};

/// So many blocked rows are shown with the plan; more are counted by their reason, and `b` lists them.
const FEW: usize = 4;

/// Paints `plan`, which touches groups that are `taken` by others, where the links of the cascade stand like `drops`, scrolled down by so many lines; with its statement or request where that is asked for.
pub fn plan(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    (plan, taken, drops): (&Plan, &[Taken], Option<&Drops>),
    (scroll, leaf): (usize, Leaf),
) {
    let width = area.width.min(78);
    let room = usize::from(width).saturating_sub(4);
    let mut page = match leaf {
        Leaf::Facts => lines(cx, (plan, taken, drops), room),
        Leaf::Statement => statements(cx, plan, room),
        Leaf::Blocked => blocked(cx, plan, room),
    };
    let asks = question(cx, plan, room);
    let height = (page.lines.len() + 4).min(usize::from(area.height)) as u16;
    let badge = ("nothing run".to_owned(), Role::OkBadge);
    let title = format!("PLAN {}", title(&plan.mutation));
    let inner = overlay::popup(cx, buf, area, (width, height), &title, &badge);
    let content = Rect {
        height: inner.height.saturating_sub(2),
        ..inner
    };
    page.spell(scroll, usize::from(content.height));
    overlay::scrolled(cx, buf, content, &page.lines, scroll);
    let row = inner.height.saturating_sub(1);
    super::panel::put(buf, inner, row, &asks);
}

fn title(mutation: &Mutation) -> String {
    match mutation {
        Mutation::RetryEvents(retry) => {
            let how = match retry.strategy {
                Strategy::Requeue => "",
                Strategy::Clone => " by clones",
                Strategy::Webhook => " by webhook",
            };
            format!("retry {}{how}", counted(retry.targets.len(), "event"))
        }
        Mutation::Purge(_) => "purge what is old and done".to_owned(),
        Mutation::Note { .. } => "write a note down".to_owned(),
        Mutation::DeleteClones(clones) => format!("delete {}", counted(clones.len(), "clone")),
        Mutation::ResolveErrors { ids, .. } => format!("resolve {}", counted(ids.len(), "error")),
        Mutation::ReopenErrors { ids, .. } => format!("reopen {}", counted(ids.len(), "error")),
        Mutation::SetWorkflowActive { active, .. } => {
            let verb = if *active { "activate" } else { "deactivate" };
            format!("{verb} 1 workflow")
        }
        Mutation::BounceWorkflow { .. } => "bounce 1 workflow".to_owned(),
        Mutation::InsertEvent(_) => "insert 1 test event".to_owned(),
        Mutation::DeleteTestEvents { ids, .. } => {
            format!("delete {}", counted(ids.len(), "test event"))
        }
        Mutation::Triage { deed, targets, .. } => {
            let (verb, _) = deed.verbs();
            format!("{verb} {}", counted(targets.len(), deed.noun()))
        }
        Mutation::StopExecutions(targets) => {
            format!("stop {}", counted(targets.len(), "execution"))
        }
        Mutation::RetryExecutions { targets, .. } => {
            format!("retry {}", counted(targets.len(), "execution"))
        }
    }
}

fn counted(n: usize, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {noun}{s}", text::grouped(n as u64))
}

/// What is to be typed, in words: `type 32, then why`.
pub fn asks(tier: &Tier) -> String {
    match tier {
        Tier::Yes => "press y".to_owned(),
        Tier::Typed {
            text,
            reason: false,
        } => format!("type {text} and enter"),
        Tier::Typed { text, reason: true } => format!("type {text}, then why, and enter"),
    }
}

/// What confirms the plan, and the other keys that do something about it, as many as `width` cells hold.
fn question(cx: &Context<'_>, plan: &Plan, width: usize) -> Line<'static> {
    let (key, first) = match plan.tier() {
        Ok(Tier::Yes) => ("y", " run exactly this".to_owned()),
        Ok(tier) => ("y", format!(" run: {}", asks(&tier))),
        Err(Unready::Awaited) => ("", "the guard looks …".to_owned()),
        Err(Unready::Blocked) => ("", "nothing to run".to_owned()),
    };
    let is_blocked = |examined: &Examination| !examined.blocked.is_empty();
    let has_blocked = plan.examined.as_ref().is_some_and(is_blocked);
    // A retry says its ways in its lines.
    let is_retry = matches!(plan.mutation, Mutation::RetryEvents(_));
    let has_way = !is_retry && plan.mutation.other_way().is_some();
    let offered = [
        // The way out stands even where the line is full; the footer has the rest.
        ("esc", "leave", true),
        ("b", "blocked", has_blocked),
        ("o", "any hour", plan.mutation.at_any_hour().is_some()),
        ("e", "pace", plan.pacing.is_some()),
        ("v", "other way", has_way),
        ("d", "statement", true),
        ("c", "copy", true),
    ];
    let mut spans = vec![
        Span::styled(key, cx.style(Role::Key)),
        Span::styled(first, cx.style(Role::Text)),
    ];
    let mut room = width.saturating_sub(Line::from(spans.clone()).width());
    for (key, what, _) in offered.into_iter().filter(|(.., is_on)| *is_on) {
        let taken = key.len() + what.len() + 4;
        if taken <= room {
            room -= taken;
            spans.push(Span::styled(format!("   {key}"), cx.style(Role::Key)));
            spans.push(Span::styled(format!(" {what}"), cx.style(Role::Text)));
        }
    }
    Line::from(spans)
}

/// The rows that must not run, each with the reason.
fn blocked<'a>(cx: &'a Context<'a>, plan: &'a Plan, width: usize) -> Page<'a> {
    let mut page = Page::new(cx, width);
    let rows = plan.examined.iter().flat_map(|examined| &examined.blocked);
    page.lines.push(Line::styled(
        "BLOCKED, and left alone:",
        cx.style(Role::Header),
    ));
    for (id, why) in rows {
        let why = Untrusted::from(why.as_str()).display_cut(200);
        for (at, line) in text::wrap(&why, width.saturating_sub(13))
            .iter()
            .enumerate()
        {
            let id = if at == 0 {
                id.to_string()
            } else {
                String::new()
            };
            page.lines.push(Line::styled(
                format!("  {id:>9}  {line}"),
                cx.style(Role::Warn),
            ));
        }
    }
    page
}

/// The statement or the request, as it would leave.
fn statements<'a>(cx: &'a Context<'a>, plan: &'a Plan, width: usize) -> Page<'a> {
    let text = match (n8n::requests(&plan.mutation), &plan.examined) {
        (Some(requests), _) => requests,
        (None, Some(examined)) => examined.statement.clone(),
        (None, None) => "the database has not answered yet".to_owned(),
    };
    let lines = text
        .lines()
        .flat_map(|line| text::wrap(&Untrusted::from(line).display_cut(500), width))
        .map(|line| Line::styled(line, cx.style(Role::Text)));
    let mut page = Page::new(cx, width);
    page.lines.extend(lines);
    page
}

fn lines<'a>(
    cx: &'a Context<'a>,
    (plan, taken, drops): (&'a Plan, &[Taken], Option<&'a Drops>),
    width: usize,
) -> Page<'a> {
    let mut page = begun(cx, plan, taken, width);
    page.drops = drops;
    let frozen = text::clock(cx, plan.frozen_at);
    match &plan.mutation {
        Mutation::RetryEvents(events) => {
            let set = format!(
                "{}, frozen {frozen}",
                counted(events.targets.len(), "event")
            );
            page.fact("SET", &set, Role::Strong);
            retry::lines(&mut page, events, plan);
        }
        Mutation::Purge(old) => purge::lines(&mut page, old, plan.examined.as_ref()),
        Mutation::Note { note } => noted(&mut page, note, plan.examined.as_ref()),
        Mutation::DeleteClones(clones) => {
            retry::delete(&mut page, clones, plan.examined.as_ref());
        }
        Mutation::ResolveErrors { ids, note } => {
            let set = format!("{}, frozen {frozen}", counted(ids.len(), "error"));
            let undo = "u, as long as nothing else was done after it";
            let run = [
                "set resolved, with the note, who and when",
                "what changed since: looked at again as it runs",
                undo,
            ];
            errors(&mut page, plan, (&set, note), run, ids);
        }
        Mutation::ReopenErrors { ids, note, by, .. } => {
            let by = Untrusted::from(by.as_str()).display_cut(64);
            let n = counted(ids.len(), "error");
            let set = format!("{n} resolved by {by}, frozen {frozen}");
            let run = [
                "set unresolved, with the note; who and when are emptied",
                "what changed since, and what somebody else resolved",
                "resolve them again",
            ];
            errors(&mut page, plan, (&set, note), run, ids);
        }
        Mutation::InsertEvent(event) => {
            test_events::insert(&mut page, event, plan.examined.as_ref());
        }
        Mutation::DeleteTestEvents { ids, .. } => {
            test_events::delete(&mut page, ids, plan.examined.as_ref());
        }
        Mutation::Triage {
            deed,
            targets,
            place,
        } => {
            triage::lines(&mut page, (*deed, targets, place), plan.examined.as_ref());
        }
        Mutation::SetWorkflowActive { .. }
        | Mutation::BounceWorkflow { .. }
        | Mutation::StopExecutions(_)
        | Mutation::RetryExecutions { .. } => n8n::lines(&mut page, &plan.mutation),
    }
    page
}

/// That something happened.
fn noted(page: &mut Page<'_>, note: &str, examined: Option<&Examination>) {
    let note = Untrusted::from(note).display_cut(400);
    page.fact("NOTE", &note, Role::Strong);
    let alone = examined.and_then(|it| it.unknown.first());
    let (seen, role) = match (examined, alone) {
        (None, _) => ("looking whether the audit table takes it", Role::Dim),
        (Some(_), Some(alone)) => (alone.as_str(), Role::Warn),
        (Some(_), None) => (
            "by every console: in the history (H), the timeline (T) and the chart of errors",
            Role::Text,
        ),
    };
    page.fact("SEEN", seen, role);
    page.fact("EFFECT", "none: nothing else is changed", Role::Text);
    page.undo("none: what is written down stays", Role::Text);
}

/// A page that says first who else has what the plan touches.
fn begun<'a>(cx: &'a Context<'a>, plan: &Plan, taken: &[Taken], width: usize) -> Page<'a> {
    let mut page = Page::new(cx, width);
    if matches!(plan.tier(), Ok(Tier::Typed { reason: true, .. })) {
        page = page.with_reason();
    }
    for other in taken {
        page.fact("TAKEN", &held(cx, other), Role::Warn);
    }
    page
}

/// Who has a group that the plan touches.
fn held(cx: &Context<'_>, taken: &Taken) -> String {
    let owner = taken.owner.display_cut(64);
    let since = taken.since.map_or_else(String::new, |at| {
        format!(" for {}", text::span(cx.now - at))
    });
    let note = taken
        .note
        .as_ref()
        .map_or_else(String::new, |note| format!(": {}", mask::cut(note, 120)));
    format!("{owner} has the group {}{since}{note}", taken.group)
}

fn errors<'a>(
    page: &mut Page<'a>,
    plan: &'a Plan,
    (set, note): (&str, &str),
    [run, skip, undo]: [&str; 3],
    ids: &'a [RowId],
) {
    let examined = plan.examined.as_ref();
    page.fact("SET", set, Role::Strong);
    page.fact("NOTE", note, Role::Strong);
    guard(page, examined, false);
    page.fact("RUN", run, Role::Text);
    page.fact("SKIP", skip, Role::Text);
    page.fact("EFFECT", "internal: nothing leaves the system", Role::Text);
    page.undo(undo, Role::Text);
    page.blank();
    page.ids("IDS", ids.iter().filter(runs(examined)).collect());
}

/// Whether a row would run, as far as is known.
fn runs(examined: Option<&Examination>) -> impl Fn(&&RowId) -> bool {
    let versions = examined.map(Examination::versions);
    move |id| {
        let known = versions.as_ref();
        known.is_none_or(|known| known.contains_key(*id))
    }
}

/// What the guard found; before that, that it still looks.
fn guard(page: &mut Page<'_>, examined: Option<&Examination>, facing: bool) {
    let Some(examined) = examined else {
        page.fact("GUARD", "looks for what speaks against this …", Role::Dim);
        return;
    };
    if facing {
        let people = format!(
            "{} in {}",
            if examined.people == 1 {
                "1 person".to_owned()
            } else {
                format!("{} people", text::grouped(examined.people as u64))
            },
            counted(examined.campaigns, "campaign")
        );
        page.fact("PEOPLE", &people, Role::Strong);
    }
    for unknown in &examined.unknown {
        page.fact(
            "UNKNOWN",
            &Untrusted::from(unknown.as_str()).display_cut(200),
            Role::Bad,
        );
    }
    let (runs, blocked) = (examined.eligible.len(), examined.blocked.len());
    let role = if blocked == 0 { Role::Text } else { Role::Warn };
    let line = format!(
        "{} eligible, {} blocked",
        text::grouped(runs as u64),
        text::grouped(blocked as u64)
    );
    page.fact("GUARD", &line, role);
    if examined.blocked.len() <= FEW {
        for (id, why) in &examined.blocked {
            page.fact("BLOCKED", &format!("{id}: {why}"), Role::Warn);
        }
        return;
    }
    for (why, n) in by_reason(&examined.blocked).into_iter().take(FEW) {
        page.fact("BLOCKED", &format!("{n}: {why} (b)"), Role::Warn);
    }
}

/// What is blocked, counted by reason, the most often met first; what follows a colon is of one row alone.
fn by_reason(blocked: &[(RowId, String)]) -> Vec<(&str, usize)> {
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, why) in blocked {
        let why = why.split_once(": ").map_or(why.as_str(), |(why, _)| why);
        *counted.entry(why).or_default() += 1;
    }
    let mut reasons: Vec<(&str, usize)> = counted.into_iter().collect();
    reasons.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    reasons
}

/// How loudly it is said what a run does outside.
const fn role_of(effect: SideEffect) -> Role {
    match effect {
        SideEffect::PersonFacing => Role::Bad,
        SideEffect::PaidApi | SideEffect::CrmWrite => Role::Warn,
        SideEffect::Internal => Role::Text,
    }
}
