//! The errors by record.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Scene, list};
use crate::{
    effect::FeedId,
    screens::errors::{
        lines,
        records::{self, Record},
    },
    ui::{
        Role, freshness, note, panel,
        table::{Column, Row, Table, cell},
        text,
    },
};

/// Columns of which that of the record has so many cells: a company's key has 21, and those of its people more.
const fn columns(record: u16) -> [Column; 6] {
    [
        Column::left("SEV", 5, 0),
        Column::right("N", 4, 0),
        Column::right("LAST", 6, 2),
        Column::left("RECORD", record, 0),
        Column::left("STAGES", 20, 1),
        Column::left("NEWEST SAYS", 16, 3).growing(),
    ]
}

/// Paints the list.
pub(super) fn paint(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let (state, store, cx) = (scene.state, scene.store, scene.cx);
    let shown = records::shown(state, store);
    let held = lines::held(store).len();
    let errors: usize = shown.iter().map(|record| record.errors.len()).sum();
    let title = format!(
        "ERRORS  by record  {} records of the newest {held} errors{}",
        text::grouped(shown.len() as u64),
        note::shown_and_hidden(&state.filter, errors, held)
    );
    let badge = freshness::trouble(cx, &store.errors, FeedId::Errors.interval(), &store.reader);
    let inner = panel::panel(cx, buf, area, &title, &badge, true);
    if freshness::absent(cx, buf, inner, &store.errors, &store.reader) {
        return;
    }
    if shown.is_empty() {
        let none = if held > 0 && !state.filter.is_empty() {
            note::no_match(&state.filter, held, "unresolved errors")
        } else {
            vec![(Role::Ok, "No unresolved error names a record.".to_owned())]
        };
        note::sentences(cx, buf, inner, &none);
        return;
    }
    let selected = state.records.selected();
    let cells = if inner.width >= 100 { 25 } else { 12 };
    let table = Table {
        columns: &columns(cells),
        len: shown.len(),
        selected: shown.iter().position(|record| Some(record.key) == selected),
        focused: true,
    };
    table.paint(cx, buf, inner, |at| match shown.get(at) {
        Some(record) => Row {
            marked: state.records.is_marked(record.key),
            ..row(scene, record, usize::from(cells))
        },
        None => Row::default(),
    });
}

fn row<'a>(scene: &Scene<'_>, record: &Record<'a>, cells: usize) -> Row<'a> {
    let severity = record.severity();
    let says = record.errors.first().map(|row| list::message(row));
    let last = record.last_at().map(|at| text::moment(scene.cx, at));
    Row::new(vec![
        cell(
            severity.map_or_else(String::new, list::word),
            severity.map_or(Role::Dim, list::role),
        ),
        cell(text::count(record.errors.len() as u64), Role::Strong),
        cell(last.unwrap_or_default(), Role::Dim),
        cell(
            text::cut_start(&record.key.display_cut(64), cells),
            Role::Text,
        ),
        cell(record.stages().join(", "), Role::Text),
        cell(says.unwrap_or_default(), Role::Text),
    ])
}
