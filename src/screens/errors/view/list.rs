//! The unresolved errors, newest first.

use ratatui::{buffer::Buffer, layout::Rect};

use super::Scene;
use crate::{
    action::TimeMode,
    domain::{
        as_of::AsOf,
        error_group::{ErrorRow, Errors, Severity},
        mask,
    },
    effect::FeedId,
    screens::errors::{State, deep, lines},
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
    let title = title(scene, shown.len());
    let badge = freshness::trouble(cx, &store.errors, FeedId::Errors.interval(), &store.reader);
    let inner = panel::panel(cx, buf, area, &title, &badge, true);
    if freshness::absent(cx, buf, inner, &store.errors, &store.reader) {
        return;
    }
    if shown.is_empty() {
        note::sentences(cx, buf, inner, &nothing(scene));
        return;
    }
    table(state, cx, buf, inner, &shown);
}

fn title(scene: &Scene<'_>, shown: usize) -> String {
    let (state, store, cx) = (scene.state, scene.store, scene.cx);
    let Some(errors) = store.errors.value() else {
        return "ERRORS  unresolved".to_owned();
    };
    let is_bound = errors.since.is_some();
    let mut parts = vec![format!(
        "ERRORS  {} unresolved{}",
        text::at_least(errors.open(), is_bound),
        reach(cx, errors)
    )];
    let counted = errors.unresolved.iter().filter(|(_, count)| *count > 0);
    parts.extend(counted.map(|(severity, count)| {
        format!("{} {}", word(severity), text::at_least(*count, is_bound))
    }));
    parts.extend(stretch(state, errors, shown));
    let (marked, _) = state.marked(store);
    if marked > 0 {
        parts.push(format!("marked {}", text::grouped(marked)));
    }
    parts.join("  ") + &filtered(state, errors, shown)
}

/// How far back was looked for what is unresolved, where that is not to the oldest.
pub(super) fn reach(cx: &Context<'_>, errors: &Errors) -> String {
    errors.since.map_or_else(String::new, |at| {
        format!(" of the last {}", text::span(cx.now - at))
    })
}

/// Which of them are listed, where not all are.
fn stretch(state: &State, errors: &Errors, shown: usize) -> Option<String> {
    let older = &state.older;
    let held = (errors.recent.len() + older.rows().len()) as u64;
    let end = match (deep::is_paging(state), older.has_oldest()) {
        (true, _) => ", reading on",
        (false, true) => ", to the oldest",
        (false, false) => "",
    };
    if !older.is_apart() {
        return (held < errors.open() && state.filter.is_empty())
            .then(|| format!("newest {}{end}", text::grouped(held)));
    }
    let from = older.newer().filter(|_| state.filter.is_empty());
    Some(from.map_or_else(
        || format!("{} older ones{end}", text::grouped(shown as u64)),
        |newer| {
            let to = newer + older.rows().len() as u64;
            let (from, to) = (text::grouped(newer + 1), text::grouped(to));
            format!("from {from} to {to} of them, newest first{end}")
        },
    ))
}

/// What the filter shows and hides of those that it was held against, and whether it was held against all.
fn filtered(state: &State, errors: &Errors, shown: usize) -> String {
    if state.filter.text().trim().is_empty() {
        return String::new();
    }
    let newest = errors.recent.len() as u64;
    let looked = newest + state.older.read();
    let words = note::shown_and_hidden(&state.filter, shown, looked.max(shown as u64) as usize);
    let is_known = errors.since.is_none() && looked >= errors.open();
    let is_all = is_known || state.older.has_oldest();
    let further = match (is_all, deep::is_paging(state)) {
        (true, _) => String::new(),
        (false, true) => "  looking further back".to_owned(),
        (false, false) => format!(
            "  of the newest {}: j at the end looks further",
            text::grouped(looked)
        ),
    };
    // What is not known comes first: a title is cut at its end.
    format!("{}{words}{further}", payloads(state))
}

