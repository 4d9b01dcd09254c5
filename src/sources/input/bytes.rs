//! What the bytes of a terminal mean: keys, pastes, the focus, and its answer to a question of ours.

use std::str;

use crate::keymap::{Chord, Key};

/// A paste ends so.
const PASTE_END: &[u8] = b"\x1b[201~";

/// Bytes of a paste that are kept at least; of more only what fits is.
const PASTE_KEPT: usize = 1 << 20;

/// A sequence that is longer than this is none of a terminal's.
const LONGEST: usize = 64;

/// Something that the terminal sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// A key.
    Key(Chord),
    /// What was pasted.
    Pasted(String),
    /// The terminal got the focus, or lost it.
    Focused(bool),
    /// It answers that it is there: what was written before it was asked has been taken in.
    Answered,
}

/// What the first of some bytes mean.
enum Step {
    /// So many of them are this, or nothing that we know.
    Read(usize, Option<Input>),
    /// A paste begins after so many.
    Paste(usize),
    /// More must come.
    More,
}

/// Takes bytes as they come, in pieces of any length.
#[derive(Debug, Default)]
pub(super) struct Parser {
    held: Vec<u8>,
    /// The paste under way.
    paste: Option<Vec<u8>>,
}

impl Parser {
    /// What `bytes` and what was held before them mean.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Input> {
        self.held.extend(bytes);
        let mut inputs = Vec::new();
        loop {
            if let Some(mut paste) = self.paste.take() {
                let Some(end) = find(&self.held, PASTE_END) else {
                    // The end may have come in part.
                    let sure = self.held.len().saturating_sub(PASTE_END.len() - 1);
                    keep(&mut paste, self.held.drain(..sure));
                    self.paste = Some(paste);
                    return inputs;
                };
                keep(&mut paste, self.held.drain(..end));
                self.held.drain(..PASTE_END.len());
                inputs.push(Input::Pasted(String::from_utf8_lossy(&paste).into_owned()));
            }
            match first(&self.held) {
                Step::More => return inputs,
                Step::Paste(length) => {
                    self.held.drain(..length);
                    self.paste = Some(Vec::new());
                }
                Step::Read(length, input) => {
                    self.held.drain(..length);
                    inputs.extend(input);
                }
            }
        }
    }

    /// Whether the last byte may be the escape key, or the first of a sequence.
    pub(super) fn is_undecided(&self) -> bool {
        self.paste.is_none() && self.held == [0x1b]
    }

    /// Nothing followed: it is the key.
    pub(super) fn decide(&mut self) -> Option<Input> {
        self.is_undecided().then(|| {
            self.held.clear();
            key(Key::Esc)
        })
    }
}

fn keep(paste: &mut Vec<u8>, more: impl Iterator<Item = u8>) {
    let room = PASTE_KEPT.saturating_sub(paste.len());
    // What does not fit is taken in all the same, and let go.
    let mut more = more;
    paste.extend(more.by_ref().take(room));
    more.for_each(drop);
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}

const fn chord(key: Key, ctrl: bool) -> Input {
    Input::Key(Chord { key, ctrl })
}

const fn key(key: Key) -> Input {
    chord(key, false)
}

fn first(bytes: &[u8]) -> Step {
    match bytes {
        [] | [0x1b] | [0x1b, b'O'] => Step::More,
        [0x1b, b'[', ..] => csi(bytes),
        [0x1b, b'O', last, ..] => Step::Read(3, named(*last).map(key)),
        // Two keys of escape, the second may begin something.
        [0x1b, 0x1b, ..] => Step::Read(1, Some(key(Key::Esc))),
        // With alt held; we bind no such key, and take it for the key.
        [0x1b, ..] => Step::Read(1, None),
        [byte, ..] => plain(*byte, bytes),
    }
}

/// A character, or a key that is sent as one byte.
fn plain(byte: u8, bytes: &[u8]) -> Step {
    let input = match byte {
        b'\r' => key(Key::Enter),
        b'\t' => key(Key::Tab),
        0x7f => key(Key::Backspace),
        0 => chord(Key::Char(' '), true),
        1..=0x1a => chord(Key::Char(char::from(byte - 1 + b'a')), true),
        0x1c..=0x1f => chord(Key::Char(char::from(byte - 0x1c + b'4')), true),
        _ => return character(bytes),
    };
    Step::Read(1, Some(input))
}

