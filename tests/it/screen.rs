//! A frame as text: what it says, and then which role each cell plays.

use std::fmt::Write as _;

use outpost::{
    model::Model,
    ui::{Role, Theme},
    view::view,
};
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::{Buffer, Cell},
    style::Style,
};

/// Paints `model` at a size with `theme`.
pub(crate) fn paint_with(model: &Model, theme: &Theme, (width, height): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view(model, theme, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// Paints `model` at a size with [`theme`].
pub(crate) fn paint(model: &Model, size: (u16, u16)) -> Buffer {
    paint_with(model, &theme(), size)
}

/// A theme whose every role has a colour of its own, so that a snapshot names roles and not colours.
pub(crate) fn theme() -> Theme {
    let numbered = || Role::ALL.iter().enumerate();
    let palette: String = numbered()
        .map(|(n, _)| format!("c{n} = \"{}\"\n", n + 16))
        .collect();
    let roles: String = numbered()
        .map(|(n, role)| format!("{} = {{ fg = \"c{n}\" }}\n", snake(&format!("{role:?}"))))
        .collect();
    Theme::parse(&format!("[palette]\n{palette}[roles]\n{roles}")).unwrap()
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The lines of `buffer`, without the spaces at their ends.
pub(crate) fn text(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width).max(1);
    let rows = buffer.content().chunks(width);
    rows.map(|row| line(row).trim_end().to_owned()).collect()
}

/// The symbols of a row; the second cell of a wide character has none.
fn line(row: &[Cell]) -> String {
    let mut out = String::new();
    let mut skip = 0;
    for cell in row {
        if skip == 0 {
            out.push_str(cell.symbol());
            skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).max(1);
        }
        skip -= 1;
    }
    out
}

/// The text, then a grid of the same size with one letter a style, then what the letters mean. Ordinary text is
/// a dot.
pub(crate) fn describe(buffer: &Buffer) -> String {
    let theme = theme();
    let plain = theme.style(Role::Text).fg;
    let mut styles: Vec<Style> = Vec::new();
    let mut grid = String::new();
    for row in buffer.content().chunks(usize::from(buffer.area.width)) {
        let mut letters = String::new();
        for cell in row {
            let style = cell.style();
            if style.fg == plain
                || (cell.symbol() == " " && style.fg != theme.style(Role::Selected).fg)
            {
                letters.push('.');
                continue;
            }
            let at = styles.iter().position(|s| *s == style).unwrap_or_else(|| {
                styles.push(style);
                styles.len() - 1
            });
            letters.push(char::from(b'a' + at as u8));
        }
        writeln!(grid, "{}", letters.trim_end_matches('.')).unwrap();
    }
    let mut key = String::new();
    for (at, style) in styles.iter().enumerate() {
        let letter = char::from(b'a' + at as u8);
        let role = Role::ALL
            .iter()
            .find(|role| theme.style(**role).fg == style.fg);
        let role = role.map_or_else(|| "none".to_owned(), |role| format!("{role:?}"));
        writeln!(key, "{letter} {role}").unwrap();
    }
    format!("{}\n---\n{grid}---\n{key}", text(buffer).join("\n"))
}
