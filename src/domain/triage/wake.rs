//! When a group that is left alone is to be looked at again. It follows from what was said and from when its errors came, so
//! that every console comes to the same answer, also after a restart, and an answer once given stays.

use chrono::TimeDelta;

use super::{Ignored, Until};
use crate::domain::Timestamp;

/// The time in which a rate is counted.
const HOUR: TimeDelta = TimeDelta::hours(1);

impl Ignored {
    /// When what it waited for came about, by a clock that shows `now`, given when errors of the group `came`, in any order;
    /// `None` while it is left alone. And how many came since it is.
    pub fn woken(
        &self,
        came: impl IntoIterator<Item = Timestamp>,
        now: Timestamp,
    ) -> (Option<Timestamp>, u64) {
        let mut since: Vec<Timestamp> = came.into_iter().filter(|at| *at > self.since).collect();
        since.sort_unstable();
        let woken = match self.until {
            Until::Time(at) => (now >= at).then_some(at),
            Until::More(n) => nth(&since, n, 0),
            Until::Rate(n) => (0..since.len()).find_map(|first| {
                let last = nth(&since, n, first)?;
                (last - *since.get(first)? < HOUR).then_some(last)
            }),
        };
        (woken, since.len() as u64)
    }
}

/// The `n`th moment from `first` on, counted from 1.
fn nth(moments: &[Timestamp], n: u64, first: usize) -> Option<Timestamp> {
    let behind = usize::try_from(n.checked_sub(1)?).ok()?;
    moments.get(first.checked_add(behind)?).copied()
}
