//! How often data may repaint the screen: bytes are what a slow link lacks, so they are budgeted.

use std::time::Duration;

use tokio::time::Instant;

use super::writer::{Drained, Taken};

/// Bytes a second that repaints caused by data may use on average. Below what the slowest link worth working
/// over carries (4 KiB/s), so that no backlog of frames ever stands before a key's own.
const BYTES_PER_SECOND: f64 = 3_000.0;

/// Bytes that may be spent at once: the first pictures, and a screen that was changed by a burst.
const BURST: f64 = 24_000.0;

/// A write that takes this long has waited for the link: everything that could have taken it in is full.
const WAITED: Duration = Duration::from_millis(100);

/// The share of what such a link carries that repaints caused by data may use from then on. What stands in the queue
/// before it drains meanwhile, and keys find it short again.
const SHARE: f64 = 0.25;

/// After a frame that has been shown data waits no longer for its next, however large that one was.
const SHOWN: Duration = Duration::from_secs(8);

/// One frame makes the bytes a second at most so many times fewer, or more.
const STEP: f64 = 4.0;

/// Bytes a second that are left to them over the slowest link.
const LEAST: f64 = 100.0;

/// Over a link that has shown itself slow the bytes a second double in this time where the terminal does not answer: it may
/// have become faster, and nothing else would tell.
const RECOVERY: Duration = Duration::from_mins(10);

/// The bytes of a frame that data caused, before any was painted.
const USUAL_FRAME: f64 = 1_000.0;

/// A link is called slow while less than this part of the usual bytes is left.
const ABOUT: f64 = 0.9;

/// How much of that the last frame counts for.
const LAST_FRAME: f64 = 0.2;

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
    /// Bytes a second, lower over a slow link.
    rate: f64,
    /// The bytes of a frame, on average over the last ones.
    frame: f64,
    filled_at: Instant,
    last_frame: Option<Instant>,
    touched_at: Instant,
}

