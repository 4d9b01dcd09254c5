//! What the book holds at most, and what makes way for more.

use super::{Book, RESOLVED, Tally};
use crate::domain::stage::COUNTED;

/// Unresolved errors held, the newest; a tenth more before the oldest make way.
pub(super) const OPEN: usize = COUNTED as usize;

/// Groups without an error that are remembered.
const EMPTY: usize = 2_000;

impl Book {
    /// The lowest key of the unresolved errors, where older ones had to make way.
    pub const fn floor(&self) -> Option<i64> {
        self.floor
    }

    /// Older unresolved errors are read again.
    pub const fn has_room(&mut self) {
        self.floor = None;
    }

    /// Lets the oldest go beyond those that are kept; of resolved ones, their groups keep in mind since when they are.
    pub(super) fn make_way(&mut self) {
        let open = self.open as usize;
        // In one sweep now and then, not row by row.
        if open > OPEN + OPEN / 10 {
            for key in self.oldest(false, open - OPEN) {
                self.drop_entry(key);
            }
            let lowest = self.entries.iter().find(|(_, entry)| !entry.resolved);
            self.floor = lowest.map(|(key, _)| *key);
        }
        let surplus = (self.entries.len() - self.open as usize).saturating_sub(RESOLVED);
        if surplus >= RESOLVED / 10 {
            for key in self.oldest(true, surplus) {
                let Some((group, at)) = self.entries.get(&key).map(|entry| (entry.group, entry.at))
                else {
                    continue;
                };
                self.drop_entry(key);
                self.made_way = self.made_way.max(Some(at));
                if let Some(tally) = self.groups.get_mut(group) {
                    tally.forgotten = Some(tally.forgotten.map_or(at, |known| known.min(at)));
                }
            }
        }
        if self.groups.len() > EMPTY {
            self.forget_groups();
        }
    }

    /// The lowest keys of those that are resolved, or of those that are not.
    fn oldest(&self, resolved: bool, n: usize) -> Vec<i64> {
        let all = self.entries.iter();
        let of_kind = all.filter(|(_, entry)| entry.resolved == resolved);
        of_kind.map(|(key, _)| *key).take(n).collect()
    }

    /// Forgets the groups without an error, once most of them have none.
    fn forget_groups(&mut self) {
        let empty = self.groups.iter().filter(|tally| tally.is_empty()).count();
        if empty <= EMPTY || empty * 2 < self.groups.len() {
            return;
        }
        let groups = std::mem::take(&mut self.groups);
        let mut moved: Vec<usize> = Vec::with_capacity(groups.len());
        for tally in groups {
            moved.push(self.groups.len());
            if !Tally::is_empty(&tally) {
                self.groups.push(tally);
            }
        }
        self.places = self
            .groups
            .iter()
            .enumerate()
            .map(|(place, tally)| (tally.id, place))
            .collect();
        for entry in self.entries.values_mut() {
            entry.group = moved.get(entry.group).copied().unwrap_or_default();
        }
    }
}
