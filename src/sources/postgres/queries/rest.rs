//! Queries that are asked less often than the feed they answer, each for itself: those that the server cancelled for taking
//! too long, and those that cost so much that asking them at each refresh would be felt. Of the first one a turn is tried
//! again, the later the oftener it was cancelled, so that together they never hold the connection, and with it every other panel, for longer than one of them may
//! take. Of the second one a turn is asked when it is due; until then its answer is kept, with its age.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;
use tokio_postgres::Row;

use super::{super::catalog::Recent, Ask, Parameter, Query, pace::Pace, template};
use crate::{domain::Timestamp, effect::FeedId, msg::Fault};

/// A query is asked once in so many times of what it costs.
const PACE: u32 = 10_000;

/// What costs so much is asked once in a minute at most: what is counted over a day and more does not move in less.
const FELT: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(55);

/// But at least so often.
const LONGEST: Duration = Duration::from_mins(10);

/// What was cancelled is tried again after this, twice that where it was again, and so on.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is due sooner than this is asked whenever its feed is.
const AT_ONCE: Duration = Duration::from_secs(30);

/// What a query found: its rows, and when it was asked if that was before this turn; nothing where the database lacks what it
/// takes; that it takes too long, or would read too much.
#[derive(Debug, Clone)]
pub(super) enum Found {
    Rows(Arc<Vec<Row>>, Option<Timestamp>),
    Gap,
    Slow,
}

/// The answer of a query that costs much.
#[derive(Debug)]
struct Kept {
    rows: Arc<Vec<Row>>,
    asked: Timestamp,
    due: Instant,
}

/// A query, or a feed, that the server cancelled.
#[derive(Debug, Clone, Copy)]
struct Slow {
    /// How often in a row.
    times: u32,
    /// It is not tried before this.
    due: Instant,
}

impl Slow {
    /// Cancelled now, after `before`.
    fn again(before: Option<&Self>) -> Self {
        let times = before.map_or(0, |slow| slow.times.saturating_add(1));
        let wait = PATIENCE * 2_u32.saturating_pow(times.min(8));
        let due = Instant::now() + wait.min(LONGEST);
        Self { times, due }
    }
}

/// Which queries rest, and what they told last.
#[derive(Debug, Default)]
pub(super) struct Rest {
    slow: BTreeMap<&'static str, Slow>,
    kept: BTreeMap<&'static str, Kept>,
    /// Feeds that were cancelled where nothing but an index can help them.
    feeds: BTreeMap<FeedId, Slow>,
    /// What each cost when it was last asked.
    costs: BTreeMap<&'static str, Duration>,
}

impl Rest {
    /// Whether `feed` was cancelled not long ago.
    pub(super) fn is_resting(&self, feed: FeedId) -> bool {
        let slow = self.feeds.get(&feed);
        slow.is_some_and(|slow| slow.due > Instant::now())
    }

    /// Takes in what became of `feed`: one that was cancelled rests, the longer the oftener that was in a row.
    pub(super) fn answered<T>(&mut self, feed: FeedId, answer: &Result<T, Fault>) {
        match answer {
            Err(Fault::TooSlow(_)) => {
                let slow = Slow::again(self.feeds.get(&feed));
                self.feeds.insert(feed, slow);
            }
            Ok(_) | Err(_) => {
                self.feeds.remove(&feed);
            }
        }
    }

