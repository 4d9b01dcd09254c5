//! How many errors of each class came in which stretch of time.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Class;
use crate::domain::Timestamp;

/// The shortest stretch that is counted, s.
const SLOT_S: i64 = 5 * 60;

/// Errors of each class, in the order of [`Class::ALL`].
pub type Bar = [u64; 6];

/// A window of time to look at errors in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Window {
    /// Two hours, by five minutes.
    TwoHours,
    /// Six hours, by a quarter of an hour.
    SixHours,
    /// A day, by the hour.
    #[default]
    Day,
    /// A week, by six hours.
    Week,
}

impl Window {
    const ALL: [Self; 4] = [Self::TwoHours, Self::SixHours, Self::Day, Self::Week];

    /// The next longer one, or the next shorter; itself where there is none.
    #[must_use]
    pub fn beside(self, longer: bool) -> Self {
        let at = Self::ALL.iter().position(|it| *it == self).unwrap_or(0);
        let to = if longer { at + 1 } else { at.saturating_sub(1) };
        Self::ALL.get(to).copied().unwrap_or(self)
    }

    /// How many stretches it has.
    pub const fn columns(self) -> usize {
        match self {
            Self::TwoHours | Self::SixHours | Self::Day => 24,
            Self::Week => 28,
        }
    }

    /// How long a stretch of it is, s.
    pub const fn column_s(self) -> i64 {
        match self {
            Self::TwoHours => SLOT_S,
            Self::SixHours => 3 * SLOT_S,
            Self::Day => 3_600,
            Self::Week => 6 * 3_600,
        }
    }

    /// Its name: `6 h`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TwoHours => "2 h",
            Self::SixHours => "6 h",
            Self::Day => "24 h",
            Self::Week => "7 d",
        }
    }

    /// A stretch of it, in words: `15 min`.
    pub const fn column(self) -> &'static str {
        match self {
            Self::TwoHours => "5 min",
            Self::SixHours => "15 min",
            Self::Day => "hour",
            Self::Week => "6 h",
        }
    }

    /// How long ago each quarter of it begins, in words, the oldest first.
    pub const fn quarters(self) -> [&'static str; 4] {
        match self {
            Self::TwoHours => ["-2h", "-90m", "-60m", "-30m"],
            Self::SixHours => ["-6h", "-4h30", "-3h", "-1h30"],
            Self::Day => ["-24h", "-18h", "-12h", "-6h"],
            Self::Week => ["-7d", "-5d6h", "-3d12h", "-42h"],
        }
    }

    /// How long it is.
    pub fn span(self) -> TimeDelta {
        TimeDelta::seconds(self.column_s() * self.columns() as i64)
    }
}

/// Errors by stretch of five minutes, each counted from the epoch.
#[derive(Debug, Clone, Default)]
pub(super) struct Slots(BTreeMap<i64, [u32; 6]>);

impl Slots {
    /// Counts an error of `class` that came `at` in, or out.
    pub(super) fn change(&mut self, at: Timestamp, class: Class, more: bool) {
        let slot = at.timestamp().div_euclid(SLOT_S);
        let place = Class::ALL.iter().position(|it| *it == class).unwrap_or(0);
        let bar = self.0.entry(slot).or_default();
        if let Some(n) = bar.get_mut(place) {
            *n = if more { *n + 1 } else { n.saturating_sub(1) };
        }
        if *bar == [0; 6] {
            self.0.remove(&slot);
        }
    }

    /// What is told of them `now`: a day by five minutes, and a week by the hour; whole since then.
    pub(super) fn tell(&self, now: Timestamp, since: Option<Timestamp>) -> Bars {
        let slot = now.timestamp().div_euclid(SLOT_S);
        let by_hour = 3_600 / SLOT_S;
        let hour = slot.div_euclid(by_hour);
        let mut hours: BTreeMap<i64, [u32; 6]> = BTreeMap::new();
        for (slot, bar) in self.0.range((hour - 7 * 24) * by_hour..=slot) {
            let sum = hours.entry(slot.div_euclid(by_hour)).or_default();
            for (sum, n) in sum.iter_mut().zip(bar) {
                *sum += n;
            }
        }
        let day = self.0.range(slot - 24 * by_hour..=slot);
        Bars {
            slots: day.map(|(slot, bar)| (*slot, *bar)).collect(),
            hours: hours.into_iter().collect(),
            since,
        }
    }
}

