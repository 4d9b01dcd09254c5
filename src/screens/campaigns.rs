//! The campaigns as funnels: distinct contacts at each step, every rate with its n.

mod panes;
mod rows;
mod view;

pub use view::view;

use crate::{
    action::Action,
    domain::{event::RowId, filter::Filter},
    screens::{Answer, cursor::Cursor},
    store::Store,
};

pub use rows::{VOCABULARY, object};

/// What the operator chose here.
#[derive(Debug)]
pub struct State {
    /// Which rows are shown.
    pub filter: Filter,
    cursor: Cursor<RowId>,
    /// Whether the funnel of the selected campaign takes the whole screen.
    open: bool,
    /// By how many lines its tests are scrolled down then.
    scroll: usize,
    /// The columns and rows that the screen has.
    size: (u16, u16),
}

impl Default for State {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            cursor: Cursor::default(),
            open: false,
            scroll: 0,
            size: (80, 18),
        }
    }
}

/// From now on the screen has so many columns and rows: how far it scrolls follows from that.
pub fn fit(state: &mut State, size: (u16, u16)) {
    state.size = size;
}

/// Does `action`; the list shows `page` rows.
pub fn update(state: &mut State, store: &Store, action: Action, page: usize) -> Vec<Answer> {
    let keys = rows::keys(state, store);
    if state.open && panes::scroll(state, store, action) {
        return Vec::new();
    }
    if state.cursor.act(action, &keys, page) {
        state.scroll = 0;
        return Vec::new();
    }
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other action is not about this screen"
    )]
    match action {
        Action::Open => {
            (state.open, state.scroll) = (!state.open, 0);
            Vec::new()
        }
        Action::NextProblem | Action::PreviousProblem => {
            let is_problem = |key: &RowId| rows::find(store, key).is_some_and(rows::is_problem);
            if state
                .cursor
                .seek(&keys, action == Action::NextProblem, is_problem)
            {
                return Vec::new();
            }
            vec![Answer::Say(
                "no campaign shown here bounces or falls short of replies".to_owned(),
            )]
        }
        Action::Copy => {
            let targets = state.cursor.targets();
            let found = targets.iter().filter_map(|key| rows::find(store, key));
            let lines: Vec<String> = found.map(rows::json).collect();
            vec![Answer::Copy(lines.join("\n"))]
        }
        _ => Vec::new(),
    }
}

/// Makes the selection valid again.
pub fn settle(state: &mut State, store: &Store) {
    let keys = rows::keys(state, store);
    state.cursor.settle(&keys);
    state.open &= state.cursor.selected().is_some();
    state.scroll = state.scroll.min(panes::lines(state, store));
}

/// The campaign whose A/B tests a screen of so many rows shows, if it shows any.
pub fn tested(state: &State, store: &Store, height: u16) -> Option<RowId> {
    panes::tested(state, store, height)
}

/// Why `action` cannot be done here now, if it cannot.
pub fn refusal(state: &State, _store: &Store, action: Action) -> Option<&'static str> {
    state.cursor.refusal(action, "no campaign is selected")
}
