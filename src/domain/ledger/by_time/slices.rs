//! What is older than the overlap: rows are counted by stretches of time, and their keys are forgotten.

use super::{super::CHUNK, AccountByTime, Micros};

/// Keys remembered; beyond them the older are counted only.
const KEYS: usize = 200_000;

/// Stretches of time that are recounted; beyond them the oldest are counted no more.
const SLICES: usize = 4_096;

/// A stretch of time whose rows are counted, and whose keys are forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) range: (Micros, Micros),
    pub(super) rows: u64,
    /// Whether not all of its keys were read: an instant with more rows than are remembered.
    is_open: bool,
    /// What the server counted, when that was something else.
    doubted: Option<u64>,
}

impl AccountByTime {
    /// What the server counted of a slice: its keys are forgotten, so more than was known is taken over when it
    /// comes twice, or when the stream has read so many rows of that time.
    pub(super) fn slice_recounted(&mut self, range: (Micros, Micros), counted: u64) {
        let Some(slice) = self.slices.get_mut(self.slice_in_turn) else {
            return;
        };
        self.off_slice = 0;
        let more = counted.saturating_sub(slice.rows);
        let mut seen = self.seen.split_off(&(range.0 + 1, 0));
        let above = seen.split_off(&(range.1.saturating_add(1), 0));
        let unseen = more.saturating_sub(seen.len() as u64);
        if !slice.is_open && unseen > 0 && slice.doubted != Some(counted) {
            slice.doubted = Some(counted);
            self.off_slice = unseen.cast_signed();
            self.seen.append(&mut seen);
        } else {
            if !slice.is_open {
                self.late += more;
            }
            self.removed += slice.rows.saturating_sub(counted);
            *slice = Slice {
                range: slice.range,
                rows: counted,
                is_open: false,
                doubted: None,
            };
            self.slice_in_turn = (self.slice_in_turn + 1) % self.slices.len();
        }
        self.seen.extend(above);
    }

    /// Forgets the keys that are older than the overlap, of what was just recounted up to `agreed`, and those that are too
    /// many.
    pub(super) fn seal(&mut self, agreed: Option<Micros>) {
        if let Some(agreed) = agreed {
            for edge in self.edges(agreed) {
                self.seal_up_to(edge);
            }
        }
        self.bound();
        while self.slices.len() > SLICES {
            self.closed += self.slices.pop_front().map_or(0, |it| it.rows);
            self.slice_in_turn = self.slice_in_turn.saturating_sub(1);
        }
    }

    /// Forgets the older half of the keys where they are too many.
    pub(super) fn bound(&mut self) {
        while self.young.len() > KEYS {
            let middle = self.young.iter().nth(self.young.len() / 2);
            let Some((middle, _)) = middle.copied() else {
                break;
            };
            let whole = self.whole();
            self.doubted = None;
            (self.lost, self.off_young) = (0, 0);
            if middle <= whole {
                self.seal_up_to(middle);
            } else {
                // One instant has more rows than are remembered: the server alone counts them.
                self.seal_up_to(middle);
                self.reach = (middle.max(self.reach.0), None);
                if let Some(slice) = self.slices.back_mut() {
                    slice.is_open = true;
                }
            }
        }
    }

    pub(super) fn seal_up_to(&mut self, up_to: Micros) {
        if up_to <= self.sealed {
            return;
        }
        let rest = self.young.split_off(&(up_to.saturating_add(1), 0));
        let rows = std::mem::replace(&mut self.young, rest).len() as u64;
        let range = (self.sealed, up_to);
        let is_edge = self.is_edge(range.0);
        match self.slices.back_mut() {
            Some(last) if last.rows + rows <= CHUNK as u64 && !last.is_open && !is_edge => {
                last.range.1 = up_to;
                last.rows += rows;
                last.doubted = None;
            }
            _ => self.slices.push_back(Slice {
                range,
                rows,
                is_open: false,
                doubted: None,
            }),
        }
        self.sealed = up_to;
        self.recount_from = self.recount_from.max(up_to);
    }
}
