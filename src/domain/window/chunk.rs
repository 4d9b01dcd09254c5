//! A chunk: what a range of keys holds, as one read found it.

use crate::domain::{Timestamp, event::EventType};

/// A part of a time line: where it begins, in s since 1970, and how long it is. Short where windows of minutes look, longer
/// the older it is, so that a day has some hundred of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Where it begins, s since 1970.
    pub start: i64,
    /// How long it is, s.
    pub width: u32,
}

impl Slot {
    /// Whether it lies within the last `seconds` before `now`: its middle does, so that a window of many slots is neither too
    /// long nor too short by more than half of one.
    pub fn is_within(self, seconds: i64, now: Timestamp) -> bool {
        2 * (now.timestamp() - self.start) < 2 * seconds + i64::from(self.width)
    }
}

/// What was written in one slot, of one stage, and what became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Written {
    /// Events written.
    pub created: u64,
    /// Of those, processed.
    pub processed: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Of those, with an end.
    pub timed: u64,
    /// Sum of their latencies, ms.
    pub sum_ms: f64,
    /// The longest of them, ms.
    pub max_ms: f64,
    /// Of those processed, with an end.
    pub processed_timed: u64,
    /// Sum of their latencies, ms.
    pub processed_sum_ms: f64,
}

impl Written {
    /// Adds what another chunk holds of the same slot.
    pub fn add(&mut self, other: &Self) {
        self.created += other.created;
        self.processed += other.processed;
        self.failed += other.failed;
        self.max_ms = if self.timed == 0 {
            other.max_ms
        } else if other.timed == 0 {
            self.max_ms
        } else {
            self.max_ms.max(other.max_ms)
        };
        self.timed += other.timed;
        self.sum_ms += other.sum_ms;
        self.processed_timed += other.processed_timed;
        self.processed_sum_ms += other.processed_sum_ms;
    }
}

/// What ended in one slot, of one stage, after a latency of one bin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ended {
    /// Events that ended.
    pub n: u64,
    /// Of those, processed.
    pub processed: u64,
    /// Of those, failed.
    pub failed: u64,
    /// When the last of the processed ended, ms since 1970.
    pub last_processed: Option<i64>,
}

impl Ended {
    /// Adds what another chunk holds of the same slot and bin.
    pub fn add(&mut self, other: &Self) {
        self.n += other.n;
        self.processed += other.processed;
        self.failed += other.failed;
        self.last_processed = self.last_processed.max(other.last_processed);
    }
}

/// A row that has not ended: pending, or processing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open<S> {
    /// Its key.
    pub id: i64,
    /// Its stage.
    pub stage: S,
    /// When it was written, ms since 1970.
    pub created: i64,
    /// Whether a workflow has it.
    pub is_running: bool,
    /// Whether it bears an end all the same, from an earlier try.
    pub has_end: bool,
}

/// What a read found in a part of a range, with stages by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    /// Rows found.
    pub rows: u64,
    /// Sum of their versions, where rows have one.
    pub versions: Option<i64>,
    /// The lowest key found.
    pub low: i64,
    /// The highest key found.
    pub high: i64,
    /// When the oldest of the rows was written, ms since 1970.
    pub oldest: Option<i64>,
    /// When the youngest was.
    pub youngest: Option<i64>,
    /// What was written, by stage and slot.
    pub written: Vec<(EventType, Slot, Written)>,
    /// What ended, by stage, slot and bin.
    pub ended: Vec<(EventType, Slot, u16, Ended)>,
    /// Every row that has not ended.
    pub open: Vec<Open<EventType>>,
}

/// A stage, by its place in the list of them.
pub(super) type Stage = u16;

/// What a range of keys holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Chunk {
    /// The first key that it answers for; there need be no row with it.
    pub(super) low: i64,
    /// The last one.
    pub(super) high: i64,
    pub(super) rows: u64,
    /// Sum of their versions, where those are known: with the number of rows it tells whether any is another.
    pub(super) versions: Option<i64>,
    pub(super) oldest: Option<i64>,
    pub(super) youngest: Option<i64>,
    pub(super) written: Vec<((Stage, Slot), Written)>,
    pub(super) ended: Vec<((Stage, Slot, u16), Ended)>,
    pub(super) open: Vec<Open<Stage>>,
    /// The turn in which it was read.
    pub(super) read: u64,
    /// Whether it is known to be out of date.
    pub(super) is_dirty: bool,
}

impl Chunk {
    /// Takes in the chunk that follows.
    pub(super) fn merge(&mut self, next: Self) {
        self.high = next.high;
        self.rows += next.rows;
        let versions = self.versions.zip(next.versions);
        self.versions = versions.map(|(low, high)| low.wrapping_add(high));
        self.oldest = self.oldest.into_iter().chain(next.oldest).min();
        self.youngest = self.youngest.max(next.youngest);
        self.open.extend(next.open);
        self.read = self.read.min(next.read);
        self.is_dirty |= next.is_dirty;
        self.written.extend(next.written);
        fold(&mut self.written, Written::add);
        self.ended.extend(next.ended);
        fold(&mut self.ended, Ended::add);
    }
}

/// Adds up what has the same key.
fn fold<K: Ord + Copy, V>(cells: &mut Vec<(K, V)>, add: impl Fn(&mut V, &V)) {
    cells.sort_by_key(|(key, _)| *key);
    cells.dedup_by(|(key, value), (kept, sum)| {
        let is_same = key == kept;
        if is_same {
            add(sum, value);
        }
        is_same
    });
    cells.shrink_to_fit();
}
