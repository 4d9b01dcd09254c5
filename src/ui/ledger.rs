//! The ledger of the stream, whole.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::{Context, Role, overlay, text};
use crate::{
    domain::ledger::{Balance, place},
    store::{
        feed::{Feed, Freshness},
        reconnect::Reconnects,
    },
};

/// Cells that its box takes at most, borders included; the statement is wrapped, since it is there to be copied.
const WIDTH: u16 = 84;

/// Paints the ledger, scrolled down by `scroll` lines; the stream's filter or pause hides `hidden` rows.
pub fn ledger(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    (feed, reconnects): (&Feed<Balance>, &Reconnects),
    hidden: u64,
    scroll: usize,
) {
    let mut lines: Vec<Line<'static>> = Vec::new();
    if let Some(balance) = feed.value() {
        let room = usize::from(WIDTH.min(area.width)).saturating_sub(4);
        let wrapped = balance
            .lines(hidden)
            .into_iter()
            .chain(told(cx, reconnects))
            .flat_map(|line| text::wrap(&line, room));
        lines.extend(wrapped.map(Line::raw));
    }
    let interval = crate::effect::FeedId::Ledger.interval();
    let (badge, role) = match feed.freshness(cx.here, interval) {
        Freshness::Fresh => ("fresh".to_owned(), Role::Ok),
        Freshness::Waiting => ("no sweep yet".to_owned(), Role::Stale),
        Freshness::Rested(age) => (format!("{} s old", age.num_seconds()), Role::Stale),
        Freshness::Stale(age) => (format!("STALE {} s", age.num_seconds()), Role::Stale),
        Freshness::Failing(fault, _) => {
            lines.insert(0, Line::styled(fault.to_string(), cx.style(Role::Bad)));
            ("FAILING".to_owned(), Role::Bad)
        }
    };
    if lines.is_empty() {
        lines.push(Line::styled(
            "The first sweep has not answered yet.",
            cx.style(Role::Dim),
        ));
    }
    let height = (lines.len() + 2) as u16;
    let inner = overlay::popup(cx, buf, area, (WIDTH, height), "LEDGER", &(badge, role));
    overlay::scrolled(cx, buf, inner, &lines, scroll);
}

/// The reconnects, newest first, with the keys of each.
fn told<'a>(cx: &'a Context<'_>, reconnects: &'a Reconnects) -> impl Iterator<Item = String> + 'a {
    let has_any = reconnects.count() > 0;
    let title = ["", "Reconnects, the newest first:"].map(str::to_owned);
    let title = title.into_iter().filter(move |_| has_any);
    title.chain(reconnects.iter().rev().map(|over| {
        let keys = over.found.map_or_else(String::new, |it| {
            let what = if it.is_approximate { "times" } else { "keys" };
            let place = |at| place(at, it.is_approximate);
            format!(
                " ({what} above {} up to {})",
                place(it.after),
                place(it.up_to)
            )
        });
        format!("{}{keys}", over.sentence(&text::clock(cx, over.at)))
    }))
}
