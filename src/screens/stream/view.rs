use ratatui::{Frame, buffer::Buffer, layout::Rect};

use super::{Anchor, State, rows};
use crate::{
    action::TimeMode,
    domain::{
        event::{EventRow, EventStatus},
        mask, retry,
    },
    effect::FeedId,
    msg::Link,
    store::{
        Store,
        reconnect::{self, Entry},
    },
    ui::{
        Context, Role, badge, between, freshness, note,
        panel::{self, Badge},
        table::{Column, Row, Table, cell},
        text,
    },
};

/// From this width on, what went wrong has a column of its own beside whom it is about.
const WIDE: u16 = 110;

/// From this width on, the key of a record is shown whole.
const WIDEST: u16 = 150;

/// Paints the stream screen.
pub fn view(state: &State, store: &Store, cx: &Context<'_>, frame: &mut Frame<'_>, area: Rect) {
    let buf = frame.buffer_mut();
    let shown: Vec<&EventRow> = rows::shown(state, store).collect();
    let title = title(state, store, shown.len());
    let inner = panel::panel(cx, buf, area, &title, &badge(cx, store), true);
    if store.stream.is_empty() && freshness::absent(cx, buf, inner, &store.tail, &store.reader) {
        return;
    }
    if shown.is_empty() {
        note::sentences(cx, buf, inner, &nothing(state, store));
        return;
    }
    table(state, store, cx, buf, inner, &shown);
}

fn title(state: &State, store: &Store, shown: usize) -> String {
    let mut parts = vec![match state.arrived(store) {
        None if state.anchor == Anchor::Newest => "STREAM  live, following".to_owned(),
        None => "STREAM  live, f follows".to_owned(),
        Some(came) => format!("STREAM  PAUSED, {} came since", text::grouped(came)),
    }];
    if state.filter.is_empty() && !store.stream.is_empty() {
        parts.push(format!("shown {}", text::grouped(shown as u64)));
    }
    if store.stream.evicted() > 0 {
        parts.push(format!("evicted {}", text::grouped(store.stream.evicted())));
    }
    let marked = state.cursor.marked().len();
    if marked > 0 {
        parts.push(format!("marked {marked}"));
    }
    parts.join("  ") + &note::filtered(&state.filter, shown, rows::held(state, store))
}

/// How old the stream is; if it is fresh, what is wrong with the listener that wakes it.
fn badge(cx: &Context<'_>, store: &Store) -> Badge {
    let badge = freshness::trouble(cx, &store.tail, FeedId::Tail.interval(), &store.reader);
    if !badge.0.is_empty() {
        return badge;
    }
    match &store.listener {
        Link::Up(..) => badge,
        Link::Connecting => ("listener connecting".to_owned(), Role::Dim),
        Link::Down { since, .. } => {
            let age = text::span(cx.here - *since);
            (format!("listener down {age}, polling"), Role::Stale)
        }
        Link::Deaf(since, _) => {
            let age = text::span(cx.here - *since);
            (format!("listener deaf {age}, polling"), Role::Stale)
        }
        Link::Off(_) => ("no listener, polling".to_owned(), Role::Dim),
    }
}

fn nothing(state: &State, store: &Store) -> Vec<(Role, String)> {
    if !store.stream.is_empty() {
        return note::no_match(&state.filter, rows::held(state, store), "events");
    }
    let hears = match &store.listener {
        Link::Up(..) => "The listener is up: what comes now is shown at once.".to_owned(),
        Link::Connecting => {
            "The listener is still connecting; the table is read every 2 s.".to_owned()
        }
        Link::Down { fault, .. } => {
            format!("The listener is down ({fault}); the table is read every 2 s instead.")
        }
        Link::Deaf(_, why) => {
            format!("The listener hears nothing ({why}); the table is read every 2 s instead.")
        }
        Link::Off(why) => {
            format!("There is no listener ({why}); the table is read every 2 s instead.")
        }
    };
    vec![
        (Role::Text, "pipeline_events holds no event yet.".to_owned()),
        (Role::Dim, hears),
        (
            Role::Dim,
            "If rows go into the tables but no event comes, `outpost doctor` checks the triggers."
                .to_owned(),
        ),
    ]
}

const fn time_title(mode: TimeMode) -> &'static str {
    match mode {
        TimeMode::Age => "AGE",
        TimeMode::Local | TimeMode::Utc => "TIME",
    }
}