/// That payloads are not looked at, or of how many errors they are not known, where the filter asks for them.
pub(super) fn payloads(state: &State) -> String {
    let beyond = state.payloads.beyond() as u64 + state.older.beyond();
    match deep::refused(state) {
        Some(fault) => format!("  payloads not looked at: {fault}"),
        // A title has no room for more: what was looked at stands in a message.
        None if beyond > 0 => format!("  {} not looked at", text::grouped(beyond)),
        None => String::new(),
    }
}

fn nothing(scene: &Scene<'_>) -> Vec<(Role, String)> {
    let (state, store) = (scene.state, scene.store);
    let held = store.errors.value().map_or(0, |errors| errors.recent.len());
    if held > 0 {
        let looked = held + state.older.read() as usize;
        let mut says = note::no_match(&state.filter, looked, "unresolved errors");
        let open = store.errors.value().map_or(0, Errors::open);
        if (looked as u64) < open && !state.older.has_oldest() {
            let further = "j looks further back, * in the whole table.";
            says.push((Role::Dim, further.to_owned()));
        }
        return says;
    }
    let partly = store.errors.value().filter(|errors| errors.since.is_some());
    if let Some(errors) = partly {
        return vec![none_yet(scene.cx, errors)];
    }
    let none = || "The last 24 h brought none at all.".to_owned();
    let resolved = store.errors.value().map_or_else(none, |errors| {
        raised_today(scene.cx, errors).unwrap_or_else(none)
    });
    vec![
        (Role::Ok, "No unresolved errors.".to_owned()),
        (Role::Dim, resolved),
    ]
}

/// That none was found so far.
pub(super) fn none_yet(cx: &Context<'_>, errors: &Errors) -> (Role, String) {
    let reach = reach(cx, errors);
    let words = format!("None{reach} is unresolved; older ones are being looked at.");
    (Role::Text, words)
}

/// How many came in the last day where none of them is unresolved, and when they were counted; nothing where none came.
pub(super) fn raised_today(cx: &Context<'_>, errors: &Errors) -> Option<String> {
    let day: u64 = errors.stages.iter().map(|stage| stage.errors_24h).sum();
    let as_of = note::as_of(cx, errors.counted.map(AsOf::Here));
    match day {
        0 => None,
        1 => Some(format!(
            "One came in the last 24 h, and is resolved.{as_of}"
        )),
        more => Some(format!(
            "{} came in the last 24 h, and all are resolved.{as_of}",
            text::grouped(more)
        )),
    }
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
    mask::cut(&row.message, 1_000)
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
        let cells = if width >= 110 { 25 } else { 12 };
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

fn parts_of(row: &ErrorRow, width: usize) -> Vec<Line<'_>> {
    let mut parts = text::wrap(&message(row), width);
    let more = parts.len() > WRAPPED_LINES;
    parts.truncate(WRAPPED_LINES);
    if let Some(last) = parts.last_mut().filter(|_| more) {
        *last = text::cut(&format!("{last} …"), width);
    }
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
    let selected = state.recent.selected();
    let place = shown.iter().position(|row| Some(&row.id) == selected);
    if !state.wrap {
        let table = Table {
            columns: &columns,
            len: shown.len(),
            selected: place,
            focused: true,
        };
        table.paint(cx, buf, area, |at| match shown.get(at) {
            Some(error) => {
                let line = Line {
                    row: error,
                    part: message(error),
                    first: true,
                };
                row(state, cx, &columns, &line)
            }
            None => Row::default(),
        });
        return;
    }
    // Only what can be seen is wrapped: around the selected one, as many as there are lines.
    let height = usize::from(area.height);
    let around = place.unwrap_or_default();
    let seen = around.saturating_sub(height)..(around + height).min(shown.len());
    let lines: Vec<Line<'_>> = shown
        .get(seen)
        .unwrap_or_default()
        .iter()
        .flat_map(|row| parts_of(row, width))
        .collect();
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
