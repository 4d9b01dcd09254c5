//! What stands below the groups: what is not among them and why, how exact their counts are, and which of them to touch
//! first.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use unicode_width::UnicodeWidthStr as _;

use super::{Scene, groups, said};
use crate::{
    domain::{
        error_group::{ErrorGroup, Errors, GROUPS, GroupState, Outlook},
        triage::Place,
    },
    screens::errors::{Tab, lines},
    ui::{Role, panel, text},
};

/// Groups named in one line of the advice, at most.
const NAMED: usize = 3;
/// Characters of what such a group says.
const SAYS: usize = 28;

/// Paints what fits below `rows` rows of a table in `area`, and returns what is left for the table.
pub(super) fn paint(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, rows: usize) -> Rect {
    let Some(errors) = scene.store.errors.value() else {
        return area;
    };
    // With its header, and no row less than there are: what is below gives way.
    let table = rows.saturating_add(1);
    let spare = usize::from(area.height).saturating_sub(table);
    let mut lines = Vec::new();
    let (urgent, rest) = outside(scene, errors);
    let is_urgent = !urgent.is_empty();
    // That all is well counted is worth a line only where there are lines to spare.
    let is_plain = rest.iter().all(|(role, _)| *role == Role::Dim) && rest.len() == 1;
    let rest = if is_plain && !is_urgent && spare < 2 {
        Vec::new()
    } else {
        rest
    };
    if (is_urgent && area.height > 4) || (spare > 0 && !rest.is_empty()) {
        lines.push(parts(scene, urgent.into_iter().chain(rest), area.width));
    }
    let advice = advice(scene, usize::from(area.width).saturating_sub(1));
    // A row of another kind or a free one stands above the advice, so that it is not taken for a group.
    let gap = usize::from(lines.is_empty());
    if !advice.is_empty() && spare >= lines.len() + advice.len() + gap {
        lines.extend(advice);
    }
    let height = (lines.len() as u16).min(area.height);
    let left = Rect {
        height: area.height - height,
        ..area
    };
    let below = Rect {
        y: left.bottom(),
        height,
        ..area
    };
    for (row, line) in (0..height).zip(&lines) {
        panel::put(buf, below, row, line);
    }
    left
}

type Part = (Role, String);

/// What is not listed: first what an operator has to know, then what may be left out.
fn outside(scene: &Scene<'_>, errors: &Errors) -> (Vec<Part>, Vec<Part>) {
    let (cx, tab) = (scene.cx, scene.state.tab);
    let mut urgent = Vec::new();
    if let Place::Local(why) = &errors.place {
        urgent.push((Role::Warn, format!("owners, notes: local only, {why}")));
    }
    let hidden = hidden(scene, errors);
    if !hidden.is_empty() {
        urgent.push((Role::Dim, hidden));
    }
    let of = |state| errors.groups.iter().filter(move |it| it.state == state);
    let ignored: Vec<&ErrorGroup> = of(GroupState::Ignored).collect();
    if !ignored.is_empty() && tab != Tab::Only(GroupState::Ignored) {
        let first = ignored.iter().take(NAMED);
        let first: Vec<String> = first.map(|group| said::wakes(cx, group)).collect();
        let more = if ignored.len() > NAMED { ", …" } else { "" };
        let words = format!(
            "ignored {} = {} (wakes {}{more})",
            ignored.len(),
            errors_of(errors.ignored()),
            first.join(", ")
        );
        urgent.push((Role::Dim, words));
    }
    let mut rest = Vec::new();
    let usual = &errors.usual;
    let resolved = of(GroupState::Resolved).count();
    if resolved > 0 && tab != Tab::Only(GroupState::Resolved) {
        let plural = if resolved == 1 { "" } else { "s" };
        rest.push((Role::Dim, format!("resolved {resolved} group{plural} (])")));
    }
    if usual.resolved_24h > 0 {
        let n = text::at_least(usual.resolved_24h, usual.is_bound);
        rest.push((Role::Dim, format!("resolved in 24 h {n}")));
    }
    rest.push(counts(errors));
    (urgent, rest)
}

fn errors_of(n: u64) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} error{plural}", text::grouped(n))
}

/// What the filter hides of the tab.
fn hidden(scene: &Scene<'_>, errors: &Errors) -> String {
    let (state, store) = (scene.state, scene.store);
    if state.filter.text().trim().is_empty() {
        return String::new();
    }
    let held = errors.groups.iter().filter(|group| state.tab.holds(group));
    let (groups, all) = held.fold((0, 0), |(groups, all), group| {
        (groups + 1, all + group.count())
    });
    let shown = lines::shown(state, store);
    let listed: u64 = shown.iter().map(|group| group.count()).sum();
    let n = usize::saturating_sub(groups, shown.len());
    if n == 0 {
        return "hidden by filter 0".to_owned();
    }
    let plural = if n == 1 { "" } else { "s" };
    format!(
        "hidden by filter {n} group{plural} = {}",
        errors_of(all.saturating_sub(listed))
    )
}

