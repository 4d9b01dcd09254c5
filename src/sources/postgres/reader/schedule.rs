//! Which feed is fetched next. Pure: time is an argument.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use super::Ask;
use crate::{
    domain::{event::RowId, plan::Plan},
    effect::FeedId,
};

/// The feeds of the database; after a connect they are fetched in this order, the most telling first.
const FEEDS: [FeedId; 10] = [
    FeedId::Stages,
    FeedId::Tail,
    FeedId::Ledger,
    FeedId::Totals,
    FeedId::Errors,
    FeedId::Server,
    FeedId::Trend,
    FeedId::Outcomes,
    FeedId::Campaigns,
    FeedId::Scorecard,
];

/// A feed is not fetched more often than this, however often it is asked for.
const SHORTEST: Duration = Duration::from_millis(200);

/// Events that wait to be read whole; older ones make way.
const EVENTS: usize = 8;

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// Fetch this feed.
    Feed(FeedId),
    /// Read this event.
    Event(RowId),
    /// Look for what speaks against this plan.
    Examine(Plan),
    /// Nothing until then.
    Wait(Instant),
}

#[derive(Debug, Clone, Copy)]
struct Turn {
    due: Instant,
    /// Before this it is not fetched again, even when asked for.
    earliest: Instant,
}

/// When each feed is due.
#[derive(Debug)]
pub(super) struct Schedule {
    turns: BTreeMap<FeedId, Turn>,
    events: VecDeque<RowId>,
    /// The plan that is shown; an earlier one is not shown any more.
    plan: Option<Plan>,
}

impl Schedule {
    /// Everything is due.
    pub(super) fn new(now: Instant) -> Self {
        let turn = Turn {
            due: now,
            earliest: now,
        };
        Self {
            turns: FEEDS.into_iter().map(|feed| (feed, turn)).collect(),
            events: VecDeque::new(),
            plan: None,
        }
    }

    /// Takes in a wish. The same wish twice is one.
    pub(super) fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::Fetch(feed) => self.hasten(feed),
            Ask::Account { .. } => self.hasten(FeedId::Ledger),
            Ask::Examine(plan) => self.plan = Some(plan),
            Ask::Event(id) => {
                if !self.events.contains(&id) {
                    self.events.push_back(id);
                }
                if self.events.len() > EVENTS {
                    self.events.pop_front();
                }
            }
        }
    }

    /// The feed is due as soon as it may be.
    fn hasten(&mut self, feed: FeedId) {
        if let Some(turn) = self.turns.get_mut(&feed) {
            turn.due = turn.due.min(turn.earliest);
        }
    }

    /// What to do at `now`: the plan or the event somebody waits for, else the feed that is due the longest.
    pub(super) fn next(&mut self, now: Instant) -> Job {
        if let Some(plan) = self.plan.take() {
            return Job::Examine(plan);
        }
        if let Some(id) = self.events.pop_front() {
            return Job::Event(id);
        }
        let place = |feed: &FeedId| FEEDS.iter().position(|known| known == feed);
        let first = self
            .turns
            .iter()
            .min_by_key(|(feed, turn)| (turn.due, place(feed)));
        match first {
            Some((feed, turn)) if turn.due <= now => Job::Feed(*feed),
            Some((_, turn)) => Job::Wait(turn.due),
            None => Job::Wait(now + Duration::from_secs(1)),
        }
    }

    /// `feed` was fetched and took this long. A slow one is asked less often, so that it takes a fifth of the
    /// server's time at most.
    pub(super) fn done(&mut self, feed: FeedId, now: Instant, took: Duration) {
        let turn = Turn {
            due: now + feed.interval().max(took * 4),
            earliest: now + SHORTEST.max(took * 2),
        };
        self.turns.insert(feed, turn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn run_all(schedule: &mut Schedule, now: Instant, took: Duration) -> Vec<FeedId> {
        let mut order = Vec::new();
        while let Job::Feed(feed) = schedule.next(now) {
            order.push(feed);
            schedule.done(feed, now, took);
        }
        order
    }

    #[test]
    fn after_a_connect_every_feed_is_fetched_once_and_then_each_in_its_interval() {
        let now = Instant::now();
        let mut schedule = Schedule::new(now);
        assert_eq!(run_all(&mut schedule, now, MS), FEEDS);
        assert_eq!(schedule.next(now), Job::Wait(now + Duration::from_secs(2)));
        let later = now + Duration::from_secs(2);
        assert_eq!(
            run_all(&mut schedule, later, MS),
            [FeedId::Stages, FeedId::Tail]
        );
    }

    #[test]
    fn a_feed_asked_for_many_times_is_fetched_once_and_not_again_within_200_ms() {
        let now = Instant::now();
        let mut schedule = Schedule::new(now);
        run_all(&mut schedule, now, MS);
        for _ in 0..50 {
            schedule.ask(Ask::Fetch(FeedId::Campaigns));
        }
        assert_eq!(schedule.next(now), Job::Wait(now + SHORTEST));
        assert_eq!(
            run_all(&mut schedule, now + SHORTEST, MS),
            [FeedId::Campaigns]
        );
    }

    #[test]
    fn an_event_somebody_waits_for_goes_before_every_feed() {
        let now = Instant::now();
        let mut schedule = Schedule::new(now);
        schedule.ask(Ask::Event(RowId::from(7)));
        schedule.ask(Ask::Event(RowId::from(7)));
        assert_eq!(schedule.next(now), Job::Event(RowId::from(7)));
        assert_eq!(schedule.next(now), Job::Feed(FeedId::Stages));
    }

    #[test]
    fn a_feed_that_takes_two_seconds_is_fetched_every_ten_at_most() {
        let now = Instant::now();
        let mut schedule = Schedule::new(now);
        run_all(&mut schedule, now, Duration::from_secs(2));
        assert_eq!(schedule.next(now), Job::Wait(now + Duration::from_secs(8)));
    }
}
