//! The account where keys have no order, as UUIDs: rows are followed by the time they bear and by key, and recounted by
//! the server.
//!
//! It is approximate. A transaction that is rolled back leaves no trace, so no hole can be told or proven; a row bears
//! the time of its transaction's beginning, or whatever its writer says, so one that commits late lies below what was
//! swept. Within the overlap such a row is found by the next recounts; after it a recount still shows that it is
//! there, since the server counts every row of the watch again and again: what is lost is proven, where it came from is not.

mod slices;
#[cfg(test)]
mod tests;
mod watched;

use std::{
    collections::{BTreeSet, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use self::{slices::Slice, watched::Watched};
use super::{CHUNK, Count, recount::IN_A_ROW};

/// A moment, µs since 1970.
pub type Micros = i64;

/// Rows that commit no later than this after the time they bear are found key by key.
const LEAST_OVERLAP: Micros = 60 * 1_000_000;

/// Rows that the stream has read of times whose keys are not kept: so many are told apart.
const OLDER: usize = 50_000;

/// A row: when it was written, and its key in short.
type Mark = (Micros, u64);

/// Rows that are to be read, above a moment, and of that moment those with higher keys than one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The moment.
    pub after: Micros,
    /// The key.
    pub after_key: Option<String>,
    /// The last moment; none for the server's present.
    pub up_to: Option<Micros>,
}

/// What a sweep asks of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskedByTime {
    /// Of each up to [`CHUNK`] rows are read, in the order of time and key.
    pub readings: Vec<Reading>,
    /// Rows are counted above the first moment and up to the second.
    pub counts: Vec<(Micros, Micros)>,
}

/// What one statement, and so one snapshot, answered to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweptByTime {
    /// The rows of each reading, in their order.
    pub rows: Vec<Vec<(Micros, String)>>,
    /// The counts, in their order.
    pub counted: Vec<u64>,
    /// The server's present.
    pub now: Micros,
    /// How far clocks are apart here.
    pub skew: Micros,
}

/// The account of the rows since the watch began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountByTime {
    /// The moment up to which rows are from before the watch; none before it is open.
    opened: Option<Micros>,
    overlap: Micros,
    /// The time and the key of the last row swept.
    reach: (Micros, Option<String>),
    is_behind: bool,
    /// Up to here keys are forgotten.
    sealed: Micros,
    young: BTreeSet<Mark>,
    older: BTreeSet<Mark>,
    /// Rows that the stream has read and whose time lies where keys are forgotten: changed, or late.
    seen: BTreeSet<Mark>,
    slices: VecDeque<Slice>,
    /// Rows that are recounted no more.
    closed: u64,
    removed: u64,
    late: u64,
    lost: u64,
    /// What the server counted of a range of the young, and of a slice, less what was known of it, before the rows are read.
    off_young: i64,
    off_slice: i64,
    doubted: Option<(Micros, Micros)>,
    /// What this sweep has read again.
    reread: Option<(Micros, Micros)>,
    /// Sweeps in a row whose counts did not agree.
    doubts: u32,
    recount_from: Micros,
    /// How often all that is young was recounted.
    rounds: u64,
    slice_in_turn: usize,
    watched: VecDeque<Watched>,
}

impl Default for AccountByTime {
    fn default() -> Self {
        Self {
            opened: None,
            overlap: LEAST_OVERLAP,
            reach: (0, None),
            is_behind: false,
            sealed: 0,
            young: BTreeSet::new(),
            older: BTreeSet::new(),
            seen: BTreeSet::new(),
            slices: VecDeque::new(),
            closed: 0,
            removed: 0,
            late: 0,
            lost: 0,
            off_young: 0,
            off_slice: 0,
            doubted: None,
            reread: None,
            doubts: 0,
            recount_from: 0,
            rounds: 0,
            slice_in_turn: 0,
            watched: VecDeque::new(),
        }
    }
}

fn mark(at: Micros, key: &str) -> Mark {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    (at, hasher.finish())
}

impl AccountByTime {
    fn open(&mut self, before: Micros) {
        self.opened = Some(before);
        (self.reach, self.sealed, self.recount_from) = ((before, None), before, before);
    }

