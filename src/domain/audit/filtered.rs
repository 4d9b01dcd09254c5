//! What a filter finds in what was written down.

use std::borrow::Cow;

use super::Entry;
use crate::domain::{
    Timestamp,
    filter::{Field, Filtered, Vocabulary},
};

/// What a filter of the audit history understands.
pub const VOCABULARY: Vocabulary = Vocabulary {
    fields: &[
        Field::text(&["who", "actor"]),
        Field::text(&["role"]),
        Field::text(&["action", "what"]),
        Field::text(&["note", "why"]),
        Field::closed(&["source"], &["table", "file"]),
        Field::text(&["database", "db"]),
        Field::text(&["batch"]),
        Field::number(&["n", "targets"]),
        Field::number(&["done"]),
        Field::number(&["skipped"]),
        Field::number(&["untried"]),
        Field::number(&["failed"]),
        Field::number(&["unknown"]),
    ],
    words: &["undoable", "undone", "failed", "unended", "problem"],
    own: None,
    is_timed: true,
};

impl Filtered for Entry {
    fn texts(&self) -> Vec<Cow<'_, str>> {
        let mut texts: Vec<Cow<'_, str>> = vec![self.actor.raw().into(), self.action.raw().into()];
        let more = [&self.role, &self.note, &self.fault];
        texts.extend(more.into_iter().flatten().map(|text| text.raw().into()));
        texts
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match name {
            "who" | "actor" => self.actor.raw().into(),
            "role" => self.role.as_ref()?.raw().into(),
            "action" | "what" => self.action.raw().into(),
            "note" | "why" => self.note.as_ref()?.raw().into(),
            "source" => self.source().into(),
            "database" | "db" => match &self.database {
                Some(database) => database.raw().into(),
                None => self.remark()?.into(),
            },
            "batch" => self.batch.as_ref()?.raw().into(),
            "n" | "targets" => self.targets.to_string().into(),
            "done" => self.counts.done.to_string().into(),
            "skipped" => self.counts.skipped.to_string().into(),
            "untried" => self.counts.untried.to_string().into(),
            "failed" => self.counts.failed.to_string().into(),
            "unknown" => self.counts.unknown.to_string().into(),
            _ => return None,
        })
    }

    fn is(&self, word: &str) -> bool {
        match word {
            "undoable" => self.may_be_taken_back(),
            "undone" => self.taken_back.is_some(),
            "failed" => self.fault.is_some() || self.counts.failed > 0,
            "unended" => !self.has_ended,
            "problem" => self.is_troubled(),
            _ => false,
        }
    }

    fn at(&self) -> Option<Timestamp> {
        Some(self.at)
    }
}
