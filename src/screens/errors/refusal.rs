//! What cannot be done on the screen of the errors, and why.

use super::{Mode, State, explained, samples, targets};
use crate::{action::Action, store::Store};

/// Why `action` cannot be done here now, if it cannot.
pub fn refusal(state: &State, store: &Store, action: Action) -> Option<&'static str> {
    let nothing = "nothing is selected to do this to";
    match (action, state.mode) {
        (Action::Resolve | Action::Retry, Mode::Stages) => {
            Some("go to the groups or the list first: m")
        }
        (Action::Resolve | Action::Retry, Mode::Groups | Mode::List | Mode::Records) => {
            targets::refusal(state, store, action)
        }
        (Action::Assign | Action::Ignore, _) => targets::untold(state, store),
        (Action::ClearMarks, _) if state.frozen.is_some() => None,
        (Action::NextTab | Action::PreviousTab, Mode::List | Mode::Stages | Mode::Records) => {
            Some("the sub-tabs are of the groups: m")
        }
        (Action::NextOrder | Action::ReverseOrder, Mode::List | Mode::Stages | Mode::Records) => {
            Some("only groups are sorted: m")
        }
        (Action::NextPane | Action::PreviousPane, _) => Some("m changes what is listed"),
        (
            Action::Wrap
            | Action::NextMode
            | Action::NextOrder
            | Action::ReverseOrder
            | Action::NextTab
            | Action::PreviousTab,
            _,
        ) => None,
        (Action::Insert, Mode::Stages) => {
            let selected = state.stages.selected();
            selected.is_none().then_some("no stage is selected")
        }
        (Action::Timeline, _) => samples(state, store).0.is_empty().then_some(nothing),
        (Action::Explain | Action::Insert, _) => {
            explained(state, store).is_none().then_some(nothing)
        }
        (_, Mode::Groups) => state.groups.refusal(action, "no group is selected"),
        (_, Mode::List) => state.recent.refusal(action, "no error is selected"),
        (_, Mode::Stages) => state.stages.refusal(action, "no stage is selected"),
        (_, Mode::Records) => state.records.refusal(action, "no record is selected"),
    }
}