impl Budget {
    /// A full bucket.
    pub const fn new(now: Instant) -> Self {
        Self {
            tokens: BURST,
            rate: BYTES_PER_SECOND,
            frame: USUAL_FRAME,
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
        next.max(now + Duration::from_secs_f64(-self.tokens / self.rate))
    }

    /// A frame of `bytes` was painted.
    pub fn spend(&mut self, now: Instant, bytes: usize) {
        self.fill(now);
        self.tokens -= bytes as f64;
        self.frame += (bytes as f64 - self.frame) * LAST_FRAME;
        self.last_frame = Some(now);
    }

    /// The terminal took something. Where the link had to be waited for, that says how fast it is.
    pub fn taken(&mut self, now: Instant, taken: Taken) {
        self.fill(now);
        if let Taken::Shown(_) = taken {
            // It stands in no queue any more.
            self.tokens = self.tokens.max(-self.rate * SHOWN.as_secs_f64());
        }
        match taken {
            Taken::Written(drained) if drained.took < WAITED => {}
            Taken::Written(drained) => self.slower(share(drained)),
            Taken::Shown(drained) if share(drained) > self.rate => self.faster(share(drained)),
            Taken::Shown(drained) if drained.took >= WAITED => self.slower(share(drained)),
            Taken::Shown(_) | Taken::Unanswered => {}
        }
    }

    fn slower(&mut self, share: f64) {
        // One wait may be a terminal that was held with ctrl-s: it takes several to get far down.
        let share = share.max(self.rate / STEP).max(LEAST);
        self.rate = self.rate.min(share);
        self.tokens = self.tokens.min(self.burst());
    }

    /// A small frame tells little of what the link carries: several are needed to get far up, too.
    fn faster(&mut self, share: f64) {
        let more = (self.rate * STEP).min(share).min(BYTES_PER_SECOND);
        self.rate = self.rate.max(more);
    }

    /// How many frames in 100 s data may repaint, where the link is slow; nothing over one that is not.
    pub fn frames(&self) -> Option<u32> {
        let is_slow = self.rate < BYTES_PER_SECOND * ABOUT;
        let frames = (self.rate / self.frame.max(1.0)).min(1.0 / GAP.as_secs_f64());
        is_slow.then(|| rounded(frames * 100.0))
    }

    /// Bytes that may be spent at once, at the present rate.
    fn burst(&self) -> f64 {
        BURST * self.rate / BYTES_PER_SECOND
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.tokens += passed * self.rate;
        self.rate *= (passed / RECOVERY.as_secs_f64()).exp2();
        self.rate = self.rate.min(BYTES_PER_SECOND);
        self.tokens = self.tokens.min(self.burst());
        self.filled_at = now;
    }
}

/// What of the link that took bytes so long data may use.
fn share(Drained { bytes, took }: Drained) -> f64 {
    bytes as f64 / took.as_secs_f64() * SHARE
}

/// To one digit: what is told changes seldom.
fn rounded(frames: f64) -> u32 {
    let unit = 10_f64.powf(frames.max(1.0).log10().floor());
    ((frames / unit).round() * unit).max(1.0) as u32
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

    /// A link behind a queue, as behind sshd: it takes bytes at once while there is room.
    struct Link {
        carries: f64,
        queue: f64,
        at: Instant,
    }

    impl Link {
        const ROOM: f64 = 65_536.0;

        /// Takes bytes from `now` on; when it has.
        fn take(&mut self, now: Instant, bytes: usize) -> Instant {
            let passed = now.saturating_duration_since(self.at).as_secs_f64();
            self.queue = (self.queue - passed * self.carries).max(0.0) + bytes as f64;
            let over = (self.queue - Self::ROOM).max(0.0);
            self.queue -= over;
            self.at = now + Duration::from_secs_f64(over / self.carries);
            self.at
        }
    }

    /// Frames of 2,000 bytes for so long; the seconds that a key would have waited behind them, at most, in the last
    /// half, and the bytes written.
    fn paint_over(carries: f64, time: Duration) -> (f64, usize) {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let mut link = Link {
            carries,
            queue: 0.0,
            at: start,
        };
        let (mut now, mut worst, mut all) = (start, 0.0_f64, 0);
        while now < start + time {
            now = budget.next_frame(now);
            budget.spend(now, 2_000);
            let taken = link.take(now, 2_000);
            let took = taken.saturating_duration_since(now);
            now = taken;
            budget.taken(now, Taken::Written(Drained { bytes: 2_000, took }));
            all += 2_000;
            if now > start + time / 2 {
                worst = worst.max(link.queue / carries);
            }
        }
        (worst, all)
    }

    #[tokio::test(start_paused = true)]
    async fn over_a_link_slower_than_the_budget_no_backlog_stays_and_over_a_fast_one_nothing_changes()
     {
        let time = Duration::from_mins(10);
        for carries in [500.0, 1_000.0, 2_000.0] {
            let (worst, bytes) = paint_over(carries, time);
            assert!(
                worst < 2.0 * 2_000.0 / carries + 0.1,
                "{carries}: {worst} s behind"
            );
            assert!(
                (bytes as f64) < carries * time.as_secs_f64() * 0.9,
                "{carries}: {bytes} bytes"
            );
        }
        let (worst, bytes) = paint_over(100_000.0, time);
        assert!(
            worst < 0.1 && bytes > 590_000,
            "{worst} s behind, {bytes} bytes"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_link_that_has_become_fast_again_gets_the_whole_budget_back() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let took = Duration::from_secs(1);
        budget.taken(start, Taken::Written(Drained { bytes: 800, took }));
        let once = budget.rate;
        assert!((once - BYTES_PER_SECOND / 4.0).abs() < 1.0, "{once}");
        budget.taken(start, Taken::Written(Drained { bytes: 800, took }));
        budget.taken(start, Taken::Written(Drained { bytes: 800, took }));
        assert!((budget.rate - 200.0).abs() < 1.0, "{}", budget.rate);
        budget.fill(start + RECOVERY);
        assert!((budget.rate - 400.0).abs() < 1.0, "{}", budget.rate);
        budget.fill(start + RECOVERY * 5);
        assert!(budget.rate >= BYTES_PER_SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_terminal_that_answers_shows_how_slow_its_link_is_and_that_it_is_fast_again() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        assert_eq!(budget.frames(), None);
        let shown = |ms| {
            let took = Duration::from_millis(ms);
            Taken::Shown(Drained { bytes: 1_000, took })
        };
        for _ in 0..3 {
            budget.taken(start, shown(2_000));
        }
        assert!((budget.rate - 125.0).abs() < 1.0, "{}", budget.rate);
        assert_eq!(budget.frames(), Some(10), "0.1/s");
        budget.taken(start, shown(1_000));
        assert!((budget.rate - 250.0).abs() < 1.0, "{}", budget.rate);
        budget.taken(start, shown(10));
        budget.taken(start, shown(10));
        assert_eq!(budget.frames(), None);
        // What a hand asked for was large, and is shown: data does not wait for minutes.
        budget.taken(start, shown(10_000));
        budget.spend(start, 100_000);
        budget.taken(start, shown(100));
        assert!(budget.next_frame(start) <= start + SHOWN);
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
