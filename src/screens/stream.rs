//! The stream: the live tail of events, newest first, and the one place from which events are retried.

mod retry;
mod rows;
mod view;

use std::collections::BTreeSet;

pub use view::view;

use crate::{
    action::Action,
    domain::{
        event::{EventRow, EventType, RowId},
        filter::Filter,
        retry::Objection,
    },
    screens::{Answer, cursor::Cursor},
    store::Store,
};

/// What the selection holds on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Anchor {
    /// The newest event, whichever that is.
    #[default]
    Newest,
    /// The event selected.
    Row,
}

/// A stream held still: what was in it, and how many events and reconnects there had been by then.
#[derive(Debug)]
struct Pause {
    held: BTreeSet<RowId>,
    seen: u64,
    reconnects: u64,
}

pub use rows::VOCABULARY;

/// What the operator chose here.
#[derive(Debug, Default)]
pub struct State {
    /// Which rows are shown.
    pub filter: Filter,
    cursor: Cursor<RowId>,
    anchor: Anchor,
    pause: Option<Pause>,
}

impl State {
    /// Events that came since the stream was paused; `None` while it runs.
    pub fn arrived(&self, store: &Store) -> Option<u64> {
        let pause = self.pause.as_ref()?;
        Some(store.stream.seen().saturating_sub(pause.seen))
    }
}

/// How many of the events kept the filter or the pause hides.
pub fn hidden(state: &State, store: &Store) -> u64 {
    (store.stream.len() - rows::keys(state, store).len().min(store.stream.len())) as u64
}

/// Does `action`; the list shows `page` rows.
pub fn update(state: &mut State, store: &Store, action: Action, page: usize) -> Vec<Answer> {
    let keys = rows::keys(state, store);
    if state.cursor.act(action, &keys, page) {
        if !matches!(action, Action::MarkAll | Action::ClearMarks) {
            state.anchor = Anchor::Row;
        }
        return Vec::new();
    }
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other action is not about this screen"
    )]
    match action {
        Action::Pause => toggle_pause(state, store),
        Action::Follow => {
            state.pause = None;
            state.anchor = Anchor::Newest;
        }
        Action::NextProblem | Action::PreviousProblem => {
            return seek(state, store, &keys, action == Action::NextProblem);
        }
        Action::Open => {
            state.anchor = Anchor::Row;
            let selected = state.cursor.selected().cloned();
            return selected.map(Answer::OpenEvent).into_iter().collect();
        }
        Action::Explain => {
            let selected = state.cursor.selected();
            let row = selected.and_then(|id| store.stream.get(id));
            let answer = row.map(|row| Answer::Explain(row.stage.clone(), None));
            return answer.into_iter().collect();
        }
        Action::Copy => return copy(&targets(state, store)),
        Action::Insert => return vec![Answer::FillIn(stage(state, store))],
        Action::Retry => {
            return retry::propose(store, &targets(state, store));
        }
        _ => return Vec::new(),
    }
    settle(state, store);
    Vec::new()
}

fn toggle_pause(state: &mut State, store: &Store) {
    state.pause = match state.pause.take() {
        Some(_) => None,
        None => Some(Pause {
            held: store.stream.newest().map(|row| row.id.clone()).collect(),
            seen: store.stream.seen(),
            reconnects: store.reconnects.count(),
        }),
    };
}

fn seek(state: &mut State, store: &Store, keys: &[RowId], forward: bool) -> Vec<Answer> {
    let at = store.tail.at();
    let is_problem = |id: &RowId| {
        let row = store.stream.get(id).filter(|_| !store.stream.is_gone(id));
        row.is_some_and(|row| rows::is_problem(row, at))
    };
    if state.cursor.seek(keys, forward, is_problem) {
        state.anchor = Anchor::Row;
        Vec::new()
    } else {
        vec![Answer::Say(
            "no event shown here has failed or is stuck".to_owned(),
        )]
    }
}

/// The stage of the selected event; the first of the pipeline where none is selected.
fn stage(state: &State, store: &Store) -> EventType {
    let selected = state.cursor.selected().and_then(|id| store.stream.get(id));
    let first = || store.pipeline.stages.first();
    selected.map_or_else(
        || EventType::from(first().map_or("", |stage| stage.event.as_str())),
        |row| row.stage.clone(),
    )
}

fn targets<'a>(state: &State, store: &'a Store) -> Vec<&'a EventRow> {
    let targets = state.cursor.targets();
    targets
        .iter()
        .filter_map(|id| store.stream.get(id))
        .collect()
}

fn copy(rows: &[&EventRow]) -> Vec<Answer> {
    let lines: Vec<String> = rows.iter().map(|row| rows::json(row)).collect();
    vec![Answer::Copy(lines.join("\n"))]
}

/// Makes the selection valid again.
pub fn settle(state: &mut State, store: &Store) {
    let keys = rows::keys(state, store);
    if state.anchor == Anchor::Newest && state.pause.is_none() {
        state.cursor.select(keys.first().cloned());
    }
    state.cursor.settle(&keys);
}

/// Why `action` cannot be done here now, if it cannot.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other action can always be done"
)]
pub fn refusal(state: &State, store: &Store, action: Action) -> Option<&'static str> {
    match action {
        Action::Retry => retry::refusal(store, &targets(state, store)),
        Action::Open
            if state
                .cursor
                .selected()
                .is_some_and(|id| store.stream.is_gone(id)) =>
        {
            Some(Objection::Gone.sentence())
        }
        Action::Pause | Action::Follow | Action::Insert => None,
        Action::Explain if state.cursor.selected().is_some() => None,
        _ => state.cursor.refusal(action, "no event is selected"),
    }
}
