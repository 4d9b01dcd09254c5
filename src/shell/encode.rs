//! A frame as bytes: the cells that changed, with the shortest cursor moves and attributes that a plain
//! terminal knows. Ours, because bytes are latency on a slow link and the stock backend spends half of a frame
//! on absolute moves, resets attributes in an unchanged frame, and has no 16-colour codes for 16-colour
//! terminals.

use std::{fmt::Write as _, io};

use ratatui::{
    backend::{Backend, ClearType, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
    style::{Color, Modifier},
};

/// Sets the terminal's attributes, each with the parameter of its escape sequence.
const ATTRIBUTES: [(Modifier, &str); 6] = [
    (Modifier::BOLD, "1"),
    (Modifier::DIM, "2"),
    (Modifier::ITALIC, "3"),
    (Modifier::UNDERLINED, "4"),
    (Modifier::REVERSED, "7"),
    (Modifier::CROSSED_OUT, "9"),
];

/// A backend that keeps what is drawn as bytes until [`Encoder::take`].
#[derive(Debug)]
pub struct Encoder {
    bytes: String,
    size: Size,
    cursor: Option<(u16, u16)>,
    pen: Pen,
}

/// The attributes the terminal draws with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    modifiers: Modifier,
}

const PLAIN: Pen = Pen {
    fg: Color::Reset,
    bg: Color::Reset,
    modifiers: Modifier::empty(),
};

impl Encoder {
    /// An encoder for a terminal of `width` by `height` cells.
    pub const fn new(width: u16, height: u16) -> Self {
        Self {
            bytes: String::new(),
            size: Size::new(width, height),
            cursor: None,
            pen: PLAIN,
        }
    }

    /// The terminal has another size now.
    pub const fn resize(&mut self, width: u16, height: u16) {
        self.size = Size::new(width, height);
    }

    /// What was drawn since the last call; empty when nothing changed.
    pub fn take(&mut self) -> Vec<u8> {
        if !self.bytes.is_empty() && self.pen != PLAIN {
            self.bytes.push_str("\x1b[m");
            self.pen = PLAIN;
        }
        std::mem::take(&mut self.bytes).into_bytes()
    }

    /// Forgets where the cursor is: somebody else wrote to the terminal.
    pub const fn forget_cursor(&mut self) {
        self.cursor = None;
    }

    fn move_to(&mut self, x: u16, y: u16) {
        // Writing to a String cannot fail.
        let _infallible = match self.cursor {
            Some(at) if at == (x, y) => Ok(()),
            Some((cx, cy)) if cy == y && x > cx => match x - cx {
                1 => write!(self.bytes, "\x1b[C"),
                gap => write!(self.bytes, "\x1b[{gap}C"),
            },
            Some((_, cy)) if y == cy + 1 && x == 0 => write!(self.bytes, "\r\n"),
            _ if x == 0 => write!(self.bytes, "\x1b[{}H", y + 1),
            _ => write!(self.bytes, "\x1b[{};{}H", y + 1, x + 1),
        };
        self.cursor = Some((x, y));
    }

    fn paint(&mut self, pen: Pen) {
        if pen == self.pen {
            return;
        }
        let mut codes: Vec<String> = Vec::new();
        let before = if self.pen.modifiers == pen.modifiers {
            self.pen
        } else {
            codes.push(String::new());
            for (modifier, code) in ATTRIBUTES {
                if pen.modifiers.contains(modifier) {
                    codes.push(code.to_owned());
                }
            }
            Pen {
                modifiers: pen.modifiers,
                ..PLAIN
            }
        };
        if before.fg != pen.fg {
            codes.push(colour(pen.fg, 30));
        }
        if before.bg != pen.bg {
            codes.push(colour(pen.bg, 40));
        }
        self.bytes.push_str("\x1b[");
        self.bytes.push_str(&codes.join(";"));
        self.bytes.push('m');
        self.pen = pen;
    }
}

