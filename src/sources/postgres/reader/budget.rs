//! How far refresh is slowed so that it keeps to a budget. Pure: time is an argument.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use crate::{domain::cost::WINDOW, effect::FeedId};

/// Intervals are never stretched further than this.
const MOST: f64 = 64.0;

/// In a second the stretch grows or shrinks by no more than this factor.
const PACE: f64 = 1.2;

/// The share of the budget that the feeds keep, whatever else is spent.
const KEPT: f64 = 0.2;

/// A tail that notifications ask for is read so many times in its interval.
pub(super) const HINTS: u32 = 4;

/// What is known of a feed's cost counts half as much when it is so much older than the feed's own interval: what was dear
/// in a bad minute is tried again before long.
const HALF_LIFE: Duration = Duration::from_mins(2);

/// What a cost that was measured `age` ago counts, of one measured within the feed's own interval.
pub(super) fn faded(feed: FeedId, age: Duration) -> f64 {
    let over = age.saturating_sub(feed.interval()).as_secs_f64();
    0.5_f64.powf(over / HALF_LIFE.as_secs_f64())
}

/// What a feed costs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) feed: FeedId,
    /// A turn of it, ms of the database's time.
    pub(super) busy_ms: f64,
    /// How often in an interval it is asked.
    pub(super) times: u32,
}

/// How far `feed` gives way, and how long its interval may become. The feeds that tell most give way last and least: a
/// feed with 4 keeps its interval until the others have four times theirs.
const fn way(feed: FeedId) -> (f64, Duration) {
    let (keeps, longest) = match feed {
        FeedId::Tail => (4.0, 10),
        FeedId::Stages => (4.0, 20),
        FeedId::Ledger => (4.0, 30),
        FeedId::Errors => (2.0, 30),
        FeedId::Trend => (2.0, 60),
        FeedId::Outcomes | FeedId::Server => (2.0, 120),
        FeedId::Drops => (2.0, 300),
        FeedId::Totals
        | FeedId::Campaigns
        | FeedId::Scorecard
        | FeedId::Latency(_)
        | FeedId::Records(_)
        | FeedId::Workflows
        | FeedId::Executions
        | FeedId::Access => (1.0, 300),
    };
    (keeps, Duration::from_secs(longest))
}

/// Between two turns of `feed`, where intervals are stretched by `stretch`.
pub(super) fn interval(feed: FeedId, stretch: f64) -> Duration {
    let own = feed.interval();
    let (keeps, longest) = way(feed);
    own.mul_f64((stretch / keeps).max(1.0))
        .min(longest.max(own))
}

/// The budget, and how far intervals are stretched for it.
#[derive(Debug)]
pub(super) struct Budget {
    /// Milliseconds of the database's time a second.
    allowed_ms: f64,
    stretch: f64,
    /// When that was last reckoned.
    at: Instant,
    /// What was spent on anything but feeds, ms since the start, over the last [`WINDOW`].
    elsewhere: VecDeque<(Instant, f64)>,
}

impl Budget {
    /// Nothing is slowed yet.
    pub(super) fn new(allowed_ms: u64, now: Instant) -> Self {
        Self {
            allowed_ms: allowed_ms as f64,
            stretch: 1.0,
            at: now,
            elsewhere: VecDeque::new(),
        }
    }

    /// How far intervals are stretched: 1 where nothing is slowed.
    pub(super) const fn stretch(&self) -> f64 {
        self.stretch
    }

    /// Takes in that `busy_ms` were spent on other things than feeds since the start.
    pub(super) fn spent_elsewhere(&mut self, now: Instant, busy_ms: f64) {
        self.elsewhere.push_back((now, busy_ms));
        while self
            .elsewhere
            .get(1)
            .is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW)
        {
            self.elsewhere.pop_front();
        }
    }

    fn elsewhere_ms_per_s(&self) -> f64 {
        let ends = self.elsewhere.front().zip(self.elsewhere.back());
        let spent = ends.map_or(0.0, |((_, first), (_, last))| last - first);
        spent / WINDOW.as_secs_f64()
    }

    /// Moves the stretch towards the least that keeps `loads` within what the rest leaves of the budget. A turn's cost
    /// counts as spread over the interval until the next one, so that a dear feed is not punished in the second it is
    /// asked and forgotten in the next.
    pub(super) fn reckon(&mut self, now: Instant, loads: &[Load]) {
        let passed = now.duration_since(self.at).as_secs_f64();
        self.at = now;
        let room = (self.allowed_ms - self.elsewhere_ms_per_s()).max(self.allowed_ms * KEPT);
        let wanted = least(loads, room);
        let (low, high) = (
            self.stretch / PACE.powf(passed),
            self.stretch * PACE.powf(passed),
        );
        self.stretch = wanted.clamp(low, high).max(1.0);
    }
}

