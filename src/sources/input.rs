//! Keys, pastes and sizes, from a thread of their own: reading a terminal blocks.

mod bytes;

use std::{
    io,
    os::fd::AsFd as _,
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use tokio::sync::watch;

use self::bytes::{Input, Parser};
use super::Inbox;
use crate::{
    domain::untrusted::Untrusted,
    keymap::{Chord, Key},
    msg::Msg,
};

/// This many different keys within [`BURST_WITHIN`] were not typed by a hand (product design, "typing and paste
/// guard"): a terminal without bracketed paste pours a paste in as keys.
const BURST_KEYS: usize = 4;
/// See [`BURST_KEYS`].
const BURST_WITHIN: Duration = Duration::from_millis(80);

/// The rest of a sequence follows its first byte in this time, or that was the escape key: a terminal writes it whole, and
/// what carries it seldom parts it.
const UNDECIDED_NS: i64 = 10_000_000;

/// How often the terminal has answered that it is there, and when it last did.
pub type Answers = watch::Receiver<(u64, Instant)>;

/// Starts the thread. It ends with the program, or when the terminal is gone.
pub fn start(inbox: Inbox) -> io::Result<Answers> {
    let (answered, answers) = watch::channel((0, Instant::now()));
    thread::Builder::new()
        .name("input".to_owned())
        .spawn(move || {
            let (mut guard, mut parser) = (Guard::default(), Parser::default());
            while let Some(batch) = read(&mut parser) {
                let now = Instant::now();
                let count = batch.iter().filter(|it| **it == Input::Answered).count();
                if count > 0 {
                    answered.send_modify(|answers| *answers = (answers.0 + count as u64, now));
                }
                for msg in guard.translate(batch, now) {
                    if !inbox.send_blocking(msg) {
                        return;
                    }
                }
            }
        })?;
    Ok(answers)
}

/// Waits for the terminal to send something, and takes all that it has; nothing when it is gone.
fn read(parser: &mut Parser) -> Option<Vec<Input>> {
    let mut inputs = take(parser)?;
    loop {
        let patience = if parser.is_undecided() {
            UNDECIDED_NS
        } else {
            0
        };
        if !comes_within(patience) {
            inputs.extend(parser.decide());
            return Some(inputs);
        }
        inputs.extend(take(parser)?);
    }
}

fn take(parser: &mut Parser) -> Option<Vec<Input>> {
    let mut bytes = [0; 4096];
    loop {
        // Past the buffer of standard input: what it held would not be seen to be there.
        match rustix::io::read(io::stdin().as_fd(), &mut bytes) {
            Ok(0) => return None,
            Ok(length) => return Some(parser.take(bytes.get(..length)?)),
            Err(Errno::INTR) => {}
            Err(_) => return None,
        }
    }
}

/// Whether something can be read within so many nanoseconds.
fn comes_within(nanoseconds: i64) -> bool {
    let stdin = io::stdin();
    let mut waited = [PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN)];
    let patience = Timespec {
        tv_sec: 0,
        tv_nsec: nanoseconds,
    };
    matches!(poll(&mut waited, Some(&patience)), Ok(1..))
}

/// Tells typing from pasting.
#[derive(Debug, Default)]
struct Guard {
    recent: Vec<(Instant, Chord)>,
}

impl Guard {
    /// The messages of what was read at `now`, in one go.
    fn translate(&mut self, batch: Vec<Input>, now: Instant) -> Vec<Msg> {
        let mut messages = Vec::new();
        let mut burst = String::new();
        let typed: Vec<Chord> = batch.iter().filter_map(chord_of).collect();
        self.recent
            .retain(|(at, _)| now.duration_since(*at) < BURST_WITHIN);
        let is_burst = self.is_burst(&typed);
        for input in batch {
            match input {
                Input::Pasted(text) => messages.push(Msg::Pasted(Untrusted::from(text))),
                Input::Key(chord) if is_burst => push_text(&mut burst, chord),
                Input::Key(chord) => messages.push(Msg::Key(chord)),
                Input::Focused(gained) => messages.push(Msg::Focused(gained)),
                Input::Answered => {}
            }
        }
        self.recent
            .extend(typed.into_iter().map(|chord| (now, chord)));
        if is_burst && !burst.is_empty() {
            messages.push(Msg::Pasted(Untrusted::from(burst)));
        }
        messages
    }

    /// Whether `typed`, with what came just before, holds too many different keys for a hand. A key that is held
    /// down repeats itself and is none; ctrl-c always gets through.
    fn is_burst(&self, typed: &[Chord]) -> bool {
        let mut different: Vec<Chord> = Vec::new();
        for chord in self.recent.iter().map(|(_, chord)| chord).chain(typed) {
            let is_text = matches!(chord.key, Key::Char(_) | Key::Enter | Key::Tab) && !chord.ctrl;
            if is_text && !different.contains(chord) {
                different.push(*chord);
            }
        }
        different.len() >= BURST_KEYS && !typed.iter().any(|chord| chord.ctrl)
    }
}

fn push_text(text: &mut String, chord: Chord) {
    match chord.key {
        Key::Char(c) => text.push(c),
        Key::Enter => text.push('\n'),
        Key::Tab => text.push('\t'),
        Key::F(_)
        | Key::Esc
        | Key::BackTab
        | Key::Backspace
        | Key::Delete
        | Key::Up
        | Key::Down
        | Key::Left
        | Key::Right
        | Key::Home
        | Key::End
        | Key::PageUp
        | Key::PageDown => {}
    }
}

const fn chord_of(input: &Input) -> Option<Chord> {
    match input {
        Input::Key(chord) => Some(*chord),
        Input::Pasted(_) | Input::Focused(_) | Input::Answered => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<Input> {
        Parser::default().take(text.as_bytes())
    }

    fn key(c: char) -> Msg {
        Msg::Key(Chord {
            key: Key::Char(c),
            ctrl: false,
        })
    }

    #[test]
    fn text_poured_in_at_once_is_a_paste() {
        let got = Guard::default().translate(keys("DROP"), Instant::now());
        assert_eq!(got, [Msg::Pasted(Untrusted::from("DROP"))]);
    }

    #[test]
    fn a_key_held_down_is_typing() {
        let got = Guard::default().translate(keys("jjjjjjjj"), Instant::now());
        assert_eq!(got, vec![key('j'); 8]);
    }

    #[test]
    fn keys_pressed_one_after_the_other_are_typing() {
        let mut guard = Guard::default();
        let start = Instant::now();
        for (n, c) in "4nxRy".chars().enumerate() {
            let at = start + Duration::from_millis(90 * n as u64);
            assert_eq!(guard.translate(keys(&c.to_string()), at), [key(c)]);
        }
    }

    #[test]
    fn a_paste_in_small_pieces_is_caught_from_the_fourth_key_on() {
        let mut guard = Guard::default();
        let now = Instant::now();
        assert_eq!(guard.translate(keys("ab"), now), [key('a'), key('b')]);
        assert_eq!(
            guard.translate(keys("cd"), now),
            [Msg::Pasted(Untrusted::from("cd"))]
        );
    }
}
