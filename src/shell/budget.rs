//! How often data may repaint the screen: bytes are what a slow link lacks, so they are budgeted.

use std::time::Duration;

use tokio::time::Instant;

/// Bytes a second that repaints caused by data may use on average. Below what the slowest link worth working
/// over carries (4 KiB/s), so that no backlog of frames ever stands before a key's own.
const BYTES_PER_SECOND: f64 = 3_000.0;

/// Bytes that may be spent at once: the first pictures, and a screen that was changed by a burst.
const BURST: f64 = 24_000.0;

/// Repaints caused by data are at least this far apart: nobody reads numbers that change more often, and what
/// comes after a quiet second is painted at once.
const GAP: Duration = Duration::from_secs(1);

/// The same when nobody has touched a key for [`WATCHED`]: a screen that is left open costs half.
const GAP_UNWATCHED: Duration = Duration::from_secs(2);

/// How long after a key somebody is taken to sit before the screen.
const WATCHED: Duration = Duration::from_mins(1);

/// The same while an operator waits for what a key has asked for.
const GAP_AWAITED: Duration = Duration::from_millis(100);

/// How long after the start or a key what comes counts as awaited.
const AWAITED: Duration = Duration::from_secs(3);

/// A token bucket of bytes.
#[derive(Debug)]
pub struct Budget {
    tokens: f64,
    filled_at: Instant,
    last_frame: Option<Instant>,
    touched_at: Instant,
}

impl Budget {
    /// A full bucket.
    pub const fn new(now: Instant) -> Self {
        Self {
            tokens: BURST,
            filled_at: now,
            last_frame: None,
            touched_at: now,
        }
    }

    /// A hand did something, or something came that calls for one.
    pub const fn touched(&mut self, now: Instant) {
        self.touched_at = now;
    }

    /// When data may next repaint: at once while there are tokens, else when there are again.
    pub fn next_frame(&mut self, now: Instant) -> Instant {
        self.fill(now);
        let gap = if now < self.touched_at + AWAITED {
            GAP_AWAITED
        } else if now < self.touched_at + WATCHED {
            GAP
        } else {
            GAP_UNWATCHED
        };
        let next = self.last_frame.map_or(now, |last| last + gap).max(now);
        if self.tokens >= 0.0 {
            return next;
        }
        next.max(now + Duration::from_secs_f64(-self.tokens / BYTES_PER_SECOND))
    }

    /// A frame of `bytes` was painted.
    pub fn spend(&mut self, now: Instant, bytes: usize) {
        self.fill(now);
        self.tokens -= bytes as f64;
        self.last_frame = Some(now);
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + passed * BYTES_PER_SECOND).min(BURST);
        self.filled_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stream_of_large_frames_is_slowed_to_the_budget() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let mut now = start;
        let mut bytes = 0;
        while now < start + Duration::from_mins(1) {
            now = budget.next_frame(now);
            budget.spend(now, 5_000);
            bytes += 5_000;
        }
        assert!(
            (180_000..=215_000).contains(&bytes),
            "{bytes} bytes in a minute"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_frames_are_not_held_back() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        budget.spend(start, 12_000);
        assert_eq!(budget.next_frame(start), start + GAP_AWAITED);
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_waits_for_is_painted_once_a_second_and_what_a_key_asked_for_soon() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let soon = start + Duration::from_secs(30);
        budget.spend(soon, 500);
        assert_eq!(budget.next_frame(soon), soon + GAP);
        let later = start + Duration::from_mins(5);
        budget.spend(later, 500);
        assert_eq!(budget.next_frame(later), later + GAP_UNWATCHED);
        budget.touched(later);
        assert_eq!(budget.next_frame(later), later + GAP_AWAITED);
    }
}
