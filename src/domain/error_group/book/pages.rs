//! The keys of what is unresolved, in order.

use std::{
    collections::HashMap,
    ops::{Bound, RangeInclusive},
};

use super::{Book, Entry, Severity};
use crate::domain::{
    Timestamp,
    event::{EventType, RowId},
};

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

    /// When the error `key` happened.
    pub fn at(&self, key: i64) -> Option<Timestamp> {
        self.entries.get(&key).map(|entry| entry.at)
    }

    /// How many errors are unresolved, by stage and severity.
    pub fn open_by_stage(&self) -> Vec<((EventType, Severity), u64)> {
        let mut counts: Vec<((EventType, Severity), u64)> = Vec::new();
        let mut places: HashMap<(&EventType, u8), usize> = HashMap::new();
        for tally in &self.groups {
            for (rank, n) in tally.open.severities.iter() {
                let place = *places.entry((&tally.stage, *rank)).or_insert_with(|| {
                    let severity = self.names.severity(*rank);
                    counts.push(((tally.stage.clone(), severity), 0));
                    counts.len() - 1
                });
                if let Some((_, sum)) = counts.get_mut(place) {
                    *sum += n;
                }
            }
        }
        counts
    }

    /// How many errors that happened after `since` are held, by stage and severity.
    pub fn since_by_stage(&self, since: Timestamp) -> Vec<((EventType, Severity), u64)> {
        let mut counts: HashMap<(&EventType, u8), u64> = HashMap::new();
        for entry in self.entries.values().filter(|entry| entry.at > since) {
            if let Some(tally) = self.groups.get(entry.group) {
                *counts.entry((&tally.stage, entry.severity)).or_default() += 1;
            }
        }
        let counts = counts.into_iter();
        counts
            .map(|((stage, rank), n)| ((stage.clone(), self.names.severity(rank)), n))
            .collect()
    }

    /// When the last of the resolved errors happened that had to make way.
    pub const fn made_way(&self) -> Option<Timestamp> {
        self.made_way
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
