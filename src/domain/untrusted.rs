//! Text from outside: database rows, HTTP bodies, names that people chose. It may hold escape sequences,
//! bidirectional overrides, NUL, ten megabytes. The only ways out are [`Untrusted::display`],
//! [`Untrusted::json`], [`Untrusted::csv`] and [`Untrusted::osc`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longer texts are cut to this many bytes when they come in; their full length is remembered.
pub const KEPT_BYTES: usize = 64 * 1024;

/// Text from outside, cut to [`KEPT_BYTES`].
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Untrusted {
    text: Box<str>,
    full_bytes: usize,
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.json())
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self::at_most(text, KEPT_BYTES)
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl Untrusted {
    /// `text`, cut to so many bytes.
    pub(crate) fn at_most(text: &str, bytes: usize) -> Self {
        let end = text.floor_char_boundary(bytes.min(KEPT_BYTES));
        let (kept, _) = text.split_at(end);
        Self {
            text: kept.into(),
            full_bytes: text.len(),
        }
    }

    /// Its first so many bytes; it is cut then, where there is more of it.
    pub(super) fn begun(&self, bytes: usize) -> Self {
        Self {
            full_bytes: self.full_bytes,
            ..Self::at_most(&self.text, bytes)
        }
    }

    /// The raw text, for rules of the domain that compare and search, and for parameters of a query. It
    /// must never be written anywhere from here.
    pub(crate) fn raw(&self) -> &str {
        &self.text
    }

    /// The key that it spells, if it is one: that is safe to print.
    pub fn key(&self) -> Option<super::event::RowId> {
        super::event::RowId::parse(&self.text)
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// It with its text changed by `change`; what was cut stays cut.
    #[must_use]
    pub(crate) fn changed(&self, change: impl FnOnce(&str) -> String) -> Self {
        let mut changed = Self::from(change(&self.text));
        if self.is_cut() {
            changed.full_bytes = self.full_bytes.max(changed.text.len() + 1);
        }
        changed
    }

    /// Bytes it had before it was cut.
    pub const fn full_bytes(&self) -> usize {
        self.full_bytes
    }

    /// Whether it was cut when it came in.
    pub fn is_cut(&self) -> bool {
        self.full_bytes > self.text.len()
    }

    /// How many characters had to be made visible or harmless.
    pub fn hazards(&self) -> usize {
        self.text.chars().filter(|c| is_hazard(*c)).count()
    }

    /// One line for the screen, a log or a terminal: hazards are named, as in `<ESC>` and `<U+202E>`; line
    /// ends and tabs become one space.
    pub fn display(&self) -> String {
        self.display_cut(usize::MAX)
    }

    /// As [`Self::display`], but looks at no more than `chars` characters, and says `…` where it stopped.
    pub fn display_cut(&self, chars: usize) -> String {
        let mut out = String::with_capacity(self.text.len().min(chars));
        let mut marks = 0_usize;
        for (n, c) in self.text.chars().enumerate() {
            if n >= chars {
                out.push('…');
                return out;
            }
            marks = if is_combining(c) { marks + 1 } else { 0 };
            if marks <= 4 {
                push_visible(&mut out, c);
            }
        }
        if self.is_cut() {
            out.push('…');
        }
        out
    }

    /// Its lines for a pane that shows several; each as [`Self::display`] would show it.
    pub fn lines(&self) -> Vec<String> {
        self.text
            .lines()
            .map(|line| Self::from(line).display())
            .collect()
    }

    /// A JSON string literal with its quotes; everything that is not plain is escaped.
    pub fn json(&self) -> String {
        use fmt::Write as _;
        let mut out = String::with_capacity(self.text.len() + 2);
        out.push('"');
        for c in self.text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                c if is_hazard(c) => {
                    let mut units = [0; 2];
                    for unit in c.encode_utf16(&mut units) {
                        // Writing to a String cannot fail.
                        let _ok = write!(out, "\\u{unit:04x}");
                    }
                }
                c => out.push(c),
            }
        }
        out.push('"');
        out
    }

    /// A CSV field, quoted; a leading `=`, `+`, `-` or `@` is disarmed with an apostrophe.
    pub fn csv(&self) -> String {
        let text = self.display();
        let guard = if text.starts_with(['=', '+', '-', '@']) {
            "'"
        } else {
            ""
        };
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    }

    /// The text to put into an OSC sequence before it is encoded: line ends stay, other hazards are named.
    pub fn osc(&self) -> String {
        self.lines().join("\n")
    }
}

/// Whether a terminal, or an eye, could be misled by `c`.
pub(super) fn is_hazard(c: char) -> bool {
    let hidden = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    );
    hidden || (c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
}

fn is_combining(c: char) -> bool {
    unicode_width::UnicodeWidthChar::width(c) == Some(0) && !is_hazard(c)
}

fn push_visible(out: &mut String, c: char) {
    match c {
        '\n' | '\t' => out.push(' '),
        '\r' => {}
        '\u{1b}' => out.push_str("<ESC>"),
        '\0' => out.push_str("<NUL>"),
        '\u{7}' => out.push_str("<BEL>"),
        '\u{8}' => out.push_str("<BS>"),
        '\u{7f}' => out.push_str("<DEL>"),
        c if is_hazard(c) => {
            use fmt::Write as _;
            // Writing to a String cannot fail.
            let _ok = write!(out, "<U+{:04X}>", u32::from(c));
        }
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escape_sequences_are_named_and_counted() {
        let text = Untrusted::from("hi \u{1b}[2J \u{202e}moc.live\0");
        assert_eq!(text.display(), "hi <ESC>[2J <U+202E>moc.live<NUL>");
        assert_eq!(text.hazards(), 3);
        assert_eq!(text.json(), "\"hi \\u001b[2J \\u202emoc.live\\u0000\"");
    }

    #[test]
    fn a_formula_is_disarmed() {
        assert_eq!(Untrusted::from("=cmd|'x'!A1").csv(), "\"'=cmd|'x'!A1\"");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let text = Untrusted::from("ä".repeat(KEPT_BYTES));
        assert!(text.is_cut());
        assert_eq!(text.full_bytes(), 2 * KEPT_BYTES);
        assert_eq!(text.display_cut(3), "äää…");
    }

    proptest! {
        #[test]
        fn no_control_byte_gets_out(text in "(\\PC|\\p{Cc}|\\p{Cf}){0,80}") {
            let text = Untrusted::from(text);
            for out in [text.display(), text.json(), text.csv()] {
                prop_assert!(!out.chars().any(is_hazard), "{out:?}");
                prop_assert!(!out.contains(['\n', '\r', '\t']), "{out:?}");
            }
            prop_assert!(!text.osc().chars().any(|c| is_hazard(c) && c != '\n'));
            prop_assert!(serde_json::from_str::<String>(&text.json()).is_ok());
        }
    }
}
