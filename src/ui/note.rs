//! Sentences in the place of a table: why nothing stands here, and what to do about it.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::{Context, Role, panel, text};
use crate::domain::{as_of::AsOf, filter::Filter};

/// A sentence and its role.
pub type Sentence = (Role, String);

/// Writes `sentences` one under the other, each wrapped, as far as `area` goes.
pub fn sentences(cx: &Context<'_>, buf: &mut Buffer, area: Rect, sentences: &[Sentence]) {
    let width = usize::from(area.width);
    let lines = sentences.iter().flat_map(|(role, sentence)| {
        let wrapped = text::wrap(sentence, width).into_iter();
        wrapped.map(|line| Line::styled(line, cx.style(*role)))
    });
    for (row, line) in (0..area.height).zip(lines) {
        panel::put(buf, area, row, &line);
    }
}

/// What a title says of a filter: its text, and how many of `all` rows it lets through; nothing without one.
pub fn filtered(filter: &Filter, shown: usize, all: usize) -> String {
    if filter.is_empty() {
        return String::new();
    }
    let shown = text::grouped(shown as u64);
    let all = text::grouped(all as u64);
    format!(
        "  /{}  {shown} of {all}",
        text::cut(filter.text().trim(), 40)
    )
}

/// What a title says of a filter: its text, and how many rows it shows and hides; nothing without one.
pub fn shown_and_hidden(filter: &Filter, shown: usize, all: usize) -> String {
    if filter.text().trim().is_empty() {
        return String::new();
    }
    let hidden = text::grouped(all.saturating_sub(shown) as u64);
    let shown = text::grouped(shown as u64);
    let held = if filter.error().is_some() {
        "  (not understood: the last good one holds)"
    } else {
        ""
    };
    let words = text::cut(filter.text().trim(), 40);
    format!("  /{words}  shown {shown} hidden {hidden}{held}")
}

/// That a filter lets none of `all` rows through, and what to press.
pub fn no_match(filter: &Filter, all: usize, what: &str) -> Vec<Sentence> {
    let all = text::grouped(all as u64);
    let filter = text::cut(filter.text().trim(), 60);
    vec![
        (
            Role::Text,
            format!("None of {all} {what} matches `{filter}`."),
        ),
        (Role::Dim, "Esc drops the filter, / changes it.".to_owned()),
    ]
}

/// For the end of a title: how long ago the oldest of what is shown was counted; nothing where that was just now.
pub fn as_of(cx: &Context<'_>, counted: impl IntoIterator<Item = AsOf>) -> String {
    let ages = counted.into_iter().map(|it| it.age(cx.now, cx.here));
    ages.max()
        .filter(|age| age.num_seconds() >= 60)
        .map_or_else(String::new, |age| {
            format!("  counted {} ago", text::span(age))
        })
}
