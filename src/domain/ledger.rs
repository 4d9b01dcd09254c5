//! The stream's ledger: every key that the table has handed out since the watch began is a row that was found, a
//! hole that is proven, or one that still waits for its proof. Nothing is taken on trust: a part of the range is
//! recounted by the server at each sweep, and read again where the two do not agree.
//!
//! A row may commit long after rows with higher keys, so a missing key is a hole only when everything that could
//! still write it has ended: when the oldest running transaction is younger than any that ran one sweep after the
//! key was first missed. One sweep later, because a key is handed out a moment before its transaction has a number.

mod balance;
mod by_time;
mod recount;
mod runs;
mod stretch;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

pub use self::{
    balance::{Balance, Count, place, place_json},
    by_time::{AccountByTime, AskedByTime, Micros, Reading, SweptByTime},
    stretch::Stretch,
};
use self::{
    runs::{Runs, runs_of, size},
    stretch::Watched,
};

/// Keys read of one range at a time, and keys recounted at each sweep at most.
pub const CHUNK: i64 = 50_000;

/// Keys recounted at each sweep, at least, and the sweeps in which all have their turn.
const RECOUNTED: i64 = 500;
const TURNS: i64 = 60;

/// Holes looked at in one sweep, each in its turn.
const HOLES: usize = 500;

/// Sweeps that follow each other at once while holes wait for their turn: so that ten thousand of them behind a long transaction
/// cost little, which no sweep can prove before its end.
const AT_ONCE: u32 = 5;

/// Runs of removed keys that are told: more than the stream keeps rows.
const GONE: usize = 2_500;

/// Runs kept; beyond them the older half is closed: it still counts, and is no longer recounted.
const PIECES: usize = 20_000;

/// How far below the first row of a small table its watch begins: a row with a lower key may commit later.
const MARGIN: i64 = 1_000;

/// A key, or several in a row, that no visible row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hole {
    run: (i64, i64),
    /// Proven when no transaction older than this one runs; none before it was missed twice.
    mark: Option<i64>,
}

/// What a sweep asks of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Ranges of which up to [`CHUNK`] keys each are read, both ends included.
    pub ranges: Vec<(i64, i64)>,
    /// The range in which rows are counted.
    pub recount: (i64, i64),
}

/// What one statement, and so one snapshot, answered to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swept {
    /// The keys in the ranges.
    pub keys: Vec<i64>,
    /// Rows in the range that was to be recounted.
    pub counted: u64,
    /// Every transaction with a lower number had ended.
    pub xmin: i64,
    /// No transaction had this number or a higher one yet.
    pub xmax: i64,
}

/// The account of the keys since the watch began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The key before the first one watched; none before a row was seen.
    opened: Option<i64>,
    /// As `opened`, moved up by what was closed.
    base: i64,
    /// Keys up to here have been swept.
    reach: i64,
    found: Runs,
    proven: Runs,
    /// Holes that would be proven, if no session could have put their keys aside for later.
    aside: Runs,
    /// How many keys a session puts aside at once; more than one means that no hole is ever proven.
    cache: u64,
    removed: Runs,
    /// Rows removed whose keys are forgotten.
    forgotten: u64,
    /// Rows from before the watch that the stream has read because they changed.
    older: Runs,
    /// In the order in which they are looked at next.
    waiting: Vec<Hole>,
    /// How many of them are still to be looked at before the next sweep that is not at once.
    unseen: usize,
    /// How many sweeps looked at some since the last pause.
    swept: u32,
    /// Rows closed, and holes closed, proven or not.
    closed: (u64, u64),
    unproven: u64,
    late: u64,
    lost: u64,
    /// Rows found that the server counts no more, and rows that it counts where some were to be expected, before it is known
    /// which.
    short: u64,
    unread: u64,
    doubted: Option<(i64, i64)>,
    /// Sweeps in a row whose count did not agree.
    doubts: u32,
    recount_from: i64,
    /// Whether the last sweep left keys for the next, since there were more than it takes at once.
    is_behind: bool,
    /// Stretches of keys that are accounted for apart, the oldest first.
    watched: VecDeque<Watched>,
}

