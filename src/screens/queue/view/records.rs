//! The records tab: from end to end, and the records that took longest.

use chrono::TimeDelta;
use ratatui::{buffer::Buffer, layout::Rect};

use super::{State, tabs};
use crate::{
    domain::latency::end_to_end::{EndToEnd, SlowRecord},
    effect::FeedId,
    screens::queue::records,
    store::Store,
    ui::{
        Context, Role, freshness, note, panel,
        table::{Column, Row, Table, cell},
        text,
    },
};

const COLUMNS: [Column; 5] = [
    Column::right("TOOK", 6, 0),
    Column::left("RECORD", 16, 0),
    Column::right("BEGAN", 8, 2),
    Column::right("ENDED", 8, 3),
    Column::left("SUBJECT", 20, 1).growing(),
];

pub(super) fn paint(state: &State, store: &Store, cx: &Context<'_>, buf: &mut Buffer, area: Rect) {
    let feed = &store.records[state.span as usize];
    let every = FeedId::Records(state.span).interval();
    let badge = freshness::trouble(cx, feed, every, &store.reader);
    let title = title(state, records::end_to_end(state, store));
    let inner = panel::panel(cx, buf, area, &title, &badge, true);
    if freshness::absent(cx, buf, inner, feed, &store.reader) {
        return;
    }
    let shown = records::shown(state, store);
    if shown.is_empty() {
        let none = match records::end_to_end(state, store) {
            Some(known) => nothing(known, state),
            None => "this cannot be told here: it takes raw companies, slots, enrichments and verifications, or a \
                     pipeline whose description says what joins its events; run outpost doctor"
                .to_owned(),
        };
        note::sentences(cx, buf, inner, &[(Role::Dim, none)]);
        return;
    }
    let selected = state.records.selected();
    let place = |slow: &SlowRecord| Some(slow.record.raw()) == selected.map(String::as_str);
    let table = Table {
        columns: &COLUMNS,
        len: shown.len(),
        selected: shown.iter().position(place),
        focused: true,
    };
    table.paint(cx, buf, inner, |at| {
        shown.get(at).map_or_else(Row::default, |slow| Row {
            marked: state.records.is_marked(&slow.record.raw().to_owned()),
            ..row(cx, slow)
        })
    });
}

/// What a window says in which nothing ended.
fn nothing(known: &EndToEnd, state: &State) -> String {
    let span = state.span.words();
    let none = known.path.as_ref().map_or_else(
        || "no company had its first contact verified".to_owned(),
        |path| {
            format!(
                "no record came from {} to the end of {}",
                path.first, path.last
            )
        },
    );
    format!(
        "{none} in the last {span}{}; }} looks further back",
        flight(known)
    )
}

/// What has not ended: how many, and how long the oldest takes at least.
fn flight(known: &EndToEnd) -> String {
    match (known.in_flight.n, known.in_flight.oldest_ms) {
        (n, Some(ms)) if n > 0 => format!(
            ", {} in flight, the oldest >{}",
            text::grouped(n),
            text::latency(ms)
        ),
        _ => String::new(),
    }
}

fn title(state: &State, known: Option<&EndToEnd>) -> String {
    let way = known.and_then(|known| known.path.as_ref()).map_or_else(
        || "company to contact".to_owned(),
        |path| format!("{} > {}", path.first, path.last),
    );
    let head = format!("{}  {way}, last {}", tabs(state.tab), state.span.words());
    known.map_or_else(
        || head.clone(),
        |known| head.clone() + &newest(known) + &numbers(known) + &flight(known),
    )
}

/// That it is the newest only that were looked at, where that may not be all.
fn newest(known: &EndToEnd) -> String {
    let what = if known.path.is_some() {
        "events"
    } else {
        "records"
    };
    known.newest.map_or_else(String::new, |n| {
        format!(", of the newest {} {what}", text::grouped(n))
    })
}

fn numbers(known: &EndToEnd) -> String {
    let Some(((p50, p95), p99)) = known.p50.zip(known.p95).zip(known.p99) else {
        return String::new();
    };
    let [p50, p95, p99] = [p50, p95, p99].map(text::quantile);
    let max = known
        .max_ms
        .map_or_else(String::new, |max| format!(", max {}", text::latency(max)));
    let n = text::grouped(known.n);
    format!(": p50 {p50}, p95 {p95}, p99 {p99}{max}, n {n}")
}

fn row<'a>(cx: &Context<'_>, slow: &'a SlowRecord) -> Row<'a> {
    let took = TimeDelta::milliseconds(i64::try_from(slow.took_ms).unwrap_or(i64::MAX));
    let company = slow.company.as_ref();
    Row::new(vec![
        cell(text::span(took), Role::Strong),
        cell(slow.record.display_cut(16), Role::Text),
        cell(text::moment(cx, slow.began), Role::Dim),
        cell(text::moment(cx, slow.ended), Role::Dim),
        cell(
            company.map_or_else(String::new, |name| name.display_cut(60)),
            Role::Text,
        ),
    ])
}