/// Errors of the last day by five minutes, and of the last week by the hour: stretches without one are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bars {
    slots: Vec<(i64, [u32; 6])>,
    hours: Vec<(i64, [u32; 6])>,
    /// Since when all that came is counted, where older errors are not known whole.
    pub since: Option<Timestamp>,
}

impl Bars {
    /// The stretches of `window` that ends `now`, the oldest first.
    pub fn of(&self, window: Window, now: Timestamp) -> Vec<Bar> {
        let (all, unit) = match window {
            Window::TwoHours | Window::SixHours => (&self.slots, SLOT_S),
            Window::Day | Window::Week => (&self.hours, 3_600),
        };
        let columns = window.columns();
        let last = now.timestamp().div_euclid(window.column_s());
        let mut bars = vec![Bar::default(); columns];
        for (at, bar) in all {
            let column = (at * unit).div_euclid(window.column_s());
            let ago = usize::try_from(last - column).ok();
            let place = ago.and_then(|ago| columns.checked_sub(ago + 1));
            let Some(sum) = place.and_then(|place| bars.get_mut(place)) else {
                continue;
            };
            for (sum, n) in sum.iter_mut().zip(bar) {
                *sum += u64::from(*n);
            }
        }
        bars
    }

    /// From when on the stretches of `window` that ends `now` are whole, where that is after it begins.
    pub fn lacks(&self, window: Window, now: Timestamp) -> Option<Timestamp> {
        self.since.filter(|since| *since > now - window.span())
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn begin(slot: i64) -> Timestamp {
        chrono::DateTime::from_timestamp(slot * SLOT_S, 0).unwrap()
    }

    fn sums(bars: &[Bar]) -> Vec<u64> {
        bars.iter().map(|bar| bar.iter().sum()).collect()
    }

    #[test]
    fn errors_are_counted_in_the_stretch_they_came_in_of_every_window() {
        // The first slot of an hour, and of six.
        let base = 5_889_600;
        assert_eq!((base * SLOT_S) % (6 * 3_600), 0);
        let mut slots = Slots::default();
        for (slot, class) in [
            (base, Class::Quota),
            (base, Class::Data),
            (base - 1, Class::Quota),
            (base - 12, Class::Quota),
            (base - 300, Class::Code),
            (base - 10_000, Class::Code),
        ] {
            slots.change(begin(slot), class, true);
        }
        let now = begin(base) + TimeDelta::minutes(4);
        let bars = slots.tell(now, None);
        let ends = |window: Window, n: usize| {
            let all = sums(&bars.of(window, now));
            assert_eq!(all.len(), window.columns());
            all[all.len() - n..].to_vec()
        };
        assert_eq!(
            ends(Window::TwoHours, 13),
            [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]
        );
        assert_eq!(ends(Window::SixHours, 5), [1, 0, 0, 1, 2]);
        assert_eq!(ends(Window::Day, 3), [0, 2, 2]);
        assert_eq!(ends(Window::Week, 6), [1, 0, 0, 0, 2, 2]);
        assert_eq!(sums(&bars.of(Window::Day, now)).iter().sum::<u64>(), 4);
        let last = *bars.of(Window::Day, now).last().unwrap();
        assert_eq!(last, [0, 1, 0, 1, 0, 0], "in the order of the classes");
        // What goes is counted out, and an empty stretch is not kept.
        slots.change(begin(base), Class::Data, false);
        slots.change(begin(base), Class::Quota, false);
        assert_eq!(slots.tell(now, None).slots.last().unwrap().0, base - 1);
    }

    #[test]
    fn windows_follow_each_other_and_say_from_when_on_they_are_whole() {
        let names: Vec<&str> = Window::ALL.iter().map(|it| it.name()).collect();
        assert_eq!(names, ["2 h", "6 h", "24 h", "7 d"]);
        assert_eq!(Window::Day.beside(true), Window::Week);
        assert_eq!(Window::Week.beside(true), Window::Week);
        assert_eq!(Window::TwoHours.beside(false), Window::TwoHours);
        let now = begin(5_889_600);
        let since = now - TimeDelta::hours(30);
        let bars = Slots::default().tell(now, Some(since));
        assert_eq!(bars.lacks(Window::Day, now), None);
        assert_eq!(bars.lacks(Window::Week, now), Some(since));
    }
}
