//! What writes down that a row is begun, right before its commit.

use chrono::Utc;

use super::journal::Journal;
use crate::{
    domain::{batch::Record, event::RowId, plan::Outcome},
    sources::postgres::mutations::Witness,
};

/// Writes down that a row is begun, right before its commit.
pub(super) struct Pen<'a> {
    /// Where.
    pub(super) journal: &'a mut Journal,
    /// Which row.
    pub(super) id: &'a RowId,
    /// What makes a second try of it known as the same.
    pub(super) key: String,
    /// What was written down.
    pub(super) begun: Vec<Record>,
}

impl Witness for Pen<'_> {
    fn key(&self) -> &str {
        &self.key
    }

    fn committing(&mut self, xid: &str, outcome: &Outcome) -> std::io::Result<()> {
        // What is unknown before the commit is a call that is about to leave.
        let is_tried = outcome.done.contains(self.id) || !outcome.unknown.is_empty();
        let is_left = !is_tried;
        let record = Record::Begun {
            id: self.id.clone(),
            at: Utc::now(),
            xid: xid.to_owned(),
            skip: is_left.then(|| why(outcome)),
            clone: clone_of(outcome, self.id),
        };
        self.journal.add(&record)?;
        self.begun.push(record);
        Ok(())
    }
}

/// Why the one row of `outcome` was left alone.
pub(super) fn why(outcome: &Outcome) -> String {
    let said = outcome.skipped.first().or_else(|| outcome.failed.first());
    said.map_or_else(|| "it was left alone".to_owned(), |(_, why)| why.clone())
}

/// The event that was written in the place of `id`, if one was.
pub(super) fn clone_of(outcome: &Outcome, id: &RowId) -> Option<RowId> {
    let clone = outcome.clones.iter().find(|clone| clone.of == *id)?;
    Some(clone.id.clone())
}
