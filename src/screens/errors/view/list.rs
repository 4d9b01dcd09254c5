//! The unresolved errors, newest first.

use ratatui::{buffer::Buffer, layout::Rect};

use super::Scene;
use crate::{
    action::TimeMode,
    domain::{
        error_group::{ErrorRow, Errors, Severity},
        mask,
    },
    effect::FeedId,
    screens::errors::{State, lines},
    store::Store,
    ui::{
        Context, Role, freshness, note, panel,
        table::{Column, Row, Table, cell},
        text,
    },
};

/// Lines a wrapped message may take in the list; the detail shows all of it.
const WRAPPED_LINES: usize = 4;

pub(super) fn paint(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let (state, store, cx) = (scene.state, scene.store, scene.cx);
    let shown = lines::rows(state, store);
    let title = title(state, store, shown.len());
    let badge = freshness::trouble(cx, &store.errors, FeedId::Errors.interval(), &store.reader);
    let inner = panel::panel(cx, buf, area, &title, &badge, true);
    if freshness::absent(cx, buf, inner, &store.errors, &store.reader) {
        return;
    }
    if shown.is_empty() {
        note::sentences(cx, buf, inner, &nothing(state, store));
        return;
    }
    table(state, cx, buf, inner, &shown);
}

fn title(state: &State, store: &Store, shown: usize) -> String {
    let Some(errors) = store.errors.value() else {
        return "ERRORS  unresolved".to_owned();
    };
    let total: u64 = errors.unresolved.iter().map(|(_, count)| count).sum();
    let mut parts = vec![format!("ERRORS  {} unresolved", text::grouped(total))];
    let counted = errors.unresolved.iter().filter(|(_, count)| *count > 0);
    parts.extend(
        counted.map(|(severity, count)| format!("{} {}", word(severity), text::grouped(*count))),
    );
    let held = errors.recent.len();
    if (held as u64) < total {
        parts.push(format!("newest {held}"));
    }
    let (marked, _) = state.marked(store);
    if marked > 0 {
        parts.push(format!("marked {}", text::grouped(marked)));
    }
    parts.join("  ") + &note::shown_and_hidden(&state.filter, shown, held)
}

fn nothing(state: &State, store: &Store) -> Vec<(Role, String)> {
    let held = store.errors.value().map_or(0, |errors| errors.recent.len());
    if held > 0 {
        return note::no_match(&state.filter, held, "unresolved errors");
    }
    let day: u64 = store.errors.value().map_or(0, raised_today);
    let resolved = match day {
        0 => "The last 24 h brought none at all.".to_owned(),
        1 => "One came in the last 24 h, and is resolved.".to_owned(),
        more => format!(
            "{} came in the last 24 h, and all are resolved.",
            text::grouped(more)
        ),
    };
    vec![
        (Role::Ok, "No unresolved errors.".to_owned()),
        (Role::Dim, resolved),
    ]
}

fn raised_today(errors: &Errors) -> u64 {
    errors.stages.iter().map(|stage| stage.errors_24h).sum()
}

/// The word of a severity, as it stands in the list.
pub(super) fn word(severity: &Severity) -> String {
    match severity {
        Severity::Critical => "CRIT".to_owned(),
        Severity::Error => "error".to_owned(),
        Severity::Warning => "warn".to_owned(),
        Severity::Other(word) if word.is_empty() => "none".to_owned(),
        Severity::Other(word) => word.display_cut(8),
    }
}

/// What an error says, with people masked.
pub(super) fn message(row: &ErrorRow) -> String {
    mask::addresses(&row.message.display_cut(1_000))
}

/// The role of what an error of that severity says.
pub(super) const fn says(severity: &Severity) -> Role {
    match severity {
        Severity::Critical => Role::Strong,
        Severity::Error | Severity::Warning | Severity::Other(_) => Role::Text,
    }
}

/// The role of a severity.
pub(super) const fn role(severity: &Severity) -> Role {
    match severity {
        Severity::Critical => Role::Bad,
        Severity::Error => Role::Text,
        Severity::Warning => Role::Warn,
        Severity::Other(_) => Role::Stale,
    }
}

/// The columns that fit; the last is the message, and takes the rest.
fn columns(cx: &Context<'_>, width: u16) -> Vec<Column> {
    let time = match cx.time_mode {
        TimeMode::Age => Column::right("AGE", 6, 0),
        TimeMode::Local | TimeMode::Utc => Column::left("TIME", 12, 0),
    };
    let mut columns = vec![time, Column::left("SEV", 5, 0)];
    if width >= 48 {
        columns.push(Column::left("STAGE", 20, 0));
    }
    if width >= 64 {
        let cells = if width >= 140 { 25 } else { 9 };
        columns.push(Column::left("RECORD", cells, 0));
    }
    if width >= 110 {
        columns.push(Column::right("ID", 7, 0));
    }
    let taken: u16 = columns.iter().map(|column| column.width + 1).sum();
    let rest = width.saturating_sub(taken + 2);
    columns.push(Column::left("MESSAGE", rest.max(1), 0));
    columns
}

/// A line of the list: which error, and which part of its message.
struct Line<'a> {
    row: &'a ErrorRow,
    part: String,
    first: bool,
}

fn parts_of(row: &ErrorRow, wrap: bool, width: usize) -> Vec<Line<'_>> {
    let message = message(row);
    let parts = if wrap {
        let mut parts = text::wrap(&message, width);
        let more = parts.len() > WRAPPED_LINES;
        parts.truncate(WRAPPED_LINES);
        if let Some(last) = parts.last_mut().filter(|_| more) {
            *last = text::cut(&format!("{last} …"), width);
        }
        parts
    } else {
        vec![message]
    };
    let line = |(at, part)| Line {
        row,
        part,
        first: at == 0,
    };
    parts.into_iter().enumerate().map(line).collect()
}

fn table(state: &State, cx: &Context<'_>, buf: &mut Buffer, area: Rect, shown: &[&ErrorRow]) {
    let columns = columns(cx, area.width);
    let width = columns.last().map_or(1, |column| usize::from(column.width));
    let lines: Vec<Line<'_>> = shown
        .iter()
        .flat_map(|row| parts_of(row, state.wrap, width))
        .collect();
    let selected = state.recent.selected();
    let table = Table {
        columns: &columns,
        len: lines.len(),
        selected: lines.iter().position(|line| Some(&line.row.id) == selected),
        focused: true,
    };
    table.paint(cx, buf, area, |at| match lines.get(at) {
        Some(line) => row(state, cx, &columns, line),
        None => Row::default(),
    });
}

fn row<'a>(state: &State, cx: &Context<'_>, columns: &[Column], line: &Line<'a>) -> Row<'a> {
    let error = line.row;
    let cells = columns
        .iter()
        .map(|column| match (column.title, line.first) {
            ("MESSAGE", _) => cell(line.part.clone(), Role::Text),
            (_, false) => cell("", Role::Text),
            ("SEV", _) => cell(word(&error.severity), role(&error.severity)),
            ("STAGE", _) => cell(error.stage.label(), Role::Strong),
            ("RECORD", _) => {
                let record = error.record.as_ref();
                cell(
                    record.map_or_else(String::new, |it| {
                        text::cut_start(&it.display_cut(64), usize::from(column.width))
                    }),
                    Role::Text,
                )
            }
            ("ID", _) => cell(error.id.as_str(), Role::Dim),
            (_, _) => cell(text::moment(cx, error.created_at), Role::Dim),
        });
    Row {
        marked: line.first && state.recent.is_marked(&error.id),
        ..Row::new(cells.collect())
    }
}