    /// Asks those of `queries` whose turn it is; what each has found, now or before. One that is not to be asked at all has
    /// found nothing.
    pub(super) async fn all<const N: usize>(
        &mut self,
        ask: &Ask<'_>,
        queries: [Query; N],
        is_asked: impl Fn(&Query) -> bool,
        parameters: &[Parameter<'_>],
    ) -> Result<[Found; N], Fault> {
        let resting = self.turn(&queries);
        let now = Instant::now();
        let due = |query: &&Query| {
            let kept = self.kept.get(query.name)?;
            (kept.due <= now).then_some((kept.due, query.name))
        };
        let asked = queries.iter().filter(|query| is_asked(query));
        let first = asked.filter_map(|query| due(&query)).min();
        let mut found = [const { Found::Gap }; N];
        for (query, found) in queries.into_iter().zip(&mut found) {
            if !is_asked(&query) {
                continue;
            }
            // What would read too much is not even tried.
            if template::reach(ask.catalog, query.sql) == Recent::None {
                *found = Found::Slow;
                continue;
            }
            let kept = self.kept.get(query.name);
            if let Some(kept) = kept.filter(|_| first.is_none_or(|(_, name)| name != query.name)) {
                *found = Found::Rows(Arc::clone(&kept.rows), Some(kept.asked));
                continue;
            }
            if resting.contains(query.name) {
                *found = Found::Slow;
                continue;
            }
            let answer = self.ask(ask, query, parameters).await;
            *found = match self.heard(query, super::where_possible(answer))? {
                Some(Some(rows)) => Found::Rows(rows, None),
                Some(None) => Found::Gap,
                None => Found::Slow,
            };
        }
        Ok(found)
    }

    /// The rows of a query over all errors, and when they were asked for: of a large table without an index on time they may be
    /// those of before.
    pub(super) async fn errors(
        &mut self,
        ask: &Ask<'_>,
        query: Query,
        parameters: &[Parameter<'_>],
    ) -> Result<(Arc<Vec<Row>>, Option<Timestamp>), Fault> {
        if ask.catalog.scans_errors() {
            return self.one(ask, query, parameters).await;
        }
        let rows = ask.rows(query, parameters).await?;
        Ok((Arc::new(rows), None))
    }

    /// The rows of `query`, and when they were asked for if that was before.
    pub(super) async fn one(
        &mut self,
        ask: &Ask<'_>,
        query: Query,
        parameters: &[Parameter<'_>],
    ) -> Result<(Arc<Vec<Row>>, Option<Timestamp>), Fault> {
        let now = Instant::now();
        if let Some(kept) = self.kept.get(query.name).filter(|kept| kept.due > now) {
            return Ok((Arc::clone(&kept.rows), Some(kept.asked)));
        }
        Ok((self.ask(ask, query, parameters).await?, None))
    }

    /// Asks `query`, and keeps its answer where it cost much.
    async fn ask(
        &mut self,
        ask: &Ask<'_>,
        query: Query,
        parameters: &[Parameter<'_>],
    ) -> Result<Arc<Vec<Row>>, Fault> {
        self.kept.remove(query.name);
        let (rows, pace) = Pace::of(ask, ask.rows(query, parameters)).await;
        let rows = Arc::new(rows?);
        let cost = pace.cost();
        // Once may be a hiccup of the line or the server: what is dear is so twice in a row.
        let before = self.costs.insert(query.name, cost).unwrap_or_default();
        let usual = cost.min(before);
        let least = if usual >= FELT {
            MINUTE
        } else {
            Duration::ZERO
        };
        let wait = (usual * PACE).clamp(least, LONGEST);
        if wait > AT_ONCE {
            let kept = Kept {
                rows: Arc::clone(&rows),
                asked: chrono::Utc::now(),
                due: Instant::now() + wait,
            };
            self.kept.insert(query.name, kept);
        }
        Ok(rows)
    }

    /// A new turn for the feed of `queries`: the names of those to leave out in it, for they are slow.
    fn turn(&mut self, queries: &[Query]) -> BTreeSet<&'static str> {
        let names = queries.iter().map(|query| query.name);
        let mut resting: BTreeSet<&'static str> =
            names.filter(|name| self.slow.contains_key(name)).collect();
        let now = Instant::now();
        let due = |name: &&&str| self.slow.get(**name).map(|slow| slow.due);
        let first = resting.iter().min_by_key(due).copied();
        let is_due = |name: &&'static str| self.slow.get(name).is_some_and(|slow| slow.due <= now);
        if let Some(name) = first.filter(is_due) {
            resting.remove(name);
        }
        resting
    }

    /// Takes in what became of `query`: its answer, or `None` where it took too long.
    fn heard<T>(&mut self, query: Query, answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
        match answer {
            Ok(answer) => {
                self.slow.remove(query.name);
                Ok(Some(answer))
            }
            Err(Fault::TooSlow(_)) => {
                let slow = Slow::again(self.slow.get(query.name));
                self.slow.insert(query.name, slow);
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::{super::files, *};

    #[tokio::test(start_paused = true)]
    async fn what_is_slow_rests_but_for_one_a_turn_and_each_gets_its_turn_the_later_the_oftener_it_was()
     {
        let all = files::SCORECARD.map(|(query, _)| query);
        let mut rest = Rest::default();
        assert!(rest.turn(&all).is_empty());
        let slow = || -> Result<(), Fault> { Err(Fault::TooSlow(0)) };
        let three = all.iter().take(3);
        for query in three.clone() {
            assert_eq!(rest.heard(*query, slow()), Ok(None));
        }
        let names: BTreeSet<&str> = three.clone().map(|query| query.name).collect();
        assert_eq!(rest.turn(&all), names);
        tokio::time::advance(PATIENCE).await;
        let mut tried = BTreeSet::new();
        for _ in 0..3 {
            let resting = rest.turn(&all);
            assert_eq!(resting.len(), 2);
            let asked = all
                .iter()
                .find(|query| names.contains(query.name) && !resting.contains(query.name));
            let asked = asked.copied().unwrap();
            tried.insert(asked.name);
            assert_eq!(rest.heard(asked, slow()), Ok(None));
            assert!(rest.turn(&all).contains(asked.name));
        }
        assert_eq!(tried, names);
        // Each was cancelled twice: it waits for twice as long.
        tokio::time::advance(PATIENCE).await;
        assert_eq!(rest.turn(&all), names);
        tokio::time::advance(PATIENCE).await;
        assert_eq!(rest.turn(&all).len(), 2);
        for query in three {
            assert_eq!(rest.heard(*query, Ok(7)), Ok(Some(7)));
        }
        assert!(rest.turn(&all).is_empty());
    }
}
