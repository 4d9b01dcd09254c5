//! What lies over the screen: a box in its middle.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::Line,
    widgets::{Clear, Widget as _},
};

use super::{Context, Role, panel};

/// Paints an empty box of at most `width` x `height` cells, borders included, in the middle of `area`; what is
/// left for its content.
pub fn popup(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    (width, height): (u16, u16),
    title: &str,
    badge: &panel::Badge,
) -> Rect {
    let width = width.min(area.width);
    let height = height.min(area.height);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    Clear.render(place, buf);
    buf.set_style(place, cx.style(Role::Text));
    let inner = panel::panel(cx, buf, place, title, badge, true);
    if inner == place {
        return inner;
    }
    Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    }
}

/// Paints `lines` from line `scroll` on, never past the last page, and says at the lower right how many are
/// left.
pub fn scrolled(cx: &Context<'_>, buf: &mut Buffer, area: Rect, lines: &[Line<'_>], scroll: usize) {
    let height = usize::from(area.height);
    let first = scroll.min(lines.len().saturating_sub(height));
    for (row, line) in (0..area.height).zip(lines.iter().skip(first)) {
        panel::put(buf, area, row, line);
    }
    let left = lines.len().saturating_sub(first + height);
    let more = match (first, left) {
        (0, 0) => return,
        (_, 0) => " end ".to_owned(),
        (_, left) => format!(" {left} more "),
    };
    let width = (more.len() as u16).min(area.width);
    let corner = Rect {
        x: area.right() - width,
        y: area.bottom(),
        width,
        height: 1,
    };
    panel::put(buf, corner, 0, &Line::styled(more, cx.style(Role::Dim)));
}
