//! Keys, pastes and sizes, from a thread of their own: reading a terminal blocks.

use std::{
    io, thread,
    time::{Duration, Instant},
};

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

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

/// Starts the thread. It ends with the program, or when the terminal is gone.
pub fn start(inbox: Inbox) -> io::Result<()> {
    thread::Builder::new()
        .name("input".to_owned())
        .spawn(move || {
            let mut guard = Guard::default();
            while let Ok(first) = event::read() {
                let mut batch = vec![first];
                while let Ok(true) = event::poll(Duration::ZERO) {
                    match event::read() {
                        Ok(event) => batch.push(event),
                        Err(_) => return,
                    }
                }
                for msg in guard.translate(batch, Instant::now()) {
                    if !inbox.send_blocking(msg) {
                        return;
                    }
                }
            }
        })?;
    Ok(())
}

/// Tells typing from pasting.
#[derive(Debug, Default)]
pub struct Guard {
    recent: Vec<(Instant, Chord)>,
}

impl Guard {
    /// The messages of events that were read at `now`, in one go.
    pub fn translate(&mut self, batch: Vec<Event>, now: Instant) -> Vec<Msg> {
        let mut messages = Vec::new();
        let mut burst = String::new();
        let typed: Vec<Chord> = batch.iter().filter_map(chord_of).collect();
        self.recent
            .retain(|(at, _)| now.duration_since(*at) < BURST_WITHIN);
        let is_burst = self.is_burst(&typed);
        for event in batch {
            match event {
                Event::Resize(width, height) => messages.push(Msg::Resized(width, height)),
                Event::Paste(text) => messages.push(Msg::Pasted(Untrusted::from(text))),
                Event::Key(_) => {
                    let Some(chord) = chord_of(&event) else {
                        continue;
                    };
                    if is_burst {
                        push_text(&mut burst, chord);
                    } else {
                        messages.push(Msg::Key(chord));
                    }
                }
                Event::FocusGained => messages.push(Msg::Focused(true)),
                Event::FocusLost => messages.push(Msg::Focused(false)),
                Event::Mouse(_) => {}
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

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "crossterm knows many keys that we do not bind"
)]
fn chord_of(event: &Event) -> Option<Chord> {
    let Event::Key(KeyEvent {
        code,
        modifiers,
        kind,
        ..
    }) = event
    else {
        return None;
    };
    if *kind == KeyEventKind::Release {
        return None;
    }
    let key = match code {
        KeyCode::Char(c) => Key::Char(*c),
        KeyCode::F(n) => Key::F(*n),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        _ => return None,
    };
    Some(Chord {
        key,
        ctrl: modifiers.contains(KeyModifiers::CONTROL),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<Event> {
        text.chars()
            .map(|c| Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)))
            .collect()
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
