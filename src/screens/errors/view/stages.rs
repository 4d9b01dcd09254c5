//! How the errors spread over the stages.

use ratatui::{buffer::Buffer, layout::Rect};

use super::Scene;
use crate::{
    domain::{as_of::AsOf, error_group::ErrorStage, stage::StageReading},
    effect::FeedId,
    screens::errors::rows,
    store::Store,
    ui::{
        Role, freshness, note, panel, spark,
        table::{Column, Row, Table, cell},
        text,
    },
};

/// Cells of a bar.
const BAR: u16 = 8;

const COLUMNS: &[Column] = &[
    Column::left("STAGE", 20, 0),
    Column::right("OPEN", 5, 0),
    Column::right("24h", 5, 1),
    Column::right("CRIT", 5, 2),
    Column::right("ERR% 1h", 7, 3),
    Column::right("n", 5, 4),
    Column::left("", BAR, 5).growing(),
];

/// Paints the stages: as the list, or as a panel beside it.
pub(super) fn paint(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, focused: bool) {
    let (state, store, cx) = (scene.state, scene.store, scene.cx);
    let badge = freshness::trouble(cx, &store.errors, FeedId::Errors.interval(), &store.reader);
    let title = if focused {
        "ERRORS  by stage"
    } else {
        "BY STAGE"
    };
    let counted = store.errors.value().and_then(|errors| errors.counted);
    let title = title.to_owned() + &note::as_of(cx, counted.map(AsOf::Here));
    let inner = panel::panel(cx, buf, area, &title, &badge, focused);
    if freshness::absent(cx, buf, inner, &store.errors, &store.reader) {
        return;
    }
    let shown = rows::stages(store);
    if shown.is_empty() {
        let none = "No stage had an error in the last 24 h.".to_owned();
        note::sentences(cx, buf, inner, &[(Role::Ok, none)]);
        return;
    }
    let most = shown
        .iter()
        .map(|stage| stage.unresolved)
        .max()
        .unwrap_or(0)
        .max(1);
    let selected = state.stages.selected().filter(|_| focused);
    let table = Table {
        columns: COLUMNS,
        len: shown.len(),
        selected: shown.iter().position(|row| Some(&row.stage) == selected),
        focused,
    };
    table.paint(cx, buf, inner, |at| match shown.get(at) {
        Some(found) => Row {
            marked: focused && state.stages.is_marked(&found.stage),
            ..row(store, found, most)
        },
        None => Row::default(),
    });
}

fn row<'a>(store: &Store, stage: &ErrorStage, most: u64) -> Row<'a> {
    let mut readings = store.stages.value().into_iter().flatten();
    let reading = readings.find(|reading| reading.stage == stage.stage);
    let (rate, n) = reading.map_or((None, 0), StageReading::error_rate);
    let is_bound = store.errors.value().is_some_and(|it| it.since.is_some());
    let more = if is_bound { "+" } else { "" };
    let unresolved = format!("{}{more}", text::count(stage.unresolved));
    let critical = if stage.critical_24h > 0 {
        Role::Bad
    } else {
        Role::Dim
    };
    Row::new(vec![
        cell(stage.stage.label(), Role::Text),
        cell(unresolved, Role::Strong),
        cell(text::count(stage.errors_24h), Role::Text),
        cell(text::count(stage.critical_24h), critical),
        cell(
            rate.map_or_else(|| "-".to_owned(), text::percent),
            Role::Text,
        ),
        cell(text::count(n), Role::Dim),
        cell(
            spark::bar(stage.unresolved as f64 / most as f64, usize::from(BAR)),
            Role::Graph,
        ),
    ])
}
