//! What the errors of the group share, set against the unresolved errors outside it.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::Scene;
use crate::{
    domain::error_group::{ErrorGroup, Facet, Shared},
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
    Column::right("OUTSIDE", 7, 1),
    Column::right("LIFT", 5, 0),
];

/// Paints the panel.
pub(super) fn paint(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let cx = scene.cx;
    let group = explained(scene.state, scene.store);
    let title = "SPREAD  what they share";
    let badge = ("against the errors outside".to_owned(), Role::Dim);
    let inner = panel::panel(cx, buf, area, title, &badge, false);
    let Some(group) = group else { return };
    let table = Table {
        columns: COLUMNS,
        len: group.shared.len(),
        selected: None,
        focused: false,
    };
    table.paint(cx, buf, inner, |at| {
        group.shared.get(at).map_or_else(Row::default, row)
    });
    let below = u16::try_from(group.shared.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2);
    let words = Line::styled(reads_as(group), cx.style(Role::Text));
    panel::put(buf, panel::indented(inner), below, &words);
}

fn row(shared: &Shared) -> Row<'static> {
    let (part, of) = shared.outside();
    let lift = match (shared.lift(), of) {
        (Some(lift), _) => format!("{lift:.1}"),
        (None, 0) => "-".to_owned(),
        (None, _) => "only".to_owned(),
    };
    let role = match shared.lift() {
        Some(lift) if lift >= 2.0 && shared.of >= 3 => Role::Strong,
        None if of > 0 && shared.of >= 3 => Role::Strong,
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

/// What that says in a sentence: which of it sets the group apart.
fn reads_as(group: &ErrorGroup) -> String {
    let apart = |shared: &&Shared| {
        let most = shared.of >= 3 && shared.part * 5 >= shared.of * 4;
        let rare = shared.lift().is_none_or(|lift| lift >= 2.0) && shared.outside().1 > 0;
        most && rare && shared.facet != Facet::Hour
    };
    let apart: Vec<String> = group
        .shared
        .iter()
        .filter(apart)
        .map(|shared| format!("{} {}", shared.facet.name(), shared.value.display_cut(40)))
        .collect();
    if group.count() < 3 {
        "too few to say what sets them apart".to_owned()
    } else if apart.is_empty() {
        "nothing of this sets them apart".to_owned()
    } else {
        format!("set apart by {}", apart.join(", "))
    }
}
