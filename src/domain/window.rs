//! Windows of time over the events of the last day, kept in our own memory, so that a refresh costs the database the same
//! behind ten million events as behind a hundred thousand, without an index on time.
//!
//! The keys of the day are cut into chunks of some thousand rows. Of each we keep what one read of it counted by stage and
//! slot of time, and its rows that have not ended. A turn reads what is above the last chunk, or the last again while it is
//! small, and fills what is not known yet, the newest first. It looks again at rows that had not ended, and reads again: chunks
//! that are known to have changed, the youngest, where rows commit late, and one other, so that what was retried or
//! removed anywhere is found when all have had their turn. A chunk that grew too large for one statement, for there are only so
//! many, is read again in parts.
//!
//! Nothing below the floor is looked at: whoever makes the windows finds the lowest key of the day. Counts are exact as of the read;
//! windows are made of slots, of which those count whose middle lies in the window: 5 min are within 5 s, an hour within 30 s, a
//! day within 5 min.

mod chunk;
pub mod count;
pub mod histogram;
mod latency;
mod parts;
mod reading;
#[cfg(test)]
mod tests;
mod turn;

use self::{
    chunk::{Chunk, Stage},
    parts::Parts,
};
use super::{Timestamp, event::EventType};

pub use self::{
    chunk::{Ended, Open, Part, Slot, Written},
    reading::{Backlog, StageBacklog},
};

/// Rows of a chunk; a read of more comes in parts of so many.
pub const ROWS: u64 = 512;

/// The last chunk is read again with what is new until it has so many rows. Such small ones are merged once they are no longer
/// young: while rows of it end and commit late, little is read again for each.
const GROWN: u64 = 64;

/// Rows read at most above the last chunk, and as many of those not known yet.
const STRIDE: u64 = 16 * ROWS;

/// Chunks kept; beyond them neighbours are merged.
const CHUNKS: usize = 4_096;

/// Rows that have not ended and are kept one by one.
const LISTED: usize = 100_000;

/// Stages told apart; what more there are count as one.
const STAGES: usize = 1_000;

/// A range of keys to read: from its end, so many rows at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The lowest key.
    pub low: i64,
    /// The highest key.
    pub high: i64,
    /// Rows at most.
    pub rows: u64,
}

/// A chunk as it was read: it is another when one of its rows was changed or removed, or one came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// The lowest key.
    pub low: i64,
    /// The highest key.
    pub high: i64,
    /// Rows.
    pub rows: u64,
    /// Sum of their versions.
    pub versions: i64,
}

/// What to ask the table in one statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Ranges to read.
    pub ranges: Vec<Range>,
    /// Chunks of which to see whether they are as they were.
    pub checks: Vec<Check>,
    /// Keys of rows that had not ended, and whether a workflow had them.
    pub watched: Vec<(i64, bool)>,
}

/// What one statement, and so one snapshot, answered to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// The server's clock.
    pub now: Timestamp,
    /// The parts of each range in which a row was found, the lowest keys first.
    pub ranges: Vec<Vec<Part>>,
    /// Watched rows that are gone, or stand elsewhere now, and the lowest keys of chunks that are not as they were.
    pub changed: Vec<i64>,
}

/// What is known of the events of the last day.
#[derive(Debug)]
pub struct Windows {
    stages: Vec<EventType>,
    chunks: Vec<Chunk>,
    /// Chunks kept at most.
    most: usize,
    /// The large chunk that is being read again.
    parts: Option<Parts>,
    /// How many large chunks were begun.
    begun: u64,
    /// The lowest key of the day.
    floor: i64,
    now: Timestamp,
    turn: u64,
    /// How many first statements, each of a turn, were answered.
    turns: u64,
    /// How many watched rows had their turn.
    watched: usize,
    /// Whether more rows are open than are listed.
    is_cut: bool,
    is_lost: bool,
}

impl Windows {
    /// Nothing is known of the rows from the key `floor` on.
    pub fn new(floor: i64) -> Self {
        Self {
            stages: Vec::new(),
            chunks: Vec::new(),
            most: CHUNKS,
            parts: None,
            begun: 0,
            floor,
            now: Timestamp::default(),
            turn: 0,
            turns: 0,
            watched: 0,
            is_cut: false,
            is_lost: false,
        }
    }

