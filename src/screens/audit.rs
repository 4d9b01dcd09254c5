//! The audit history: what operators did, from the table and from the file of this machine.

mod rows;
mod view;

pub use view::view;

use crate::{
    action::Action,
    domain::{audit::EntryId, filter::Filter},
    screens::{Answer, cursor::Cursor},
    store::Store,
};

pub use crate::domain::audit::VOCABULARY;

/// Older entries are asked for when so few are left below the selected one.
const NEAR: usize = 5;

/// What the operator chose here.
#[derive(Debug, Default)]
pub struct State {
    /// Which entries are shown.
    pub filter: Filter,
    cursor: Cursor<EntryId>,
}

/// Does `action`; the list shows `page` rows.
pub fn update(state: &mut State, store: &Store, action: Action, page: usize) -> Vec<Answer> {
    let keys = rows::keys(state, store);
    if state.cursor.act(action, &keys, page) {
        return Vec::new();
    }
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other action is not about this screen"
    )]
    match action {
        Action::Open => {
            let selected = state.cursor.selected().copied();
            selected.map(Answer::OpenAudit).into_iter().collect()
        }
        Action::NextProblem | Action::PreviousProblem => {
            let is_problem = |id: &EntryId| {
                let entry = store.audit.find(*id);
                entry.is_some_and(crate::domain::audit::Entry::is_troubled)
            };
            let forward = action == Action::NextProblem;
            if state.cursor.seek(&keys, forward, is_problem) {
                return Vec::new();
            }
            vec![Answer::Say("nothing shown here went wrong".to_owned())]
        }
        Action::Copy => {
            let targets = state.cursor.targets();
            vec![Answer::Copy(rows::json(store, &targets))]
        }
        Action::Export => {
            let (name, entries) = rows::export(state, store);
            vec![Answer::Export(name, entries)]
        }
        _ => Vec::new(),
    }
}

/// Whether the end of what is known is near, so that what was before it is wanted.
pub fn wants_older(state: &State, store: &Store) -> bool {
    let keys = rows::keys(state, store);
    let at = state.cursor.position(&keys).unwrap_or_default();
    at + NEAR >= keys.len()
}

/// Makes the selection valid again.
pub fn settle(state: &mut State, store: &Store) {
    let keys = rows::keys(state, store);
    state.cursor.settle(&keys);
}

/// Why `action` cannot be done here now, if it cannot.
pub fn refusal(state: &State, store: &Store, action: Action) -> Option<&'static str> {
    if action == Action::Export {
        let is_empty = rows::keys(state, store).is_empty();
        return is_empty.then_some("there is nothing to export");
    }
    state.cursor.refusal(action, "nothing is selected")
}
