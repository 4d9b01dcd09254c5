//! The help: every key that works here, made from the keymap.

use std::time::Duration;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{Context, Role, footer, overlay, text};
use crate::{
    action::Action,
    domain::duration,
    keymap::{BINDINGS, Binding, Keymap, Scope},
};

/// Why an action can never be done in this session, if it cannot.
type Barred<'a> = &'a dyn Fn(Action) -> Option<&'static str>;

/// What keeps a database awake that suspends itself.
#[derive(Debug, Clone, Copy)]
pub struct Wakes<'a> {
    /// When the listener is proven, in the words of the setting.
    pub canary: Option<&'a str>,
    /// How long after the last key or event nothing is asked any more; nothing where something always is.
    pub rest_after: Option<Duration>,
}

/// Cells for the chords of a binding.
const CHORDS: usize = 12;
/// Cells of a column.
const COLUMN: usize = 62;

/// Paints the help for `scopes`, each with its title, scrolled down by `scroll` lines.
pub fn help(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    keymap: &Keymap,
    scopes: &[(Scope, String)],
    (scroll, barred): (usize, Barred<'_>),
    wakes: Wakes<'_>,
) {
    let lines: Vec<Line<'static>> = scopes
        .iter()
        .flat_map(|(scope, title)| section(cx, keymap, (*scope, title), barred))
        .chain(listener(cx, wakes))
        .chain(held(cx))
        .collect();
    let wide = usize::from(area.width) >= 2 * COLUMN + 5;
    let (width, lines) = if wide {
        (2 * COLUMN + 5, in_two(lines))
    } else {
        (COLUMN + 4, lines)
    };
    let height = (lines.len() + 2) as u16;
    let badge = ("? or esc closes".to_owned(), Role::Dim);
    let inner = overlay::popup(cx, buf, area, (width as u16, height), "HELP", &badge);
    overlay::scrolled(cx, buf, inner, &lines, scroll);
}

fn section(
    cx: &Context<'_>,
    keymap: &Keymap,
    (scope, title): (Scope, &str),
    barred: Barred<'_>,
) -> Vec<Line<'static>> {
    let mut rows = BINDINGS
        .iter()
        .filter(|binding| binding.scope == scope)
        .peekable();
    if rows.peek().is_none() {
        return Vec::new();
    }
    let heading = Line::styled(title.to_owned(), cx.style(Role::Header));
    std::iter::once(heading)
        .chain(rows.map(|binding| row(cx, keymap, binding, barred(binding.action))))
        .collect()
}

/// What the sign before the verdict means.
fn held(cx: &Context<'_>) -> Vec<Line<'static>> {
    let sign = format!("{:CHORDS$}", "~");
    vec![
        Line::styled("THE VERDICT", cx.style(Role::Header)),
        Line::from(vec![
            Span::styled(sign, cx.style(Role::Strong)),
            Span::styled(
                "held for calm; the numbers beside it are newer",
                cx.style(Role::Text),
            ),
        ]),
    ]
}

/// What each way of proving the listener means for a database that suspends itself, which is in use, and whether outpost lets
/// it sleep at all.
fn listener(cx: &Context<'_>, wakes: Wakes<'_>) -> Vec<Line<'static>> {
    let ways = [
        ("always", "proven every 10 s, which alone keeps it awake"),
        (
            "when-active",
            "the same, 10 min after an event, 5 after a key",
        ),
        ("off", "never: a dead line is noticed by TCP alone"),
    ];
    let heading = Line::styled(
        "A DATABASE THAT SUSPENDS ITSELF, and database.canary",
        cx.style(Role::Header),
    );
    let way = |(word, means): (&'static str, &'static str)| {
        let is_used = wakes.canary == Some(word);
        let (name, role) = if is_used {
            (format!(">{word}"), Role::Text)
        } else {
            (format!(" {word}"), Role::Dim)
        };
        Line::from(vec![
            Span::styled(format!("{name:0$}", CHORDS + 1), cx.style(Role::Strong)),
            Span::styled(means, cx.style(role)),
        ])
    };
    let rest = wakes.rest_after.map_or_else(
        || {
            [
                "Reading every 2 s keeps it awake, whatever stands above;".to_owned(),
                "database.rest_after = 10m would let it sleep (now 0s).".to_owned(),
            ]
        },
        |after| {
            let after = duration::format(after.as_secs() as i64);
            [
                format!("It may sleep: {after} after the last key or new event"),
                "nothing is asked (database.rest_after). Any key wakes it.".to_owned(),
            ]
        },
    );
    let rest = rest.map(|line| Line::styled(line, cx.style(Role::Text)));
    std::iter::once(heading)
        .chain(ways.map(way))
        .chain(rest)
        .collect()
}

fn row(
    cx: &Context<'_>,
    keymap: &Keymap,
    binding: &Binding,
    barred: Option<&str>,
) -> Line<'static> {
    let chords: Vec<String> = keymap
        .chords(binding)
        .iter()
        .map(ToString::to_string)
        .collect();
    let chords = footer::struck(cx, &chords.join(" "), barred.is_some());
    let chords = text::cut(&chords, CHORDS - 1);
    let help = text::cut(barred.unwrap_or(binding.help), COLUMN - CHORDS);
    let (key, words) = if barred.is_some() {
        (Role::Barred, Role::Dim)
    } else {
        (Role::Key, Role::Text)
    };
    let pad = " ".repeat(CHORDS.saturating_sub(chords.chars().count()));
    Line::from(vec![
        Span::styled(chords, cx.style(key)),
        Span::styled(pad, cx.style(Role::Text)),
        Span::styled(help, cx.style(words)),
    ])
}

/// The same lines in two columns, the first half left.
fn in_two(lines: Vec<Line<'static>>) -> Vec<Line<'static>> {
    let half = lines.len().div_ceil(2);
    let mut left = lines;
    let right = left.split_off(half);
    let mut right = right.into_iter();
    left.into_iter()
        .map(|mut line| {
            if let Some(other) = right.next() {
                let pad = (COLUMN + 1).saturating_sub(line.width());
                line.spans.push(Span::raw(" ".repeat(pad)));
                line.spans.extend(other.spans);
            }
            line
        })
        .collect()
}
