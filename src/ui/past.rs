//! How the pipeline stood at a moment that is past.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{Context, Role, overlay, text};
use crate::{
    domain::{
        Timestamp,
        event::EventType,
        past::{Past, StagePast, Standing},
    },
    msg::Fault,
};

/// Cells that its box takes at most, borders included.
const WIDTH: u16 = 100;

/// Cells that a line of all columns takes.
const WIDE: usize = 96;

/// The moment, what came of the question how it stood then, and how many of a stage wait now, and whether there may be more.
pub type Known<'a> = (
    Timestamp,
    Option<&'a Result<Past, Fault>>,
    &'a dyn Fn(&EventType) -> Option<(u64, bool)>,
);

/// Paints it, scrolled down by `scroll` lines.
pub fn past(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    (at, answer, waits_now): Known<'_>,
    scroll: usize,
) {
    let width = WIDTH.min(area.width);
    let room = usize::from(width).saturating_sub(4);
    let lines = match answer {
        None => vec![Line::styled(
            "Looking at the rows of then …",
            cx.style(Role::Dim),
        )],
        Some(Err(fault)) => {
            let words = format!("{fault}. {}", fault.advice());
            wrapped(cx, &words, room, Role::Bad).collect()
        }
        Some(Ok(known)) => lines(cx, known, waits_now, room),
    };
    // As tall as all stages, so that it does not jump while it is stepped through.
    let least = cx.pipeline.stages.len() + 9;
    let height = lines.len().max(least).min(usize::from(u16::MAX - 2)) as u16 + 2;
    let title = format!("AS OF {}", text::day_and_clock(cx, at));
    let age = format!("{} ago", text::span(cx.now - at));
    let badge = (age, Role::Warn);
    let inner = overlay::popup(cx, buf, area, (width, height), &title, &badge);
    overlay::scrolled(cx, buf, inner, &lines, scroll);
}

fn lines(
    cx: &Context<'_>,
    known: &Past,
    waits_now: &dyn Fn(&EventType) -> Option<(u64, bool)>,
    room: usize,
) -> Vec<Line<'static>> {
    let (standing, words) = known.verdict();
    let role = match standing {
        Standing::Well => Role::Ok,
        Standing::Bad => Role::Bad,
        Standing::Unknown => Role::Stale,
    };
    let mut lines: Vec<Line<'static>> = wrapped(cx, &words, room, role).collect();
    lines.push(Line::default());
    let is_wide = room >= WIDE;
    lines.push(Line::styled(head(is_wide), cx.style(Role::Header)));
    for stage in known.ordered(cx.pipeline) {
        lines.push(of_stage(
            cx,
            known,
            &stage,
            (waits_now(&stage.stage), is_wide),
        ));
    }
    lines.push(Line::default());
    let notes = known.notes(|at| text::day_and_clock(cx, at)).join(" ");
    lines.extend(wrapped(cx, &notes, room, Role::Dim));
    lines
}

fn wrapped<'a>(
    cx: &'a Context<'_>,
    words: &str,
    room: usize,
    role: Role,
) -> impl Iterator<Item = Line<'static>> + use<'a> {
    let lines = text::wrap(words, room).into_iter();
    lines.map(move |line| Line::styled(line, cx.style(role)))
}

/// The columns; those of what errors and latency were go where room is short.
fn head(is_wide: bool) -> String {
    let wide = if is_wide {
        "    AVG    MAX   NEW/h"
    } else {
        ""
    };
    format!(
        "{:21}{:>7}{:>7}{:>8}{:>9}{:>7}{wide}{:>8}{:>7}",
        "STAGE", "WAITED", "OLDEST", "IN/min", "DONE/min", "FAILED", "ERRORS", "NOW"
    )
}

fn of_stage(
    cx: &Context<'_>,
    known: &Past,
    stage: &StagePast,
    (now, is_wide): (Option<(u64, bool)>, bool),
) -> Line<'static> {
    let dash = || "-".to_owned();
    let some = |n: u64| if n == 0 { dash() } else { text::count(n) };
    let a_minute = |n: u64| {
        if n == 0 {
            dash()
        } else {
            text::rate(known.a_minute(n))
        }
    };
    let bound = |n: u64, is_bound: bool| match n {
        0 if !is_bound => dash(),
        n => text::at_least(n, is_bound),
    };
    let waited = bound(stage.waiting, known.is_bound());
    let more = if known.is_bound() { ">" } else { "" };
    let age = |oldest| format!("{more}{}", text::span(known.at - oldest));
    let oldest = stage.oldest.map_or_else(dash, age);
    let errors = |n: u64, is_bound: bool| match known.errors_lack {
        Some(_) => "?".to_owned(),
        None => bound(n, is_bound),
    };
    let ended = stage.ended().of;
    let is_still = stage.still(known.at).is_some();
    let role = |bad: bool, worse: Role| if bad { worse } else { Role::Text };
    let quiet = stage.waiting + ended + stage.arrived + stage.errors_open == 0;
    let name = if quiet { Role::Dim } else { Role::Text };
    let mut spans = vec![
        (format!("{:21}", text::cut(&stage.stage.label(), 20)), name),
        (format!("{waited:>7}"), role(is_still, Role::Bad)),
        (format!("{oldest:>7}"), role(is_still, Role::Bad)),
        (format!("{:>8}", a_minute(stage.arrived)), Role::Text),
        (format!("{:>9}", a_minute(stage.done)), Role::Text),
        (
            format!("{:>7}", some(stage.failed)),
            role(stage.failed > 0, Role::Warn),
        ),
    ];
    if is_wide {
        let took = |ms: Option<u64>| ms.map_or_else(dash, text::latency);
        let (avg, max) = (took(stage.avg_ms), took(stage.max_ms));
        spans.push((
            format!(
                "{avg:>7}{max:>7}{:>8}",
                errors(stage.errors_hour, known.lacks_errors_of_hour())
            ),
            Role::Text,
        ));
    }
    let open = format!(
        "{:>8}",
        errors(stage.errors_open, known.is_bound_of_errors(stage))
    );
    spans.push((open, role(stage.errors_open > 0, Role::Warn)));
    let now = now.map_or_else(|| "?".to_owned(), |(n, is_bound)| bound(n, is_bound));
    spans.push((format!("{now:>7}"), Role::Dim));
    let spans = spans
        .into_iter()
        .map(|(words, role)| Span::styled(words, cx.style(role)));
    Line::from(spans.collect::<Vec<_>>())
}
