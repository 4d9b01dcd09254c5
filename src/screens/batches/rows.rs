//! The rows of the batches: which are shown, what a filter finds in them, what is copied.

use std::borrow::Cow;

use super::{Pane, State};
use crate::{
    domain::{
        batch::{BatchId, Mode, Row, Standing},
        event::{EventType, RowId},
        filter::{Field, Filtered, Vocabulary},
    },
    screens::json::Object,
    store::{Store, batches::Known},
};

/// What the filter of this screen understands.
pub const VOCABULARY: Vocabulary = Vocabulary {
    fields: &[
        Field::text(&["batch", "id"]),
        Field::text(&["state"]),
        Field::text(&["who"]),
        Field::text(&["stage"]),
    ],
    words: &[
        "problem",
        "running",
        "paused",
        "braked",
        "unfinished",
        "done",
    ],
    own: None,
    is_timed: false,
};

impl Filtered for Known {
    fn texts(&self) -> Vec<Cow<'_, str>> {
        let head = &self.batch.head;
        let words = head.plan.mutation.words().into();
        vec![
            head.batch.as_str().into(),
            self.word().into(),
            head.who.as_str().into(),
            words,
            stages(self).into(),
        ]
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match name {
            "batch" | "id" => self.batch.head.batch.as_str().into(),
            "state" => self.word().into(),
            "who" => self.batch.head.who.as_str().into(),
            "stage" => stages(self).into(),
            _ => return None,
        })
    }

    fn is(&self, word: &str) -> bool {
        if word == "problem" {
            is_problem(self)
        } else {
            self.word() == word
        }
    }
}

/// The stages of a batch, in words.
pub(super) fn stages(known: &Known) -> String {
    let stages = known.batch.stages();
    let labels: Vec<String> = stages.iter().map(EventType::label).collect();
    labels.join(", ")
}

/// Whether somebody should look at it: it stands, or did not end well.
pub(super) fn is_problem(known: &Known) -> bool {
    let report = known.batch.report();
    matches!(known.batch.mode, Mode::Paused(_))
        || known.is_unfinished()
        || report.failed() + report.unknown + report.in_doubt > 0
}

/// Whether a row did not end well.
pub(super) const fn is_bad(standing: &Standing) -> bool {
    matches!(
        standing,
        Standing::Failed { .. }
            | Standing::Pending(_)
            | Standing::Unknown(_)
            | Standing::Begun { .. }
    )
}

/// The batches that are shown, the newest first.
pub(super) fn shown<'a>(state: &State, store: &'a Store) -> Vec<&'a Known> {
    let all = store.batches.iter();
    all.filter(|known| state.filter.matches(*known, store.clock))
        .collect()
}

/// The keys of [`shown`].
pub(super) fn keys(state: &State, store: &Store) -> Vec<BatchId> {
    let rows = shown(state, store);
    let id = |known: &Known| known.batch.head.batch.clone();
    rows.into_iter().map(id).collect()
}

/// The keys of the rows of the selected batch, in the order in which they are sent.
pub(super) fn of_selected(state: &State, store: &Store) -> Vec<RowId> {
    let rows = state.known(store).map(|known| &known.batch.rows);
    let rows = rows.into_iter().flatten();
    rows.map(|row| row.id.clone()).collect()
}

/// What is selected or marked in the pane that has the keys, a line of JSON each.
pub(super) fn copied(state: &State, store: &Store) -> String {
    let lines: Vec<String> = match state.pane {
        Pane::Batches => {
            let targets = state.batches.targets();
            let found = targets.iter().filter_map(|id| store.batches.get(id));
            found.map(json).collect()
        }
        Pane::Rows => {
            let batch = state.known(store).map(|known| &known.batch);
            let targets = state.rows.targets();
            let found = targets.iter().filter_map(|id| batch?.row(id));
            found.map(row_json).collect()
        }
    };
    lines.join("\n")
}

fn json(known: &Known) -> String {
    let head = &known.batch.head;
    Object::default()
        .text("batch", head.batch.as_str())
        .text("state", known.word())
        .text("who", &head.who)
        .moment("at", Some(head.at))
        .text("stages", &stages(known))
        .text("report", &known.batch.report().to_string())
        .end()
}

fn row_json(row: &Row) -> String {
    Object::default()
        .text("id", row.id.as_str())
        .text("stage", &row.stage.label())
        .text("standing", row.standing.word())
        .moment("since", Some(row.since))
        .text("why", &row.standing.remark().unwrap_or_default())
        .end()
}
