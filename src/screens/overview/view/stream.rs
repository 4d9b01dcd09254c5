//! The newest events.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::{super::Pane, Scene, quiet};
use crate::{
    domain::{
        event::{EventRow, EventStatus},
        mask,
    },
    effect::FeedId,
    store::reconnect::{self, Entry},
    ui::{
        Context, Role, badge, between, freshness, panel,
        table::{Column, Row, Table, cell},
        text,
    },
};

/// Cells for the key of a record.
const RECORD: usize = 10;

const COLUMNS: &[Column] = &[
    Column::right("WHEN", 9, 0),
    Column::right("EVENT", 8, 1),
    Column::left("STAGE", 20, 0),
    Column::left("STATUS", 10, 0),
    Column::right("TOOK", 6, 3),
    Column::left("RECORD", RECORD as u16, 5),
    Column::left("ABOUT", 10, 4).growing(),
    Column::right("TRIES", 5, 6),
];

/// Paints the pane.
pub(super) fn stream(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let store = scene.store;
    let trouble = freshness::trouble(
        scene.cx,
        &store.tail,
        FeedId::Tail.interval(),
        &store.reader,
    );
    let summary = quiet(format!(
        "newest of {}",
        text::grouped(store.stream.len() as u64)
    ));
    let inner = scene.boxed(buf, area, (Pane::Stream, "2 STREAM"), trouble, summary);
    if freshness::absent(scene.cx, buf, inner, &store.tail, &store.reader) {
        return;
    }
    if store.stream.is_empty() {
        let line = Line::styled("listening; no event yet", scene.cx.style(Role::Dim));
        panel::put(buf, panel::indented(inner), 0, &line);
        return;
    }
    let has_keys = scene.has_keys(Pane::Stream);
    let rows: Vec<&EventRow> = store.stream.newest().take(super::super::OFFERED).collect();
    let chosen = scene.state.events.selected().filter(|_| has_keys);
    let lines = reconnect::lines(&rows, store.reconnects_in_stream());
    let table = Table {
        columns: COLUMNS,
        len: lines.len(),
        selected: lines.iter().position(|line| line.is_event(chosen)),
        focused: has_keys,
    };
    table.paint(scene.cx, buf, inner, |index| match lines.get(index) {
        Some(Entry::Event(event)) => row(scene.cx, event, store.stream.is_gone(&event.id)),
        Some(Entry::Reconnect(over)) => between::reconnect(scene.cx, over),
        None => Row::default(),
    });
}

fn row(cx: &Context<'_>, event: &EventRow, is_gone: bool) -> Row<'static> {
    let took = event.processed_at.map_or_else(
        || cell("-", Role::Dim),
        |end| {
            let ms = (end - event.created_at).num_milliseconds();
            cell(text::latency(u64::try_from(ms).unwrap_or(0)), Role::Text)
        },
    );
    let record = event.record.as_ref().map_or_else(
        || "-".to_owned(),
        |record| text::cut_start(&record.display_cut(64), RECORD),
    );
    let (says, role) = match &event.error {
        Some(error) => (mask::cut(error, 200), Role::Bad),
        None => (
            mask::subject(cx.pipeline, event).unwrap_or_default(),
            Role::Dim,
        ),
    };
    let says_failed = matches!(event.status, EventStatus::Failed);
    let tries = if event.retries == 0 {
        String::new()
    } else {
        format!("{}x", event.retries)
    };
    let mut cells = vec![
        cell(text::moment(cx, event.created_at), Role::Dim),
        cell(format!("#{}", event.id), Role::Dim),
        cell(event.stage.label(), Role::Text),
        if is_gone {
            cell(badge::GONE, Role::Stale)
        } else {
            cell(event.status.label(), badge::status(&event.status))
        },
        took,
        cell(record, Role::Dim),
        cell(says, if says_failed { role } else { Role::Dim }),
        cell(tries, Role::Warn),
    ];
    if is_gone {
        badge::strike(&mut cells);
    }
    Row::new(cells)
}
