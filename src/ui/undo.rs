//! What can be taken back.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{Context, Role, overlay, panel, text};
use crate::domain::Timestamp;

/// Something that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was done.
    pub at: Timestamp,
    /// What was done.
    pub done: String,
    /// What would take it back.
    pub undo: String,
    /// What has changed since.
    pub since: String,
}

/// Cells that its box takes at most, borders included.
const WIDTH: u16 = 76;

/// Paints `entries`, newest first, one of them `selected`.
pub fn undo(cx: &Context<'_>, buf: &mut Buffer, area: Rect, entries: &[Entry], selected: usize) {
    let badge = (format!("{}", entries.len()), Role::Dim);
    let height = (2 * entries.len().max(1) + 4) as u16;
    let inner = overlay::popup(cx, buf, area, (WIDTH, height), "TAKE BACK", &badge);
    if entries.is_empty() {
        let text = "Nothing that was done here can be taken back.";
        panel::put(buf, inner, 0, &Line::styled(text, cx.style(Role::Text)));
    }
    let room = usize::from(inner.height.saturating_sub(2)) / 2;
    let first = super::list::offset(selected, entries.len(), room.max(1));
    for (at, entry) in entries.iter().enumerate().skip(first).take(room) {
        let row = (2 * (at - first)) as u16;
        let lit = at == selected;
        let mark = if lit { "> " } else { "  " };
        let role = if lit { Role::Strong } else { Role::Text };
        let head = Line::from(vec![
            Span::styled(mark, cx.style(Role::Key)),
            Span::styled(
                format!("{:>12}  ", text::moment(cx, entry.at)),
                cx.style(Role::Dim),
            ),
            Span::styled(entry.done.clone(), cx.style(role)),
        ]);
        panel::put(buf, inner, row, &head);
        let below = format!("{:16}{}; changed since: {}", "", entry.undo, entry.since);
        let below = Line::styled(below, cx.style(Role::Dim));
        panel::put(buf, inner, row + 1, &below);
    }
    let keys = [("enter", "shows the plan"), ("esc", "leave it")];
    let keys = keys.into_iter().flat_map(|(key, what)| {
        [
            Span::styled(key, cx.style(Role::Key)),
            Span::styled(format!(" {what}   "), cx.style(Role::Text)),
        ]
    });
    let last = inner.height.saturating_sub(1);
    panel::put(buf, inner, last, &keys.collect::<Line<'_>>());
}
