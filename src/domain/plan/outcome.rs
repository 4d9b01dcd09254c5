//! What became of a plan, row by row.

use serde::{Deserialize, Serialize};

use super::{super::event::RowId, Table};

/// An event that was written to try another one again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventClone {
    /// Its key.
    pub id: RowId,
    /// The event that it tries again.
    pub of: RowId,
    /// The retry count that both were left with.
    pub retries: u32,
}

/// What became of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Rows changed.
    pub done: Vec<RowId>,
    /// Rows left alone, and why.
    pub skipped: Vec<(RowId, String)>,
    /// Rows that were tried in vain, and why: nothing of them stands.
    pub failed: Vec<(RowId, String)>,
    /// Rows of which nobody can say whether they were changed, and why.
    pub unknown: Vec<(RowId, String)>,
    /// What is to be said of single rows that were changed.
    pub remarks: Vec<(RowId, String)>,
    /// Rows that were written to try others again.
    #[serde(default)]
    pub clones: Vec<EventClone>,
    /// How many rows were purged, by table.
    #[serde(default)]
    pub deleted: Vec<(Table, u64)>,
    /// Whether a line was written to the audit table; the audit file has one in any case.
    pub audited_in_database: bool,
}

impl Outcome {
    /// How many rows of `table` were purged.
    pub fn deleted_from(&self, table: Table) -> u64 {
        let of = self.deleted.iter().filter(|(of, _)| *of == table);
        of.map(|(_, n)| n).sum()
    }

    /// Counts what `part` purged to it.
    pub fn count(&mut self, part: &Self) {
        for table in Table::ALL {
            let n = self.deleted_from(table) + part.deleted_from(table);
            self.deleted.retain(|(of, _)| *of != table);
            if n > 0 {
                self.deleted.push((table, n));
            }
        }
        self.audited_in_database |= part.audited_in_database;
    }
}
