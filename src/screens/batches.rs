//! Batches: retries that go row by row, under way and past, and what became of each of their events.

mod rows;
mod view;

pub use view::view;

use crate::{
    action::Action,
    domain::{
        batch::{BatchId, Driver, Mode, Order},
        event::RowId,
        filter::Filter,
    },
    screens::{Answer, cursor::Cursor},
    store::{Store, batches::Known},
};

pub use rows::VOCABULARY;

/// The pane that has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Pane {
    /// The batches.
    #[default]
    Batches,
    /// The events of the selected one.
    Rows,
}

/// What the operator chose here.
#[derive(Debug, Default)]
pub struct State {
    /// Which batches are shown.
    pub filter: Filter,
    pane: Pane,
    batches: Cursor<BatchId>,
    rows: Cursor<RowId>,
}

impl State {
    /// The selected batch.
    fn known<'a>(&self, store: &'a Store) -> Option<&'a Known> {
        store.batches.get(self.batches.selected()?)
    }
}

/// Does `action`; the list shows `page` rows.
pub fn update(state: &mut State, store: &Store, action: Action, page: usize) -> Vec<Answer> {
    let moved = match state.pane {
        Pane::Batches => {
            let keys = rows::keys(state, store);
            state.batches.act(action, &keys, page)
        }
        Pane::Rows => {
            let keys = rows::of_selected(state, store);
            state.rows.act(action, &keys, page)
        }
    };
    if moved {
        settle(state, store);
        return Vec::new();
    }
    let selected = state.batches.selected().cloned();
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other action is not about this screen"
    )]
    match action {
        Action::NextPane | Action::PreviousPane => {
            state.pane = match state.pane {
                Pane::Batches => Pane::Rows,
                Pane::Rows => Pane::Batches,
            };
            Vec::new()
        }
        Action::NextProblem | Action::PreviousProblem => {
            seek(state, store, action == Action::NextProblem)
        }
        Action::Open => open(state, store),
        Action::Copy => vec![Answer::Copy(rows::copied(state, store))],
        Action::Pause => order(selected, Order::Pause, Answer::Order),
        Action::Retry => order(selected, Order::Resume, Answer::AskOrder),
        Action::StopBatch => order(selected, Order::Stop, Answer::AskOrder),
        Action::EditPace => {
            let now = state.known(store).map(|known| &known.batch);
            let asked = now.map(|batch| Order::Pace {
                per_minute: batch.per_minute,
                brake: batch.brake,
                least: batch.least,
            });
            asked.map_or_else(Vec::new, |asked| order(selected, asked, Answer::AskOrder))
        }
        _ => Vec::new(),
    }
}

fn order(
    selected: Option<BatchId>,
    order: Order,
    answer: fn(BatchId, Order) -> Answer,
) -> Vec<Answer> {
    selected.map(|id| answer(id, order)).into_iter().collect()
}

/// A batch opens its events, an event itself.
fn open(state: &mut State, store: &Store) -> Vec<Answer> {
    match state.pane {
        Pane::Batches => {
            state.pane = Pane::Rows;
            Vec::new()
        }
        Pane::Rows => {
            let known = state.known(store);
            let row = known.zip(state.rows.selected());
            let row = row.and_then(|(known, id)| known.batch.row(id));
            let event = row.map(|row| Answer::OpenEvent(row.watched().clone()));
            event.into_iter().collect()
        }
    }
}

fn seek(state: &mut State, store: &Store, forward: bool) -> Vec<Answer> {
    let found = match state.pane {
        Pane::Batches => {
            let keys = rows::keys(state, store);
            let is_problem = |id: &BatchId| store.batches.get(id).is_some_and(rows::is_problem);
            state.batches.seek(&keys, forward, is_problem)
        }
        Pane::Rows => {
            let keys = rows::of_selected(state, store);
            let known = state.batches.selected();
            let known = known.and_then(|id| store.batches.get(id));
            let row = |id: &RowId| known.and_then(|known| known.batch.row(id));
            let is_problem = |id: &RowId| row(id).is_some_and(|row| rows::is_bad(&row.standing));
            state.rows.seek(&keys, forward, is_problem)
        }
    };
    settle(state, store);
    if found {
        return Vec::new();
    }
    vec![Answer::Say("nothing shown here went wrong".to_owned())]
}

/// Makes the selection valid again.
pub fn settle(state: &mut State, store: &Store) {
    let keys = rows::keys(state, store);
    state.batches.settle(&keys);
    let keys = rows::of_selected(state, store);
    state.rows.settle(&keys);
}

/// Why `action` cannot be done here now, if it cannot.
pub fn refusal(state: &State, store: &Store, action: Action) -> Option<&'static str> {
    if matches!(action, Action::NextPane | Action::PreviousPane) {
        return None;
    }
    if matches!(
        action,
        Action::Pause | Action::Retry | Action::StopBatch | Action::EditPace
    ) {
        return match state.known(store) {
            Some(known) => refused(known, action),
            None => Some("no batch is selected"),
        };
    }
    match state.pane {
        Pane::Batches => state.batches.refusal(action, "no batch is selected"),
        Pane::Rows => state.rows.refusal(action, "no event is selected"),
    }
}

/// Why this cannot be done about `known`, if it cannot.
fn refused(known: &Known, action: Action) -> Option<&'static str> {
    let is_here = known.driver == Driver::Here;
    if known.batch.is_over() {
        return Some("this batch is over: nothing is left to do");
    }
    if known.driver == Driver::Elsewhere {
        return Some("another outpost on this machine drives this batch");
    }
    let sends = known.batch.mode == Mode::Running && is_here;
    if action == Action::Pause {
        return (!sends).then_some("nothing is sent as it is: R resumes it");
    }
    if action == Action::Retry {
        if known.batch.mode == Mode::Stopping && is_here {
            return Some("this batch was stopped: only what was sent is waited for");
        }
        return sends.then_some("this batch is under way: p pauses it");
    }
    if action == Action::StopBatch {
        let stops = known.batch.mode == Mode::Stopping;
        return stops.then_some("this batch was stopped: R sees how what was sent ends");
    }
    (!is_here).then_some("a pace is changed while the batch is under way here: R resumes it")
}
