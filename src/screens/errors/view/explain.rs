//! The selected group: what it is, how far it goes, whether a retry helps.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use unicode_width::UnicodeWidthStr as _;

use super::{Scene, groups, list, said, sample};
use crate::{
    domain::{
        alert::State,
        error_group::{ErrorGroup, GroupState, MEMBERS, RETRIED_OF},
        mask,
    },
    screens::errors::explained,
    ui::{Role, panel, text, why},
};

/// A line: what it is about, and what it says.
type Pair = (&'static str, Role, String);

/// Paints the panel.
pub(super) fn paint(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let Some(group) = explained(scene.state, scene.store) else {
        panel::panel(scene.cx, buf, area, "EXPLAIN", &none(), false);
        return;
    };
    let inner = framed(scene, buf, area, group);
    pairs(scene, buf, inner, &long(scene, group));
}

/// Paints the likeliest reasons, of what is known without asking.
pub(super) fn why(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let badge = ("x all of them".to_owned(), Role::Dim);
    let inner = panel::panel(scene.cx, buf, area, "WHY", &badge, false);
    let Some(group) = explained(scene.state, scene.store) else {
        return;
    };
    let hypotheses = scene.store.why(&group.stage, Some(group.id));
    let lines = why::lines(scene.cx, &hypotheses, usize::from(inner.width));
    for (row, line) in (0..inner.height).zip(&lines) {
        panel::put(buf, inner, row, line);
    }
}

/// Paints the panel with little room: the most telling lines, and the sample in one.
pub(super) fn short(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let Some(group) = explained(scene.state, scene.store) else {
        return;
    };
    let inner = framed(scene, buf, area, group);
    let mut lines = vec![
        (
            "",
            Role::Text,
            format!("{}; {}", counted(group), seen(scene, group)),
        ),
        ("msg", Role::Text, message(group)),
        ("class", groups::class(group), class(group)),
        ("retry", Role::Text, retried(group)),
        ("do", Role::Strong, group.advice()),
    ];
    if let Some(sentence) = said::sentence(scene.cx, group) {
        lines.insert(1, ("ignore", Role::Warn, sentence));
    }
    if let Some(note) = &group.standing.note {
        let note = mask::addresses(&note.display_cut(400));
        lines.push(("note", Role::Strong, note));
    }
    lines.extend(sample::line(scene).map(|line| ("sample", Role::Dim, line)));
    lines.extend(sample::details(scene).map(|line| ("", Role::Dim, line)));
    lines.truncate(usize::from(inner.height));
    for (row, line) in (0..inner.height).zip(&lines) {
        panel::put(buf, inner, row, &pair(scene, line.0, line.1, &line.2));
    }
}

const fn none() -> panel::Badge {
    (String::new(), Role::Dim)
}

fn framed(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, group: &ErrorGroup) -> Rect {
    let label = group.stage.label();
    let place = scene.cx.pipeline.find(&group.stage);
    let place = place.map_or_else(
        || label.clone(),
        |stage| format!("{label} > {}", stage.workflow),
    );
    let owner = match &group.standing.owner {
        Some(owner) => format!("owner {}", said::account(owner)),
        None => "unassigned".to_owned(),
    };
    let state = if group.is("woken") {
        "woken"
    } else {
        group.state.name()
    };
    let badge = (
        format!("{state}  {}", list::word(&group.severity)),
        groups::role(group.state),
    );
    // Whose it is comes before which workflow.
    let forms = [&place, &label].map(|place| format!("{place}  id {}  {owner}", group.id));
    let room = usize::from(area.width).saturating_sub(badge.0.width() + 7);
    let title = text::fitting(forms.iter().map(String::as_str), room);
    panel::panel(scene.cx, buf, area, &title, &badge, false)
}

fn counted(group: &ErrorGroup) -> String {
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

fn seen(scene: &Scene<'_>, group: &ErrorGroup) -> String {
    let ago = |at| text::span(scene.cx.now - at);
    format!(
        "first {} ago, last {} ago",
        ago(group.first_at),
        ago(group.last_at)
    )
}

/// How often one comes, where there are several: the first and the last may be resolved ones.
fn every(group: &ErrorGroup) -> String {
    let gaps = (group.open + group.resolved).saturating_sub(1);
    if gaps == 0 {
        return String::new();
    }
    let span = group.last_at - group.first_at;
    let every = text::span(span / i32::try_from(gaps).unwrap_or(i32::MAX));
    format!(", every {every}")
}

/// Where the newest of them failed: its node and its execution, and how surely its event is known.
fn ran(scene: &Scene<'_>, group: &ErrorGroup) -> Option<String> {
    let detail = sample::detail(scene);
    let node = group.node.as_ref();
    let node = node.map(|node| format!("node \"{}\"", node.display_cut(60)));
    let run = detail.and_then(|detail| detail.error.execution.as_ref());
    let run = run.map(|run| format!("execution {}", run.display_cut(24)));
    let event = detail.and_then(|detail| detail.event.as_ref());
    let event = event.map(|(event, join)| format!("event {} ({})", event.id, join.name()));
    let parts: Vec<String> = [node, run, event].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The alerts that fire or are about to, of the stage of the group.
fn alerts(scene: &Scene<'_>, group: &ErrorGroup) -> Option<String> {
    let fires = scene.store.alerts.iter().filter_map(|alert| {
        let since = match alert.state {
            State::Firing(at) => format!("fires for {}", text::span(scene.cx.now - at)),
            State::Pending(at) => format!("pending for {}", text::span(scene.cx.now - at)),
            State::Ok | State::Idle | State::LowN | State::NoData(_) => return None,
        };
        let is_own = alert.stage().as_ref() == Some(&group.stage);
        is_own.then(|| format!("{} {since}", alert.rule().title))
    });
    let fires: Vec<String> = fires.collect();
    (!fires.is_empty()).then(|| fires.join("; "))
}

fn message(group: &ErrorGroup) -> String {
    mask::addresses(&group.message.display_cut(400))
}

fn class(group: &ErrorGroup) -> String {
    let helps = match group.class.retry_helps() {
        Some(true) => "a retry helps",
        Some(false) => "a retry now will fail",
        None => "cannot be told",
    };
    format!("{}: {helps}  (rule: {})", group.class.name(), group.rule)
}

fn retried(group: &ErrorGroup) -> String {
    let of = format!(" (of the newest {})", text::grouped(RETRIED_OF));
    match group.retries.tried {
        0 => format!("none tried again in 24 h{of}"),
        tried => format!("{} of {tried} retried ended well{of}", group.retries.ok),
    }
}

fn long(scene: &Scene<'_>, group: &ErrorGroup) -> Vec<Pair> {
    let cx = scene.cx;
    let mut lines = vec![
        ("", Role::Strong, counted(group)),
        ("seen", Role::Text, seen(scene, group) + &every(group)),
        ("msg", Role::Text, message(group)),
        ("class", groups::class(group), class(group)),
        ("do", Role::Strong, group.advice()),
        ("retry", Role::Text, retried(group)),
    ];
    let is_said = group.standing.owner.is_some() || group.standing.note.is_some();
    if is_said {
        lines.insert(2, ("owner", Role::Strong, said::owned(cx, group)));
    }
    if let Some(sentence) = said::sentence(cx, group) {
        lines.insert(2, ("ignore", Role::Warn, sentence));
    }
    lines.extend(ran(scene, group).map(|ran| ("ran", Role::Text, ran)));
    lines.extend(alerts(scene, group).map(|fires| ("alert", Role::Bad, fires)));
    let state = state(scene, group);
    lines.push(("state", groups::role(group.state), state));
    if group.resolved > 0 && group.open > 0 {
        let n = text::grouped(group.resolved);
        lines.push(("past", Role::Dim, format!("{n} resolved ones are known")));
    }
    let effect = cx.pipeline.side_effect(&group.stage).label();
    lines.push((
        "effect",
        Role::Text,
        format!("a retry of this stage: {effect}"),
    ));
    if group.count() as usize > MEMBERS {
        let all = text::grouped(group.count());
        lines.push((
            "",
            Role::Dim,
            format!("samples are of the newest {MEMBERS} of {all}"),
        ));
    }
    lines.push((
        "keys",
        Role::Dim,
        "x why  R retry  X resolve  A assign  Z ignore".to_owned(),
    ));
    lines
}

/// Where the group stands, in a sentence.
fn state(scene: &Scene<'_>, group: &ErrorGroup) -> String {
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

/// The lines, each wrapped, its name before it.
fn pairs(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, lines: &[Pair]) {
    let room = usize::from(area.width).saturating_sub(9);
    let mut row = 0;
    for (name, role, says) in lines {
        let mut parts = text::wrap(says, room);
        if parts.len() > 2 {
            parts.truncate(2);
            if let Some(last) = parts.last_mut() {
                *last = text::cut(&format!("{last} …"), room);
            }
        }
        for (at, part) in parts.iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            panel::put(buf, area, row, &pair(scene, name, *role, part));
            row += 1;
        }
    }
}

fn pair(scene: &Scene<'_>, name: &str, role: Role, says: &str) -> Line<'static> {
    let (cx, name) = (scene.cx, format!(" {name:<7}"));
    Line::from(vec![
        Span::styled(name, cx.style(Role::Header)),
        Span::styled(says.to_owned(), cx.style(role)),
    ])
}
