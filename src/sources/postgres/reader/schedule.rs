//! Which feed is fetched next. Pure: time is an argument.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    Ask,
    budget::{self, Budget, Load},
};
use crate::{
    domain::{
        audit::Question, cost::WINDOW, error_group::Look, event::RowId, latency::window::Span,
        plan::Plan,
    },
    effect::FeedId,
};

/// The feeds of the database; after a connect they are fetched in this order, the most telling first.
const FEEDS: [FeedId; 19] = [
    FeedId::Stages,
    FeedId::Tail,
    FeedId::Ledger,
    FeedId::Totals,
    FeedId::Errors,
    FeedId::Server,
    FeedId::Trend,
    FeedId::Outcomes,
    FeedId::Drops,
    FeedId::Campaigns,
    FeedId::Scorecard,
    FeedId::Latency(Span::Hour),
    FeedId::Latency(Span::Day),
    FeedId::Latency(Span::Week),
    FeedId::Latency(Span::Month),
    FeedId::Records(Span::Hour),
    FeedId::Records(Span::Day),
    FeedId::Records(Span::Week),
    FeedId::Records(Span::Month),
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
    /// Answer this about errors.
    Look(Look),
    /// Answer this from the audit table.
    Audit(Question),
    /// Look for what speaks against this plan.
    Examine(Box<Plan>),
    /// Nothing until then.
    Wait(Instant),
}

/// Where a feed stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The end of its last turn, and the interval in force then; `None` before the first.
    last: Option<(Instant, Duration)>,
    /// Before this it is not fetched again, even when asked for.
    earliest: Instant,
    /// Whether somebody asked for it.
    is_asked: bool,
    /// When it was last asked for.
    asked_at: Option<Instant>,
    /// What a turn costs the database, ms; smoothed.
    busy_ms: Option<f64>,
    /// How long the last turn took.
    took: Duration,
}

/// When each feed is due.
#[derive(Debug)]
pub(super) struct Schedule {
    places: BTreeMap<FeedId, Place>,
    /// The feeds that something shown or judged needs; the others rest.
    needed: BTreeSet<FeedId>,
    budget: Budget,
    /// What the feeds have cost, ms since the start.
    busy_ms: f64,
    events: VecDeque<RowId>,
    /// Questions about errors; of those for one error whole only the last, which is the one that is selected.
    looks: VecDeque<Look>,
    /// Questions about what was written down.
    audits: VecDeque<Question>,
    /// The plan that is shown; an earlier one is not shown any more.
    plan: Option<Box<Plan>>,
}

impl Schedule {
    /// Everything in `needed` is due; so many ms of the database's time may be spent a second.
    pub(super) fn new(now: Instant, needed: BTreeSet<FeedId>, budget_ms: u64) -> Self {
        let place = Place {
            last: None,
            earliest: now,
            is_asked: false,
            asked_at: None,
            busy_ms: None,
            took: Duration::ZERO,
        };
        Self {
            places: FEEDS.into_iter().map(|feed| (feed, place)).collect(),
            needed,
            budget: Budget::new(budget_ms, now),
            busy_ms: 0.0,
            events: VecDeque::new(),
            looks: VecDeque::new(),
            audits: VecDeque::new(),
            plan: None,
        }
    }