    /// The server's clock when it was last asked.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether a whole chunk of rows was found gone: this is not the table that the windows are of, and they begin anew.
    pub const fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Takes in what was found when `plan` was asked.
    pub fn take(&mut self, plan: &Plan, found: Found) {
        self.now = found.now;
        self.turn += 1;
        self.watched += plan.watched.len();
        for check in &plan.checks {
            if let Some(at) = self.chunk_of(check.low) {
                self.chunks[at].read = self.turn;
            }
        }
        let is_first = plan
            .ranges
            .first()
            .is_some_and(|range| range.high == i64::MAX);
        self.turns += u64::from(is_first);
        for (range, parts) in plan.ranges.iter().zip(found.ranges) {
            if self.parts.as_ref().is_some_and(|of| of.range() == *range) {
                self.read_part(parts);
            } else {
                self.replace(*range, parts);
            }
        }
        for id in found.changed {
            self.doubt(id);
        }
        self.forget();
        self.merge();
        self.begin();
        let mut listed = 0;
        self.is_cut = false;
        for chunk in self.chunks.iter_mut().rev() {
            let room = LISTED.saturating_sub(listed);
            self.is_cut |= chunk.open.len() > room;
            chunk.open.truncate(room);
            listed += chunk.open.len();
        }
    }

    /// Somebody saw the row `id`: whether it has not ended, and then whether a workflow has it. Its chunk is read again where
    /// that is news.
    pub fn heard(&mut self, id: i64, running: Option<bool>) {
        if id >= self.newest() {
            return;
        }
        let known = self.chunk_of(id).and_then(|at| {
            let open = self.chunks[at].open.iter().find(|row| row.id == id);
            open.map(|row| row.is_running)
        });
        if known != running {
            self.doubt(id);
        }
    }

    fn doubt(&mut self, id: i64) {
        if let Some(at) = self.chunk_of(id) {
            self.chunks[at].is_dirty = true;
        }
    }

    fn chunk_of(&self, id: i64) -> Option<usize> {
        let at = self.chunks.partition_point(|chunk| chunk.high < id);
        (self.chunks.get(at)?.low <= id).then_some(at)
    }

    /// Where the next read of new rows begins: at the last chunk while it is small, above it then.
    fn newest(&self) -> i64 {
        match self.chunks.last() {
            Some(last) if last.rows < GROWN => last.low,
            Some(last) => last.high.saturating_add(1),
            None => self.floor,
        }
    }

    /// The chunks that reads of new rows leave alone.
    fn closed(&self) -> impl DoubleEndedIterator<Item = &Chunk> {
        let newest = self.newest();
        self.chunks.iter().filter(move |chunk| chunk.low < newest)
    }

    /// The highest range of keys that nothing is known of.
    fn unknown(&self) -> Option<(i64, i64)> {
        let mut above = self.chunks.last()?.low;
        for chunk in self.chunks.iter().rev() {
            if chunk.high < above - 1 {
                return Some((chunk.high + 1, above - 1));
            }
            above = chunk.low;
        }
        (above > self.floor).then(|| (self.floor, above - 1))
    }

    /// Puts what was found in `range` in the place of what was known of it.
    fn replace(&mut self, range: Range, parts: Vec<Part>) {
        let rows: u64 = parts.iter().map(|part| part.rows).sum();
        let (first, last) = (parts.first(), parts.last());
        let low = match first {
            Some(first) if rows >= range.rows => first.low,
            Some(_) | None => range.low,
        };
        let high = match last {
            Some(last) if range.high == i64::MAX => last.high,
            None if range.high == i64::MAX => low - 1,
            Some(_) | None => range.high,
        };
        let before = self.chunks.partition_point(|chunk| chunk.high < low);
        // With the highest keys gone, what was known of them goes as well.
        let after = if range.high == i64::MAX {
            self.chunks.len()
        } else {
            self.chunks.partition_point(|chunk| chunk.low <= high)
        };
        let gone = self
            .chunks
            .get(before..after.max(before))
            .unwrap_or_default();
        self.is_lost |= parts.is_empty() && gone.iter().any(|chunk| chunk.rows > ROWS / 4);
        let new = self.fit(parts, low, high);
        drop(self.chunks.splice(before..after.max(before), new));
    }

