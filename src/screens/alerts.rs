//! The alerts: the guide's seven rules, where each stands, and what the guide says to do.

mod rows;
mod targets;
mod view;

pub use view::view;

use crate::{
    action::Action,
    domain::{alert::RuleId, filter::Filter},
    screens::{Answer, cursor::Cursor},
    store::Store,
};

pub use rows::VOCABULARY;
pub use targets::{refused, targets};

/// What the operator chose here.
#[derive(Debug, Default)]
pub struct State {
    /// Which rows are shown.
    pub filter: Filter,
    cursor: Cursor<RuleId>,
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
        Action::NextProblem | Action::PreviousProblem => {
            let is_problem = |key: &RuleId| rows::find(store, *key).is_some_and(rows::is_problem);
            if state
                .cursor
                .seek(&keys, action == Action::NextProblem, is_problem)
            {
                return Vec::new();
            }
            vec![Answer::Say(
                "no rule shown here fires, is about to, or is blind, and is not silenced"
                    .to_owned(),
            )]
        }
        Action::Assign | Action::Ignore => targets::triage(state, store, action),
        Action::Open => {
            let selected = state.cursor.selected();
            let alert = selected.and_then(|id| rows::find(store, *id));
            alert.map(rows::explained_by).into_iter().collect()
        }
        Action::Copy => {
            let targets = state.cursor.targets();
            let found = targets.iter().filter_map(|id| rows::find(store, *id));
            let lines: Vec<String> = found.map(|row| rows::json(row, store.clock)).collect();
            vec![Answer::Copy(lines.join("\n"))]
        }
        _ => Vec::new(),
    }
}

/// Makes the selection valid again.
pub fn settle(state: &mut State, store: &Store) {
    let keys = rows::keys(state, store);
    state.cursor.settle(&keys);
}

/// Why `action` cannot be done here now, if it cannot.
pub fn refusal(state: &State, store: &Store, action: Action) -> Option<&'static str> {
    if matches!(action, Action::Assign | Action::Ignore) {
        return targets::untold(state, store, action);
    }
    state.cursor.refusal(action, "no rule is selected")
}
