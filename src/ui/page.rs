//! A page of facts, headings and text, as what is open whole is shown.

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::{Context, Role, text};
use crate::domain::untrusted::Untrusted;

/// The lines of a page so far.
pub(super) struct Page<'a> {
    pub(super) cx: &'a Context<'a>,
    /// Cells a line may take.
    pub(super) room: usize,
    wraps: bool,
    pub(super) lines: Vec<Line<'static>>,
}

impl<'a> Page<'a> {
    /// An empty page.
    pub(super) const fn new(cx: &'a Context<'a>, room: usize, wraps: bool) -> Self {
        Self {
            cx,
            room,
            wraps,
            lines: Vec::new(),
        }
    }

    pub(super) fn optional(&mut self, name: &str, value: Option<&Untrusted>, role: Role) {
        if let Some(value) = value {
            self.pair(name, &value.display_cut(1_000), role);
        }
    }

    pub(super) fn pair(&mut self, name: &str, value: &str, role: Role) {
        for (at, line) in self
            .fold(value, self.room.saturating_sub(10))
            .into_iter()
            .enumerate()
        {
            let name = if at == 0 { name } else { "" };
            self.lines.push(Line::from(vec![
                Span::styled(format!("{name:10}"), self.cx.style(Role::Header)),
                Span::styled(line, self.cx.style(role)),
            ]));
        }
    }

    pub(super) fn heading(&mut self, title: &str) {
        self.lines.push(Line::default());
        self.lines
            .push(Line::styled(title.to_owned(), self.cx.style(Role::Header)));
    }

    pub(super) fn text(&mut self, value: &str, role: Role) {
        for line in self.fold(value, self.room) {
            self.lines.push(Line::styled(line, self.cx.style(role)));
        }
    }

    /// `value` wrapped or cut to `width` cells, as the operator chose; a wrapped line keeps its indent.
    fn fold(&self, value: &str, width: usize) -> Vec<String> {
        if !self.wraps {
            return vec![text::cut(value, width)];
        }
        let bare = value.trim_start();
        let indent = (value.width() - bare.width()).min(width / 2);
        text::wrap(bare, width - indent)
            .into_iter()
            .map(|line| format!("{:indent$}{line}", ""))
            .collect()
    }
}