impl Account {
    /// Opens the watch, if it is not open, below the rows that the first look found; `is_whole`: the table has no
    /// others.
    fn open(&mut self, keys: &[i64], is_whole: bool) {
        let Some(first) = keys.iter().min().filter(|_| self.opened.is_none()) else {
            return;
        };
        let margin = if is_whole { MARGIN } else { 0 };
        let floor = if *first > 0 { 0 } else { i64::MIN };
        let before = first.saturating_sub(1 + margin).max(floor);
        self.opened = Some(before);
        (self.base, self.reach, self.recount_from) = (before, before, before + 1);
    }

    /// Rows that the stream has read, in any order; `is_whole`: the table has no others.
    pub fn take(&mut self, keys: &[i64], is_whole: bool) {
        self.open(keys, is_whole);
        for key in keys {
            if *key > self.base {
                self.find((*key, *key));
            } else if self.opened.is_some_and(|opened| *key <= opened) {
                self.older.insert((*key, *key));
            }
        }
    }

    fn find(&mut self, run: (i64, i64)) {
        self.late += self.proven.remove(run);
        self.aside.remove(run);
        self.removed.remove(run);
        self.found.insert(run);
    }

    /// Each session of a writer puts so many keys aside at once, by what the sequence says now.
    pub fn caches(&mut self, cache: u64) {
        self.cache = cache;
    }

    /// Whether there is more to sweep at once.
    pub const fn is_behind(&self) -> bool {
        self.is_behind || (self.unseen > 0 && self.swept > 0) || self.is_in_doubt()
    }

    /// What the next sweep is to ask.
    pub fn ask(&self) -> Asked {
        let news = match self.opened {
            Some(_) => self.reach.saturating_add(1),
            None => i64::MIN,
        };
        let holes = self.waiting.iter().take(HOLES).map(|hole| hole.run);
        let each = self.reach.saturating_sub(self.base) / TURNS;
        let each = each.clamp(RECOUNTED, CHUNK);
        let last = self.recount_from.saturating_add(each - 1).min(self.reach);
        let in_turn = (self.recount_from, last);
        Asked {
            ranges: std::iter::once((news, i64::MAX))
                .chain(self.doubted)
                .chain(holes)
                .chain(self.aside.iter().rev().take(HOLES))
                .chain(self.is_emptied().then_some((i64::MIN, self.base)))
                .collect(),
            recount: self.uncounted().unwrap_or(in_turn),
        }
    }

    /// Takes in the answer to `asked`.
    pub fn sweep(&mut self, asked: &Asked, swept: Swept) {
        let Swept {
            mut keys,
            counted,
            xmin,
            xmax,
        } = swept;
        keys.sort_unstable();
        keys.dedup();
        if self.is_emptied() && self.reopen(&keys) {
            return;
        }
        self.open(&keys, (keys.len() as i64) < CHUNK);
        self.put_to_use(&keys);
        self.settle(&keys, xmin, xmax);
        self.reread(&keys);
        let counted_to = self.reach;
        self.advance(&keys, asked);
        self.bound();
        self.recounted(asked, counted, counted_to);
        self.close();
    }

    /// Keys that had been put aside and have a row now.
    fn put_to_use(&mut self, keys: &[i64]) {
        for run in runs_of(keys) {
            let used: Vec<_> = self.aside.within(run).collect();
            for part in used {
                self.find(part);
            }
        }
    }

    /// The holes that were looked at: filled, proven, or still waiting.
    fn settle(&mut self, keys: &[i64], xmin: i64, xmax: i64) {
        let asked = HOLES.min(self.waiting.len());
        let round = if self.unseen == 0 {
            self.waiting.len()
        } else {
            self.unseen
        };
        self.unseen = round - asked.min(round);
        self.swept = if self.unseen > 0 {
            (self.swept + 1) % AT_ONCE
        } else {
            0
        };
        let mut later = self.waiting.split_off(asked);
        for hole in std::mem::take(&mut self.waiting) {
            let part = inside(keys, hole.run);
            let is_cut = part.len() as i64 >= CHUNK;
            for run in runs_of(part) {
                self.find(run);
            }
            for run in self.found.gaps(hole.run) {
                match hole.mark {
                    mark if is_cut => self.waiting.push(Hole { run, mark }),
                    Some(mark) if xmin >= mark && self.cache > 1 => drop(self.aside.insert(run)),
                    Some(mark) if xmin >= mark => drop(self.proven.insert(run)),
                    Some(mark) => self.waiting.push(Hole {
                        run,
                        mark: Some(mark),
                    }),
                    None => self.waiting.push(Hole {
                        run,
                        mark: Some(xmax),
                    }),
                }
            }
        }
        later.append(&mut self.waiting);
        self.waiting = later;
    }

