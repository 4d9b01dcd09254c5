//! The errors: by group, one by one, by stage or by record; and what there is to know of the one that is selected.

mod deep;
mod lines;
mod order;
mod records;
mod refusal;
mod rows;
mod targets;
mod view;

pub use refusal::refusal;
pub use view::view;

use crate::{
    action::{Action, ScreenId},
    domain::{
        error_group::{ErrorGroup, GroupId, GroupState, Older, Payloads, Window},
        event::{EventType, RowId},
        filter::{self, Filter},
        untrusted::Untrusted,
    },
    screens::{Answer, cursor::Cursor},
    store::Store,
};

pub use targets::Frozen;

pub use crate::domain::error_group::filtered::VOCABULARY;

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mode {
    /// Groups of errors that say the same.
    #[default]
    Groups,
    /// One error a line.
    List,
    /// The stages.
    Stages,
    /// The records.
    Records,
}

impl Mode {
    const fn next(self) -> Self {
        match self {
            Self::Groups => Self::List,
            Self::List => Self::Stages,
            Self::Stages => Self::Records,
            Self::Records => Self::Groups,
        }
    }
}

/// Which groups are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Tab {
    /// Those with unresolved errors, new and regressed ones among them.
    #[default]
    Open,
    /// Those in this state alone.
    Only(GroupState),
}

impl Tab {
    const ALL: [Self; 5] = [
        Self::Open,
        Self::Only(GroupState::New),
        Self::Only(GroupState::Regressed),
        Self::Only(GroupState::Ignored),
        Self::Only(GroupState::Resolved),
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Only(state) => state.name(),
        }
    }

    fn holds(self, group: &ErrorGroup) -> bool {
        match self {
            Self::Open => group.state.is_open(),
            Self::Only(state) => group.state == state,
        }
    }

    fn beside(self, forward: bool) -> Self {
        let len = Self::ALL.len();
        let at = Self::ALL.iter().position(|tab| *tab == self).unwrap_or(0);
        let to = if forward { at + 1 } else { at + len - 1 } % len;
        Self::ALL.get(to).copied().unwrap_or_default()
    }
}

/// What the operator chose here.
#[derive(Debug, Default)]
pub struct State {
    /// Which rows are shown.
    pub filter: Filter,
    mode: Mode,
    tab: Tab,
    groups: Cursor<GroupId>,
    recent: Cursor<RowId>,
    stages: Cursor<EventType>,
    records: Cursor<Untrusted>,
    /// Errors marked beyond those that are listed.
    frozen: Option<Frozen>,
    /// Errors that were paged to.
    older: Older,
    /// What payloads hold where the filter asks for it.
    payloads: Payloads,
    asked: deep::Asked,
    listed: lines::Listed,
    /// In which order the groups are listed.
    order: order::Order,
    /// How long the chart looks back.
    window: Window,
    /// Whether messages in the list are wrapped.
    wrap: bool,
}

/// Does `action`; the list shows `page` rows.
pub fn update(state: &mut State, store: &Store, action: Action, page: usize) -> Vec<Answer> {
    if action == Action::ClearMarks {
        state.frozen = None;
    }
    if moved(state, store, action, page) {
        if state.filter.asks("marked") {
            settle(state, store);
        }
        let more = if action == Action::MarkAll {
            targets::beyond(state, store)
        } else {
            deep::further(state, store, action)
        };
        return more.into_iter().collect();
    }
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other action is not about this screen"
    )]
    match action {
        Action::NextMode
        | Action::NextTab
        | Action::PreviousTab
        | Action::NextOrder
        | Action::ReverseOrder
        | Action::LongerWindow
        | Action::ShorterWindow
        | Action::Wrap => {
            turn(state, store, action);
            Vec::new()
        }
        Action::NextProblem | Action::PreviousProblem => {
            seek(state, store, action == Action::NextProblem)
        }
        Action::Open => open(state, store),
        Action::Timeline => {
            let (ids, at) = samples(state, store);
            vec![Answer::OpenTimeline(ids, at)]
        }
        Action::Insert => {
            let group = explained(state, store).map(|group| group.stage.clone());
            let of = group.or_else(|| state.stages.selected().cloned());
            of.map(Answer::FillIn).into_iter().collect()
        }
        Action::Copy => vec![Answer::Copy(rows::copy(state, store))],
        Action::Resolve => targets::resolve(state, store),
        Action::Retry => targets::retry(state, store),
        Action::Assign | Action::Ignore => targets::triage(state, store, action),
        Action::Explain => {
            let group = explained(state, store);
            let answer = group.map(|group| Answer::Explain(group.stage.clone(), Some(group.id)));
            answer.into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Lists something else, or the same in another way.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other action turns nothing"
)]
fn turn(state: &mut State, store: &Store, action: Action) {
    match action {
        Action::NextMode => state.mode = state.mode.next(),
        Action::NextTab | Action::PreviousTab => {
            state.tab = state.tab.beside(action == Action::NextTab);
        }
        Action::NextOrder => state.order = state.order.next(),
        Action::ReverseOrder => state.order = state.order.reversed(),
        Action::LongerWindow | Action::ShorterWindow => {
            state.window = state.window.beside(action == Action::LongerWindow);
        }
        Action::Wrap => state.wrap = !state.wrap,
        _ => return,
    }
    settle(state, store);
}

