//! The errors that nobody has resolved yet, newest first, and how they spread over the stages.

mod rows;
mod view;

pub use view::view;

use crate::{
    action::{Action, ScreenId},
    domain::{
        event::{EventType, RowId},
        filter::Filter,
    },
    screens::{Answer, cursor::Cursor},
    store::Store,
};

/// The pane that has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Pane {
    /// The errors.
    #[default]
    Recent,
    /// The stages.
    Stages,
}

pub use rows::VOCABULARY;

/// What the operator chose here.
#[derive(Debug, Default)]
pub struct State {
    /// Which rows are shown.
    pub filter: Filter,
    pane: Pane,
    recent: Cursor<RowId>,
    stages: Cursor<EventType>,
    /// Whether messages in the list are wrapped.
    wrap: bool,
    /// Whether the selected error takes the place of the stages.
    open: bool,
}

/// Does `action`; the list shows `page` rows.
pub fn update(state: &mut State, store: &Store, action: Action, page: usize) -> Vec<Answer> {
    let moved = match state.pane {
        Pane::Recent => {
            let keys = rows::keys(state, store);
            state.recent.act(action, &keys, page)
        }
        Pane::Stages => state.stages.act(action, &rows::stage_keys(store), page),
    };
    if moved {
        return Vec::new();
    }
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other action is not about this screen"
    )]
    match action {
        Action::NextPane | Action::PreviousPane => {
            state.pane = match state.pane {
                Pane::Recent => Pane::Stages,
                Pane::Stages => Pane::Recent,
            };
            state.open = false;
            settle(state, store);
            Vec::new()
        }
        Action::Wrap => {
            state.wrap = !state.wrap;
            Vec::new()
        }
        Action::NextProblem | Action::PreviousProblem => {
            seek(state, store, action == Action::NextProblem)
        }
        Action::Open => open(state),
        Action::Copy => vec![Answer::Copy(copy(state, store))],
        Action::Resolve => vec![Answer::AskNote(state.recent.targets())],
        _ => Vec::new(),
    }
}

fn open(state: &mut State) -> Vec<Answer> {
    match state.pane {
        Pane::Recent => {
            state.open = !state.open;
            Vec::new()
        }
        Pane::Stages => {
            let go = |stage: &EventType| {
                let filter = format!("stage:{}", stage.label());
                Answer::Go(ScreenId::Errors, Some(filter))
            };
            let answer = state.stages.selected().map(go);
            state.pane = Pane::Recent;
            answer.into_iter().collect()
        }
    }
}

fn seek(state: &mut State, store: &Store, forward: bool) -> Vec<Answer> {
    let keys = rows::keys(state, store);
    let critical = rows::critical(store);
    if state
        .recent
        .seek(&keys, forward, |id| critical.contains(id))
    {
        state.pane = Pane::Recent;
        return Vec::new();
    }
    vec![Answer::Say("no error shown here is critical".to_owned())]
}

fn copy(state: &State, store: &Store) -> String {
    let lines: Vec<String> = match state.pane {
        Pane::Recent => {
            let targets = state.recent.targets();
            let shown = rows::shown(state, store);
            let chosen = shown.into_iter().filter(|row| targets.contains(&row.id));
            chosen.map(rows::json).collect()
        }
        Pane::Stages => {
            let targets = state.stages.targets();
            let shown = rows::stages(store);
            let chosen = shown.into_iter().filter(|row| targets.contains(&row.stage));
            chosen.map(rows::stage_json).collect()
        }
    };
    lines.join("\n")
}

/// Makes the selection valid again.
pub fn settle(state: &mut State, store: &Store) {
    let keys = rows::keys(state, store);
    state.recent.settle(&keys);
    let stages = rows::stage_keys(store);
    state.stages.settle(&stages);
    state.open &= state.recent.selected().is_some();
}

/// Why `action` cannot be done here now, if it cannot.
pub fn refusal(state: &State, _store: &Store, action: Action) -> Option<&'static str> {
    match (action, state.pane) {
        (Action::Resolve, Pane::Stages) => Some("go to the list of errors first: tab"),
        (Action::Resolve, Pane::Recent) => {
            let nothing = state.recent.selected().is_none();
            nothing.then_some("there is no error to resolve")
        }
        (Action::Wrap | Action::NextPane | Action::PreviousPane, _) => None,
        (_, Pane::Recent) => state.recent.refusal(action, "no error is selected"),
        (_, Pane::Stages) => state.stages.refusal(action, "no stage is selected"),
    }
}
