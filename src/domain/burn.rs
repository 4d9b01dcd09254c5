//! How fast the errors that are allowed are used up. With nine of ten to end well, errors can burn at most ten times too fast:
//! the usual multiples (14.4 in an hour) could never be reached. So what is told is how long the rest lasts, at the pace of a
//! long window and of a short one, and it counts only where both say so.

use super::{duration, outcomes::Share};

/// Seconds of the short window.
const HOUR_S: f64 = 3_600.0;

/// The day bears out what the hour says from this speed on: beyond 1 all would be used up already.
const BORNE_OUT: f64 = 0.5;

/// The errors of two windows, against what is allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burn {
    /// The share of all outcomes that may be errors, of 1.
    pub allowed: f64,
    /// Errors of all outcomes in 24 h.
    pub day: Share,
    /// The same in the last hour.
    pub hour: Share,
    /// Fewer outcomes in a window prove nothing.
    pub min_n: u64,
}

/// What the windows say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Too few outcomes, this many.
    LowN(u64),
    /// The day's errors are all used up.
    Spent,
    /// The last hour has more errors than allowed, and the day has used half of its own by its own pace: the rest lasts so
    /// many seconds.
    Burning(f64),
    /// Only the last hour has: so many seconds at its pace, if it goes on.
    HourOnly(f64),
    /// The last hour keeps to what is allowed.
    Within,
}

impl Burn {
    /// Errors that the day allows.
    pub fn budget(&self) -> f64 {
        self.allowed * self.day.of as f64
    }

    /// How many times as fast as allowed errors come in `window`; 0 of nothing.
    pub fn speed(&self, window: Share) -> f64 {
        window
            .rate()
            .map_or(0.0, |rate| rate / self.allowed.max(f64::EPSILON))
    }

    /// What both windows say.
    pub fn pace(&self) -> Pace {
        let least = self.day.of.min(self.hour.of);
        if least < self.min_n {
            return Pace::LowN(least);
        }
        let left = self.budget() - self.day.part as f64;
        if left <= 0.0 {
            return Pace::Spent;
        }
        // Errors an hour beyond those that are allowed meanwhile.
        let beyond = self.hour.part as f64 - self.allowed * self.hour.of as f64;
        if beyond <= 0.0 {
            return Pace::Within;
        }
        let lasts = left / beyond * HOUR_S;
        if self.speed(self.day) >= BORNE_OUT {
            Pace::Burning(lasts)
        } else {
            Pace::HourOnly(lasts)
        }
    }

    /// The same in a sentence.
    pub fn words(&self) -> String {
        let used = self.day.part as f64 / self.budget().max(1.0) * 100.0;
        let budget = format!(
            "{used:.0}% used of the {:.0} errors that a day allows; {:.1}x as fast as allowed in the last hour, {:.1}x in 24h",
            self.budget(),
            self.speed(self.hour),
            self.speed(self.day)
        );
        let lasts = |seconds: f64| duration::format(seconds as i64);
        match self.pace() {
            Pace::LowN(n) => format!(
                "low n: {n} outcomes, fewer than {} prove nothing",
                self.min_n
            ),
            Pace::Spent => format!("SPENT: {budget}"),
            Pace::Burning(s) => {
                format!("the rest lasts {}, both windows agree: {budget}", lasts(s))
            }
            Pace::HourOnly(s) => {
                format!(
                    "would last {} at the hour's pace, which 24h do not bear out: {budget}",
                    lasts(s)
                )
            }
            Pace::Within => format!("lasts: {budget}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burn(day: (u64, u64), hour: (u64, u64)) -> Burn {
        let share = |(part, of)| Share { part, of };
        Burn {
            allowed: 0.1,
            day: share(day),
            hour: share(hour),
            min_n: 20,
        }
    }

    #[test]
    fn where_nine_of_ten_are_to_end_well_all_that_fails_is_ten_times_too_fast_and_still_told() {
        let all_fail = burn((600, 10_000), (500, 500));
        assert!(
            (all_fail.speed(all_fail.hour) - 10.0).abs() < 1e-9,
            "14.4 cannot be"
        );
        // 400 are left, of 450 an hour beyond what is allowed: 53 min.
        let Pace::Burning(left) = all_fail.pace() else {
            panic!("{:?}", all_fail.pace());
        };
        assert!((left - 3_200.0).abs() < 1.0, "{left}");
        assert!(
            all_fail
                .words()
                .starts_with("the rest lasts 53m, both windows agree"),
            "{}",
            all_fail.words()
        );
    }

    #[test]
    fn an_hour_that_the_day_does_not_bear_out_is_said_to_be_alone() {
        let spike = burn((100, 10_000), (90, 500));
        assert_eq!(spike.pace(), Pace::HourOnly(900.0 / 40.0 * 3_600.0));
        assert_eq!(burn((100, 10_000), (20, 500)).pace(), Pace::Within);
        assert_eq!(burn((100, 10_000), (0, 19)).pace(), Pace::LowN(19));
        assert_eq!(burn((1_000, 10_000), (0, 500)).pace(), Pace::Spent);
    }
}