    /// Rows that the stream has read, in any order; `is_whole`: the table has no others.
    pub fn take<'a>(
        &mut self,
        rows: impl Iterator<Item = (Micros, &'a str)> + Clone,
        is_whole: bool,
    ) {
        if self.opened.is_none() {
            let Some(first) = rows.clone().map(|(at, _)| at).min() else {
                return;
            };
            // A row that bears an earlier time may commit later.
            let margin = if is_whole { self.overlap } else { 0 };
            self.open(first.saturating_sub(1 + margin));
        }
        for (at, key) in rows {
            if at > self.sealed {
                self.young.insert(mark(at, key));
            } else {
                let is_older = self.opened.is_some_and(|opened| at <= opened);
                let known = if is_older {
                    &mut self.older
                } else {
                    &mut self.seen
                };
                if known.len() < OLDER {
                    known.insert(mark(at, key));
                }
            }
        }
        self.bound();
    }

    /// Whether there is more to sweep at once.
    pub const fn is_behind(&self) -> bool {
        self.is_behind || 0 < self.doubts && self.doubts < IN_A_ROW
    }

    /// The last moment all of whose rows were swept.
    fn whole(&self) -> Micros {
        self.reach.0 - i64::from(self.is_behind)
    }

    /// The part of what is young that is recounted next: as much as can be read again at once.
    fn in_turn(&self) -> Option<(Micros, Micros)> {
        let whole = self.whole();
        let from = self.recount_from.max(self.sealed);
        let mut after = self.young.range((from + 1, 0)..);
        let next = after.nth(CHUNK as usize / 2).map_or(whole, |(at, _)| *at);
        let up_to = next.max(from + 1).min(whole);
        (from < up_to).then_some((from, up_to))
    }

    /// What the next sweep is to ask.
    pub fn ask(&self) -> AskedByTime {
        if self.opened.is_none() {
            return AskedByTime::default();
        }
        let news = Reading {
            after: self.reach.0,
            after_key: self.reach.1.clone(),
            up_to: None,
        };
        let again = self.doubted.map(|(after, up_to)| Reading {
            after,
            after_key: None,
            up_to: Some(up_to),
        });
        // Where nothing is young, an empty range keeps the place.
        let young = self.in_turn().unwrap_or((self.sealed, self.sealed));
        let slice = self.slices.get(self.slice_in_turn).map(|it| it.range);
        AskedByTime {
            readings: [news].into_iter().chain(again).collect(),
            counts: [young].into_iter().chain(slice).collect(),
        }
    }

    /// Takes in the answer to `asked`.
    pub fn sweep(&mut self, asked: &AskedByTime, swept: SweptByTime) {
        let SweptByTime {
            rows,
            counted,
            now,
            skew,
        } = swept;
        self.overlap = skew.saturating_mul(2).max(LEAST_OVERLAP);
        if self.opened.is_none() {
            // The first look found no row, or could not look.
            self.open(now - self.overlap);
            return;
        }
        let mut rows = rows.into_iter();
        let news = rows.next().unwrap_or_default();
        self.reread = None;
        if let (Some(doubted), Some(rows)) = (self.doubted.take(), rows.next()) {
            self.reread(doubted, &rows);
        }
        let whole = self.whole();
        self.advance(&news, now);
        let mut counts = asked.counts.iter().zip(counted);
        let mut agreed = None;
        if let Some((range, counted)) = counts.next() {
            agreed = self.recounted(*range, counted, whole);
        }
        if let Some((range, counted)) = counts.next() {
            self.slice_recounted(*range, counted);
        }
        self.follow();
        let is_doubted = self.doubted.is_some() || self.off_slice != 0;
        self.doubts = if is_doubted {
            self.doubts.saturating_add(1)
        } else {
            0
        };
        self.seal(agreed);
    }

    /// The rows of the range whose count did not agree.
    fn reread(&mut self, (after, up_to): (Micros, Micros), rows: &[(Micros, String)]) {
        (self.lost, self.off_young) = (0, 0);
        let there: BTreeSet<Mark> = rows.iter().map(|(at, key)| mark(*at, key)).collect();
        let is_cut = rows.len() as i64 >= CHUNK;
        if !is_cut {
            self.remove_others((after, up_to), &there);
            self.reread = Some((after, up_to));
        }
        self.young.extend(there);
        if is_cut {
            // More than is read at once: the server alone counts them.
            self.seal_up_to(up_to);
        }
    }