fn character(bytes: &[u8]) -> Step {
    let longest = bytes.get(..4.min(bytes.len())).unwrap_or_default();
    let (text, error) = match str::from_utf8(longest) {
        Ok(text) => (text, None),
        Err(error) => {
            let sound = longest.get(..error.valid_up_to()).unwrap_or_default();
            (str::from_utf8(sound).unwrap_or_default(), Some(error))
        }
    };
    match (text.chars().next(), error) {
        (Some(c), _) => Step::Read(c.len_utf8(), Some(key(Key::Char(c)))),
        (None, Some(error)) if error.error_len().is_none() => Step::More,
        (None, _) => Step::Read(1, None),
    }
}

/// A sequence that `ESC [` begins: parameters, and a last byte that says what it is.
fn csi(bytes: &[u8]) -> Step {
    let rest = bytes.get(2..).unwrap_or_default();
    // The console of Linux sends its first function keys so.
    if let [b'[', more @ ..] = rest {
        return match more {
            [] => Step::More,
            [n @ b'A'..=b'E', ..] => Step::Read(4, Some(key(Key::F(n - b'A' + 1)))),
            _ => Step::Read(3, None),
        };
    }
    let Some(length) = rest.iter().position(|byte| !(0x20..=0x3f).contains(byte)) else {
        return if rest.len() < LONGEST {
            Step::More
        } else {
            Step::Read(bytes.len(), None)
        };
    };
    let (parameters, last) = rest.split_at(length);
    let last = last.first().copied().unwrap_or_default();
    let end = 2 + length + 1;
    match (parameters, last) {
        // A sequence is cut short by another, or by a control byte.
        (_, ..=0x1f | 0x7f..) => Step::Read(end - 1, None),
        (b"200", b'~') => Step::Paste(end),
        // A mouse that another program left on: its three bytes are no keys.
        ([], b'M') if bytes.len() < end + 3 => Step::More,
        ([], b'M') => Step::Read(end + 3, None),
        (_, b'n') => Step::Read(end, Some(Input::Answered)),
        ([], b'I') => Step::Read(end, Some(Input::Focused(true))),
        ([], b'O') => Step::Read(end, Some(Input::Focused(false))),
        _ => Step::Read(end, pressed(parameters, last)),
    }
}

/// The key of a sequence, with its modifiers; nothing where it was let go.
fn pressed(parameters: &[u8], last: u8) -> Option<Input> {
    let text = str::from_utf8(parameters).ok()?;
    let mut fields = text.split(';');
    let number = |field: &str| field.parse::<u32>().ok();
    let first = fields.next().and_then(|field| {
        let (number_alone, _) = field.split_once(':').unwrap_or((field, ""));
        number(number_alone)
    });
    let modifiers = fields.next().unwrap_or("1");
    let (mask, kind) = modifiers.split_once(':').unwrap_or((modifiers, "1"));
    if kind == "3" {
        return None;
    }
    let ctrl = number(mask).is_some_and(|mask| mask.saturating_sub(1) & 4 != 0);
    let found = match last {
        b'~' => numbered(first?),
        b'u' => written(first?),
        b'Z' => Some(Key::BackTab),
        _ => named(last),
    };
    found.map(|key| chord(key, ctrl))
}

/// The keys that a letter names.
const fn named(last: u8) -> Option<Key> {
    Some(match last {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'P'..=b'S' => Key::F(last - b'P' + 1),
        _ => return None,
    })
}

/// The keys that a number names.
fn numbered(number: u32) -> Option<Key> {
    Some(match number {
        1 | 7 => Key::Home,
        3 => Key::Delete,
        4 | 8 => Key::End,
        5 => Key::PageUp,
        6 => Key::PageDown,
        11..=15 => Key::F(u8::try_from(number - 10).ok()?),
        17..=21 => Key::F(u8::try_from(number - 11).ok()?),
        23..=26 => Key::F(u8::try_from(number - 12).ok()?),
        28 | 29 => Key::F(u8::try_from(number - 13).ok()?),
        31..=34 => Key::F(u8::try_from(number - 14).ok()?),
        _ => return None,
    })
}

