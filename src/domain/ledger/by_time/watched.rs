//! Stretches of time that are accounted for apart: a reconnect says how many rows came meanwhile.

use super::{super::Stretch, AccountByTime, Micros};

/// Stretches kept; the older make way.
const KEPT: usize = 32;

/// Recounts of all that is young that a stretch waits for: the one under way may have begun before it.
const ROUNDS: u64 = 2;

/// A stretch as the account keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Watched {
    number: u64,
    after: Micros,
    /// None before the sweep that ends it; then its last moment, and the recount that it waits for.
    ends: Option<(Micros, u64)>,
    /// What was found in it, and whether that was recounted: then it stays as it is.
    rows: u64,
    is_recounted: bool,
    lost: u64,
}

impl AccountByTime {
    /// Accounts apart for the rows above `after`, up to the last that the next sweep finds.
    pub fn watch(&mut self, number: u64, after: Micros) {
        self.watched.retain(|known| known.number != number);
        self.watched.push_back(Watched {
            number,
            after,
            ends: None,
            rows: 0,
            is_recounted: false,
            lost: 0,
        });
        if self.watched.len() > KEPT {
            self.watched.pop_front();
        }
    }

    /// A sweep was taken in: what it says of the stretches that are not settled.
    pub(super) fn follow(&mut self) {
        let (Some(opened), false) = (self.opened, self.is_behind) else {
            return;
        };
        let mut watched = std::mem::take(&mut self.watched);
        for it in watched.iter_mut().filter(|it| !it.is_recounted) {
            it.after = it.after.max(opened);
            let now = (self.reach.0.max(it.after), self.rounds + ROUNDS);
            let (up_to, round) = *it.ends.get_or_insert(now);
            let sealed = self.slices.iter().filter(|slice| slice.range.1 > it.after);
            let sealed: u64 = sealed.map(|slice| slice.rows).sum();
            it.rows = sealed + self.count_young((it.after.max(self.sealed), up_to));
            it.lost = self.lost;
            it.is_recounted = self.rounds >= round && self.doubted.is_none();
        }
        self.watched = watched;
    }

    fn unsettled(&self) -> impl Iterator<Item = &Watched> {
        self.watched.iter().filter(|it| !it.is_recounted)
    }

    /// Whether a stretch that is not settled begins at this moment: its rows are kept apart from those before.
    pub(super) fn is_edge(&self, at: Micros) -> bool {
        self.unsettled().any(|it| it.after == at)
    }

    /// The moments up to which keys are forgotten now, one after the other, none after `agreed`.
    pub(super) fn edges(&self, agreed: Micros) -> Vec<Micros> {
        let last = agreed.min(self.whole().saturating_sub(self.overlap + 1));
        let inside = |at: &Micros| self.sealed < *at && *at < last;
        let mut edges: Vec<_> = self.unsettled().map(|it| it.after).filter(inside).collect();
        edges.push(last);
        edges.sort_unstable();
        edges
    }

    /// How the stretches stand that a sweep has ended.
    pub(super) fn stretches(&self) -> Vec<Stretch> {
        let ended = |it: &Watched| {
            Some(Stretch {
                number: it.number,
                after: it.after,
                up_to: it.ends?.0,
                rows: it.rows,
                proven: 0,
                waiting: 0,
                aside: 0,
                lost: it.lost,
                is_recounted: it.is_recounted,
                is_approximate: true,
            })
        };
        self.watched.iter().filter_map(ended).collect()
    }
}
