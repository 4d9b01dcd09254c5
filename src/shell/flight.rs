//! What was written to the terminal and has not arrived there yet. What carries it to us (an ssh channel, sockets) takes in
//! many kilobytes at once and brings them over the link as slowly as that is; a write says nothing about it. So each frame
//! ends with the question that every terminal answers (`ESC [ 5 n`: are you there?), and the answer says that the frame is
//! on the screen. Until then no other one that data caused is painted, and not more than one that a hand did: a key never
//! stands behind a queue of old frames.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::writer::Drained;

/// The question.
pub const ASK: &[u8] = b"\x1b[5n";

/// Frames that may be on their way when a hand did something: the one that data caused before, at most.
const BY_HAND: usize = 2;

/// Answers over which the quickest tells how long the way is: it may change under us.
const REMEMBERED: usize = 16;

/// No more of what an answer takes is put down to the length of the way: frames that all take long are a slow link.
const LONGEST_WAY: Duration = Duration::from_millis(300);

/// An answer that has not come in this time and in that which what is on its way takes, will not: the terminal is asked again
/// with the next frame.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes a second that a link is taken to carry before it has shown what it does.
const UNKNOWN: f64 = 500.0;

/// What is on its way to the terminal.
#[derive(Debug)]
pub struct Flight {
    /// Whether the terminal answers at all. It was asked once when it was taken over.
    answers: bool,
    sent: VecDeque<(Instant, usize)>,
    /// When the last answer came.
    free_since: Instant,
    /// How long the last answers took.
    trips: VecDeque<Duration>,
    /// Bytes a second, as last seen.
    carries: f64,
}

impl Flight {
    /// Nothing is on its way.
    pub const fn new(now: Instant) -> Self {
        Self {
            answers: false,
            sent: VecDeque::new(),
            free_since: now,
            trips: VecDeque::new(),
            carries: UNKNOWN,
        }
    }

    /// Whether frames are to ask for an answer.
    pub const fn asks(&self) -> bool {
        self.answers
    }

    /// Whether another frame may be painted, one that a hand asked for or another.
    pub fn has_room(&self, by_hand: bool) -> bool {
        self.sent.len() < if by_hand { BY_HAND } else { 1 }
    }

    /// Whether nothing is on its way that will be answered.
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// A frame of `bytes` that asks for an answer was written.
    pub fn sent(&mut self, now: Instant, bytes: usize) {
        self.sent.push_back((now, bytes));
    }

    /// The terminal answered at `now`. What that took beyond the quickest answer is what the link took to carry the frame.
    pub fn answered(&mut self, now: Instant) -> Option<Drained> {
        self.answers = true;
        let (at, bytes) = self.sent.pop_front()?;
        // While the frame before it was on its way, the link did not carry this one.
        let took = now.saturating_duration_since(at.max(self.free_since));
        self.free_since = now;
        self.trips.push_back(took);
        if self.trips.len() > REMEMBERED {
            self.trips.pop_front();
        }
        let way = self.trips.iter().min().copied().unwrap_or_default();
        let took = took
            .saturating_sub(way.min(LONGEST_WAY))
            .max(Duration::from_millis(1));
        self.carries = (bytes as f64 / took.as_secs_f64()).max(1.0);
        Some(Drained { bytes, took })
    }

    /// When the answer to what is on its way is not waited for any longer.
    pub fn lost_at(&self) -> Option<Instant> {
        let (at, _) = self.sent.front()?;
        let bytes: usize = self.sent.iter().map(|(_, bytes)| bytes).sum();
        let way = Duration::from_secs_f64(4.0 * bytes as f64 / self.carries);
        Some((*at).max(self.free_since) + PATIENCE + way)
    }

    /// The answers to what is on its way are not waited for any longer.
    pub fn lost(&mut self) {
        self.sent.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn until_a_frame_is_shown_data_waits_and_a_hand_gets_one_more() {
        let mut now = Instant::now();
        let mut flight = Flight::new(now);
        flight.sent(now, 40);
        assert!(!flight.asks(), "it has not answered yet");
        now += MS * 50;
        flight.answered(now);
        assert!(flight.asks());
        assert!(flight.has_room(false) && flight.has_room(true));
        flight.sent(now, 2_000);
        assert!(!flight.has_room(false) && flight.has_room(true));
        flight.sent(now, 500);
        assert!(!flight.has_room(true));
        let first = flight.answered(now + MS * 4_050).unwrap();
        assert_eq!((first.bytes, first.took), (2_000, MS * 4_000));
        assert!(flight.has_room(true) && !flight.has_room(false));
        let second = flight.answered(now + MS * 5_050).unwrap();
        assert_eq!((second.bytes, second.took), (500, MS * 950), "behind it");
        assert!(flight.is_empty());
        assert_eq!(flight.answered(now + MS * 6_000), None, "one too many");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_was_lost_is_not_waited_for_longer_than_the_link_may_take() {
        let now = Instant::now();
        let mut flight = Flight::new(now);
        assert_eq!(flight.lost_at(), None);
        flight.sent(now, 500);
        assert_eq!(flight.lost_at(), Some(now + PATIENCE + MS * 4_000));
        flight.lost();
        assert!(flight.is_empty() && flight.has_room(false));
    }
}