/// How exact the counts are, and whether groups were left out for want of room.
fn counts(errors: &Errors) -> Part {
    let coverage = &errors.coverage;
    let beyond = coverage.groups.saturating_sub(errors.groups.len() as u64);
    let cut = if beyond == 0 {
        "truncated 0   ".to_owned()
    } else {
        format!(
            "beyond the first {GROUPS} groups {}  ",
            text::grouped(beyond)
        )
    };
    let total = errors.open();
    let is_whole = coverage.has_all_open || coverage.open >= total;
    let (role, how) = if errors.since.is_some() {
        (
            Role::Warn,
            "counts are at least so: older ones are looked at",
        )
    } else if !is_whole {
        (Role::Warn, "counts are of those grouped so far")
    } else if !coverage.knows_past {
        (Role::Dim, "counts exact; the past is not read yet")
    } else {
        (Role::Dim, "counts exact")
    };
    (role, format!("{cut}{how}"))
}

/// One line of these parts; what does not fit is cut.
fn parts(scene: &Scene<'_>, parts: impl Iterator<Item = Part>, width: u16) -> Line<'static> {
    let mut room = usize::from(width).saturating_sub(1);
    let mut spans = vec![Span::raw(" ")];
    for (at, (role, part)) in parts.enumerate() {
        let gap = if at == 0 { "" } else { "   " };
        let shown = text::cut(&format!("{gap}{part}"), room);
        room = room.saturating_sub(shown.chars().count());
        spans.push(Span::styled(shown, scene.cx.style(role)));
    }
    Line::from(spans)
}

/// Which of the open groups that are listed a retry helps, and which want something else first.
fn advice(scene: &Scene<'_>, width: usize) -> Vec<Line<'static>> {
    let shown = lines::shown(scene.state, scene.store);
    let open: Vec<&ErrorGroup> = shown
        .into_iter()
        .filter(|group| group.state.is_open())
        .collect();
    let of = |outlook: Outlook| {
        let own: Vec<&ErrorGroup> = open
            .iter()
            .filter(|group| group.outlook() == outlook)
            .copied()
            .collect();
        (!own.is_empty()).then_some((outlook, own))
    };
    let kinds = [
        Outlook::Retry,
        Outlook::RetryOne,
        Outlook::Mend,
        Outlook::Look,
    ];
    let told = kinds.into_iter().filter_map(of);
    told.enumerate()
        .map(|(at, (outlook, groups))| {
            let head = if at == 0 { " ADVICE " } else { "        " };
            let (what, role) = match outlook {
                Outlook::Retry => ("retry first: ", Role::Ok),
                Outlook::RetryOne => ("retry one of: ", Role::Warn),
                Outlook::Mend => ("do not retry yet: ", Role::Warn),
                Outlook::Look => ("read a sample of: ", Role::Text),
            };
            let room = width.saturating_sub(head.len() + what.len());
            let names = named(outlook, &groups, room);
            Line::from(vec![
                Span::styled(head, scene.cx.style(Role::Header)),
                Span::styled(what, scene.cx.style(role)),
                Span::styled(names, scene.cx.style(Role::Text)),
            ])
        })
        .collect()
}

/// These groups by name, and why each is where it is: the first, and as many others whole as `room` holds.
fn named(outlook: Outlook, groups: &[&ErrorGroup], room: usize) -> String {
    let name = |group: &&ErrorGroup| {
        let says = text::cut(&groups::says(group), SAYS);
        let why = match (outlook, group.retries.tried) {
            (Outlook::Mend, _) => until(group).to_owned(),
            (_, 0) => group.class.name().to_owned(),
            (_, tried) => format!("{}, {}/{tried} ok", group.class.name(), group.retries.ok),
        };
        format!("{says} ({why})")
    };
    let more = |n: usize| match groups.len().saturating_sub(n) {
        0 => String::new(),
        rest => format!("; {rest} more"),
    };
    let mut all = String::new();
    for (at, group) in groups.iter().take(NAMED).enumerate() {
        let gap = if at == 0 { "" } else { "; " };
        let longer = format!("{all}{gap}{}", name(group));
        if at > 0 && longer.width() + more(at + 1).len() > room {
            return all + &more(at);
        }
        all = longer;
    }
    text::cut(&(all + &more(NAMED)), room)
}

/// What is to be mended before a retry of `group` helps.
pub(super) fn until(group: &ErrorGroup) -> &'static str {
    let advice = group.class.advice();
    advice.strip_suffix(", then retry").unwrap_or(advice)
}
