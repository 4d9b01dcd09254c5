//! Tables, written straight into the buffer: only the rows that fit are ever made.

use std::borrow::Cow;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use unicode_width::UnicodeWidthStr as _;

use super::{Context, Role, list, text};

/// Where a cell's text stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// At the left: words.
    Left,
    /// At the right: numbers.
    Right,
    /// At the right, and where room is short its end is kept: trends.
    Tail,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its header.
    pub title: &'static str,
    /// Its width, in cells.
    pub width: u16,
    /// Where its cells stand.
    pub align: Align,
    /// When it goes where room is short: the highest first, 0 never.
    pub rank: u8,
    /// Whether it takes the room that is left.
    pub grows: bool,
}

impl Column {
    /// A column of words.
    pub const fn left(title: &'static str, width: u16, rank: u8) -> Self {
        Self {
            title,
            width,
            align: Align::Left,
            rank,
            grows: false,
        }
    }

    /// A column of numbers.
    pub const fn right(title: &'static str, width: u16, rank: u8) -> Self {
        Self {
            align: Align::Right,
            ..Self::left(title, width, rank)
        }
    }

    /// A column of trends, whose newest end is at the right.
    pub const fn tail(title: &'static str, width: u16, rank: u8) -> Self {
        Self {
            align: Align::Tail,
            ..Self::left(title, width, rank)
        }
    }

    /// The same column, taking the room that is left.
    #[must_use]
    pub const fn growing(self) -> Self {
        Self {
            grows: true,
            ..self
        }
    }
}

/// A cell: its text and role.
pub type Cell<'a> = (Cow<'a, str>, Role);

/// A cell, from whatever is a text.
pub fn cell<'a>(text: impl Into<Cow<'a, str>>, role: Role) -> Cell<'a> {
    (text.into(), role)
}

/// A row: a cell a column, and whether it is marked.
#[derive(Debug, Clone, Default)]
pub struct Row<'a> {
    /// The cells, in the order of the columns.
    pub cells: Vec<Cell<'a>>,
    /// Whether it is marked.
    pub marked: bool,
    /// Words across all columns instead of cells: what happened between two rows.
    pub across: Option<Cell<'a>>,
}

impl<'a> Row<'a> {
    /// A row that is not marked.
    pub const fn new(cells: Vec<Cell<'a>>) -> Self {
        Self {
            cells,
            marked: false,
            across: None,
        }
    }

    /// Words across all columns.
    pub const fn across(words: Cell<'a>) -> Self {
        Self {
            cells: Vec::new(),
            marked: false,
            across: Some(words),
        }
    }
}

/// A table of `len` rows.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    /// The columns.
    pub columns: &'a [Column],
    /// Rows there are.
    pub len: usize,
    /// The selected row, if there is one.
    pub selected: Option<usize>,
    /// Whether the keys go to this table.
    pub focused: bool,
}

impl Table<'_> {
    /// Paints the header and as many rows as fit, with the selected one among them. `row` is asked for those
    /// rows only.
    pub fn paint<'r>(
        &self,
        cx: &Context<'_>,
        buf: &mut Buffer,
        area: Rect,
        mut row: impl FnMut(usize) -> Row<'r>,
    ) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let slots = slots(self.columns, area.width);
        let header = usize::from(area.height > 1);
        if header == 1 {
            self.header(cx, buf, area, &slots);
        }
        let height = usize::from(area.height) - header;
        let first = list::offset(self.selected.unwrap_or(0), self.len, height);
        for (line, index) in (first..self.len).take(height).enumerate() {
            let y = area.y + (line + header) as u16;
            let is_selected = self.selected == Some(index);
            self.row(
                cx,
                buf,
                Rect {
                    y,
                    height: 1,
                    ..area
                },
                &slots,
                &row(index),
                is_selected,
            );
        }
    }

    fn header(&self, cx: &Context<'_>, buf: &mut Buffer, area: Rect, slots: &[Slot]) {
        let style = cx.style(Role::Header);
        for (slot, column) in slots.iter().zip(self.columns) {
            slot.write(buf, area.x, area.y, column.title, column.align, style);
        }
    }

    fn row(
        &self,
        cx: &Context<'_>,
        buf: &mut Buffer,
        area: Rect,
        slots: &[Slot],
        row: &Row<'_>,
        is_selected: bool,
    ) {
        if let Some((words, role)) = &row.across {
            let room = usize::from(area.width.saturating_sub(1));
            let words = text::cut(words, room);
            buf.set_stringn(area.x + 1, area.y, words, room, cx.style(*role));
            return;
        }
        let lit = is_selected && self.focused;
        if lit {
            buf.set_style(area, cx.style(Role::Selected));
        }
        let sign = match (row.marked, is_selected) {
            (true, _) => Some(("*", Role::Marked)),
            (false, true) => Some((">", Role::Strong)),
            (false, false) => None,
        };
        if let Some((sign, role)) = sign {
            let style = if lit {
                Style::default()
            } else {
                cx.style(role)
            };
            buf.set_stringn(area.x, area.y, sign, 1, style);
        }
        let cells = slots.iter().zip(self.columns).zip(&row.cells);
        for ((slot, column), (text, role)) in cells {
            let style = if lit {
                Style::default()
            } else {
                cx.style(*role)
            };
            slot.write(buf, area.x, area.y, text, column.align, style);
        }
    }
}

