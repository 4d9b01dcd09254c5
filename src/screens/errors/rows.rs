//! The rows of the errors: which are shown, what a filter finds in them, what is copied of them.

use std::{borrow::Cow, collections::BTreeSet};

use super::State;
use crate::{
    domain::{
        Timestamp,
        error_group::{ErrorRow, ErrorStage, Severity},
        event::{EventType, RowId},
        filter::{Field, Filtered, Vocabulary},
        mask,
    },
    screens::json::Object,
    store::Store,
};

/// What the filter of this screen understands.
pub const VOCABULARY: Vocabulary = Vocabulary {
    fields: &[
        Field::text(&["stage", "event"]),
        Field::text(&["severity", "sev"]),
        Field::text(&["message", "error"]),
        Field::text(&["record", "rec"]),
        Field::text(&["id"]),
    ],
    words: &["critical", "error", "warning"],
    is_open: true,
    is_timed: true,
};

impl Filtered for ErrorRow {
    fn texts(&self) -> Vec<Cow<'_, str>> {
        let mut texts = vec![
            self.id.as_str().into(),
            self.stage.raw().into(),
            self.message.raw().into(),
            word(&self.severity).into(),
        ];
        texts.extend(self.record.as_ref().map(|record| record.raw().into()));
        texts
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match name {
            "id" => self.id.as_str().into(),
            "stage" | "event" => self.stage.raw().into(),
            "severity" | "sev" => word(&self.severity).into(),
            "record" | "rec" => self.record.as_ref()?.raw().into(),
            "message" | "error" => self.message.raw().into(),
            _ => return None,
        })
    }

    fn is(&self, is: &str) -> bool {
        word(&self.severity).eq_ignore_ascii_case(is)
    }

    fn at(&self) -> Option<Timestamp> {
        Some(self.created_at)
    }
}

fn word(severity: &Severity) -> &str {
    match severity {
        Severity::Critical => "critical",
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Other(word) => word.raw(),
    }
}

/// The errors that are shown, newest first.
pub(super) fn shown<'a>(state: &'a State, store: &'a Store) -> Vec<&'a ErrorRow> {
    let all = store
        .errors
        .value()
        .into_iter()
        .flat_map(|errors| &errors.recent);
    all.filter(|row| state.filter.matches(*row, store.clock))
        .collect()
}

/// The keys of [`shown`].
pub(super) fn keys(state: &State, store: &Store) -> Vec<RowId> {
    let rows = shown(state, store);
    rows.into_iter().map(|row| row.id.clone()).collect()
}

/// The stages with errors, most errors first. No filter hides one: a filter is set from here.
pub(super) fn stages(store: &Store) -> Vec<&ErrorStage> {
    let all = store
        .errors
        .value()
        .into_iter()
        .flat_map(|errors| &errors.stages);
    all.collect()
}

/// The keys of [`stages`].
pub(super) fn stage_keys(store: &Store) -> Vec<EventType> {
    let rows = stages(store);
    rows.into_iter().map(|row| row.stage.clone()).collect()
}

/// The critical errors.
pub(super) fn critical(store: &Store) -> BTreeSet<&RowId> {
    let all = store
        .errors
        .value()
        .into_iter()
        .flat_map(|errors| &errors.recent);
    let critical = all.filter(|row| row.severity == Severity::Critical);
    critical.map(|row| &row.id).collect()
}

/// The error as one line of JSON.
pub(super) fn json(row: &ErrorRow) -> String {
    Object::default()
        .text("id", row.id.as_str())
        .text("event_type", row.stage.raw())
        .untrusted("record_id", row.record.as_ref())
        .text("severity", word(&row.severity))
        .untrusted("error_message", Some(&mask::message(&row.message)))
        .moment("created_at", Some(row.created_at))
        .end()
}

/// The errors of a stage as one line of JSON.
pub(super) fn stage_json(row: &ErrorStage) -> String {
    Object::default()
        .text("stage", row.stage.raw())
        .number("errors_24h", row.errors_24h)
        .number("critical_24h", row.critical_24h)
        .number("unresolved", row.unresolved)
        .end()
}
