//! The zone of whoever sits before the console: how far ahead of UTC its clocks are, and when that changes.

use chrono::{NaiveDateTime, TimeDelta};

use super::Timestamp;

/// How far ahead of UTC clocks are, from moment to moment. By default not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Zone {
    /// Seconds ahead of UTC before the first change.
    first: i32,
    /// From when on it is how many seconds, in order.
    changes: Vec<(Timestamp, i32)>,
}

impl Zone {
    /// Clocks that are always so many seconds ahead.
    pub const fn fixed(ahead: i32) -> Self {
        Self {
            first: ahead,
            changes: Vec::new(),
        }
    }

    /// What `ahead` says, which tells how many seconds clocks are ahead at a moment: looked at once a day from `from` on for so
    /// many `days`, and at each change to the second. Two changes within one day are one.
    pub fn of(from: Timestamp, days: u32, ahead: impl Fn(Timestamp) -> i32) -> Self {
        let mut zone = Self::fixed(ahead(from));
        let mut known = zone.first;
        let mut before = from;
        for day in 1..=i64::from(days) {
            let at = from + TimeDelta::days(day);
            let now = ahead(at);
            if now != known {
                zone.changes.push((change(before, at, known, &ahead), now));
                known = now;
            }
            before = at;
        }
        zone
    }

    /// How far clocks are ahead of UTC at `at`.
    pub fn ahead(&self, at: Timestamp) -> TimeDelta {
        let last = self.changes.iter().rev().find(|(from, _)| *from <= at);
        TimeDelta::seconds(last.map_or(self.first, |(_, ahead)| *ahead).into())
    }

    /// What clocks show at `at`.
    pub fn shown(&self, at: Timestamp) -> NaiveDateTime {
        at.naive_utc() + self.ahead(at)
    }

    /// When clocks show `shown`: the first time where they do twice; where they never do, as if they had not been put forward.
    pub fn moment(&self, shown: NaiveDateTime) -> Option<Timestamp> {
        let all = std::iter::once(self.first).chain(self.changes.iter().map(|(_, ahead)| *ahead));
        let read = |ahead: i32| {
            let ahead = TimeDelta::seconds(ahead.into());
            Some(shown.checked_sub_signed(ahead)?.and_utc())
        };
        let is_it = |at: &Timestamp| self.shown(*at) == shown;
        let first = all.filter_map(read).filter(is_it).min();
        first.or_else(|| {
            // No zone is a day ahead, and none changes twice in two.
            let before = shown.and_utc().checked_sub_signed(TimeDelta::days(1))?;
            let at = shown.checked_sub_signed(self.ahead(before))?;
            Some(at.and_utc())
        })
    }
}

/// When between `from` and `until` it is no longer `known`, to the second.
fn change(
    mut from: Timestamp,
    mut until: Timestamp,
    known: i32,
    ahead: &impl Fn(Timestamp) -> i32,
) -> Timestamp {
    while (until - from).num_seconds() > 1 {
        let middle = from + TimeDelta::seconds((until - from).num_seconds() / 2);
        if ahead(middle) == known {
            from = middle;
        } else {
            until = middle;
        }
    }
    until
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    fn shown(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    /// Berlin in 2026: summer time from 29 March to 25 October.
    fn berlin() -> Zone {
        let (spring, autumn) = (at("2026-03-29T01:00:00Z"), at("2026-10-25T01:00:00Z"));
        let ahead = |at| {
            if at >= spring && at < autumn {
                7_200
            } else {
                3_600
            }
        };
        Zone::of(at("2026-01-01T07:30:00Z"), 400, ahead)
    }

    #[test]
    fn a_change_is_found_to_the_second_and_a_clock_is_read_by_what_holds_then() {
        let zone = berlin();
        let expected = [
            (at("2026-03-29T01:00:00Z"), 7_200),
            (at("2026-10-25T01:00:00Z"), 3_600),
        ];
        assert_eq!(zone.changes, expected);
        for (clock, utc) in [
            ("2026-03-28 09:00", "2026-03-28T08:00:00Z"),
            ("2026-03-29 09:00", "2026-03-29T07:00:00Z"),
            ("2026-10-24 09:00", "2026-10-24T07:00:00Z"),
            ("2026-10-25 09:00", "2026-10-25T08:00:00Z"),
            // Twice that night: the first time. Never that morning: an hour later.
            ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
            ("2026-03-29 02:30", "2026-03-29T01:30:00Z"),
        ] {
            assert_eq!(zone.moment(shown(clock)), Some(at(utc)), "{clock}");
        }
    }

    proptest! {
        /// What clocks show at a moment is read back as that moment, or as the hour before it where they show it twice.
        #[test]
        fn what_is_shown_is_read_back(minutes in 0_i64..576_000) {
            let zone = berlin();
            let moment = at("2026-01-01T00:00:00Z") + TimeDelta::minutes(minutes);
            let read = zone.moment(zone.shown(moment)).unwrap();
            prop_assert!(read == moment || moment - read == TimeDelta::hours(1));
            prop_assert_eq!(zone.shown(read), zone.shown(moment));
        }
    }
}
