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

/// What tells a change of rows from any later one: of each row the moment of the change, or the version it left the row in.
/// Rows that were changed together mostly have the same; that is kept once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Marks(Vec<Option<String>>);

impl Marks {
    /// Those of rows, in their order.
    pub fn new(mut marks: Vec<Option<String>>) -> Self {
        let first = marks.first().cloned();
        if first.is_some_and(|first| marks.iter().all(|mark| *mark == first)) {
            marks.truncate(1);
        }
        Self(marks)
    }

    /// Adds `part`, of `n` rows, behind these, of `before` rows.
    pub fn extend(&mut self, before: usize, part: &Self, n: usize) {
        if self.is_empty() && part.is_empty() {
            return;
        }
        let own = (0..before).map(|nth| self.of(nth));
        let all = own.chain((0..n).map(|nth| part.of(nth)));
        *self = Self::new(all.map(|mark| mark.map(str::to_owned)).collect());
    }

    /// Whether nothing was written down of any row, as by an older program.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// That of the row in this place, where it was written down.
    pub fn of(&self, nth: usize) -> Option<&str> {
        let place = if self.0.len() == 1 { 0 } else { nth };
        self.0.get(place)?.as_deref()
    }
}

/// What became of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Rows changed.
    pub done: Vec<RowId>,
    /// Rows left alone, and why.
    pub skipped: Vec<(RowId, String)>,
    /// Rows that were not tried: it was stopped before, or rests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untried: Vec<RowId>,
    /// Rows that were tried in vain, and why: nothing of them stands.
    pub failed: Vec<(RowId, String)>,
    /// Rows of which nobody can say whether they were changed, and why.
    pub unknown: Vec<(RowId, String)>,
    /// What is to be said of single rows that were changed.
    pub remarks: Vec<(RowId, String)>,
    /// Rows that were written to try others again.
    #[serde(default)]
    pub clones: Vec<EventClone>,
    /// What tells what was done to the rows `done` from what is done to them later.
    #[serde(default, skip_serializing_if = "Marks::is_empty")]
    pub marks: Marks,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(all: &[Option<&str>]) -> Marks {
        Marks::new(all.iter().map(|mark| mark.map(str::to_owned)).collect())
    }

    /// Those of `n` rows, each as it is told.
    fn told(marks: &Marks, n: usize) -> Vec<Option<&str>> {
        (0..n).map(|nth| marks.of(nth)).collect()
    }

    #[test]
    fn marks_of_parts_are_those_of_their_rows_in_order_however_they_are_kept() {
        let (a, b) = (Some("at 1"), Some("at 2"));
        let cases: [(&[_], &[_]); 7] = [
            (&[a, a], &[a]),
            (&[a, a, a], &[b, b]),
            (&[a, b], &[b, b, b]),
            (&[b, b], &[a, b]),
            (&[None, None], &[a]),
            (&[a], &[None, None]),
            (&[a, None], &[None, b]),
        ];
        for (first, second) in cases {
            let mut all = marks(first);
            all.extend(first.len(), &marks(second), second.len());
            let wanted = [first, second].concat();
            assert_eq!(told(&all, wanted.len()), wanted);
            assert_eq!(all, marks(&wanted), "kept as if they were one part");
        }
    }

    #[test]
    fn where_a_part_has_no_marks_its_rows_have_none_and_without_any_nothing_is_kept() {
        let mut all = marks(&[Some("at 1"), Some("at 1")]);
        all.extend(2, &Marks::default(), 2);
        assert_eq!(told(&all, 4), [Some("at 1"), Some("at 1"), None, None]);
        let mut none = Marks::default();
        none.extend(3, &Marks::default(), 2);
        assert!(none.is_empty());
        none.extend(5, &marks(&[Some("at 2")]), 1);
        assert_eq!(told(&none, 6)[4..], [None, Some("at 2")]);
    }
}
