//! How many colours a terminal shows, and the nearest of them to a given one.

use ratatui::style::Color;

/// How many colours a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None, or none are wanted.
    Mono,
    /// The sixteen that the operator chose.
    Sixteen,
    /// The 6x6x6 cube and the greys.
    Indexed,
    /// All.
    True,
}

impl Depth {
    /// The depth that the values of `COLORTERM`, `TERM` and `NO_COLOR` announce; `None` for one that is unset.
    pub fn of(colorterm: Option<&str>, term: Option<&str>, no_color: Option<&str>) -> Self {
        let colorterm = colorterm.unwrap_or_default();
        let term = term.unwrap_or_default();
        if no_color.is_some_and(|value| !value.is_empty()) || term == "dumb" {
            Self::Mono
        } else if matches!(colorterm, "truecolor" | "24bit") || term.ends_with("-direct") {
            Self::True
        } else if term.contains("256color") || matches!(term, "xterm-kitty" | "alacritty") {
            Self::Indexed
        } else if term.starts_with("vt") || term.ends_with("-m") || term.ends_with("-mono") {
            Self::Mono
        } else {
            Self::Sixteen
        }
    }
}

/// The colour nearest to `colour` at `depth`; `None` where there are none.
pub(super) fn nearest(colour: Color, depth: Depth) -> Option<Color> {
    let Some(rgb) = rgb(colour) else {
        // One of the sixteen, or the terminal's own: every terminal with colours has it.
        return (depth != Depth::Mono).then_some(colour);
    };
    match depth {
        Depth::Mono => None,
        Depth::Sixteen => closest(rgb, SIXTEEN.iter().copied()),
        Depth::Indexed if matches!(colour, Color::Indexed(_)) => Some(colour),
        Depth::Indexed => {
            let cube = (16..=255).map(|index| (Color::Indexed(index), indexed(index)));
            closest(rgb, cube)
        }
        Depth::True => Some(colour),
    }
}

type Rgb = (u8, u8, u8);

fn closest(to: Rgb, among: impl Iterator<Item = (Color, Rgb)>) -> Option<Color> {
    among
        .min_by_key(|(_, rgb)| distance(*rgb, to))
        .map(|(colour, _)| colour)
}

/// Weighted by how much the eye sees of each.
fn distance(a: Rgb, b: Rgb) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    2 * square(a.0, b.0) + 4 * square(a.1, b.1) + 3 * square(a.2, b.2)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others are the terminal's own"
)]
fn rgb(colour: Color) -> Option<Rgb> {
    match colour {
        Color::Rgb(r, g, b) => Some((r, g, b)),
        Color::Indexed(index) if index >= 16 => Some(indexed(index)),
        _ => None,
    }
}

/// What xterm shows for `index`, from 16 on.
fn indexed(index: u8) -> Rgb {
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    if index >= 232 {
        let grey = 8 + 10 * (index - 232);
        return (grey, grey, grey);
    }
    let at = index.saturating_sub(16);
    (level(at / 36), level(at / 6 % 6), level(at % 6))
}

/// The sixteen as xterm shows them; the operator's own may differ.
const SIXTEEN: [(Color, Rgb); 16] = [
    (Color::Black, (0, 0, 0)),
    (Color::Red, (205, 0, 0)),
    (Color::Green, (0, 205, 0)),
    (Color::Yellow, (205, 205, 0)),
    (Color::Blue, (0, 0, 238)),
    (Color::Magenta, (205, 0, 205)),
    (Color::Cyan, (0, 205, 205)),
    (Color::Gray, (229, 229, 229)),
    (Color::DarkGray, (127, 127, 127)),
    (Color::LightRed, (255, 0, 0)),
    (Color::LightGreen, (0, 255, 0)),
    (Color::LightYellow, (255, 255, 0)),
    (Color::LightBlue, (92, 92, 255)),
    (Color::LightMagenta, (255, 0, 255)),
    (Color::LightCyan, (0, 255, 255)),
    (Color::White, (255, 255, 255)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_the_depth() {
        let cases = [
            (
                (Some("truecolor"), Some("xterm-256color"), None),
                Depth::True,
            ),
            ((Some(""), Some("xterm-256color"), None), Depth::Indexed),
            ((None, Some("tmux-256color"), Some("")), Depth::Indexed),
            (
                (Some("truecolor"), Some("xterm-256color"), Some("1")),
                Depth::Mono,
            ),
            ((None, Some("linux"), None), Depth::Sixteen),
            ((None, Some("screen"), None), Depth::Sixteen),
            ((None, Some("vt220"), None), Depth::Mono),
            ((None, Some("dumb"), None), Depth::Mono),
            ((None, None, None), Depth::Sixteen),
        ];
        for ((colorterm, term, no_color), depth) in cases {
            assert_eq!(
                Depth::of(colorterm, term, no_color),
                depth,
                "{colorterm:?} {term:?}"
            );
        }
    }

    #[test]
    fn a_colour_becomes_the_nearest_there_is() {
        let red = Color::Rgb(250, 10, 5);
        assert_eq!(nearest(red, Depth::True), Some(red));
        assert_eq!(nearest(red, Depth::Indexed), Some(Color::Indexed(196)));
        assert_eq!(nearest(red, Depth::Sixteen), Some(Color::LightRed));
        assert_eq!(nearest(red, Depth::Mono), None);
        assert_eq!(nearest(Color::Cyan, Depth::Sixteen), Some(Color::Cyan));
    }
}