fn moved(state: &mut State, store: &Store, action: Action, page: usize) -> bool {
    match state.mode {
        Mode::Groups => {
            let keys = lines::group_keys(state, store);
            state.groups.act(action, &keys, page)
        }
        Mode::List => {
            let keys = rows::keys(state, store);
            state.recent.act(action, &keys, page)
        }
        Mode::Stages => state.stages.act(action, &rows::stage_keys(store), page),
        Mode::Records => {
            let keys = records::keys(state, store);
            state.records.act(action, &keys, page)
        }
    }
}

/// What lies behind the selected row.
fn open(state: &mut State, store: &Store) -> Vec<Answer> {
    let listed = |filter: Option<String>| {
        let go = |filter| Answer::Go(ScreenId::Errors, Some(filter));
        let answer =
            filter.map_or_else(|| Answer::Say("no filter can say that name".to_owned()), go);
        vec![answer]
    };
    match state.mode {
        Mode::Groups | Mode::List => {
            let (ids, at) = samples(state, store);
            if ids.is_empty() {
                return Vec::new();
            }
            vec![Answer::OpenErrors(ids, at)]
        }
        Mode::Stages => {
            let chosen = state.stages.selected();
            let filter = chosen.map(|stage| format!("stage:{}", stage.label()));
            state.mode = Mode::Groups;
            listed(filter)
        }
        Mode::Records => {
            let record = state.records.selected();
            let filter = record.and_then(|record| filter::exactly("record", record.raw()));
            state.mode = Mode::List;
            listed(filter)
        }
    }
}

/// The errors that can be shown whole from here, and which of them comes first.
fn samples(state: &State, store: &Store) -> (Vec<RowId>, usize) {
    match state.mode {
        Mode::Groups => {
            let group = lines::selected(state, store);
            (group.map_or_else(Vec::new, |group| group.ids.to_vec()), 0)
        }
        Mode::List => {
            let keys = rows::keys(state, store);
            let at = state.recent.position(&keys).unwrap_or_default();
            (keys, at)
        }
        Mode::Records => (records::newest(state, store).into_iter().collect(), 0),
        Mode::Stages => {
            let group = lines::of_stage(state, store);
            (group.map_or_else(Vec::new, |group| group.ids.to_vec()), 0)
        }
    }
}

/// The next group that is new, came again or is critical; the next error that is critical.
fn seek(state: &mut State, store: &Store, forward: bool) -> Vec<Answer> {
    let found = match state.mode {
        Mode::Groups => {
            let keys = lines::group_keys(state, store);
            let problems = lines::problems(store);
            state
                .groups
                .seek(&keys, forward, |id| problems.contains(id))
        }
        Mode::List | Mode::Stages | Mode::Records => {
            state.mode = Mode::List;
            let keys = rows::keys(state, store);
            let critical = rows::critical(state, store);
            state
                .recent
                .seek(&keys, forward, |id| critical.contains(id))
        }
    };
    if found {
        return Vec::new();
    }
    let words = match state.mode {
        Mode::Groups => "no group shown here is new, came again or is critical",
        Mode::List | Mode::Stages | Mode::Records => "no error shown here is critical",
    };
    vec![Answer::Say(words.to_owned())]
}

/// The error of which a sample is shown beside the list.
pub fn sample(state: &State, store: &Store) -> Option<RowId> {
    match state.mode {
        Mode::Groups => lines::selected(state, store)?.ids.first().cloned(),
        Mode::List => state.recent.selected().cloned(),
        Mode::Stages => lines::of_stage(state, store)?.ids.first().cloned(),
        Mode::Records => records::newest(state, store),
    }
}

/// The group that is explained beside the list.
fn explained<'a>(state: &State, store: &'a Store) -> Option<&'a ErrorGroup> {
    match state.mode {
        Mode::Groups => lines::selected(state, store),
        Mode::List | Mode::Records => {
            let id = sample(state, store)?;
            lines::find(state, store, &id)?.group(lines::groups(store))
        }
        Mode::Stages => lines::of_stage(state, store),
    }
}

/// Whether a body of so many cells has the panel that tells what happened to a record.
pub const fn tells_of_record((width, height): (u16, u16)) -> bool {
    width >= view::MIDDLE.0 && height >= view::MIDDLE.1
}

/// Whether a body of so many cells has the panel that tells what was done.
pub const fn tells_of_audit((width, height): (u16, u16)) -> bool {
    width >= view::LARGE.0 && height >= view::LARGE.1
}

/// Makes the selection valid again.
pub fn settle(state: &mut State, store: &Store) {
    let found = state.frozen.as_ref();
    if found.is_some_and(|frozen| frozen.filter != state.filter.text()) {
        state.frozen = None;
    }
    deep::begin(state);
    let mut older = std::mem::take(&mut state.older);
    let passes = |row: &_| lines::passes(state, store, row);
    older.follow(lines::held(store), passes, state.recent.selected());
    state.older = older;
    state.listed = lines::Listed::of(state, store);
    match state.mode {
        Mode::Groups => {
            let keys = lines::group_keys(state, store);
            state.groups.settle(&keys);
        }
        Mode::List => {
            let keys = rows::keys(state, store);
            let (first, last) = (keys.first(), keys.last());
            let older = &state.older;
            // What was paged away from keeps its mark.
            let is_elsewhere = |id: &RowId| {
                let is_before = older.is_apart() && first.is_none_or(|first| id > first);
                let is_behind = !older.has_oldest() && last.is_none_or(|last| id < last);
                older.is_begun() && (is_before || is_behind)
            };
            state.recent.settle_in(&keys, is_elsewhere);
        }
        Mode::Stages => state.stages.settle(&rows::stage_keys(store)),
        Mode::Records => {
            let keys = records::keys(state, store);
            state.records.settle(&keys);
        }
    }
}
