//! The records tab: from end to end, and the records that took longest.

use chrono::TimeDelta;
use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    text::Line,
};

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
    let [head, list] = Layout::vertical([Constraint::Length(2), Constraint::Fill(1)]).areas(inner);
    for (row, line) in (0..).zip(
        records::end_to_end(state, store)
            .map(numbers)
            .into_iter()
            .flatten(),
    ) {
        let role = if row == 0 { Role::Text } else { Role::Dim };
        panel::put(buf, head, row, &Line::styled(line, cx.style(role)));
    }
    let selected = state.records.selected();
    let place = |slow: &SlowRecord| Some(slow.record.raw()) == selected.map(String::as_str);
    let table = Table {
        columns: &COLUMNS,
        len: shown.len(),
        selected: shown.iter().position(place),
        focused: true,
    };
    table.paint(cx, buf, list, |at| {
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
    format!("{}  {way}, last {}", tabs(state.tab), state.span.words())
}

/// The percentiles, and what they rest on.
fn numbers(known: &EndToEnd) -> [String; 2] {
    let quantiles = [("p50", known.p50), ("p95", known.p95), ("p99", known.p99)];
    let told = quantiles.map(|(name, quantile)| {
        let ms = quantile.map_or_else(|| "-".to_owned(), text::quantile);
        format!("{name} {ms}")
    });
    let max = known.max_ms.map_or_else(String::new, |max| {
        format!("; of those ended max {}", text::latency(max))
    });
    let what = match &known.path {
        Some(_) => "events",
        None => "records",
    };
    let newest = known.newest.map_or_else(String::new, |n| {
        format!("; of the newest {} {what}", text::grouped(n))
    });
    let n = text::grouped(known.n);
    [
        format!(" {}{max}", told.join("  ")),
        format!(" {n} ended{}{newest}", flight(known)),
    ]
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
