//! What outpost itself costs the database, feed by feed.

use std::{collections::BTreeSet, time::Duration};

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::{Context, Role, overlay, text};
use crate::{
    domain::{
        cost::{Rate, UNSTRETCHED},
        duration,
    },
    effect::FeedId,
    store::Store,
};

/// Cells that its box takes at most, borders included.
const WIDTH: u16 = 76;

/// Paints what is spent, scrolled down by `scroll` lines.
pub fn cost(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    (store, needed): (&Store, &BTreeSet<FeedId>),
    scroll: usize,
) {
    let room = usize::from(WIDTH.min(area.width)).saturating_sub(4);
    let mut lines: Vec<Line<'static>> = Vec::new();
    let budget = store.cost.budget_ms;
    let rate = store.cost.rate(cx.here);
    for (words, role) in spent(store, rate) {
        let wrapped = text::wrap(&words, room);
        lines.extend(
            wrapped
                .into_iter()
                .map(|line| Line::styled(line, cx.style(role))),
        );
    }
    lines.push(Line::default());
    let head = row(
        "FEED",
        [
            "QUERIES", "ROWS", "TOOK", "IN DB", "EVERY", "ms/s", "BUDGET",
        ],
    );
    lines.push(Line::styled(head, cx.style(Role::Header)));
    for feed in FeedId::ALL {
        let rests = !feed.is_n8n() && !needed.contains(&feed);
        let (words, role) = of_feed(store, feed, rests);
        lines.push(Line::styled(words, cx.style(role)));
    }
    let badge = match rate {
        None => ("not counted yet".to_owned(), Role::Dim),
        Some(rate) if rate.busy_ms > budget as f64 => ("over budget".to_owned(), Role::Warn),
        Some(_) => ("within budget".to_owned(), Role::Ok),
    };
    let height = (lines.len() + 2) as u16;
    let inner = overlay::popup(cx, buf, area, (WIDTH, height), "COST", &badge);
    overlay::scrolled(cx, buf, inner, &lines, scroll);
}

fn spent(store: &Store, rate: Option<Rate>) -> Vec<(String, Role)> {
    let (Some(rate), Some(bill)) = (rate, store.cost.latest()) else {
        return vec![("Nothing was counted yet.".to_owned(), Role::Dim)];
    };
    let all = bill.spent;
    let stretch = f64::from(bill.stretch_permille) / f64::from(UNSTRETCHED);
    let slowed = (stretch >= 1.05).then(|| {
        let words = format!(
            "slowed x{}   to keep to the budget: what tells least first; stages, stream and ledger last and least",
            text::rate(stretch)
        );
        (words, Role::Warn)
    });
    let mut lines = vec![
        (
            format!(
                "last 10 s    {} queries/s, {} ms/s in the database; the budget is {} ms/s",
                text::rate(rate.queries),
                text::rate(rate.busy_ms),
                store.cost.budget_ms,
            ),
            Role::Text,
        ),
        (
            format!(
                "since start  {} queries, {} rows, {} in the database",
                text::grouped(all.queries),
                text::grouped(all.rows),
                duration::format_ms(all.busy_ms()),
            ),
            Role::Text,
        ),
        (
            "Time in the database is the wait for answers, less the way there and back: an upper bound. Below stands the \
             last turn of each feed; listener, proofs and writes are in the sums alone."
                .to_owned(),
            Role::Dim,
        ),
    ];
    lines.extend(slowed);
    lines
}

fn of_feed(store: &Store, feed: FeedId, rests: bool) -> (String, Role) {
    let dash = || "-".to_owned();
    let Some(turn) = store.turns.get(&feed) else {
        let cells = [(); 7].map(|()| dash());
        return (
            row(feed.name(), cells.each_ref().map(String::as_str)),
            Role::Dim,
        );
    };
    let every = turn
        .interval_ms
        .map_or_else(|| feed.interval(), Duration::from_millis);
    let took = text::latency(turn.ms);
    let every_words = if rests {
        "rests".to_owned()
    } else {
        duration::format(every.as_secs() as i64)
    };
    if feed.is_n8n() {
        let cells = ["n8n", "-", &took, "-", &every_words, "-", "-"];
        return (row(feed.name(), cells), Role::Text);
    }
    let busy_ms = turn.spent.busy_us as f64 / 1_000.0;
    let load = if rests {
        0.0
    } else {
        busy_ms / every.as_secs_f64()
    };
    let share = load / store.cost.budget_ms.max(1) as f64;
    let cells = [
        text::grouped(turn.spent.queries),
        text::count(turn.spent.rows),
        took,
        format!("{busy_ms:.1}ms"),
        every_words,
        format!("{load:.1}"),
        format!("{:.0}%", share * 100.0),
    ];
    let role = if rests { Role::Dim } else { Role::Text };
    (row(feed.name(), cells.each_ref().map(String::as_str)), role)
}

fn row(name: &str, cells: [&str; 7]) -> String {
    let [queries, rows, took, busy, every, load, share] = cells;
    format!("{name:<11}{queries:>8}{rows:>7}{took:>9}{busy:>11}{every:>9}{load:>7}{share:>8}")
}