/// Cells for the key of a record.
const fn record_width(width: u16) -> u16 {
    match width {
        0..WIDE => 6,
        WIDE..WIDEST => 8,
        _ => 25,
    }
}

fn columns(cx: &Context<'_>, width: u16, id_width: u16) -> Vec<Column> {
    let time = match cx.time_mode {
        TimeMode::Age => Column::right("AGE", 6, 5),
        TimeMode::Local | TimeMode::Utc => Column::left(time_title(cx.time_mode), 12, 5),
    };
    let mut columns = vec![
        time,
        Column::right("ID", id_width, 3),
        Column::left("EVENT", 20, 0),
        Column::left("STATUS", 10, 1),
        Column::right("LAT", 6, 4),
        Column::right("TRY", 3, 8),
        Column::left("RECORD", record_width(width), 6),
    ];
    if width < WIDE {
        columns.push(Column::left("SUBJECT OR ERROR", 17, 2).growing());
        columns.push(Column::left("EXEC", 9, 9));
    } else {
        columns.push(Column::left("SUBJECT", 23, 2));
        columns.push(Column::left("EXEC", 8, 7));
        columns.push(Column::left("ERROR", 16, 9).growing());
    }
    columns
}

fn table(
    state: &State,
    store: &Store,
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    shown: &[&EventRow],
) {
    let widest = shown.iter().map(|row| row.id.as_str().len()).max();
    let id_width = widest.unwrap_or(0).clamp(5, 12) as u16;
    let selected = state.cursor.selected();
    let lines = reconnect::lines(shown, rows::reconnects(state, store));
    let columns = columns(cx, area.width, id_width);
    let table = Table {
        columns: &columns,
        len: lines.len(),
        selected: lines.iter().position(|line| line.is_event(selected)),
        focused: true,
    };
    table.paint(cx, buf, area, |at| match lines.get(at) {
        Some(Entry::Event(event)) => Row {
            marked: state.cursor.is_marked(&event.id),
            ..row(cx, store, event, area.width)
        },
        Some(Entry::Reconnect(over)) => between::reconnect(cx, over),
        None => Row::default(),
    });
}

fn row<'a>(cx: &Context<'_>, store: &Store, event: &'a EventRow, width: u16) -> Row<'a> {
    let wide = width >= WIDE;
    let record_cells = usize::from(record_width(width));
    let latency = rows::latency(event).map_or_else(
        || "-".to_owned(),
        |taken| text::latency(taken.num_milliseconds().max(0) as u64),
    );
    let tries = match event.retries {
        0 => String::new(),
        tries => format!("x{tries}"),
    };
    let record = event.record.as_ref().map_or_else(String::new, |it| {
        text::cut_start(&it.display_cut(64), record_cells)
    });
    let execution = event
        .execution
        .as_ref()
        .map_or_else(String::new, |it| format!("#{}", it.display_cut(16)));
    let error = event.error.as_ref().filter(|error| !error.is_empty());
    let error = error.map(|error| mask::cut(error, 200));
    let subject = mask::subject(cx.pipeline, event).unwrap_or_default();
    let is_gone = store.stream.is_gone(&event.id);
    let status = if is_gone {
        cell(badge::GONE, Role::Stale)
    } else {
        cell(event.status.label(), status_role(event, store))
    };
    let mut cells = vec![
        cell(text::moment(cx, event.created_at), Role::Dim),
        cell(event.id.as_str(), Role::Strong),
        cell(event.stage.label(), Role::Text),
        status,
        cell(latency, Role::Text),
        cell(tries, Role::Warn),
        cell(record, Role::Text),
    ];
    if wide {
        cells.push(cell(subject, Role::Text));
        cells.push(cell(execution, Role::Dim));
        cells.push(cell(error.unwrap_or_default(), Role::Bad));
    } else {
        cells.push(match error {
            Some(error) => cell(error, Role::Bad),
            None => cell(subject, Role::Text),
        });
        cells.push(cell(execution, Role::Dim));
    }
    if is_gone {
        badge::strike(&mut cells);
    }
    Row::new(cells)
}

fn status_role(event: &EventRow, store: &Store) -> Role {
    match event.status {
        EventStatus::Failed => Role::Bad,
        EventStatus::Pending | EventStatus::Processing => {
            if retry::is_stuck(event, store.tail.at()) {
                Role::Warn
            } else {
                Role::Text
            }
        }
        EventStatus::Processed => Role::Ok,
        EventStatus::Other(_) => Role::Stale,
    }
}
