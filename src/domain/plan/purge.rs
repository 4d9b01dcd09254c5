//! Purging what is old and done: which rows, how many, and how far it is.

use chrono::{NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};

use crate::domain::{Timestamp, event::RowId};

/// How long rows are kept, in days. The guide's measures where a site says nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Events, after they were processed.
    pub events: u32,
    /// Errors, after they were resolved.
    pub errors: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            events: 30,
            errors: 90,
        }
    }
}

/// A table that is purged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// Events: those that were processed long ago.
    Events,
    /// Errors: those that were resolved long ago.
    Errors,
}

impl Table {
    /// Both, in the order they are purged in.
    pub const ALL: [Self; 2] = [Self::Events, Self::Errors];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "pipeline_events",
            Self::Errors => "pipeline_errors",
        }
    }

    /// What one of its rows is.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Events => "event",
            Self::Errors => "error",
        }
    }

    /// Its name, as plans and outcomes have rows.
    pub fn id(self) -> RowId {
        RowId::parse(self.name()).unwrap_or_else(|| RowId::from(0))
    }
}

/// Which rows are purged. Never one that is pending, in work or failed, nor an unresolved error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purge {
    /// Events that were processed before this moment, unless an unresolved error names them.
    pub events_before: Timestamp,
    /// Errors that were resolved before this moment.
    pub errors_before: Timestamp,
    /// What is typed to confirm it: the name of the profile, or of the database.
    pub name: String,
}

impl Purge {
    /// What is older than `retention` at the last midnight (UTC) before `now`: so the same rows are meant all day long.
    pub fn at(now: Timestamp, retention: Retention, name: String) -> Self {
        let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
        let before = |days: u32| midnight - TimeDelta::days(days.into());
        Self {
            events_before: before(retention.events),
            errors_before: before(retention.errors),
            name,
        }
    }

    /// The moment before which rows of `table` are old.
    pub const fn before(&self, table: Table) -> Timestamp {
        match table {
            Table::Events => self.events_before,
            Table::Errors => self.errors_before,
        }
    }
}

/// What a look found to purge in a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Old {
    /// Which.
    pub table: Table,
    /// How many rows; `None` where counting them took too long.
    pub count: Option<u64>,
    /// Whether there may be more: [`Self::MOST`] rows are looked at, those with the lowest keys.
    pub more: bool,
    /// The lowest key, where keys are whole numbers.
    pub first: Option<RowId>,
    /// The key before which they lie, where keys were handed out in the order of time.
    pub bound: Option<RowId>,
    /// How many lie among newer rows all the same: written late, with old times. `None` where counting them took too long.
    #[serde(default)]
    pub among: Option<u64>,
    /// Whether there may be more of those: of the newer rows, too, [`Self::MOST`] are looked at.
    #[serde(default)]
    pub among_more: bool,
    /// Whether our role may vacuum it.
    pub vacuums: bool,
}

impl Old {
    /// Rows that are looked at to count the old ones.
    pub const MOST: u64 = 100_000;

    /// The number, as far as it is known: `412`, `98,412+ (of 100,000 looked at)`, `not counted`.
    pub fn counted(&self) -> String {
        let looked = grouped(Self::MOST);
        let own = match self.count {
            None => "not counted: that takes too long here".to_owned(),
            Some(n) if self.more => format!("{}+ (of {looked} looked at)", grouped(n)),
            Some(n) => grouped(n),
        };
        match self.among {
            Some(0) if !self.among_more => own,
            Some(n) if self.among_more => format!(
                "{own}, and {}+ older among newer rows (of {looked} looked at)",
                grouped(n)
            ),
            Some(n) => format!("{own}, and {} older among newer rows", grouped(n)),
            None => format!(
                "{own}, and older ones among newer rows (not counted: that takes too long here)"
            ),
        }
    }

    /// Whether a look found none at all, and looked at every row.
    pub fn is_none(&self) -> bool {
        self.count == Some(0) && !self.more && !self.has_among()
    }

    /// Whether there may be old ones among newer rows.
    pub fn has_among(&self) -> bool {
        self.among != Some(0) || self.among_more
    }

    /// The share of its keys that are done, when `key` was the last, in thousandths; `None` where keys do not tell.
    pub fn share(&self, key: &RowId) -> Option<u16> {
        let number = |key: &Option<RowId>| key.as_ref().and_then(RowId::number);
        let (first, bound) = (number(&self.first)?, number(&self.bound)?);
        let (done, all) = (key.number()?.checked_sub(first)?, bound.checked_sub(first)?);
        if all <= 0 {
            return None;
        }
        let share = i128::from(done.clamp(0, all)) * 1_000 / i128::from(all);
        u16::try_from(share).ok()
    }
}

fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A purge that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purging {
    /// What it was told last.
    pub pace: Pace,
    /// How far it is, once it has said so.
    pub progress: Option<Progress>,
}

impl Purging {
    /// How far it is and what it was told, in one line.
    pub fn line(&self) -> String {
        let begins = || "purge begins".to_owned();
        let line = self.progress.as_ref().map_or_else(begins, Progress::line);
        let told = match self.pace {
            Pace::Run => "",
            Pace::Pause => "; told to pause",
            Pace::Stop => "; told to stop",
        };
        format!("{line}{told}")
    }
}

/// What a purge that runs is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// Go on.
    #[default]
    Run,
    /// Wait between two batches.
    Pause,
    /// End after this batch.
    Stop,
}

/// How far a purge is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The table that it is at.
    pub table: Table,
    /// Events deleted so far.
    pub events: u64,
    /// Errors deleted so far.
    pub errors: u64,
    /// How much of the table is done, in thousandths, where its keys tell.
    pub share: Option<u16>,
    /// What it does.
    pub step: PurgeStep,
}

/// What a purge does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PurgeStep {
    /// Deletes a batch.
    Deletes,
    /// Waits to be told to go on.
    Waits,
    /// Gives the room back.
    Vacuums,
}

impl Progress {
    /// In one line: `purge pipeline_events 34 %: 41,000 events, 0 errors deleted`.
    pub fn line(&self) -> String {
        let share = self.share.map_or_else(String::new, |share| {
            format!(" {}.{} %", share / 10, share % 10)
        });
        let step = match self.step {
            PurgeStep::Deletes => "purge",
            PurgeStep::Waits => "purge paused",
            PurgeStep::Vacuums => "vacuum",
        };
        format!(
            "{step} {}{share}: {} events, {} errors deleted",
            self.table.name(),
            grouped(self.events),
            grouped(self.errors)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_old_is_the_same_all_day_long_and_never_younger_than_the_guide_says() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let purge = |now: &str| Purge::at(at(now), Retention::default(), "prod".to_owned());
        let morning = purge("2026-03-31T00:00:00Z");
        assert_eq!(morning.events_before, at("2026-03-01T00:00:00Z"));
        assert_eq!(morning.errors_before, at("2025-12-31T00:00:00Z"));
        assert_eq!(purge("2026-03-31T23:59:59Z"), morning);
    }

    #[test]
    fn the_share_is_told_by_whole_keys_alone() {
        let old = |first: &str, bound: &str| Old {
            table: Table::Events,
            count: Some(1),
            more: false,
            first: RowId::parse(first),
            bound: RowId::parse(bound),
            among: Some(0),
            among_more: false,
            vacuums: true,
        };
        let share = |old: Old, key: i64| old.share(&RowId::from(key));
        assert_eq!(share(old("1001", "3001"), 1501), Some(250));
        assert_eq!(share(old("1001", "3001"), 9000), Some(1000));
        assert_eq!(share(old("7", "7"), 7), None);
        assert_eq!(share(old("", "3001"), 1501), None);
    }

    #[test]
    fn a_count_that_ends_early_says_so() {
        let old = |count, more| Old {
            table: Table::Errors,
            count,
            more,
            first: None,
            bound: None,
            among: Some(0),
            among_more: false,
            vacuums: false,
        };
        assert_eq!(old(Some(41_000), false).counted(), "41,000");
        assert!(
            old(Some(Old::MOST), true)
                .counted()
                .starts_with("100,000+ (of 100,000 looked at)")
        );
        assert!(old(None, false).counted().starts_with("not counted"));
        let among = |among| {
            let old = Old {
                among,
                ..old(Some(0), false)
            };
            (old.counted(), old.is_none())
        };
        assert_eq!(among(Some(0)), ("0".to_owned(), true));
        let some = "0, and 1,200 older among newer rows";
        assert_eq!(among(Some(1_200)), (some.to_owned(), false));
        // None in those that were looked at is not none.
        let none = Old {
            among_more: true,
            ..old(Some(0), true)
        };
        assert_eq!(
            none.counted(),
            "0+ (of 100,000 looked at), and 0+ older among newer rows (of 100,000 looked at)"
        );
        assert!(!none.is_none() && !old(Some(0), true).is_none());
        assert!(
            among(None)
                .0
                .ends_with("(not counted: that takes too long here)")
        );
        assert!(!among(None).1);
    }
}