    /// No row is left of those found in a range.
    fn remove(&mut self, range: (i64, i64)) {
        let gone: Vec<_> = self.found.within(range).collect();
        for run in gone {
            self.found.remove(run);
            self.removed.insert(run);
        }
    }

    /// The keys above those swept so far, up to the last that is there. What the stream has read beyond it, before this
    /// sweep, is there no more.
    fn advance(&mut self, keys: &[i64], asked: &Asked) {
        let (Some(_), Some((from, _))) = (self.opened, asked.ranges.first()) else {
            return;
        };
        let part = inside(keys, (*from, i64::MAX));
        self.is_behind = part.len() as i64 >= CHUNK;
        if !self.is_behind {
            let last = part.last().map_or(self.reach, |last| self.reach.max(*last));
            self.remove((last.saturating_add(1), i64::MAX));
        }
        let part = part.get(..CHUNK as usize).unwrap_or(part);
        let Some(last) = part.last().copied().filter(|last| *last > self.reach) else {
            return;
        };
        for run in runs_of(part) {
            self.find(run);
        }
        let missed = self.found.gaps((self.reach + 1, last));
        let never_seen = missed.into_iter().flat_map(|run| self.removed.gaps(run));
        let holes = never_seen.map(|run| Hole { run, mark: None });
        self.waiting.extend(holes);
        self.reach = last;
    }

    /// Keeps the account small: what is oldest is closed.
    fn close(&mut self) {
        let holes = self.proven.pieces() + self.aside.pieces() + self.waiting.len();
        let pieces = self.found.pieces() + holes;
        if pieces <= PIECES {
            return;
        }
        let middle = self.found.pieces() / 2;
        let Some((_, cut)) = self.found.iter().nth(middle) else {
            return;
        };
        let old = (self.base + 1, cut.min(self.reach));
        self.seal(old.1);
        self.closed.0 += self.found.remove(old);
        self.closed.1 += self.proven.remove(old);
        self.unproven += self.aside.remove(old);
        self.removed.remove(old);
        self.waiting.retain_mut(|hole| {
            let (low, high) = hole.run;
            self.unproven += size((low, high.min(old.1))) * u64::from(low <= old.1);
            hole.run.0 = low.max(old.1 + 1);
            hole.run.0 <= high
        });
        self.base = old.1;
        self.recount_from = self.recount_from.max(self.base + 1);
        self.settled();
    }

    /// Keys of the holes that wait, but those that the stream has read meanwhile.
    fn open_keys(&self) -> u64 {
        let waiting = self.waiting.iter().map(|hole| hole.run);
        waiting.map(|run| size(run) - self.found.count(run)).sum()
    }

    /// How it stands, with the statement that recounts it by hand: made of the key before the first and the last.
    pub fn count(&self, sql: impl FnOnce(i64, i64) -> String) -> Count {
        let from = self.base;
        let rows = self.found.count((self.base + 1, self.reach));
        Count {
            after: from,
            reach: self.reach,
            rows: rows.saturating_sub(self.short) + self.unread,
            ahead: self.found.count((self.reach.saturating_add(1), i64::MAX)),
            closed: self.closed.0,
            removed: self.removed.keys() + self.forgotten + self.short.min(rows),
            gone: self.removed.iter().rev().take(GONE).collect(),
            struck: Vec::new(),
            older: self.older.keys(),
            proven: self.proven.keys() + self.closed.1,
            waiting: self.open_keys(),
            aside: self.aside.keys(),
            cache: self.cache,
            unproven: self.unproven,
            late: self.late,
            lost: self.lost,
            stretches: self.stretches(),
            overlap_s: None,
            sql: sql(from, self.reach).as_str().into(),
        }
    }
}

/// The keys in a range, of keys in order.
fn inside(keys: &[i64], (low, high): (i64, i64)) -> &[i64] {
    let from = keys.partition_point(|key| *key < low);
    let to = keys.partition_point(|key| *key <= high);
    keys.get(from..to).unwrap_or_default()
}

#[cfg(test)]
mod tests;
