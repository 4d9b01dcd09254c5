//! What the audit log keeps of what became of a plan: how many rows of each fate, the rows themselves as far as there is room,
//! and what takes it back.

use serde_json::{Value, json};

use super::texts;
use crate::domain::{
    event::RowId,
    plan::{Mutation, Outcome},
};

/// Rows of one fate that are kept; of more only the number is.
const ROWS: usize = 5_000;

/// What takes back more rows than this is not kept: it is done anew, by a filter.
const UNDOABLE: usize = 20_000;

/// `outcome` as the log has it, of a plan of `who` for `mutation`.
pub(super) fn outcome(mutation: &Mutation, outcome: &Outcome, who: &str) -> Value {
    let first = |ids: &[RowId]| -> Value {
        let ids = texts(ids.get(..ROWS).unwrap_or(ids)).into_iter();
        ids.collect()
    };
    let undo = mutation
        .undo(outcome, who)
        .filter(|undo| undo.takes_back() && undo.len() <= UNDOABLE);
    let mut kept = json!({
        "done": first(&outcome.done),
        "skipped": reasons(&outcome.skipped),
        "untried": first(&outcome.untried),
        "failed": reasons(&outcome.failed),
        "unknown": reasons(&outcome.unknown),
        "remarks": reasons(&outcome.remarks),
        "clones": outcome.clones,
        "deleted": outcome.deleted,
        "counts": {
            "done": outcome.done.len() as u64 + outcome.deleted.iter().map(|(_, n)| n).sum::<u64>(),
            "skipped": outcome.skipped.len(),
            "untried": outcome.untried.len(),
            "failed": outcome.failed.len(),
            "unknown": outcome.unknown.len(),
        },
    });
    let Some(kept_in) = kept.as_object_mut() else {
        return kept;
    };
    if let Some(key) = mutation.undo_key() {
        kept_in.insert("takes_back".to_owned(), key.into());
    }
    if let Some(undo) = undo {
        kept_in.insert("undo_key".to_owned(), undo.undo_key().into());
        // A mutation is plain data: it can always be written.
        kept_in.insert(
            "undo".to_owned(),
            serde_json::to_value(undo).unwrap_or_default(),
        );
    }
    kept
}

fn reasons(rows: &[(RowId, String)]) -> Vec<Value> {
    rows.iter()
        .take(ROWS)
        .map(|(id, why)| json!({"id": id.as_str(), "why": why}))
        .collect()
}
