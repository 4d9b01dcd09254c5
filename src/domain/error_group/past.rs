//! What the hours in which errors came tell: how often a group came before, and how many errors are usual.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::{
    Class,
    bars::{Bars, Slots},
    book::Entry,
    tally::step,
};
use crate::domain::Timestamp;

/// Hours without an error that end a stretch of them.
const QUIET: i64 = 6;

/// Hours of a week.
const WEEK: i64 = 7 * 24;

/// Weeks that are looked back.
const WEEKS: i64 = 4;

/// The hour of `at`, counted from the epoch.
pub(super) const fn hour(at: Timestamp) -> i64 {
    at.timestamp().div_euclid(3_600)
}

fn begin_of(hour: i64) -> Timestamp {
    DateTime::from_timestamp(hour * 3_600, 0).unwrap_or_default()
}

/// How often a group came before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// Stretches of errors before the last one, each with less than six hours between two errors.
    pub times: u64,
    /// The last of those: the hour in which it began, and the end of the one in which it ended.
    pub last: Option<(Timestamp, Timestamp)>,
}

impl Past {
    /// What these hours tell, the oldest first.
    pub(super) fn of(hours: impl Iterator<Item = i64>) -> Self {
        let mut past = Self::default();
        let mut stretch: Option<(i64, i64)> = None;
        for hour in hours {
            stretch = match stretch {
                Some((from, to)) if hour - to <= QUIET => Some((from, hour)),
                Some((from, to)) => {
                    past.times += 1;
                    past.last = Some((begin_of(from), begin_of(to + 1)));
                    Some((hour, hour))
                }
                None => Some((hour, hour)),
            };
        }
        past
    }
}

/// How many errors are usual at this hour, and how many were resolved of late.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usual {
    /// Errors in the same hour of the same weekday, up to four weeks back, the last week first; no more weeks than are known.
    pub weeks: Vec<u64>,
    /// Errors that were resolved in the last 24 hours, this one among them.
    pub resolved_24h: u64,
    /// Whether more may have been: older errors are not known.
    pub is_bound: bool,
}

impl Usual {
    /// The median of the weeks, and their 95th percentile; `None` where none is known.
    pub fn spread(&self) -> Option<(f64, u64)> {
        let mut sorted = self.weeks.clone();
        sorted.sort_unstable();
        let len = sorted.len();
        let at = |place: usize| sorted.get(place).copied();
        let (low, high) = (at(len.checked_sub(1)? / 2)?, at(len / 2)?);
        let p95 = at((len * 95).div_ceil(100) - 1)?;
        Some(((low + high) as f64 / 2.0, p95))
    }
}

/// Errors of all groups by hour.
#[derive(Debug, Clone, Default)]
pub(super) struct Hours {
    open: BTreeMap<i64, u32>,
    resolved: BTreeMap<i64, u32>,
    /// By the hour in which they were resolved.
    ended: BTreeMap<i64, u32>,
    slots: Slots,
}

impl Hours {
    /// Counts `entry`, of that class, in, or out.
    pub(super) fn change(&mut self, (entry, class): (&Entry, Class), more: bool) {
        self.slots.change(entry.at, class, more);
        let side = if entry.resolved {
            &mut self.resolved
        } else {
            &mut self.open
        };
        step(side, hour(entry.at), more);
        if let Some(at) = entry.resolved_at {
            step(&mut self.ended, hour(at), more);
        }
    }

    /// How many of each class came when, as of `now`. Where older errors had to make way (`is_cut`), all are known as far back
    /// as the resolved ones.
    pub(super) fn bars(&self, now: Timestamp, is_cut: bool) -> Bars {
        let first = self.resolved.first_key_value();
        let since = is_cut.then(|| first.map_or(now, |(hour, _)| begin_of(hour + 1)));
        self.slots.tell(now, since)
    }

    /// What is usual `now`. Where older errors had to make way (`is_cut`), only what is as new as the resolved ones is known
    /// whole.
    pub(super) fn usual(&self, now: Timestamp, is_cut: bool) -> Usual {
        let first = |side: &BTreeMap<i64, u32>| side.first_key_value().map(|(hour, _)| *hour);
        let reach = if is_cut {
            first(&self.resolved)
        } else {
            first(&self.open)
                .into_iter()
                .chain(first(&self.resolved))
                .min()
        };
        let count = |side: &BTreeMap<i64, u32>, hour| side.get(&hour).copied().map_or(0, u64::from);
        let this = hour(now);
        let weeks = (1..=WEEKS).map(|week| this - week * WEEK);
        let weeks = weeks.take_while(|hour| reach.is_some_and(|reach| reach < *hour));
        let ended = self.ended.range(this - 23..=this);
        Usual {
            weeks: weeks
                .map(|hour| count(&self.open, hour) + count(&self.resolved, hour))
                .collect(),
            resolved_24h: ended.map(|(_, n)| u64::from(*n)).sum(),
            is_bound: is_cut,
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_stretch_ends_where_six_hours_bring_no_error() {
        assert_eq!(Past::of([].into_iter()), Past::default());
        assert_eq!(Past::of([5, 6, 12].into_iter()), Past::default());
        let past = Past::of([5, 6, 13, 20, 21].into_iter());
        let last = Some((begin_of(13), begin_of(14)));
        assert_eq!(past, Past { times: 2, last });
    }

    #[test]
    fn what_is_usual_is_told_of_the_weeks_that_are_known_whole() {
        let now = begin_of(10_000) + chrono::TimeDelta::minutes(20);
        let mut hours = Hours::default();
        for (week, n) in [(1, 4), (2, 1), (4, 9)] {
            hours.open.insert(10_000 - week * WEEK, n);
        }
        // The oldest that is known may not be the first of its hour.
        assert_eq!(hours.usual(now, false).weeks, [4, 1, 0]);
        hours.resolved.insert(8_000, 1);
        assert_eq!(hours.usual(now, false).weeks, [4, 1, 0, 9]);
        hours.resolved.clear();
        assert_eq!(hours.usual(now, true).weeks, [0_u64; 0]);
        let usual = |weeks: &[u64]| Usual {
            weeks: weeks.to_vec(),
            ..Usual::default()
        };
        assert_eq!(usual(&[]).spread(), None);
        assert_eq!(usual(&[3]).spread(), Some((3.0, 3)));
        assert_eq!(usual(&[4, 1, 0, 9]).spread(), Some((2.5, 9)));
    }

    #[test]
    fn the_resolved_are_counted_over_the_last_24_hours() {
        let hours = Hours {
            ended: [(100, 2), (101, 3), (124, 5)].into(),
            ..Hours::default()
        };
        assert_eq!(hours.usual(begin_of(124), false).resolved_24h, 8);
    }
}
