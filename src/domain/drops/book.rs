//! The newest events as they were seen, by key, so that a look for silent drops costs the database what is new and not what
//! there is.
//!
//! A turn reads what is above the highest key and, by key, what had not ended. Of two stretches of keys it asks how many rows
//! they have and the sum of their versions: of the youngest, where rows with lower keys may still commit, and of another one
//! in turn, so that what was changed or removed anywhere is found when all have had theirs. A stretch that comes out otherwise
//! than it is known is read again.

mod plan;

use std::collections::{BTreeMap, VecDeque};

use super::{
    cascade::{Cascade, Seen, State},
    judge::{Judged, SECOND, judge},
};
use crate::domain::pipeline::Pipeline;

pub use self::plan::{Plan, Range};

/// Events kept; more only while else they would not reach back far enough,
const KEPT: usize = 100_000;

/// and so many at most.
const MOST: usize = 700_000;

/// Events of which one statement reads the newest at most, or one stretch.
pub const ROWS: u64 = 20_000;

/// How far back events are kept at least, beside two of the longest gap, µs.
const BACK: i64 = 180 * SECOND;

/// Nothing older is looked at, µs.
const DAY: i64 = 86_400 * SECOND;

/// Rows that commit so long after their key was handed out are found at once, others in their turn, µs.
const LATE: i64 = 90 * SECOND;

/// What a stretch of keys comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Its rows of the last day.
    pub rows: u64,
    /// The sum of their versions; 0 where rows have none.
    pub versions: i64,
}

/// A stretch of keys to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The lowest key.
    pub low: i64,
    /// The highest key.
    pub high: i64,
}

/// What one statement, and so one snapshot, answered to a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The server's clock, µs since 1970.
    pub now: i64,
    /// When the server was started, µs since 1970.
    pub started: i64,
    /// The rows of each range, the lowest keys first.
    pub ranges: Vec<Vec<(i64, Seen)>>,
    /// What each stretch comes to.
    pub counted: Vec<Tally>,
}

/// What is known of the newest events.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent facts of a table and of what was read of it"
)]
pub struct Book {
    cascade: Cascade,
    events: BTreeMap<i64, Seen>,
    /// From this key on all of the last day is held,
    floor: i64,
    /// up to the highest that was ever seen.
    top: i64,
    now: i64,
    started: i64,
    /// Whether all of the last day is held.
    is_whole: bool,
    /// Whether rows have versions.
    has_versions: bool,
    /// The highest key at some earlier turns, the oldest first.
    marks: VecDeque<(i64, i64)>,
    /// Stretches that are not as they were known.
    doubts: Vec<Counted>,
    /// Whether there may be more above the highest key.
    is_behind: bool,
    is_lost: bool,
    /// The highest key that the turn began with.
    young: i64,
    /// The lowest key of the youngest, as of then.
    young_from: i64,
    /// Up to where stretches had their turn,
    counted_to: i64,
    /// and rows that had not ended.
    watched_to: i64,
    /// Parents without child, as of the last judgement.
    orphans: Vec<i64>,
    /// The longest gap, as of the last judgement, µs.
    gap: i64,
}

impl Book {
    /// What a look at the `newest` events saw, which began `started` and was at `now`, both µs since 1970.
    pub fn new(
        (cascade, has_versions): (Cascade, bool),
        rows: Vec<(i64, Seen)>,
        newest: usize,
        (now, started): (i64, i64),
    ) -> Self {
        let is_old = |(_, seen): &(i64, Seen)| seen.created <= now - DAY;
        // An old moment with a high key, as of a row that was put in by hand, says nothing of those below.
        let lowest = rows.iter().min_by_key(|(key, _)| *key);
        let is_whole = rows.len() < newest || lowest.is_some_and(is_old);
        let keys = || rows.iter().map(|(key, _)| *key);
        let top = keys().max();
        let floor = keys().min().filter(|_| rows.len() >= newest);
        let rows = rows.into_iter().filter(|row| !is_old(row));
        let mut book = Self {
            cascade,
            events: rows.collect(),
            floor: floor.unwrap_or(i64::MIN),
            top: top.unwrap_or(i64::MIN),
            now,
            started,
            is_whole,
            has_versions,
            marks: VecDeque::new(),
            doubts: Vec::new(),
            is_behind: false,
            is_lost: false,
            young: i64::MIN,
            young_from: i64::MIN,
            counted_to: i64::MIN,
            watched_to: i64::MIN,
            orphans: Vec::new(),
            gap: 0,
        };
        let mut events = book.events.iter().rev();
        let early = events.find(|(_, seen)| seen.created < now - LATE);
        let mark = early.map_or(book.floor, |(key, _)| *key);
        book.marks.push_back((now - LATE, mark.saturating_sub(1)));
        book
    }

    /// Whether it is of the links of `pipeline`.
    pub fn is_of(&self, pipeline: &Pipeline) -> bool {
        self.cascade.is_of(pipeline)
    }

    /// What is looked at.
    pub const fn cascade(&self) -> &Cascade {
        &self.cascade
    }