    /// Chunks of what was found, which together answer for all keys from `low` to `high`.
    fn fit(&mut self, parts: Vec<Part>, low: i64, high: i64) -> Vec<Chunk> {
        let mut new: Vec<Chunk> = parts.into_iter().map(|part| self.chunk(part)).collect();
        if new.is_empty() && low <= high {
            new.push(Chunk {
                versions: Some(0),
                read: self.turn,
                ..Chunk::default()
            });
        }
        let mut above = high;
        for (place, chunk) in new.iter_mut().enumerate().rev() {
            chunk.high = above;
            if place == 0 {
                chunk.low = low;
            }
            above = chunk.low.saturating_sub(1);
        }
        new
    }

    fn chunk(&mut self, part: Part) -> Chunk {
        let mut stage = |name: EventType| -> Stage {
            let known = self.stages.iter().position(|known| *known == name);
            let at = known.unwrap_or_else(|| {
                if self.stages.len() < STAGES {
                    self.stages.push(name);
                } else if self.stages.len() == STAGES {
                    self.stages.push(EventType::from("(other stages)"));
                }
                self.stages.len() - 1
            });
            at as Stage
        };
        let written = part.written.into_iter();
        let ended = part.ended.into_iter();
        let open = part.open.into_iter();
        Chunk {
            low: part.low,
            high: part.high,
            rows: part.rows,
            versions: part.versions,
            oldest: part.oldest,
            youngest: part.youngest,
            written: written
                .map(|(name, slot, n)| ((stage(name), slot), n))
                .collect(),
            ended: ended
                .map(|(name, slot, bin, n)| ((stage(name), slot, bin), n))
                .collect(),
            open: open
                .map(|row| Open {
                    id: row.id,
                    stage: stage(row.stage),
                    created: row.created,
                    is_running: row.is_running,
                    has_end: row.has_end,
                })
                .collect(),
            read: self.turn,
            is_dirty: false,
        }
    }

    /// Lets go of chunks that are older than any window.
    fn forget(&mut self) {
        let limit = (self.now.timestamp() - 25 * 3_600) * 1_000;
        let is_old = |chunk: &Chunk| chunk.youngest.is_none_or(|at| at < limit);
        let Some(last) = self.chunks.len().checked_sub(1) else {
            return;
        };
        // Only what reaches down to the floor makes it rise: below others there may be some that is not known, and where keys are in
        // no order that may be younger.
        let mut low = self.floor;
        let old = self.chunks.iter().take(last).take_while(|chunk| {
            let is_lowest = chunk.low <= low;
            low = chunk.high.saturating_add(1);
            is_lowest && is_old(chunk)
        });
        let old = old.count();
        if let Some(top) = old.checked_sub(1).and_then(|at| self.chunks.get(at)) {
            self.floor = self.floor.max(top.high + 1);
            drop(self.chunks.drain(..old));
        }
    }

    /// Merges neighbours that are small and no longer young, and where there are too many chunks, those with the fewest rows.
    fn merge(&mut self) {
        let mut at = 1;
        while let [Some(below), Some(chunk)] = [self.chunks.get(at - 1), self.chunks.get(at)] {
            let can_grow = below.rows == 0
                || chunk.rows == 0
                || !(self.is_young(below) || self.is_young(chunk));
            if below.high + 1 == chunk.low && below.rows + chunk.rows <= ROWS && can_grow {
                self.join(at);
            } else {
                at += 1;
            }
        }
        // What is being read again in parts keeps its bounds until it was.
        let is_busy =
            |chunk: &Chunk, parts: &Option<Parts>| parts.as_ref().is_some_and(|of| of.is_of(chunk));
        while self.chunks.len() > self.most {
            let pairs = self.chunks.windows(2).enumerate();
            // The newest are left as they are: they are read again most.
            let least = pairs
                .take(self.chunks.len() - 1 - self.most / 32)
                .filter_map(|(at, pair)| match pair {
                    [a, b] if is_busy(a, &self.parts) || is_busy(b, &self.parts) => None,
                    [a, b] if a.high + 1 == b.low => Some((a.rows + b.rows, at + 1)),
                    _ => None,
                })
                .min();
            let Some((_, at)) = least else { break };
            self.join(at);
        }
    }

    fn join(&mut self, at: usize) {
        let next = self.chunks.remove(at);
        if let Some(chunk) = self.chunks.get_mut(at - 1) {
            chunk.merge(next);
        }
    }
}
