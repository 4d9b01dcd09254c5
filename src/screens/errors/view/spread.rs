//! What the errors of the group share, set against the unresolved errors outside it.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::Scene;
use crate::{
    domain::error_group::{Class, ErrorGroup, Facet, Shared},
    screens::errors::explained,
    ui::{
        Role, panel,
        table::{Column, Row, Table, cell},
        text,
    },
};

const COLUMNS: &[Column] = &[
    Column::left("FIELD", 8, 0),
    Column::left("VALUE", 12, 0).growing(),
    Column::right("IN GROUP", 8, 0),
    Column::right("n", 5, 2),
    Column::right("BASE", 6, 1),
    Column::right("LIFT", 5, 0),
];

/// Errors of a group from which on it is worth saying what they share.
const ENOUGH: u64 = 3;

/// Paints the panel.
pub(super) fn paint(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let cx = scene.cx;
    let group = explained(scene.state, scene.store);
    let title = group.map_or_else(
        || "SPREAD".to_owned(),
        |group| format!("SPREAD  what the {} share", text::grouped(group.count())),
    );
    let badge = ("base: the errors outside".to_owned(), Role::Dim);
    let inner = panel::panel(cx, buf, area, &title, &badge, false);
    let Some(group) = group else { return };
    let width = usize::from(inner.width).saturating_sub(1);
    // A sentence in two lines, in three where there are many.
    let most = if inner.height < 10 { 2 } else { 3 };
    let below = below(scene, group, (width, most));
    let rows: Vec<&Shared> = group.shared.iter().filter(|it| is_shared(it)).collect();
    let height = usize::from(inner.height);
    // The sentence comes before the last rows, and a free line before it where there is one.
    let room = height.saturating_sub(below.len() + 1);
    let shown = rows.len().min(room);
    let gap = usize::from(height > shown + 1 + below.len());
    let table = Table {
        columns: COLUMNS,
        len: shown,
        selected: None,
        focused: false,
    };
    table.paint(cx, buf, inner, |at| {
        rows.get(at).map_or_else(Row::default, |shared| row(shared))
    });
    let first = shown + 1 + gap;
    for (row, (role, says)) in (first..height).zip(&below) {
        let line = Line::styled(says.clone(), cx.style(*role));
        panel::put(buf, panel::indented(inner), row as u16, &line);
    }
}

/// Whether enough of the group have the value to call it shared.
const fn is_shared(shared: &Shared) -> bool {
    shared.part * 10 >= shared.of * 3
}

fn row(shared: &Shared) -> Row<'static> {
    let (part, of) = shared.outside();
    let lift = match (shared.lift(), of) {
        (Some(lift), _) => format!("{lift:.1}"),
        (None, 0) => "-".to_owned(),
        (None, _) => "only".to_owned(),
    };
    let role = match shared.lift() {
        Some(lift) if lift >= 2.0 && shared.of >= ENOUGH => Role::Strong,
        None if of > 0 && shared.of >= ENOUGH => Role::Strong,
        Some(_) | None => Role::Text,
    };
    Row::new(vec![
        cell(shared.facet.name(), Role::Dim),
        cell(shared.value.display_cut(60), role),
        cell(text::share(shared.part, shared.of), Role::Text),
        cell(text::count(shared.of), Role::Dim),
        cell(text::share(part, of), Role::Dim),
        cell(lift, role),
    ])
}

/// What stands below the rows: what is not shared, what is not written down, and what all of it says.
fn below(
    scene: &Scene<'_>,
    group: &ErrorGroup,
    (width, most): (usize, usize),
) -> Vec<(Role, String)> {
    let mut lines = Vec::new();
    let apart = group.shared.iter().filter(|shared| !is_shared(shared));
    let apart: Vec<String> = apart
        .map(|shared| {
            let most = text::share(shared.part, shared.of);
            format!("{} (at most {most})", shared.facet.name())
        })
        .collect();
    if !apart.is_empty() {
        lines.push((Role::Dim, format!("not shared: {}", apart.join(", "))));
    }
    let is_known = |facet: &Facet| group.shared.iter().any(|shared| shared.facet == *facet);
    let unknown = Facet::ALL.into_iter().filter(|facet| !is_known(facet));
    let unknown: Vec<&str> = unknown.map(Facet::name).collect();
    if !unknown.is_empty() {
        let says = format!("unknown: {}", unknown.join(", "));
        lines.push((Role::Dim, says));
    }
    let says = format!("reads as: {}", reads_as(scene, group));
    let says = text::wrap(&says, width.max(1)).into_iter().take(most);
    lines.extend(says.map(|part| (Role::Text, part)));
    lines
}

/// What all of that says in a sentence: what sets the group apart, how much of its stage it is, and what it is not.
fn reads_as(scene: &Scene<'_>, group: &ErrorGroup) -> String {
    if group.count() < ENOUGH {
        return "too few to say what sets them apart".to_owned();
    }
    let find = |facet: Facet| group.shared.iter().find(|shared| shared.facet == facet);
    // What is as common outside does not set them apart.
    let is_common = |it: &Shared| it.lift().is_some_and(|lift| lift < 1.5);
    let all_of = |facet: Facet| {
        find(facet).filter(|it| it.of >= ENOUGH && it.part == it.of && !is_common(it))
    };
    let mut is: Vec<String> = Vec::new();
    for (facet, what) in [
        (Facet::Node, "one node"),
        (Facet::Http, "one answer"),
        (Facet::Version, "one version"),
        (Facet::Campaign, "one campaign"),
        (Facet::Segment, "one segment"),
        (Facet::Domain, "one domain"),
    ] {
        if let Some(shared) = all_of(facet) {
            is.push(format!("{what} ({})", shared.value.display_cut(24)));
        }
    }
    is.extend(of_stage(scene, group));
    let mut is_not: Vec<&str> = Vec::new();
    if group.class != Class::Data && group.records >= 10 {
        is_not.push("the data");
    }
    let is_even = |facet| {
        let even = |shared: &Shared| is_common(shared) || !is_shared(shared);
        find(facet).is_some_and(|it| it.of >= ENOUGH && even(it))
    };
    for (facet, what) in [
        (Facet::Campaign, "a campaign"),
        (Facet::Segment, "a segment"),
        (Facet::Domain, "a domain"),
    ] {
        if is_even(facet) {
            is_not.push(what);
        }
    }
    let is = if is.is_empty() {
        "nothing of this sets them apart".to_owned()
    } else {
        is.join(", ")
    };
    if is_not.is_empty() {
        is
    } else {
        format!("{is}; not {}", is_not.join(", not "))
    }
}

/// How much of what its stage did of late failed: all of it, or a part.
fn of_stage(scene: &Scene<'_>, group: &ErrorGroup) -> Option<String> {
    let mut lines = scene.store.flow.iter();
    let reading = &lines.find(|line| line.stage == group.stage)?.reading;
    if reading.last_processed.is_some_and(|at| at < group.first_at) {
        let since = text::clock(scene.cx, group.first_at);
        return Some(format!("all of its stage since {since}"));
    }
    let share = reading.error_share()?;
    let (rate, n) = (text::told(share), text::grouped(share.of));
    Some(format!("{rate} of its stage fails in 1 h, n={n}"))
}
