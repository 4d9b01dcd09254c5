//! The records that were dropped without a word: which are shown, what is copied of them.

use super::{State, rows};
use crate::{
    action::Action,
    domain::{
        drops::{Count, Dropped, Drops},
        event::RowId,
    },
    screens::{Answer, json::Object},
    store::Store,
};

/// What is known of the drops; nothing before the first look.
pub(super) fn known(store: &Store) -> Option<&Drops> {
    store.drops.value()
}

/// The records that are shown, those of the stages that the filter shows.
pub(super) fn shown<'a>(state: &State, store: &'a Store) -> Vec<(&'a Count, &'a Dropped)> {
    let stages = rows::keys(state, store);
    let all = known(store).map(Drops::records).unwrap_or_default();
    all.into_iter()
        .filter(|(link, _)| stages.contains(&link.stage))
        .collect()
}

/// The keys of [`shown`]: of the events that are done.
pub(super) fn keys(state: &State, store: &Store) -> Vec<RowId> {
    let shown = shown(state, store);
    shown
        .into_iter()
        .map(|(_, record)| record.id.clone())
        .collect()
}

/// Does `action` in this tab; the list shows `page` rows.
pub(super) fn update(state: &mut State, store: &Store, action: Action, page: usize) -> Vec<Answer> {
    let keys = keys(state, store);
    if state.drops.act(action, &keys, page) {
        return Vec::new();
    }
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other action is not about this tab"
    )]
    match action {
        Action::NextProblem | Action::PreviousProblem => {
            let forward = action == Action::NextProblem;
            if state.drops.seek(&keys, forward, |_| true) {
                return Vec::new();
            }
            vec![Answer::Say("no record is known to be dropped".to_owned())]
        }
        Action::Open => open(state),
        Action::Copy => vec![Answer::Copy(copy(state, store))],
        _ => Vec::new(),
    }
}

/// Opens the event that is done.
fn open(state: &State) -> Vec<Answer> {
    let selected = state.drops.selected().cloned();
    selected.map(Answer::OpenEvent).into_iter().collect()
}

/// The marked records, or the selected one, a line of JSON each.
fn copy(state: &State, store: &Store) -> String {
    let targets = state.drops.targets();
    let shown = shown(state, store);
    let chosen = shown.into_iter().filter(|(_, it)| targets.contains(&it.id));
    let lines: Vec<String> = chosen.map(|(link, record)| json(link, record)).collect();
    lines.join("\n")
}

fn json(link: &Count, record: &Dropped) -> String {
    Object::default()
        .text("id", record.id.as_str())
        .text("stage", link.stage.raw())
        .text("no_child", link.child.raw())
        .untrusted("record", record.record.as_ref())
        .moment("processed_at", Some(record.ended_at))
        .number("gap_s", link.gap_s)
        .end()
}
