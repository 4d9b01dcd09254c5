//! The keys of what is unresolved, in order.

use std::ops::{Bound, RangeInclusive};

use super::{Book, Entry};
use crate::domain::event::RowId;

impl Book {
    /// The highest keys of unresolved errors below `key`, the highest first.
    pub fn open_before(&self, key: i64, most: usize) -> Vec<RowId> {
        ids(self.entries.range(..key).rev(), most)
    }

    /// The lowest keys of unresolved errors above `key`, the lowest first.
    pub fn open_after(&self, key: i64, most: usize) -> Vec<RowId> {
        let above = (Bound::Excluded(key), Bound::Unbounded);
        ids(self.entries.range(above), most)
    }

    /// The keys of unresolved errors in `range`.
    pub fn open_in(&self, range: RangeInclusive<i64>) -> Vec<RowId> {
        ids(self.entries.range(range), usize::MAX)
    }

    /// How many unresolved errors have a higher key than `key`.
    pub fn newer(&self, key: i64) -> u64 {
        let above = (Bound::Excluded(key), Bound::Unbounded);
        let above = self.entries.range(above);
        above.filter(|(_, entry)| !entry.resolved).count() as u64
    }
}

fn ids<'a>(entries: impl Iterator<Item = (&'a i64, &'a Entry)>, most: usize) -> Vec<RowId> {
    let open = entries.filter(|(_, entry)| !entry.resolved);
    open.map(|(_, entry)| entry.id.clone()).take(most).collect()
}