/// The keys that their character names.
fn written(code: u32) -> Option<Key> {
    Some(match code {
        9 => Key::Tab,
        13 => Key::Enter,
        27 => Key::Esc,
        127 => Key::Backspace,
        _ => Key::Char(char::from_u32(code).filter(|c| !c.is_control())?),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Vec<Input> {
        let mut parser = Parser::default();
        let mut inputs = parser.take(bytes);
        inputs.extend(parser.decide());
        inputs
    }

    #[test]
    fn keys_are_read_as_terminals_send_them() {
        let cases: &[(&[u8], Key, bool)] = &[
            (b"a", Key::Char('a'), false),
            (b"R", Key::Char('R'), false),
            ("é".as_bytes(), Key::Char('é'), false),
            ("⠿".as_bytes(), Key::Char('⠿'), false),
            (b"\x03", Key::Char('c'), true),
            (b"\n", Key::Char('j'), true),
            (b"\x00", Key::Char(' '), true),
            (b"\r", Key::Enter, false),
            (b"\t", Key::Tab, false),
            (b"\x7f", Key::Backspace, false),
            (b"\x1b", Key::Esc, false),
            (b"\x1bx", Key::Char('x'), false),
            (b"\x1b[A", Key::Up, false),
            (b"\x1bOB", Key::Down, false),
            (b"\x1b[1;5C", Key::Right, true),
            (b"\x1b[1;2D", Key::Left, false),
            (b"\x1b[1~", Key::Home, false),
            (b"\x1bOF", Key::End, false),
            (b"\x1b[3~", Key::Delete, false),
            (b"\x1b[5~", Key::PageUp, false),
            (b"\x1b[6;5~", Key::PageDown, true),
            (b"\x1b[Z", Key::BackTab, false),
            (b"\x1bOP", Key::F(1), false),
            (b"\x1b[[E", Key::F(5), false),
            (b"\x1b[1;2R", Key::F(3), false),
            (b"\x1b[15~", Key::F(5), false),
            (b"\x1b[24~", Key::F(12), false),
            (b"\x1b[99;5u", Key::Char('c'), true),
            (b"\x1b[27u", Key::Esc, false),
        ];
        for (bytes, key, ctrl) in cases {
            assert_eq!(read(bytes), [chord(*key, *ctrl)], "{bytes:?}");
        }
    }

    #[test]
    fn the_answer_the_focus_and_what_we_never_asked_for_are_no_keys() {
        assert_eq!(read(b"\x1b[0n"), [Input::Answered]);
        assert_eq!(read(b"\x1b[I"), [Input::Focused(true)]);
        assert_eq!(read(b"\x1b[O"), [Input::Focused(false)]);
        let others: &[&[u8]] = &[
            b"\x1b[?62;22c",
            b"\x1b[MqqD",
            b"\x1b[<0;4;4M",
            b"\x1b[2~",
            b"\x1b[?2026;2$y",
            b"\x1b[99;1:3u",
            b"\xff",
        ];
        for bytes in others {
            assert_eq!(read(bytes), [], "{bytes:?}");
        }
        assert_eq!(
            read(b"\x1b[12\x1b[B"),
            [key(Key::Down)],
            "a sequence cut short"
        );
    }

    #[test]
    fn a_paste_is_one_input_whatever_stands_in_it() {
        assert_eq!(
            read(b"\x1b[200~q\x1b[A\ny\x1b[201~j"),
            [Input::Pasted("q\x1b[A\ny".to_owned()), key(Key::Char('j'))]
        );
        let mut parser = Parser::default();
        assert_eq!(parser.take(b"\x1b[200~"), []);
        for _ in 0..3_000 {
            assert_eq!(parser.take(&[b'x'; 1_000]), []);
        }
        let inputs = parser.take(PASTE_END);
        assert!(matches!(&*inputs, [Input::Pasted(text)] if text.len() == PASTE_KEPT));
    }

    #[test]
    fn escape_waits_to_be_decided_and_begins_a_sequence_where_more_comes() {
        let mut parser = Parser::default();
        assert_eq!(parser.take(b"\x1b"), []);
        assert!(parser.is_undecided());
        assert_eq!(parser.take(b"[0n"), [Input::Answered]);
        assert!(!parser.is_undecided());
        assert_eq!(read(b"\x1b\x1b"), [key(Key::Esc), key(Key::Esc)]);
    }

    proptest! {
        #[test]
        fn how_bytes_are_cut_into_pieces_changes_nothing(
            bytes in prop::collection::vec(prop_oneof![
                any::<u8>(), Just(0x1b), Just(b'['), Just(b'~'), b'0'..=b'9',
            ], 0..60),
            cut in 0_usize..60,
        ) {
            let mut parser = Parser::default();
            let (before, after) = bytes.split_at(cut.min(bytes.len()));
            let mut inputs = parser.take(before);
            inputs.extend(parser.take(after));
            inputs.extend(parser.decide());
            prop_assert_eq!(inputs, read(&bytes));
        }
    }
}