/// Where a column stands, from the left of the table; not shown at all with no width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    x: u16,
    width: u16,
}

impl Slot {
    fn write(self, buf: &mut Buffer, x: u16, y: u16, words: &str, align: Align, style: Style) {
        let room = usize::from(self.width);
        let cells = words.width();
        if room == 0 || cells == 0 {
            return;
        }
        let x = x + self.x;
        if cells > room {
            let cut = match align {
                Align::Left | Align::Right => text::cut(words, room),
                Align::Tail => words.chars().skip(cells - room).collect(),
            };
            buf.set_stringn(x, y, cut, room, style);
            return;
        }
        let pad = match align {
            Align::Left => 0,
            Align::Right | Align::Tail => (room - cells) as u16,
        };
        buf.set_stringn(x + pad, y, words, room, style);
    }
}

/// The place of every column in `width` cells, the first of which is for marks.
fn slots(columns: &[Column], width: u16) -> Vec<Slot> {
    let mut shown = vec![true; columns.len()];
    let needed = |shown: &[bool]| -> u16 {
        let widths = columns.iter().zip(shown).filter(|(_, shown)| **shown);
        widths.map(|(column, _)| column.width + 1).sum()
    };
    while needed(&shown) > width {
        let candidates = columns.iter().enumerate();
        let next = candidates
            .filter(|(at, column)| column.rank > 0 && shown.get(*at) == Some(&true))
            .max_by_key(|(_, column)| column.rank);
        let Some((at, _)) = next else { break };
        shown[at] = false;
    }
    let mut spare = width.saturating_sub(needed(&shown));
    let mut x = 1;
    let place = |(column, shown): (&Column, &bool)| {
        if !*shown {
            return Slot { x: 0, width: 0 };
        }
        let extra = if column.grows {
            std::mem::take(&mut spare)
        } else {
            0
        };
        let slot = Slot {
            x: x.min(width),
            width: (column.width + extra).min(width.saturating_sub(x)),
        };
        x += column.width + extra + 1;
        slot
    };
    columns.iter().zip(&shown).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column::left("STATE", 5, 0),
        Column::left("STAGE", 8, 1).growing(),
        Column::right("PEND", 4, 0),
        Column::right("P95", 4, 2),
    ];

    fn widths(width: u16) -> Vec<u16> {
        slots(COLUMNS, width)
            .iter()
            .map(|slot| slot.width)
            .collect()
    }

    #[test]
    fn the_highest_rank_goes_first_and_the_spare_room_has_a_taker() {
        assert_eq!(widths(40), [5, 23, 4, 4]);
        assert_eq!(widths(24), [5, 12, 4, 0]);
        assert_eq!(widths(12), [5, 0, 4, 0]);
    }

    #[test]
    fn no_column_leaves_the_table() {
        for width in 0..60 {
            for slot in slots(COLUMNS, width) {
                assert!(slot.x + slot.width <= width.max(1), "{width} {slot:?}");
            }
        }
    }
}