    /// Whether this is not the table any more that it is of: another server, or keys that went back. It is to be made anew.
    pub const fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Whether nothing is held: then nothing tells a table that began anew.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The server's clock when it was last asked, µs since 1970.
    pub const fn now(&self) -> i64 {
        self.now
    }

    /// When the oldest event that is held came, µs since 1970.
    pub fn since(&self) -> Option<i64> {
        self.events.values().map(|seen| seen.created).min()
    }

    /// How many events are held, where the last day has more.
    pub fn newest(&self) -> Option<u64> {
        (!self.is_whole).then_some(self.events.len() as u64)
    }

    /// How every link stands.
    pub fn judge(&mut self) -> Vec<Judged<i64>> {
        let events = self.events.iter().map(|(key, seen)| (*key, seen));
        let judged = judge(&self.cascade, events, self.now);
        let orphans = judged.iter().flat_map(|link| &link.orphans);
        self.orphans = orphans.map(|(key, _)| *key).collect();
        self.orphans.sort_unstable();
        self.orphans.dedup();
        let gaps = judged.iter().map(|link| link.count.gap_s);
        self.gap = gaps.max().unwrap_or(0).cast_signed() * SECOND;
        judged
    }

    /// Takes in what was found when `plan` was asked.
    pub fn take(&mut self, plan: &Plan, found: Found) {
        self.is_lost |= found.started != self.started;
        self.now = found.now;
        if !plan.is_again {
            self.age();
            (self.young, self.young_from) = (plan.young, plan.young_from);
        }
        for (n, (range, rows)) in plan.ranges.iter().zip(found.ranges).enumerate() {
            let last = rows.last().map(|(key, _)| *key);
            let cut = last.filter(|_| rows.len() as u64 >= range.rows);
            let high = cut.unwrap_or(range.high);
            let is_newest =
                plan.is_again && range.high == self.young && range.low <= self.young_from;
            let removed = self.replace((range.low, high), rows);
            self.is_lost |= is_newest && removed > 0 && last.is_none();
            if plan.has_news && n == 0 {
                self.is_behind = cut.is_some();
            } else if high < range.high {
                let low = high + 1;
                let high = range.high;
                self.doubts.push(Counted { low, high });
            }
        }
        for (stretch, tally) in plan.counted.iter().zip(found.counted) {
            if self.tally(*stretch) != tally {
                self.doubts.push(*stretch);
            }
        }
        if plan.is_again {
            self.doubts.drain(..plan.doubts.min(self.doubts.len()));
        } else {
            self.counted_to = plan.counted_to;
            self.watched_to = plan.watched_to;
        }
        let is_late = |(at, _): &(i64, i64)| *at <= self.now - LATE;
        while self.marks.get(1).is_some_and(is_late) {
            self.marks.pop_front();
        }
        let is_new = self.marks.back().is_none_or(|(at, _)| *at < self.now);
        if plan.has_news && !self.is_behind && is_new {
            self.marks.push_back((self.now, self.top));
        }
        self.forget();
    }

    /// Lets go what is older than a day.
    fn age(&mut self) {
        let since = self.now - DAY;
        while let Some(first) = self.events.first_entry() {
            if first.get().created > since {
                break;
            }
            // What is below is older still.
            self.is_whole = true;
            self.floor = first.key().saturating_add(1);
            first.remove();
        }
        self.events.retain(|_, seen| seen.created > since);
    }

    /// Lets go the lowest keys where more are held than need be.
    fn forget(&mut self) {
        let since = self.now - 2 * self.gap - BACK;
        while self.events.len() > KEPT {
            let is_room = self.events.len() <= MOST;
            let Some(first) = self.events.first_entry() else {
                return;
            };
            if first.get().created >= since && is_room {
                return;
            }
            self.floor = first.key().saturating_add(1);
            self.is_whole = false;
            first.remove();
        }
    }

    /// Puts `rows` in the place of what is held of these keys; how much that was.
    fn replace(&mut self, (low, high): (i64, i64), rows: Vec<(i64, Seen)>) -> usize {
        if low > high {
            return 0;
        }
        let known: Vec<i64> = self.events.range(low..=high).map(|(key, _)| *key).collect();
        for key in &known {
            self.events.remove(key);
        }
        for (key, seen) in rows {
            self.top = self.top.max(key);
            if seen.created > self.now - DAY {
                self.events.insert(key, seen);
            }
        }
        known.len()
    }

    /// What is held of a stretch.
    fn tally(&self, stretch: Counted) -> Tally {
        let held = self.events.range(stretch.low..=stretch.high);
        held.fold(Tally::default(), |tally, (_, seen)| Tally {
            rows: tally.rows + 1,
            versions: tally.versions + i64::from(seen.version),
        })
    }

    /// Whether an event may change any day: it has not ended, or was not done and a child is due once it is.
    fn is_unsettled(&self, seen: &Seen) -> bool {
        match seen.state {
            State::Open => true,
            State::Other => self.cascade.leads(seen.stage),
            State::Done => false,
        }
    }
}
