//! The scorecard: the guide's twelve success metrics, each in its band.

mod rows;
mod view;

pub use view::view;

use crate::{
    action::Action,
    domain::{
        filter::Filter,
        scorecard::{Band, MetricId},
    },
    screens::{Answer, cursor::Cursor},
    store::Store,
};

pub use rows::VOCABULARY;

/// What the operator chose here.
#[derive(Debug, Default)]
pub struct State {
    /// Which rows are shown.
    pub filter: Filter,
    cursor: Cursor<MetricId>,
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
            let selected = state.cursor.selected();
            selected
                .map(|id| rows::explained_by(*id))
                .into_iter()
                .collect()
        }
        Action::NextProblem | Action::PreviousProblem => {
            let misses =
                |id: &MetricId| rows::find(store, *id).is_some_and(|row| row.band == Band::Miss);
            if state
                .cursor
                .seek(&keys, action == Action::NextProblem, misses)
            {
                return Vec::new();
            }
            vec![Answer::Say(
                "no metric shown here misses its target".to_owned(),
            )]
        }
        Action::Copy => {
            let targets = state.cursor.targets();
            let found = targets.iter().filter_map(|id| rows::find(store, *id));
            let lines: Vec<String> = found.map(|row| rows::json(&row)).collect();
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
pub fn refusal(state: &State, _store: &Store, action: Action) -> Option<&'static str> {
    state.cursor.refusal(action, "no metric is selected")
}
