//! A form: fields with their names, one of which has the keys.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{Context, Role, line, overlay, panel};

/// A field as it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its name.
    pub name: &'a str,
    /// What stands in it.
    pub text: &'a str,
    /// Where the next character goes, in bytes.
    pub cursor: usize,
}

/// Cells for the names.
const NAMES: u16 = 16;

/// Paints a form over `area`: its fields, the `selected` one with the cursor, and below them `remarks`.
pub fn form(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    (title, badge): (&str, &panel::Badge),
    (entries, selected): (&[Entry<'_>], usize),
    remarks: &[(Role, String)],
) {
    let width = area.width.min(78);
    let height = (entries.len() + remarks.len() + 5) as u16;
    let inner = overlay::popup(cx, buf, area, (width, height), title, badge);
    let below = (remarks.len() + 3) as u16;
    let room = usize::from(inner.height.saturating_sub(below).max(1));
    let first = super::list::offset(selected, entries.len(), room);
    for (row, (at, entry)) in (0..room as u16).zip(entries.iter().enumerate().skip(first)) {
        let place = Rect {
            y: inner.y + row,
            height: 1.min(inner.height.saturating_sub(row)),
            ..inner
        };
        let name = Span::styled(entry.name.to_owned(), cx.style(Role::Header));
        panel::put(buf, place, 0, &Line::from(name));
        let value = Rect {
            x: place.x + NAMES.min(place.width),
            width: place.width.saturating_sub(NAMES),
            ..place
        };
        if at == selected {
            let input = line::Input {
                prompt: "",
                text: entry.text,
                cursor: entry.cursor,
                remark: None,
            };
            line::input(cx, buf, value, &input);
        } else {
            let text = Span::styled(format!("  {}", entry.text), cx.style(Role::Text));
            panel::put(buf, value, 0, &Line::from(text));
        }
    }
    let foot = Rect {
        y: inner.bottom().saturating_sub(below.min(inner.height)) + 1,
        height: below.min(inner.height).saturating_sub(1),
        ..inner
    };
    for (row, (role, text)) in (0..foot.height.saturating_sub(1)).zip(remarks) {
        panel::put(buf, foot, row, &Line::styled(text.clone(), cx.style(*role)));
    }
    panel::put(buf, foot, foot.height.saturating_sub(1), &keys(cx));
}

fn keys(cx: &Context<'_>) -> Line<'static> {
    let words = [
        ("enter", "shows the plan"),
        ("tab", "next field"),
        ("ctrl-n/p", "other stage"),
        ("esc", "leave"),
    ];
    let spans = words.into_iter().flat_map(|(key, what)| {
        [
            Span::styled(key, cx.style(Role::Key)),
            Span::styled(format!(" {what}   "), cx.style(Role::Text)),
        ]
    });
    spans.collect()
}