    /// Takes in a wish. The same wish twice is one.
    pub(super) fn ask(&mut self, now: Instant, ask: Ask) {
        match ask {
            Ask::Fetch(feed) => self.hasten(now, feed),
            Ask::Account { .. } => self.hasten(now, FeedId::Ledger),
            Ask::Audit(question) => {
                self.audits.retain(|known| *known != question);
                self.audits.push_back(question);
            }
            Ask::Hear(_) => self.hasten(now, FeedId::Errors),
            Ask::Examine(plan) => self.plan = Some(plan),
            Ask::Look(look) => {
                // Of what follows the selection only the newest is shown.
                let is_older = |known: &Look| {
                    matches!(
                        (known, &look),
                        (Look::Error(_), Look::Error(_))
                            | (Look::Tests(_), Look::Tests(_))
                            | (Look::Past(_), Look::Past(_))
                    )
                };
                self.looks
                    .retain(|known| *known != look && !is_older(known));
                self.looks.push_back(look);
            }
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
    fn hasten(&mut self, now: Instant, feed: FeedId) {
        if let Some(place) = self.places.get_mut(&feed) {
            place.is_asked = true;
            place.asked_at = Some(now);
        }
    }

    /// From now on these feeds are needed. What rested and would not have, had it been needed, is asked at once.
    pub(super) fn need(&mut self, now: Instant, needed: BTreeSet<FeedId>) {
        for feed in needed.difference(&self.needed) {
            if let Some(place) = self.places.get_mut(feed) {
                let is_old = |(at, _)| now.duration_since(at) >= feed.interval();
                place.is_asked |= place.last.is_none_or(is_old);
            }
        }
        self.needed = needed;
    }

    /// How far intervals are stretched to keep to the budget: 1 where nothing is slowed.
    pub(super) const fn stretch(&self) -> f64 {
        self.budget.stretch()
    }

    /// What to do at `now`, when all connections together have cost `spent_ms` since the start: the plan or the event
    /// somebody waits for, else the feed that is due the longest.
    pub(super) fn next(&mut self, now: Instant, spent_ms: f64) -> Job {
        self.budget
            .spent_elsewhere(now, (spent_ms - self.busy_ms).max(0.0));
        self.budget.reckon(now, &self.loads(now));
        if let Some(plan) = self.plan.take() {
            return Job::Examine(plan);
        }
        if let Some(id) = self.events.pop_front() {
            return Job::Event(id);
        }
        if let Some(question) = self.audits.pop_front() {
            return Job::Audit(question);
        }
        if let Some(look) = self.looks.pop_front() {
            return Job::Look(look);
        }
        let rank = |feed: &FeedId| FEEDS.iter().position(|known| known == feed);
        let due = self
            .places
            .iter()
            .filter_map(|(feed, place)| Some((self.due(*feed, place)?, rank(feed), *feed)));
        match due.min() {
            Some((at, _, feed)) if at <= now => Job::Feed(feed),
            Some((at, ..)) => Job::Wait(at),
            None => Job::Wait(now + Duration::from_secs(1)),
        }
    }

    /// When `feed` is to be fetched; `None` while it rests. Where there is room again, an interval that was stretched
    /// ends early.
    fn due(&self, feed: FeedId, place: &Place) -> Option<Instant> {
        if place.is_asked {
            return Some(place.earliest);
        }
        if !self.needed.contains(&feed) {
            return None;
        }
        let (at, then) = place.last.unwrap_or((place.earliest, Duration::ZERO));
        Some(at + then.min(self.interval(feed, place.took)))
    }

    /// Between two turns of `feed`, which takes so long. A slow one is asked less often, so that it takes a fifth of the
    /// server's time at most.
    fn interval(&self, feed: FeedId, took: Duration) -> Duration {
        budget::interval(feed, self.stretch()).max(took * 4)
    }

    /// What each feed that does not rest costs.
    fn loads(&self, now: Instant) -> Vec<Load> {
        let of = |(feed, place): (&FeedId, &Place)| {
            let hinted = |at| *feed == FeedId::Tail && now.duration_since(at) < WINDOW;
            Some(Load {
                feed: *feed,
                busy_ms: place.busy_ms? * budget::faded(*feed, now.duration_since(place.last?.0)),
                times: if place.asked_at.is_some_and(hinted) {
                    budget::HINTS
                } else {
                    1
                },
            })
        };
        let awake = |(feed, _): &(&FeedId, &Place)| self.needed.contains(*feed);
        self.places.iter().filter(awake).filter_map(of).collect()
    }

    /// `feed` was fetched, took this long and kept the database busy for `busy`. Its interval from now on.
    pub(super) fn done(
        &mut self,
        feed: FeedId,
        now: Instant,
        took: Duration,
        busy: Duration,
    ) -> Duration {
        let interval = self.interval(feed, took);
        let busy_ms = busy.as_secs_f64() * 1_000.0;
        self.busy_ms += busy_ms;
        let mut pause = SHORTEST.max(took * 2);
        if feed == FeedId::Tail && self.stretch() > 1.0 {
            // Notifications would have it read as often as before.
            pause = pause.max(interval / budget::HINTS);
        }
        if let Some(place) = self.places.get_mut(&feed) {
            *place = Place {
                last: Some((now, interval)),
                earliest: now + pause,
                is_asked: false,
                busy_ms: Some(
                    place
                        .busy_ms
                        .map_or(busy_ms, |known| f64::midpoint(known, busy_ms)),
                ),
                took,
                ..*place
            };
        }
        interval
    }
}