/// The parameters that select `colour`; `base` is 30 for the foreground and 40 for the background.
fn colour(colour: Color, base: u8) -> String {
    let basic = |n: u8| (base + n).to_string();
    let bright = |n: u8| (base + 60 + n).to_string();
    match colour {
        Color::Reset => basic(9),
        Color::Black => basic(0),
        Color::Red => basic(1),
        Color::Green => basic(2),
        Color::Yellow => basic(3),
        Color::Blue => basic(4),
        Color::Magenta => basic(5),
        Color::Cyan => basic(6),
        Color::Gray => basic(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(n) => format!("{};5;{n}", base + 8),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
    }
}

impl Backend for Encoder {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        for (x, y, cell) in content {
            self.move_to(x, y);
            self.paint(Pen {
                fg: cell.fg,
                bg: cell.bg,
                modifiers: cell.modifier,
            });
            self.bytes.push_str(cell.symbol());
            let width = unicode_width::UnicodeWidthStr::width(cell.symbol()).max(1) as u16;
            // At the right edge the cursor's place depends on the terminal.
            let next = x + width;
            self.cursor = (next < self.size.width).then_some((next, y));
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, _position: P) -> io::Result<()> {
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.bytes.push_str("\x1b[m\x1b[2J");
        self.pen = PLAIN;
        self.cursor = None;
        Ok(())
    }

    fn clear_region(&mut self, _region: ClearType) -> io::Result<()> {
        self.clear()
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.size,
            pixels: Size::new(0, 0),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use proptest::prelude::*;
    use ratatui::{Terminal, style::Style};

    use super::*;

    const WIDTH: u16 = 24;
    const HEIGHT: u16 = 6;

    fn style(n: u8) -> Style {
        match n % 6 {
            0 => Style::new(),
            1 => Style::new().fg(Color::Red),
            2 => Style::new()
                .fg(Color::DarkGray)
                .add_modifier(Modifier::BOLD),
            3 => Style::new()
                .bg(Color::Indexed(99))
                .add_modifier(Modifier::REVERSED),
            4 => Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Cyan),
            _ => Style::new().add_modifier(Modifier::UNDERLINED),
        }
    }

    proptest! {
        #[test]
        fn a_terminal_that_gets_the_bytes_shows_the_frames(
            frames in prop::collection::vec(prop::collection::vec((0..WIDTH, 0..HEIGHT, "[a-z é]{1,6}", 0_u8..6), 0..12), 1..5)
        ) {
            let mut terminal = Terminal::new(Encoder::new(WIDTH, HEIGHT)).unwrap();
            let mut screen = vt100::Parser::new(NonZeroU16::new(HEIGHT).unwrap(), NonZeroU16::new(WIDTH).unwrap(), 0);
            for texts in &frames {
                let mut expected = None;
                terminal.draw(|frame| {
                    for (x, y, text, n) in texts {
                        frame.buffer_mut().set_stringn(*x, *y, text, usize::from(WIDTH - x), style(*n));
                    }
                    expected = Some(frame.buffer_mut().clone());
                }).unwrap();
                screen.process(&terminal.backend_mut().take());
                let expected = expected.unwrap();
                for y in 0..HEIGHT {
                    for x in 0..WIDTH {
                        let shown = screen.screen().cell(y, x).unwrap();
                        if shown.is_wide_continuation() {
                            continue;
                        }
                        let cell = &expected[(x, y)];
                        let text = if shown.has_contents() { shown.contents() } else { " " };
                        prop_assert_eq!(text, cell.symbol(), "at {},{}", x, y);
                        prop_assert_eq!(shown.bold(), cell.modifier.contains(Modifier::BOLD));
                        prop_assert_eq!(shown.inverse(), cell.modifier.contains(Modifier::REVERSED));
                    }
                }
            }
        }
    }

    #[test]
    fn what_follows_a_wide_character_stands_where_it_belongs() {
        let mut terminal = Terminal::new(Encoder::new(WIDTH, HEIGHT)).unwrap();
        let mut screen = vt100::Parser::new(
            NonZeroU16::new(HEIGHT).unwrap(),
            NonZeroU16::new(WIDTH).unwrap(),
            0,
        );
        for text in ["漢字 ok", "a漢 字b", "plain"] {
            terminal
                .draw(|frame| frame.render_widget(text, frame.area()))
                .unwrap();
            screen.process(&terminal.backend_mut().take());
            assert_eq!(screen.screen().contents().trim_end(), text);
        }
    }

    #[test]
    fn an_unchanged_frame_is_no_bytes() {
        let mut terminal = Terminal::new(Encoder::new(WIDTH, HEIGHT)).unwrap();
        for expected_empty in [false, true] {
            terminal
                .draw(|frame| frame.render_widget("hello", frame.area()))
                .unwrap();
            assert_eq!(terminal.backend_mut().take().is_empty(), expected_empty);
        }
    }
}
