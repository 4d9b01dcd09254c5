//! Which groups are listed.

use std::collections::BTreeSet;

use super::State;
use crate::{
    domain::error_group::{
        ErrorGroup, ErrorRow, GroupId, GroupState, Severity,
        filtered::{GroupLine, RowLine},
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

/// The groups that are listed, the highest impact first.
pub(super) fn shown<'a>(state: &'a State, store: &'a Store) -> Vec<&'a ErrorGroup> {
    let all = groups(store).iter().filter(|group| state.tab.holds(group));
    all.filter(|group| {
        let line = GroupLine {
            group,
            is_marked: state.groups.is_marked(&group.id),
            rows: held(store),
        };
        state.filter.matches(&line, store.clock)
    })
    .collect()
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
    held(store)
        .iter()
        .filter(|row| {
            let line = RowLine {
                row,
                is_marked: state.recent.is_marked(&row.id),
                groups: groups(store),
            };
            state.filter.matches(&line, store.clock)
        })
        .collect()
}
