//! How far a purge is.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::{Context, Role, overlay, text};
use crate::domain::plan::{Pace, Progress};

/// Paints how far the purge is, and what it was told last.
pub fn purge(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    progress: Option<&Progress>,
    pace: Pace,
) {
    let width = area.width.min(70);
    let badge = match pace {
        Pace::Run => ("runs".to_owned(), Role::OkBadge),
        Pace::Pause => ("pauses".to_owned(), Role::WarnBadge),
        Pace::Stop => ("stops after this batch".to_owned(), Role::WarnBadge),
    };
    let room = usize::from(width).saturating_sub(4);
    let said = progress.map_or_else(|| "begins …".to_owned(), Progress::line);
    let mut lines: Vec<Line<'static>> = text::wrap(&said, room)
        .into_iter()
        .map(|line| Line::styled(line, cx.style(Role::Strong)))
        .collect();
    if let Some(share) = progress.and_then(|progress| progress.share) {
        let filled = usize::from(share) * room / 1_000;
        let bar = format!(
            "{}{}",
            "█".repeat(filled),
            "·".repeat(room.saturating_sub(filled))
        );
        lines.push(Line::styled(bar, cx.style(Role::Text)));
    }
    let height = (lines.len() + 2) as u16;
    let inner = overlay::popup(cx, buf, area, (width, height), "PURGE", &badge);
    overlay::scrolled(cx, buf, inner, &lines, 0);
}