/// The least stretch at which `loads` take no more than `room` ms a second, or the most there is.
fn least(loads: &[Load], room: f64) -> f64 {
    let at = |stretch: f64| -> f64 {
        let of = |load: &Load| {
            let every = interval(load.feed, stretch).as_secs_f64();
            load.busy_ms * f64::from(load.times) / every
        };
        loads.iter().map(of).sum()
    };
    if at(1.0) <= room {
        return 1.0;
    }
    let (mut low, mut high) = (1.0, MOST);
    for _ in 0..20 {
        let middle = f64::midpoint(low, high);
        if at(middle) <= room {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn load(feed: FeedId, busy_ms: f64) -> Load {
        Load {
            feed,
            busy_ms,
            times: 1,
        }
    }

    fn after(budget: &mut Budget, seconds: u32, loads: &[Load]) -> f64 {
        for _ in 0..seconds {
            let next = budget.at + SECOND;
            budget.reckon(next, loads);
        }
        budget.stretch()
    }

    #[test]
    fn what_fits_the_budget_is_not_slowed() {
        let mut budget = Budget::new(50, Instant::now());
        let loads = [load(FeedId::Stages, 80.0), load(FeedId::Scorecard, 290.0)];
        assert!((after(&mut budget, 60, &loads) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_tells_least_gives_way_first_and_the_rest_only_when_that_is_not_enough() {
        assert_eq!(interval(FeedId::Campaigns, 3.0), 90 * SECOND);
        assert_eq!(interval(FeedId::Errors, 3.0), Duration::from_millis(7_500));
        assert_eq!(interval(FeedId::Stages, 3.0), 2 * SECOND);
        assert_eq!(interval(FeedId::Stages, 8.0), 4 * SECOND);
        for feed in FeedId::ALL {
            let mut before = feed.interval();
            for step in 1..=64 {
                let now = interval(feed, f64::from(step));
                assert!(now >= before, "{feed:?} at {step}");
                before = now;
            }
        }
    }

    #[test]
    fn however_dear_it_is_what_alerts_are_judged_on_comes_within_two_minutes_and_the_tail_in_ten_seconds()
     {
        let mut budget = Budget::new(1, Instant::now());
        let loads = FeedId::ALL.map(|feed| load(feed, 2_000.0));
        assert!((after(&mut budget, 60, &loads) - MOST).abs() < 0.01);
        let at = |feed| interval(feed, budget.stretch()).as_secs();
        assert_eq!(at(FeedId::Tail), 10);
        assert_eq!(at(FeedId::Stages), 20);
        assert_eq!(at(FeedId::Outcomes), 120);
        assert!(FeedId::ALL.iter().all(|feed| at(*feed) <= 300));
    }

    #[test]
    fn the_stretch_grows_and_shrinks_smoothly_and_settles_where_the_budget_is_kept() {
        let mut budget = Budget::new(50, Instant::now());
        let dear = [load(FeedId::Totals, 2_000.0), load(FeedId::Stages, 20.0)];
        assert!((after(&mut budget, 1, &dear) - 1.2).abs() < 1e-9);
        let settled = after(&mut budget, 30, &dear);
        // 2,000 ms every 50 s and 20 ms every 2 s are 50 ms/s.
        assert!((settled - 5.0).abs() < 0.3, "{settled}");
        let cheap = [load(FeedId::Totals, 20.0), load(FeedId::Stages, 20.0)];
        let next = after(&mut budget, 1, &cheap);
        assert!((next - settled / 1.2).abs() < 1e-9);
        assert!((after(&mut budget, 30, &cheap) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_spent_elsewhere_leaves_less_for_the_feeds_but_never_nothing() {
        let start = Instant::now();
        let mut budget = Budget::new(50, start);
        let loads = [load(FeedId::Totals, 200.0)];
        assert!((after(&mut budget, 30, &loads) - 1.0).abs() < 1e-9);
        for second in 0..=10 {
            budget.spent_elsewhere(start + SECOND * second, f64::from(second) * 500.0);
        }
        let settled = after(&mut budget, 30, &loads);
        // 200 ms every 20 s are the tenth part that is kept for them.
        assert!((settled - 2.0).abs() < 0.05, "{settled}");
        assert!(budget.elsewhere.len() <= 12);
    }
}
