//! What the server counts beside what stands in the account. The count is of the same snapshot as the keys of a sweep, so
//! that the two may differ only by rows where none is expected and by rows that were removed.

use super::{Account, Asked, CHUNK, Hole, Runs, inside, runs_of, size};

/// Sweeps in a row that follow at once since their counts did not agree: what is removed faster than that is caught up with
/// later.
pub(super) const IN_A_ROW: u32 = 20;

impl Account {
    /// Whether a range is to be read again at once.
    pub(super) const fn is_in_doubt(&self) -> bool {
        self.doubted.is_some() && self.doubts < IN_A_ROW
    }

    /// Whether none of the rows found is left, and nothing waits for a proof or a recount: the table may have been emptied, and its sequence
    /// set back.
    pub(super) fn is_emptied(&self) -> bool {
        self.opened.is_some()
            && self.found.keys() == 0
            && self.removed.keys() > 0
            && self.waiting.is_empty()
            && self.uncounted().is_none()
    }

    /// Where no row found is left, and the table has so few others that all of them were read, the watch begins anew with
    /// them: keys below its first may be handed out again. Whether it did.
    pub(super) fn reopen(&mut self, keys: &[i64]) -> bool {
        let below = inside(keys, (i64::MIN, self.base));
        if below.len() as i64 >= CHUNK || !inside(keys, (self.base + 1, i64::MAX)).is_empty() {
            return false;
        }
        self.seal(i64::MAX);
        self.forgotten += self.closed.0;
        // Proofs were of keys that may be handed out again.
        self.closed = (0, 0);
        self.proven = Runs::default();
        self.aside = Runs::default();
        for run in std::mem::take(&mut self.older).iter() {
            self.removed.insert(run);
        }
        (self.opened, self.base, self.reach) = (None, 0, 0);
        self.open(below, true);
        for run in runs_of(below) {
            self.find(run);
        }
        if let Some(last) = below.last() {
            let missed = self.found.gaps((self.base + 1, *last));
            let holes = missed.into_iter().flat_map(|run| self.removed.gaps(run));
            let holes = holes.map(|run| Hole { run, mark: None });
            self.waiting.extend(holes);
            self.reach = *last;
        }
        self.is_behind = false;
        self.doubts = 0;
        self.settled();
        true
    }

    /// Nothing is in doubt.
    pub(super) const fn settled(&mut self) {
        self.doubted = None;
        (self.lost, self.short, self.unread) = (0, 0, 0);
    }

    /// The range in which the count did not agree: what is there now, is there; what is not, was removed.
    pub(super) fn reread(&mut self, keys: &[i64]) {
        let Some(doubted) = self.doubted.take() else {
            return;
        };
        (self.lost, self.short, self.unread) = (0, 0, 0);
        let mut there = Runs::default();
        for run in runs_of(inside(keys, doubted)) {
            self.find(run);
            there.insert(run);
        }
        for gap in there.gaps(doubted) {
            self.remove(gap);
        }
    }

    /// What the server counted in a range, beside what stands here. The turn ends at `end`, the last key swept before: what
    /// came since is for the next one, or the first keys would never be counted again while rows come.
    pub(super) fn recounted(&mut self, asked: &Asked, counted: u64, end: i64) {
        let (low, high) = asked.recount;
        if low > high {
            self.recount_from = self.base + 1;
            self.doubts = 0;
            return;
        }
        let known = self.found.count((low, high));
        let is_same = counted == known;
        let more = counted.saturating_sub(known);
        let lost = more.saturating_sub(self.expected(asked));
        self.doubts = if is_same {
            0
        } else {
            self.doubts.saturating_add(1)
        };
        if !is_same {
            self.doubted = Some((low, high));
            self.lost = lost;
            (self.short, self.unread) = (known.saturating_sub(counted), more - lost);
        }
        if self.counted_apart((low, high), lost, is_same) {
            return;
        }
        self.recount_from = if high >= end { self.base + 1 } else { high + 1 };
    }

    /// Keys of the recounted range that may have a row without being lost: holes that this sweep did not look at, and keys that
    /// were removed and are handed out again, where a sequence was set back.
    fn expected(&self, asked: &Asked) -> u64 {
        let (low, high) = asked.recount;
        let mut read = Runs::default();
        // A longer one may not have been read to its end.
        for run in asked
            .ranges
            .iter()
            .filter(|run| size(**run) <= CHUNK as u64)
        {
            read.insert(*run);
        }
        let waiting = self.waiting.iter().map(|hole| hole.run);
        let open = waiting.chain(self.aside.within((low, high)));
        let part = open.map(|(first, last)| (first.max(low), last.min(high)));
        let unread = part.filter(|(first, last)| first <= last);
        let unread = unread.flat_map(|run| read.gaps(run));
        let unread: u64 = unread.map(|run| size(run) - self.found.count(run)).sum();
        unread + self.removed.count((low, high))
    }
}
