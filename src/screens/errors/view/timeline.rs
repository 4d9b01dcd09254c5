//! What happened to the record of the sample, in order.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{Scene, sample};
use crate::ui::{Role, panel, timeline};

/// Paints the panel: the newest moments, the last at the bottom.
pub(super) fn paint(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let cx = scene.cx;
    let detail = sample::read(scene).and_then(|read| read.as_ref().ok());
    let record = detail.and_then(|detail| detail.error.record.as_ref());
    let title = match record {
        Some(record) => format!("TIMELINE  record {}", record.display_cut(40)),
        None => "TIMELINE".to_owned(),
    };
    let badge = (String::new(), Role::Dim);
    let inner = panel::indented(panel::panel(cx, buf, area, &title, &badge, false));
    let Some(detail) = detail else { return };
    let around = scene.store.around(detail);
    let lines = timeline::lines(cx, detail, &around, usize::from(inner.width));
    let hidden = lines.len().saturating_sub(usize::from(inner.height));
    for (row, line) in (0..inner.height).zip(lines.into_iter().skip(hidden)) {
        let line = if row == 0 && hidden > 0 {
            let words = format!("… {} earlier", hidden + 1);
            Line::from(Span::styled(words, cx.style(Role::Dim)))
        } else {
            line
        };
        panel::put(buf, inner, row, &line);
    }
}
