//! A panel: a border with a title at the left and, at the right, how far its data can be trusted.

use ratatui::{
    buffer::Buffer,
    layout::{Alignment, Rect},
    style::Style,
    text::{Line, Span},
    widgets::{Block, Widget as _},
};
use unicode_width::UnicodeWidthStr as _;

use super::{Context, Role, text};

/// A remark in the right of a panel's title, and its role.
pub type Badge = (String, Role);

/// Paints the border of a panel; what is left for its content. Without room for a border there is none.
pub fn panel(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    title: &str,
    badge: &Badge,
    focused: bool,
) -> Rect {
    if area.height < 3 || area.width < 6 {
        return area;
    }
    let border = if focused { Role::Focus } else { Role::Border };
    let room = usize::from(area.width) - 4;
    // What the badge says of the data comes before what the title says of it.
    let kept = match badge.0.width() {
        0 => 0,
        cells if cells + 15 <= room => cells + 3,
        _ => 0,
    };
    let title = text::cut(title, room - kept);
    let left = room.saturating_sub(title.width() + 3);
    let mut block = Block::bordered()
        .border_style(cx.style(border))
        .title(titled(&title, cx.style(Role::Title), cx.style(border)));
    if !badge.0.is_empty() && left >= 4 {
        let badge_text = text::cut(&badge.0, left);
        block = block.title(
            titled(&badge_text, cx.style(badge.1), cx.style(border)).alignment(Alignment::Right),
        );
    }
    let inner = block.inner(area);
    block.render(area, buf);
    inner
}

fn titled(title: &str, style: Style, border: Style) -> Line<'static> {
    Line::from(vec![
        Span::styled(" ", border),
        Span::styled(title.to_owned(), style),
        Span::styled(" ", border),
    ])
}

/// `area` without its first column, which tables use for marks.
pub fn indented(area: Rect) -> Rect {
    let step = area.width.min(1);
    Rect {
        x: area.x + step,
        width: area.width - step,
        ..area
    }
}

/// Writes `line` into row `row` of `area`, cut at its right edge with `…`; nothing outside of it.
pub fn put(buf: &mut Buffer, area: Rect, row: u16, line: &Line<'_>) {
    let area = area.intersection(buf.area);
    if row >= area.height {
        return;
    }
    buf.set_line(area.x, area.y + row, line, area.width);
    if says_more(line, area.width) {
        mark_cut(buf, area, area.y + row);
    }
}

/// Whether more than blanks of `line` lie beyond `width` cells.
fn says_more(line: &Line<'_>, width: u16) -> bool {
    let text = || line.spans.iter().map(|span| span.content.as_ref());
    line.width() > usize::from(width)
        && text().collect::<String>().trim_end().width() > usize::from(width)
}

/// Puts `…` at the end of the row `y` of `area`; not into the second half of a wide character.
fn mark_cut(buf: &mut Buffer, area: Rect, y: u16) {
    let Some(x) = area.right().checked_sub(1).filter(|x| *x >= area.x) else {
        return;
    };
    let before = x.checked_sub(1).filter(|x| *x >= area.x);
    if let Some(cell) = before.and_then(|x| buf.cell_mut((x, y)))
        && cell.symbol().width() > 1
    {
        cell.set_symbol(" ");
    }
    if let Some(cell) = buf.cell_mut((x, y)) {
        cell.set_symbol("…");
    }
}

/// Writes `left` into row `row` of `area`, and `right` at its end if both fit; `left` alone otherwise.
pub fn put_both(buf: &mut Buffer, area: Rect, row: u16, left: &Line<'_>, right: &Line<'_>) {
    put(buf, area, row, left);
    let width = right.width() as u16;
    if width > 0 && left.width() + right.width() < usize::from(area.width) {
        let end = Rect {
            x: area.right() - width,
            width,
            ..area
        };
        put(buf, end, row, right);
    }
}
