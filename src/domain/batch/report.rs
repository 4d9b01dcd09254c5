//! What became of the rows of a batch, counted.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Batch, Row, Standing};
use crate::domain::plan::{EventClone, Outcome};

/// Rows by where they stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// All of them.
    pub all: usize,
    /// Ended well.
    pub ok: usize,
    /// Failed with what they failed with before.
    pub same: usize,
    /// Failed with something else.
    pub new: usize,
    /// Not ended in the time agreed.
    pub pending: usize,
    /// Left alone.
    pub skipped: usize,
    /// Of which nobody can say.
    pub unknown: usize,
    /// Of which it is not known yet: they are looked up.
    pub in_doubt: usize,
    /// Under way.
    pub sent: usize,
    /// Not tried.
    pub waiting: usize,
}

impl Report {
    /// Of these rows.
    pub(super) fn of(rows: &[Row]) -> Self {
        let mut report = Self {
            all: rows.len(),
            ..Self::default()
        };
        for row in rows {
            let place = match row.standing {
                Standing::Waiting => &mut report.waiting,
                Standing::Sent(_) => &mut report.sent,
                Standing::Ok => &mut report.ok,
                Standing::Failed { same: true, .. } => &mut report.same,
                Standing::Failed { same: false, .. } => &mut report.new,
                Standing::Pending(_) => &mut report.pending,
                Standing::Skipped(_) => &mut report.skipped,
                Standing::Unknown(_) => &mut report.unknown,
                Standing::Begun { .. } => &mut report.in_doubt,
            };
            *place += 1;
        }
        report
    }

    /// Failed, with whatever.
    pub const fn failed(&self) -> usize {
        self.same + self.new
    }

    /// Of which no more is to be heard: neither waiting nor under way nor in doubt.
    pub const fn ended(&self) -> usize {
        self.all - self.waiting - self.sent - self.in_doubt
    }
}

impl Batch {
    /// What became of its rows, as of any other plan.
    pub fn outcome(&self) -> Outcome {
        let mut outcome = Outcome::default();
        for Row {
            id,
            standing,
            clone,
            ..
        } in &self.rows
        {
            if let Some((clone, target)) = clone.as_ref().zip(self.head.plan.target(id)) {
                outcome.clones.push(EventClone {
                    id: clone.clone(),
                    of: id.clone(),
                    retries: target.retries.saturating_add(1),
                });
            }
            let said = || {
                standing
                    .remark()
                    .unwrap_or_else(|| standing.word().to_owned())
            };
            let id = id.clone();
            match standing {
                Standing::Ok | Standing::Sent(_) => outcome.done.push(id),
                Standing::Pending(_) => {
                    outcome.remarks.push((id.clone(), said()));
                    outcome.done.push(id);
                }
                Standing::Failed { .. } => outcome.failed.push((id, said())),
                Standing::Waiting => outcome.untried.push(id),
                Standing::Skipped(_) => outcome.skipped.push((id, said())),
                Standing::Begun { .. } | Standing::Unknown(_) => outcome.unknown.push((id, said())),
            }
        }
        outcome
    }
}

impl fmt::Display for Report {
    /// `47: ok 41, failed 4 (same 3, new 1), pending 2, skipped 0`, and more where there is more.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ok {}, failed {}", self.all, self.ok, self.failed())?;
        if self.failed() > 0 {
            write!(f, " (same {}, new {})", self.same, self.new)?;
        }
        write!(f, ", pending {}, skipped {}", self.pending, self.skipped)?;
        for (word, n) in [
            ("unknown", self.unknown),
            ("in doubt", self.in_doubt),
            ("under way", self.sent),
            ("not tried", self.waiting),
        ] {
            if n > 0 {
                write!(f, ", {word} {n}")?;
            }
        }
        Ok(())
    }
}
