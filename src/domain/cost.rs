//! What outpost itself costs the database: counted, and held against a budget.

use std::{
    collections::VecDeque,
    ops::{Add, Sub},
    time::Duration,
};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Rates are means over this.
pub const WINDOW: Duration = Duration::from_secs(10);

/// What was asked of the database, and how long that kept it busy. Only ever grows where it counts from the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Statements sent.
    pub queries: u64,
    /// Rows that came back.
    pub rows: u64,
    /// Time in which the database worked on them, µs: as long as an answer was awaited, less the shortest that one was
    /// awaited on the same connection, which is the way there and back. An upper bound, but for the time that the
    /// quickest statement itself takes.
    pub busy_us: u64,
}

impl Spent {
    /// Milliseconds of the database's time, rounded.
    pub const fn busy_ms(self) -> u64 {
        (self.busy_us + 500) / 1_000
    }
}

impl Add for Spent {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self {
            queries: self.queries + more.queries,
            rows: self.rows + more.rows,
            busy_us: self.busy_us + more.busy_us,
        }
    }
}

impl Sub for Spent {
    type Output = Self;

    /// What came on top of `earlier`.
    fn sub(self, earlier: Self) -> Self {
        Self {
            queries: self.queries.saturating_sub(earlier.queries),
            rows: self.rows.saturating_sub(earlier.rows),
            busy_us: self.busy_us.saturating_sub(earlier.busy_us),
        }
    }
}

/// One turn of a feed: what it took, and when the next one is due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// From asking to having the answer, ms.
    pub ms: u64,
    /// What it cost the database; nothing for a feed of n8n.
    pub spent: Spent,
    /// Between this turn and the next, ms, where that is not the feed's own interval.
    pub interval_ms: Option<u64>,
}

impl From<u64> for Turn {
    /// A turn of so many ms of which nothing else is known.
    fn from(ms: u64) -> Self {
        Self {
            ms,
            ..Self::default()
        }
    }
}

/// How much all connections have cost since the start, as told once a second while it grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// Since the start.
    pub spent: Spent,
    /// How far intervals are stretched to keep to the budget, in thousandths: 1000 where nothing is slowed.
    pub stretch_permille: u32,
}

impl Default for Bill {
    fn default() -> Self {
        Self {
            spent: Spent::default(),
            stretch_permille: UNSTRETCHED,
        }
    }
}

/// [`Bill::stretch_permille`] where nothing is slowed.
pub const UNSTRETCHED: u32 = 1_000;

/// A mean over the last [`WINDOW`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rate {
    /// Statements a second.
    pub queries: f64,
    /// Milliseconds of the database's time a second.
    pub busy_ms: f64,
}

/// The bills of the last [`WINDOW`], and the one before them.
#[derive(Debug, Clone)]
pub struct Spending {
    /// What may be spent, ms of the database's time a second.
    pub budget_ms: u64,
    bills: VecDeque<(Timestamp, Bill)>,
}

/// What may be spent, ms a second, unless a site says otherwise.
pub const BUDGET_MS: u64 = 50;

impl Default for Spending {
    fn default() -> Self {
        Self {
            budget_ms: BUDGET_MS,
            bills: VecDeque::new(),
        }
    }
}

impl Spending {
    /// Takes in a bill; whether it says anything new.
    pub fn absorb(&mut self, at: Timestamp, bill: Bill) -> bool {
        let is_new = self.bills.back().is_none_or(|(_, known)| *known != bill);
        self.bills.push_back((at, bill));
        let began = at - window();
        while self.bills.get(1).is_some_and(|(at, _)| *at <= began) {
            self.bills.pop_front();
        }
        is_new
    }

    /// The newest bill.
    pub fn latest(&self) -> Option<Bill> {
        self.bills.back().map(|(_, bill)| *bill)
    }

    /// The mean over the [`WINDOW`] that ends at `now`; `None` before the first bill.
    pub fn rate(&self, now: Timestamp) -> Option<Rate> {
        let latest = self.latest()?;
        let began = now - window();
        let before = self.bills.iter().rev().find(|(at, _)| *at <= began);
        let before = before.map_or(Spent::default(), |(_, bill)| bill.spent);
        let spent = latest.spent - before;
        let seconds = WINDOW.as_secs_f64();
        Some(Rate {
            queries: spent.queries as f64 / seconds,
            busy_ms: spent.busy_us as f64 / 1_000.0 / seconds,
        })
    }
}

const fn window() -> TimeDelta {
    TimeDelta::milliseconds(WINDOW.as_millis() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill(queries: u64, busy_us: u64) -> Bill {
        Bill {
            spent: Spent {
                queries,
                rows: 0,
                busy_us,
            },
            ..Bill::default()
        }
    }

    #[test]
    fn the_rate_is_the_mean_of_the_last_ten_seconds_and_falls_to_nothing_when_nothing_is_asked() {
        let mut spending = Spending::default();
        let start = Timestamp::UNIX_EPOCH;
        assert_eq!(spending.rate(start), None);
        for second in 0..=20_u64 {
            let at = start + TimeDelta::seconds(second as i64);
            assert!(spending.absorb(at, bill(second * 4, second * 21_000)));
        }
        let last = start + TimeDelta::seconds(20);
        let rate = spending.rate(last).unwrap();
        assert!((rate.queries - 4.0).abs() < 1e-9, "{rate:?}");
        assert!((rate.busy_ms - 21.0).abs() < 1e-9, "{rate:?}");
        let half = spending.rate(last + TimeDelta::seconds(5)).unwrap();
        assert!((half.queries - 2.0).abs() < 1e-9, "{half:?}");
        let none = spending.rate(last + TimeDelta::seconds(10)).unwrap();
        assert_eq!(none, Rate::default());
        assert!(spending.bills.len() <= 12);
        assert!(!spending.absorb(last, bill(80, 420_000)));
    }

    #[test]
    fn what_was_spent_before_the_window_counts_as_nothing_in_it() {
        let mut spending = Spending::default();
        let start = Timestamp::UNIX_EPOCH;
        let _first = spending.absorb(start, bill(30, 300_000));
        assert!((spending.rate(start).unwrap().queries - 3.0).abs() < 1e-9);
        let later = start + TimeDelta::seconds(60);
        let _second = spending.absorb(later, bill(40, 310_000));
        assert!((spending.rate(later).unwrap().queries - 1.0).abs() < 1e-9);
    }
}
