//! What the stream keeps, by key. The newest by time need not be the newest by key, among which changes are looked for:
//! a row may bear a moment of its own. What stands in the stream is promised to be as the table has it, so those rows are
//! looked at besides.

use std::collections::{BTreeSet, btree_set::Range};

use super::WATCHED;
use crate::domain::{
    Timestamp,
    event::{EventRow, EventStatus, RowId},
};

/// Rows looked at besides the newest by key, at most: of those that have not ended well, and of those with lower keys.
const OPEN: usize = 500;
const OLDER: usize = 500;

/// Rows that one sweep asks whether they are still there.
const IN_TURN: usize = 500;

/// The keys of the rows read, as many as the stream keeps.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The newest by time: what the stream keeps.
    by_time: BTreeSet<(Timestamp, RowId)>,
    /// The newest by key: what a look at all of them takes.
    by_key: BTreeSet<i64>,
    /// Of those, the ones that have not ended well.
    open: BTreeSet<i64>,
    /// The last one that was asked for in turn.
    asked: Option<(Timestamp, RowId)>,
}

impl Kept {
    /// Rows that were read.
    pub(super) fn take(&mut self, rows: &[EventRow]) {
        for row in rows {
            self.by_time.insert((row.created_at, row.id.clone()));
            let Some(key) = row.id.number() else { continue };
            self.by_key.insert(key);
            if row.status == EventStatus::Processed {
                self.open.remove(&key);
            } else {
                self.open.insert(key);
            }
        }
        while self.by_time.len() > WATCHED as usize {
            self.by_time.pop_first();
        }
        while self.by_key.len() > WATCHED as usize {
            self.by_key.pop_first();
        }
        self.open = match self.by_key.first() {
            Some(first) => self.open.split_off(first),
            None => BTreeSet::new(),
        };
    }

    /// The keys of the next of those that the stream keeps, each in its turn, the newest first.
    pub(super) fn in_turn(&mut self) -> Vec<String> {
        let newest_first = |range: Range<'_, (Timestamp, RowId)>| -> Vec<(Timestamp, RowId)> {
            range.rev().take(IN_TURN).cloned().collect()
        };
        let mut next = match self.asked.take() {
            Some(asked) => newest_first(self.by_time.range(..asked)),
            None => Vec::new(),
        };
        if next.is_empty() {
            next = newest_first(self.by_time.range(..));
        }
        self.asked = next.last().cloned();
        let keys = next.into_iter().map(|(_, id)| id.as_str().to_owned());
        keys.collect()
    }

    /// The table has these no more.
    pub(super) fn forget(&mut self, keys: &[RowId]) {
        if !keys.is_empty() {
            self.by_time.retain(|(_, id)| !keys.contains(id));
        }
    }

    /// The keys of those that are looked at besides the `newest` by key: where these are fewer than the stream keeps, the rest of those
    /// that have not ended well; and what the stream keeps that is not among its newest by key.
    pub(super) fn besides(&self, newest: usize) -> Vec<String> {
        let lowest = self.by_key.iter().nth_back(newest.saturating_sub(1));
        let open = lowest.map(|key| self.open.range(..key).rev());
        let open = open.into_iter().flatten().take(OPEN).map(i64::to_string);
        open.chain(self.older()).collect()
    }

    fn older(&self) -> Vec<String> {
        let floor = self
            .by_key
            .first()
            .filter(|_| self.by_key.len() >= WATCHED as usize);
        let Some(floor) = floor else {
            return Vec::new();
        };
        let is_older = |id: &&RowId| id.number().is_some_and(|key| key < *floor);
        let newest_first = self.by_time.iter().rev().map(|(_, id)| id);
        newest_first
            .filter(is_older)
            .take(OLDER)
            .map(|id| id.as_str().to_owned())
            .collect()
    }
}