    /// What is young in a range and not `there` any more was removed.
    fn remove_others(&mut self, (after, up_to): (Micros, Micros), there: &BTreeSet<Mark>) {
        if after >= up_to {
            return;
        }
        let range = (after + 1, 0)..=(up_to, u64::MAX);
        let known = self.young.range(range).copied();
        let gone: Vec<Mark> = known.filter(|it| !there.contains(it)).collect();
        for it in &gone {
            self.young.remove(it);
        }
        self.removed += gone.len() as u64;
    }

    /// The rows above those swept so far. What the stream has read of their time and is not among them is there no more.
    fn advance(&mut self, news: &[(Micros, String)], now: Micros) {
        self.is_behind = news.len() as i64 >= CHUNK;
        let there: BTreeSet<Mark> = news.iter().map(|(at, key)| mark(*at, key)).collect();
        if !self.is_behind {
            self.remove_others((self.reach.0, now), &there);
        }
        // Above the mark of an instant that was closed half read none is young.
        let sealed = self.sealed;
        self.young
            .extend(there.into_iter().filter(|it| it.0 > sealed));
        if let Some((at, key)) = news.last() {
            self.reach = (*at, Some(key.clone()));
        }
    }

    fn count_young(&self, (after, up_to): (Micros, Micros)) -> u64 {
        if after >= up_to {
            return 0;
        }
        self.young.range((after + 1, 0)..=(up_to, u64::MAX)).count() as u64
    }

    /// What the server counted of what is young, beside what stands here, when all up to `whole` was swept. The last
    /// moment up to which all that is young agrees.
    fn recounted(
        &mut self,
        range: (Micros, Micros),
        counted: u64,
        whole: Micros,
    ) -> Option<Micros> {
        if range.0 < self.sealed {
            // Its keys were forgotten meanwhile: it is a slice now.
            return None;
        }
        let known = self.count_young(range);
        self.off_young = counted.cast_signed() - known.cast_signed();
        let is_read = |(after, up_to): (Micros, Micros)| after <= range.0 && range.1 <= up_to;
        // What is yet to be read is not lost; what a reading did not bring, and the server counts, is.
        self.lost = if self.reread.is_some_and(is_read) {
            counted.saturating_sub(known)
        } else {
            0
        };
        if counted != known {
            self.doubted = Some(range);
            return None;
        }
        let is_last = range.1 >= whole || range.0 >= range.1;
        self.rounds += u64::from(is_last);
        self.recount_from = if is_last { self.sealed } else { range.1 };
        (range.0 == self.sealed).then_some(range.1)
    }

    /// Rows of the watch found up to the last one swept, but those that are recounted no more.
    fn rows(&self) -> u64 {
        let sealed: u64 = self.slices.iter().map(|it| it.rows).sum();
        sealed + self.count_young((self.sealed, self.reach.0))
    }

    /// How it stands, with the statement that recounts it by hand: made of the moments of the first row and the last.
    pub fn count(&self, sql: impl FnOnce(Micros, Micros) -> String) -> Count {
        let off = [self.off_young, self.off_slice];
        let more = off.map(|it| it.max(0).unsigned_abs()).iter().sum::<u64>();
        let less = off.map(|it| it.min(0).unsigned_abs()).iter().sum::<u64>();
        let is_closed = |_: &&Slice| self.closed > 0;
        let first = self.slices.front().filter(is_closed);
        let after = first.map_or(self.opened.unwrap_or(0), |it| it.range.0);
        Count {
            after,
            reach: self.reach.0,
            rows: (self.rows() + more).saturating_sub(self.lost + less),
            ahead: self.count_young((self.reach.0, Micros::MAX)),
            closed: self.closed,
            removed: self.removed + less,
            gone: Vec::new(),
            struck: Vec::new(),
            older: self.older.len() as u64,
            proven: 0,
            waiting: 0,
            aside: 0,
            cache: 1,
            unproven: 0,
            late: self.late,
            lost: self.lost,
            stretches: self.stretches(),
            overlap_s: Some((self.overlap / 1_000_000).unsigned_abs()),
            sql: sql(after, self.reach.0).as_str().into(),
        }
    }
}
