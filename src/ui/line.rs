//! A line being typed, with its suggestions above it. Its cursor is a reversed cell: the terminal's own is
//! never shown.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
    widgets::{Clear, Widget as _},
};
use unicode_width::UnicodeWidthStr as _;

use super::{Context, Role, panel, text};

/// A line being typed.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What stands before it: `:`, `/`, `note`.
    pub prompt: &'a str,
    /// What was typed.
    pub text: &'a str,
    /// Where the next character goes, in bytes.
    pub cursor: usize,
    /// What is wrong with it, or what it is for.
    pub remark: Option<(&'a str, Role)>,
}

impl Input<'_> {
    /// What is seen of it before the cursor in a row so wide, and what stands from the cursor on.
    fn seen(&self, width: u16) -> (&str, &str) {
        let room = usize::from(width).saturating_sub(self.prompt.width() + 2);
        let cursor = self.cursor.min(self.text.len());
        let (mut start, after) = self.text.split_at(self.text.floor_char_boundary(cursor));
        while start.width() > room {
            let mut chars = start.chars();
            chars.next();
            start = chars.as_str();
        }
        (start, after)
    }

    /// The column of a row so wide in which the character `at` stands; `None` where it is not seen.
    fn column(&self, width: u16, at: usize) -> Option<u16> {
        let (start, after) = self.seen(width);
        let hidden = self.text.chars().count() - start.chars().count() - after.chars().count();
        let before = at.checked_sub(hidden)?;
        let seen: String = start.chars().chain(after.chars()).take(before).collect();
        let column = self.prompt.width() + 1 + seen.width();
        u16::try_from(column).ok().filter(|column| *column < width)
    }
}

/// Paints a caret into the first row of `area`, which lies below that of `input`, under the character `at`, and beside it
/// what is wrong there; whether there was room for both.
pub fn caret(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    input: &Input<'_>,
    (at, reason): (usize, &str),
) -> bool {
    let Some(column) = input.column(area.width, at).filter(|_| area.height > 0) else {
        return false;
    };
    let (before, width) = (usize::from(column), usize::from(area.width));
    let line = if before + 2 + reason.width() <= width {
        format!("{}^ {reason}", " ".repeat(before))
    } else if reason.width() < before {
        format!("{}{reason} ^", " ".repeat(before - reason.width() - 1))
    } else {
        return false;
    };
    let row = Rect { height: 1, ..area };
    Clear.render(row.intersection(buf.area), buf);
    panel::put(buf, row, 0, &Line::styled(line, cx.style(Role::Bad)));
    true
}

/// Paints the line into the first row of `area`, scrolled so that its cursor is seen.
pub fn input(cx: &Context<'_>, buf: &mut Buffer, area: Rect, input: &Input<'_>) {
    let area = Rect {
        height: area.height.min(1),
        ..area
    };
    Clear.render(area.intersection(buf.area), buf);
    buf.set_style(area.intersection(buf.area), cx.style(Role::Input));
    let (start, after) = input.seen(area.width);
    let mut rest = after.chars();
    let under = rest.next().unwrap_or(' ');
    let style = cx.style(Role::Input);
    let mut spans = vec![
        Span::styled(format!("{} ", input.prompt), cx.style(Role::Key)),
        Span::styled(start.to_owned(), style),
        Span::styled(under.to_string(), cx.style(Role::Selected)),
        Span::styled(rest.as_str().to_owned(), style),
    ];
    if let Some((remark, role)) = input.remark {
        spans.push(Span::styled(format!("  {remark}"), cx.style(role)));
    }
    panel::put(buf, area, 0, &Line::from(spans));
}

/// Paints `suggestions` (name and help) under `title` upwards from above row `y`; the `selected` one always among them.
pub fn suggestions(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    (title, suggestions): (&str, &[(String, String)]),
    selected: usize,
) {
    let most = area.height.saturating_sub(2).min(12);
    let height = most.min(suggestions.len() as u16);
    let longest = suggestions.iter().map(|(name, _)| name.width()).max();
    let width = area.width.min(84);
    // A rule in quotes with a time behind it is longer than any command.
    let name_width = longest.unwrap_or(0).clamp(8, usize::from(width / 2).max(8));
    if height == 0 || width < 12 {
        return;
    }
    let place = Rect {
        y: area.bottom() - height - 2,
        height: height + 2,
        width,
        ..area
    };
    Clear.render(place, buf);
    buf.set_style(place, cx.style(Role::Text));
    let badge = (format!("{}", suggestions.len()), Role::Dim);
    let inner = panel::panel(cx, buf, place, title, &badge, true);
    let selected = selected.min(suggestions.len() - 1);
    let first = super::list::offset(selected, suggestions.len(), usize::from(inner.height));
    let rows = suggestions.iter().enumerate().skip(first);
    for (row, (index, (name, help))) in (0..inner.height).zip(rows) {
        let lit = index == selected;
        let line = Rect {
            y: inner.y + row,
            height: 1,
            ..inner
        };
        if lit {
            buf.set_style(line, cx.style(Role::Selected));
        }
        let style = |role| {
            if lit {
                ratatui::style::Style::default()
            } else {
                cx.style(role)
            }
        };
        let name = format!(" {:name_width$}  ", text::cut(name, name_width));
        let spans = vec![
            Span::styled(name, style(Role::Key)),
            Span::styled(help.clone(), style(Role::Dim)),
        ];
        panel::put(buf, line, 0, &Line::from(spans));
    }
}
