//! The live stream: the newest events, bounded, updated in place when an event changes.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::event::{EventRow, RowId};

/// Events kept.
pub const CAPACITY: usize = 2_000;

/// The newest events by key, with what became of the others. Ledger: `seen = kept + evicted`.
#[derive(Debug, Clone, Default)]
pub struct Ring {
    rows: BTreeMap<RowId, EventRow>,
    seen: u64,
    evicted: u64,
    evicted_below: Option<RowId>,
    fresh: BTreeSet<RowId>,
}

impl Ring {
    /// Takes in new and changed events. An event already evicted does not come back.
    pub fn absorb(&mut self, rows: Vec<EventRow>) {
        self.fresh.clear();
        for row in rows {
            if self
                .evicted_below
                .as_ref()
                .is_some_and(|limit| row.id <= *limit)
            {
                continue;
            }
            let id = row.id.clone();
            if self.rows.insert(id.clone(), row).is_none() {
                self.seen += 1;
                self.fresh.insert(id);
            }
        }
        while self.rows.len() > CAPACITY {
            if let Some((id, _)) = self.rows.pop_first() {
                self.evicted += 1;
                self.evicted_below = Some(id);
            }
        }
    }

    /// The events kept, newest key first.
    pub fn newest(&self) -> impl DoubleEndedIterator<Item = &EventRow> {
        self.rows.values().rev()
    }

    /// The event with this key, if it is kept.
    pub fn get(&self, id: &RowId) -> Option<&EventRow> {
        self.rows.get(id)
    }

    /// How many events are kept.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Distinct events taken in since the start.
    pub const fn seen(&self) -> u64 {
        self.seen
    }

    /// Events pushed out by newer ones.
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Whether the last intake brought this event for the first time.
    pub fn is_fresh(&self, id: &RowId) -> bool {
        self.fresh.contains(id)
    }
}
