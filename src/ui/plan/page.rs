//! What a plan is painted from: facts, and the keys of its rows.

use ratatui::text::{Line, Span};

use crate::{
    domain::{drops::Drops, event::RowId},
    ui::{Context, Role, text},
};

/// Lines of facts, each with its name at the left.
pub(super) struct Page<'a> {
    pub(super) cx: &'a Context<'a>,
    /// How the links of the cascade stand, where that is known.
    pub(super) drops: Option<&'a Drops>,
    width: usize,
    /// What the history keeps of it.
    audit: &'static str,
    pub(super) lines: Vec<Line<'static>>,
    ids: Vec<Ids<'a>>,
}

/// Keys in columns. A plan may name 100,000, so that only lines which are seen are spelt.
struct Ids<'a> {
    /// Its first line on the page.
    from: usize,
    /// How many stand in a line, and how wide each is.
    columns: (usize, usize),
    keys: Vec<&'a RowId>,
}

impl<'a> Page<'a> {
    pub(super) const fn new(cx: &'a Context<'a>, width: usize) -> Self {
        Self {
            cx,
            drops: None,
            width,
            audit: "AUDIT yes",
            lines: Vec::new(),
            ids: Vec::new(),
        }
    }

    /// The same page, of a plan that asks for a reason.
    pub(super) const fn with_reason(mut self) -> Self {
        self.audit = "AUDIT yes, with why";
        self
    }

    pub(super) fn fact(&mut self, name: &str, what: &str, role: Role) {
        let wrapped = text::wrap(what, self.width.saturating_sub(8));
        for (at, line) in wrapped.into_iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            self.lines.push(Line::from(vec![
                Span::styled(format!("{name:8}"), self.cx.style(Role::Header)),
                Span::styled(line, self.cx.style(role)),
            ]));
        }
    }

    /// What takes it back, and that it is written down.
    pub(super) fn undo(&mut self, what: &str, role: Role) {
        let what = format!("{what}   {}", self.audit);
        self.fact("UNDO", &what, role);
    }

    pub(super) fn blank(&mut self) {
        self.lines.push(Line::default());
    }

    /// Every single one on a line of its own: what is not shown is not done.
    pub(super) fn each(&mut self, title: &str, rows: impl Iterator<Item = String>) {
        self.text(&format!("{title}, exactly these:"), rows);
    }

    /// Lines under a heading, each cut at the edge.
    pub(super) fn text(&mut self, heading: &str, rows: impl Iterator<Item = String>) {
        let heading = Line::styled(heading.to_owned(), self.cx.style(Role::Header));
        self.lines.push(heading);
        for row in rows {
            let row = text::cut(&format!("  {row}"), self.width);
            self.lines
                .push(Line::styled(row, self.cx.style(Role::Text)));
        }
    }

    /// Every single id: what is not shown is not done.
    pub(super) fn ids(&mut self, title: &str, ids: Vec<&'a RowId>) {
        let heading = format!("{title}, exactly these:");
        self.lines
            .push(Line::styled(heading, self.cx.style(Role::Header)));
        let wide = ids.iter().map(|id| id.as_str().len()).max().unwrap_or(1);
        let in_line = (self.width.saturating_sub(1) / (wide + 1)).max(1);
        let from = self.lines.len();
        let all = from + ids.len().div_ceil(in_line);
        self.lines.resize(all, Line::default());
        self.ids.push(Ids {
            from,
            columns: (in_line, wide),
            keys: ids,
        });
    }

    /// Spells the ids of the lines that are seen: `height` of them from `scroll` on, or the last ones.
    pub(super) fn spell(&mut self, scroll: usize, height: usize) {
        let first = scroll.min(self.lines.len().saturating_sub(height));
        let style = self.cx.style(Role::Text);
        for block in &self.ids {
            let (in_line, wide) = block.columns;
            let seen = self.lines.iter_mut().enumerate().skip(first).take(height);
            let own = seen.filter_map(|(at, line)| Some((at.checked_sub(block.from)?, line)));
            for (row, line) in own {
                let ids = block.keys.iter().skip(row * in_line).take(in_line);
                let spelt: String = ids.map(|id| format!(" {:wide$}", id.as_str())).collect();
                if !spelt.is_empty() {
                    *line = Line::styled(format!(" {}", spelt.trim_end()), style);
                }
            }
        }
    }
}
