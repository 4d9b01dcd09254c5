//! Editing the open line.

use crate::{
    keymap::{Chord, Key},
    model::Line,
};

/// Characters a line holds at most.
pub(super) const LIMIT: usize = 1_000;

/// A text, and the cursor in it.
struct Typed<'a> {
    text: &'a mut String,
    cursor: &'a mut usize,
}

/// Edits `line` as `chord` asks; whether its text changed.
pub(super) fn edit(line: &mut Line, chord: Chord) -> bool {
    edit_text(&mut line.text, &mut line.cursor, chord)
}

/// Edits `text`, whose cursor stands at `cursor`, as `chord` asks; whether it changed.
pub(super) fn edit_text(text: &mut String, cursor: &mut usize, chord: Chord) -> bool {
    let mut typed = Typed { text, cursor };
    let line = &mut typed;
    let (before, after) = line.text.split_at_checked(*line.cursor).unwrap_or_default();
    let (start, end) = (0, line.text.len());
    let left = before.len() - before.chars().next_back().map_or(0, char::len_utf8);
    let right = *line.cursor + after.chars().next().map_or(0, char::len_utf8);
    let word = word_start(before);
    let at = *line.cursor;
    match (chord.key, chord.ctrl) {
        (Key::Char(c), false) => {
            insert_text(line.text, line.cursor, c.encode_utf8(&mut [0; 4]));
            return true;
        }
        (Key::Left, _) => *line.cursor = left,
        (Key::Right, _) => *line.cursor = right,
        (Key::Home, _) | (Key::Char('a'), true) => *line.cursor = start,
        (Key::End, _) | (Key::Char('e'), true) => *line.cursor = end,
        (Key::Backspace, _) | (Key::Char('h'), true) => return cut(line, left, at),
        (Key::Delete, _) | (Key::Char('d'), true) => return cut(line, at, right),
        (Key::Char('w'), true) => return cut(line, word, at),
        (Key::Char('u'), true) => return cut(line, start, at),
        (Key::Char('k'), true) => return cut(line, at, end),
        (
            Key::Char(_)
            | Key::F(_)
            | Key::Enter
            | Key::Esc
            | Key::Tab
            | Key::BackTab
            | Key::Up
            | Key::Down
            | Key::PageUp
            | Key::PageDown,
            _,
        ) => {}
    }
    false
}

/// Puts `text` where the cursor stands, as far as there is room.
pub(super) fn insert(line: &mut Line, text: &str) {
    insert_text(&mut line.text, &mut line.cursor, text);
}

/// Puts `more` into `text` where `cursor` stands, as far as there is room.
pub(super) fn insert_text(text: &mut String, cursor: &mut usize, more: &str) {
    let room = LIMIT.saturating_sub(text.chars().count());
    let fitting: String = more.chars().take(room).collect();
    text.insert_str(*cursor, &fitting);
    *cursor += fitting.len();
}

/// Makes `text` the whole line, with the cursor behind it.
pub(super) fn replace(line: &mut Line, text: String) {
    line.cursor = text.len();
    line.text = text;
    line.suggestion = 0;
}

fn cut(line: &mut Typed<'_>, from: usize, to: usize) -> bool {
    line.text.replace_range(from..to, "");
    *line.cursor = from;
    from != to
}

/// Where the last word of `text` begins, with the spaces behind it.
fn word_start(text: &str) -> usize {
    let trimmed = text.trim_end();
    trimmed
        .char_indices()
        .rev()
        .find(|(_, c)| c.is_whitespace())
        .map_or(0, |(at, c)| at + c.len_utf8())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Purpose;

    fn line(text: &str) -> Line {
        Line {
            purpose: Purpose::Filter,
            text: text.to_owned(),
            cursor: text.len(),
            suggestion: 0,
            before: String::new(),
            error: None,
        }
    }

    fn press(line: &mut Line, chords: &str) {
        for name in chords.split(' ') {
            edit(line, Chord::parse(name).unwrap());
        }
    }

    #[test]
    fn a_line_is_edited_as_in_a_shell() {
        let cases = [
            ("ab cd", "ctrl-w", "ab |"),
            ("ab cd  ", "ctrl-w", "ab |"),
            ("ab cd", "left ctrl-u", "|d"),
            ("ab cd", "home ctrl-k", "|"),
            ("äö", "left backspace", "|ö"),
            ("äö", "ctrl-a delete", "|ö"),
            ("äö", "home right x", "äx|ö"),
            ("ab", "ctrl-a left x ctrl-e y", "xaby|"),
        ];
        for (text, chords, expected) in cases {
            let mut line = line(text);
            press(&mut line, chords);
            line.text.insert(line.cursor, '|');
            assert_eq!(line.text, expected, "{text} {chords}");
        }
    }

    #[test]
    fn a_full_line_takes_no_more() {
        let mut line = line("");
        insert(&mut line, &"ä".repeat(2 * LIMIT));
        assert_eq!(line.text.chars().count(), LIMIT);
        assert_eq!(line.cursor, line.text.len());
    }

    proptest! {
        #[test]
        fn the_cursor_always_stands_between_characters(
            chords in prop::collection::vec(
                prop::sample::select(vec![
                    "a", "ä", "語", "space", "left", "right", "home", "end", "backspace", "delete",
                    "ctrl-w", "ctrl-u", "ctrl-k", "ctrl-d", "ctrl-x", "up", "F3",
                ]),
                0..60,
            ),
        ) {
            let mut line = line("grüß 語");
            for chord in chords {
                press(&mut line, chord);
                prop_assert!(line.text.is_char_boundary(line.cursor));
            }
        }
    }
}
