//! Which groups and which errors are listed.

use std::collections::BTreeSet;

use super::State;
use crate::{
    domain::{
        error_group::{
            ErrorGroup, ErrorRow, GroupId, GroupState, Severity,
            filtered::{GroupLine, RowLine},
        },
        event::RowId,
    },
    store::Store,
};

/// Every group that is known.
pub(super) fn groups(store: &Store) -> &[ErrorGroup] {
    let errors = store.errors.value();
    errors.map_or(&[], |errors| errors.groups.as_slice())
}

/// The errors that are held whole, newest first.
pub(super) fn held(store: &Store) -> &[ErrorRow] {
    let errors = store.errors.value();
    errors.map_or(&[], |errors| errors.recent.as_slice())
}

/// Where a listed error is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Among the newest.
    Newest(usize),
    /// Among those that were paged to.
    Older(usize),
}

/// What passes the filter, as of when that was last looked at: after every change, before the next frame.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Places of groups.
    groups: Vec<usize>,
    /// Places of errors.
    rows: Vec<At>,
}

impl Listed {
    /// What passes now.
    pub(super) fn of(state: &State, store: &Store) -> Self {
        let is_group_shown = |group: &ErrorGroup| {
            let line = GroupLine {
                group,
                is_marked: state.groups.is_marked(&group.id),
                rows: held(store),
                payloads: &state.payloads,
            };
            state.tab.holds(group) && state.filter.matches(&line, store.clock)
        };
        let all = groups(store).iter().enumerate();
        let shown = all.filter(|(_, group)| is_group_shown(group));
        let newest = if state.older.is_apart() {
            &[]
        } else {
            held(store)
        };
        let newest = newest.iter().enumerate();
        let newest = newest.filter(|(_, row)| passes(state, store, row));
        // What was paged to has passed already.
        let older = 0..state.older.rows().len();
        let mut groups_shown: Vec<usize> = shown.map(|(at, _)| at).collect();
        state.order.sort(&mut groups_shown, groups(store));
        Self {
            groups: groups_shown,
            rows: newest
                .map(|(at, _)| At::Newest(at))
                .chain(older.map(At::Older))
                .collect(),
        }
    }
}

/// Whether the filter lets `row` through.
pub(super) fn passes(state: &State, store: &Store, row: &ErrorRow) -> bool {
    let line = RowLine {
        row,
        is_marked: state.recent.is_marked(&row.id),
        groups: groups(store),
        payloads: &state.payloads,
    };
    state.filter.matches(&line, store.clock)
}

/// The groups that are listed, in the order that is asked for.
pub(super) fn shown<'a>(state: &State, store: &'a Store) -> Vec<&'a ErrorGroup> {
    let all = groups(store);
    let places = state.listed.groups.iter();
    places.filter_map(|at| all.get(*at)).collect()
}

/// The keys of [`shown`].
pub(super) fn group_keys(state: &State, store: &Store) -> Vec<GroupId> {
    let groups = shown(state, store);
    groups.into_iter().map(|group| group.id).collect()
}

/// The selected group.
pub(super) fn selected<'a>(state: &State, store: &'a Store) -> Option<&'a ErrorGroup> {
    let id = state.groups.selected()?;
    groups(store).iter().find(|group| group.id == *id)
}

/// The unresolved group of the selected stage that comes first: of those that are open the one of the highest impact.
pub(super) fn of_stage<'a>(state: &State, store: &'a Store) -> Option<&'a ErrorGroup> {
    let selected = state.stages.selected()?;
    let mut groups = groups(store).iter();
    groups.find(|group| group.stage == *selected && group.open > 0)
}

/// The groups that are a problem: new ones, those that came again, and critical ones.
pub(super) fn problems(store: &Store) -> BTreeSet<GroupId> {
    let is_problem = |group: &&ErrorGroup| match group.state {
        GroupState::New | GroupState::Regressed => true,
        GroupState::Open => group.severity == Severity::Critical || group.woken.is_some(),
        GroupState::Ignored | GroupState::Resolved => false,
    };
    let problems = groups(store).iter().filter(is_problem);
    problems.map(|group| group.id).collect()
}

/// The errors that are listed, newest first.
pub(super) fn rows<'a>(state: &'a State, store: &'a Store) -> Vec<&'a ErrorRow> {
    let (newest, older) = (held(store), state.older.rows());
    let of = |at: &At| match at {
        At::Newest(at) => newest.get(*at),
        At::Older(at) => older.get(*at),
    };
    state.listed.rows.iter().filter_map(of).collect()
}

/// The error `id`, if it is held.
pub(super) fn find<'a>(state: &'a State, store: &'a Store, id: &RowId) -> Option<&'a ErrorRow> {
    let mut held = held(store).iter().chain(state.older.rows());
    held.find(|row| row.id == *id)
}
