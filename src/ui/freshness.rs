//! How far data can be trusted, in words.

use std::time::Duration;

use chrono::TimeDelta;
use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::{
    Context, Role,
    panel::{self, Badge},
    text,
};
use crate::{
    msg::{Fault, Link},
    store::feed::{Feed, Freshness},
};

/// How old the data of `feed` is, or why it does not come: for the right of a panel's title. Empty when fresh.
pub fn badge<T>(cx: &Context<'_>, feed: &Feed<T>, interval: Duration) -> Badge {
    match feed.freshness(cx.here, interval) {
        Freshness::Waiting => ("waiting".to_owned(), Role::Dim),
        Freshness::Fresh => (String::new(), Role::Dim),
        Freshness::Rested(age) => (format!("{} old", text::span(age)), Role::Dim),
        Freshness::Stale(age) => (format!("STALE {}", text::span(age)), Role::Stale),
        Freshness::Failing(fault, None) => (short(&fault).to_owned(), Role::Stale),
        Freshness::Failing(fault, Some(age)) => (aged(&fault, age), Role::Stale),
    }
}

/// As [`badge`], for a feed behind `link`, which says more while nothing has come.
pub fn trouble<T>(cx: &Context<'_>, feed: &Feed<T>, interval: Duration, link: &Link) -> Badge {
    match (feed.value(), link) {
        (None, Link::Down { fault, .. }) => (short(fault).to_owned(), Role::Stale),
        (None, Link::Off(_)) => ("off".to_owned(), Role::Idle),
        (Some(_), _) | (None, Link::Connecting | Link::Up(..) | Link::Deaf(..)) => {
            badge(cx, feed, interval)
        }
    }
}

fn aged(fault: &Fault, age: TimeDelta) -> String {
    format!("{}, {} old", short(fault), text::span(age))
}

/// A fault in one or two words.
pub const fn short(fault: &Fault) -> &'static str {
    match fault {
        Fault::NotConfigured(_) => "not set up",
        Fault::Unsupported(_) => "not possible",
        Fault::Unreachable(_) => "unreachable",
        Fault::TimedOut(..) => "no answer",
        Fault::TooSlow(_) => "too slow",
        Fault::Waking(_) => "waking",
        Fault::Busy(_) => "no room",
        Fault::NoDatabase(_) => "no database",
        Fault::Tls(..) => "TLS",
        Fault::Password(_) | Fault::Barred(_) | Fault::Unauthorized(_) => "not let in",
        Fault::Forbidden(_) => "not allowed",
        Fault::Missing(_) => "missing",
        Fault::RateLimited(_) => "rate limited",
        Fault::Http(..) => "HTTP error",
        Fault::Decode(_) => "odd answer",
        Fault::Refused(_) => "refused",
        Fault::Conflict(_) => "in the way",
        Fault::InDoubt(_) => "unknown",
    }
}

/// As `placeholder`, for a feed behind `link`: when that is down or off, this is said, since nothing else
/// will come.
pub fn absent<T>(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    feed: &Feed<T>,
    link: &Link,
) -> bool {
    if feed.value().is_some() {
        return false;
    }
    match link {
        Link::Down { fault, .. } => said(cx, buf, area, &explained(fault), advice(fault)),
        Link::Off(why) => said(cx, buf, area, &format!("off: {why}"), ""),
        Link::Connecting | Link::Up(..) | Link::Deaf(..) => {
            return placeholder(cx, buf, area, feed);
        }
    }
    true
}

/// Says in `area` why `feed` has no data yet, and what to do about it; `false`, and nothing painted, when it
/// has data, however old.
fn placeholder<T>(cx: &Context<'_>, buf: &mut Buffer, area: Rect, feed: &Feed<T>) -> bool {
    if feed.value().is_some() {
        return false;
    }
    let Some(fault) = feed.fault() else {
        let line = Line::styled("waiting for the first answer", cx.style(Role::Dim));
        panel::put(buf, panel::indented(area), 0, &line);
        return true;
    };
    said(cx, buf, area, &explained(fault), advice(fault));
    true
}

fn said(cx: &Context<'_>, buf: &mut Buffer, area: Rect, what: &str, advice: &str) {
    let area = panel::indented(area);
    let width = usize::from(area.width);
    let what = text::wrap(what, width);
    let advice = if advice.is_empty() {
        Vec::new()
    } else {
        text::wrap(advice, width)
    };
    let lines = what.iter().map(|line| (line, Role::Stale));
    let lines = lines.chain(advice.iter().map(|line| (line, Role::Dim)));
    for (row, (line, role)) in (0..area.height).zip(lines) {
        panel::put(buf, area, row, &Line::styled(line.as_str(), cx.style(role)));
    }
}

/// What to do about a fault, unless [`explained`] says it already.
const fn advice(fault: &Fault) -> &'static str {
    if matches!(fault, Fault::Missing(_)) {
        return "";
    }
    fault.advice()
}

/// A fault, with the next step where one command is the step.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others say it all themselves"
)]
pub fn explained(fault: &Fault) -> String {
    match fault {
        Fault::Missing(what) => format!("no {}: run outpost doctor", what.display_cut(80)),
        fault => fault.to_string(),
    }
}
