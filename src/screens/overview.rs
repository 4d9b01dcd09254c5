//! The overview screen.

mod view;

pub use view::view;

use crate::{action::Action, domain::filter::Filter, screens::Answer, store::Store};

/// What the operator chose here.
#[derive(Debug, Default)]
pub struct State {
    /// Which rows are shown.
    pub filter: Filter,
}

/// Does `action`; the list shows `page` rows.
pub fn update(_state: &mut State, _store: &Store, _action: Action, _page: usize) -> Vec<Answer> {
    Vec::new()
}

/// Makes the selection valid again.
pub fn settle(_state: &mut State, _store: &Store) {}

/// Why `action` cannot be done here now, if it cannot.
pub fn refusal(_state: &State, _store: &Store, _action: Action) -> Option<&'static str> {
    None
}
