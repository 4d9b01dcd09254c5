//! The queue: backlog, flow and latency of every stage, in tabs over the same list; in the last tab the records that were
//! dropped on the way from one to the next.

mod drops;
mod panes;
mod records;
mod rows;
mod view;

pub use view::view;

use crate::{
    action::{Action, ScreenId},
    domain::{
        event::{EventType, RowId},
        filter::Filter,
        latency::window::Span,
    },
    effect::FeedId,
    screens::{Answer, cursor::Cursor},
    store::Store,
};

pub use rows::VOCABULARY;

/// What of the stages is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    /// Backlog and flow.
    #[default]
    Queue,
    /// Latency over a window of time.
    Latency,
    /// Records from end to end over the same.
    Records,
    /// The records that were dropped without a word.
    Drops,
}

impl Tab {
    /// Every tab, in their order.
    pub const ALL: [Self; 4] = [Self::Queue, Self::Latency, Self::Records, Self::Drops];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Latency => "latency",
            Self::Records => "records",
            Self::Drops => "drops",
        }
    }

    /// The tab `step` places further, round and round.
    fn step(self, step: usize) -> Self {
        let place = Self::ALL.iter().position(|tab| *tab == self).unwrap_or(0);
        let at = (place + step) % Self::ALL.len();
        Self::ALL.get(at).copied().unwrap_or_default()
    }
}

/// What the operator chose here.
#[derive(Debug, Default)]
pub struct State {
    /// Which rows are shown.
    pub filter: Filter,
    /// The tab shown.
    pub tab: Tab,
    /// The window of time that latency is looked at over.
    pub span: Span,
    cursor: Cursor<EventType>,
    records: Cursor<String>,
    drops: Cursor<RowId>,
}

/// Turns to another tab or another window, where `action` asks for that; whether it does.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other action is about what stands in the tab"
)]
fn turned(state: &mut State, action: Action) -> bool {
    match action {
        Action::NextTab => state.tab = state.tab.step(1),
        Action::PreviousTab => state.tab = state.tab.step(Tab::ALL.len() - 1),
        Action::LongerWindow => state.span = state.span.longer(),
        Action::ShorterWindow => state.span = state.span.shorter(),
        _ => return false,
    }
    true
}

/// What the tab that is shown needs, on a screen of so many rows.
pub(super) fn needs(state: &State, store: &Store, height: u16) -> Option<FeedId> {
    match state.tab {
        Tab::Queue => {
            panes::shows_spread(state, store, height).then_some(FeedId::Latency(state.span))
        }
        Tab::Latency => Some(FeedId::Latency(state.span)),
        Tab::Records => Some(FeedId::Records(state.span)),
        Tab::Drops => None,
    }
}

/// Does `action`; the list shows `page` rows.
pub fn update(state: &mut State, store: &Store, action: Action, page: usize) -> Vec<Answer> {
    if turned(state, action) {
        return Vec::new();
    }
    match state.tab {
        Tab::Queue | Tab::Latency => on_stages(state, store, action, page),
        Tab::Records => records::update(state, store, action, page),
        Tab::Drops => drops::update(state, store, action, page),
    }
}

fn on_stages(state: &mut State, store: &Store, action: Action, page: usize) -> Vec<Answer> {
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
            let is_problem = |key: &EventType| rows::find(store, key).is_some_and(rows::is_problem);
            if state
                .cursor
                .seek(&keys, action == Action::NextProblem, is_problem)
            {
                return Vec::new();
            }
            vec![Answer::Say(
                "no stage shown here is stuck or failing".to_owned(),
            )]
        }
        Action::Open => {
            let selected = state.cursor.selected();
            let go = |stage| Answer::Go(ScreenId::Stream, Some(rows::filter_for(stage)));
            selected.map(go).into_iter().collect()
        }
        Action::Explain => {
            let selected = state.cursor.selected().cloned();
            let answer = selected.map(|stage| Answer::Explain(stage, None));
            answer.into_iter().collect()
        }
        Action::Insert => {
            let selected = state.cursor.selected().cloned();
            selected.map(Answer::FillIn).into_iter().collect()
        }
        Action::Copy => {
            let targets = state.cursor.targets();
            let rows = targets.iter().filter_map(|key| rows::find(store, key));
            let json = |row| match state.tab {
                Tab::Queue | Tab::Drops => rows::json(row),
                Tab::Latency | Tab::Records => rows::latency_json(row, store, state.span),
            };
            let lines: Vec<String> = rows.map(json).collect();
            vec![Answer::Copy(lines.join("\n"))]
        }
        _ => Vec::new(),
    }
}

/// Makes the selection valid again.
pub fn settle(state: &mut State, store: &Store) {
    let keys = rows::keys(state, store);
    state.cursor.settle(&keys);
    let records = records::keys(state, store);
    state.records.settle(&records);
    let dropped = drops::keys(state, store);
    state.drops.settle(&dropped);
}

/// Why `action` cannot be done here now, if it cannot.
pub fn refusal(state: &State, _store: &Store, action: Action) -> Option<&'static str> {
    let is_of_window = matches!(action, Action::LongerWindow | Action::ShorterWindow);
    if is_of_window && matches!(state.tab, Tab::Queue | Tab::Drops) {
        return Some("windows are of the latency tab: ] shows it");
    }
    if action == Action::LongerWindow && state.span == Span::Month {
        return Some("there is no longer window than 30 days");
    }
    if action == Action::ShorterWindow && state.span == Span::Hour {
        return Some("there is no shorter window than an hour");
    }
    if matches!(action, Action::NextTab | Action::PreviousTab) {
        return None;
    }
    match state.tab {
        Tab::Queue | Tab::Latency if matches!(action, Action::Explain | Action::Insert) => {
            match state.cursor.selected() {
                Some(_) => None,
                None => Some("no stage is selected"),
            }
        }
        Tab::Queue | Tab::Latency => state.cursor.refusal(action, "no stage is selected"),
        Tab::Records => state.records.refusal(action, "no record is selected"),
        Tab::Drops => state.drops.refusal(action, "no record is selected"),
    }
}
