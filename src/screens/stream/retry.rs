//! The plan to try events again, and a word about those that may not be.

use crate::{
    domain::{event::EventRow, plan::EventTarget, retry::Objection},
    screens::Answer,
    store::Store,
};

/// Why none of `rows`, as they stand in `store`, may be tried again; `None` if at least one may.
pub(super) fn refusal(store: &Store, rows: &[&EventRow]) -> Option<&'static str> {
    let mut first = None;
    for row in rows {
        let objection = target(store, row).err()?;
        first.get_or_insert(objection);
    }
    Some(first.map_or("no event is selected", Objection::sentence))
}

fn target(store: &Store, row: &EventRow) -> Result<EventTarget, Objection> {
    if store.stream.is_gone(&row.id) {
        return Err(Objection::Gone);
    }
    EventTarget::of(&store.pipeline, row, store.tail.at())
}

/// The plan to try again those of `rows` that may be, as they stand in `store`, and a word about those left out.
pub(super) fn propose(store: &Store, rows: &[&EventRow]) -> Vec<Answer> {
    let mut targets = Vec::new();
    let mut objections = Vec::new();
    for row in rows {
        match target(store, row) {
            Ok(target) => targets.push(target),
            Err(objection) => objections.push(objection),
        }
    }
    let mut answers = Vec::new();
    if !objections.is_empty() {
        answers.push(Answer::Say(remark(&objections, rows.len())));
    }
    if !targets.is_empty() {
        let retry = store.retrying.propose(&store.pipeline, targets);
        answers.push(Answer::Propose(retry));
    }
    answers
}

fn remark(objections: &[Objection], of: usize) -> String {
    let counted = Objection::ALL.iter().filter_map(|kind| {
        let count = objections.iter().filter(|found| *found == kind).count();
        (count > 0).then(|| format!("{count} {}", kind.words()))
    });
    let counted: Vec<String> = counted.collect();
    let left = objections.len();
    format!("left out {left} of {of}: {}", counted.join(", "))
}
