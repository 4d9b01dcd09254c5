//! Which errors an action is for: those that are marked, or the selected one, fixed when the key is pressed.

use std::collections::BTreeSet;

use super::{Mode, State, lines, records};
use crate::{
    action::Action,
    domain::{
        error_group::{ErrorGroup, GroupId, Look, MEMBERS, Wanted},
        event::RowId,
        plan::Mutation,
        triage::{Deed, TriageTarget},
    },
    screens::Answer,
    store::Store,
};

/// Errors marked by what the filter finds in the whole table, fixed when it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// Their keys.
    pub ids: Vec<RowId>,
    /// The filter that found them.
    pub filter: String,
}

impl State {
    /// Marks these errors, whether they are listed or not.
    pub fn freeze(&mut self, frozen: Frozen) {
        self.frozen = Some(frozen);
    }

    /// How many errors are marked, and groups, where groups are.
    pub(super) fn marked(&self, store: &Store) -> (u64, usize) {
        match self.mode {
            Mode::Groups => {
                let groups = lines::groups(store).iter();
                let marked = groups.filter(|group| self.groups.is_marked(&group.id));
                let errors = marked.map(ErrorGroup::count).sum();
                (errors, self.groups.marked().len())
            }
            Mode::List => match &self.frozen {
                Some(frozen) => (frozen.ids.len() as u64, 0),
                None => (self.recent.marked().len() as u64, 0),
            },
            Mode::Stages => (self.stages.marked().len() as u64, 0),
            Mode::Records => (self.records.marked().len() as u64, 0),
        }
    }

    fn target_groups<'a>(&self, store: &'a Store) -> Vec<&'a ErrorGroup> {
        let targets = self.groups.targets();
        let groups = lines::groups(store).iter();
        groups.filter(|group| targets.contains(&group.id)).collect()
    }

    /// The groups that are marked or selected, or to which the errors belong that are.
    pub(super) fn groups_meant<'a>(&self, store: &'a Store) -> Vec<&'a ErrorGroup> {
        if self.mode == Mode::Groups {
            return self.target_groups(store);
        }
        let (ids, _) = self.targets(store);
        let groups = lines::groups(store);
        let rows = ids.iter().filter_map(|id| lines::find(self, store, id));
        let meant = rows.filter_map(|row| row.group(groups));
        let meant: BTreeSet<GroupId> = meant.map(|group| group.id).collect();
        groups
            .iter()
            .filter(|group| meant.contains(&group.id))
            .collect()
    }

    /// How many errors are marked or selected.
    pub(super) fn meant(&self, store: &Store) -> u64 {
        if self.mode == Mode::Groups {
            let groups = self.target_groups(store);
            return groups.into_iter().map(ErrorGroup::count).sum();
        }
        self.targets(store).0.len() as u64
    }

    /// The errors that are marked or selected, and the groups of which only a part of the keys is at hand.
    fn targets(&self, store: &Store) -> (Vec<RowId>, Vec<GroupId>) {
        match self.mode {
            Mode::Groups => {
                let groups = self.target_groups(store);
                let is_cut = |group: &&&ErrorGroup| group.count() as usize > MEMBERS;
                let cut = groups.iter().filter(is_cut).map(|group| group.id).collect();
                let whole = groups.iter().filter(|group| !is_cut(group));
                (whole.flat_map(|group| group.ids.to_vec()).collect(), cut)
            }
            Mode::List => match &self.frozen {
                Some(frozen) => (frozen.ids.clone(), Vec::new()),
                None => (self.recent.targets(), Vec::new()),
            },
            Mode::Records => {
                let keys = self.records.targets();
                let shown = records::shown(self, store).into_iter();
                let own = shown.filter(|record| keys.contains(record.key));
                let ids = own
                    .flat_map(|record| record.errors)
                    .map(|row| row.id.clone());
                (ids.collect(), Vec::new())
            }
            Mode::Stages => (Vec::new(), Vec::new()),
        }
    }
}

/// Asks for the note; first for the keys where not all are at hand.
pub(super) fn resolve(state: &State, store: &Store) -> Vec<Answer> {
    let (mut ids, groups) = state.targets(store);
    if groups.is_empty() {
        ids.sort();
        return vec![Answer::AskNote(ids)];
    }
    vec![Answer::Look(Look::Behind(Wanted::Errors, ids, groups))]
}

/// Looks for the events of these errors.
pub(super) fn retry(state: &State, store: &Store) -> Vec<Answer> {
    let (ids, groups) = state.targets(store);
    vec![Answer::Look(Look::Behind(Wanted::Events, ids, groups))]
}

/// Asks whose the groups are to be, or until when they are to be left alone; of groups that all are, plans to end it.
pub(super) fn triage(state: &State, store: &Store, action: Action) -> Vec<Answer> {
    let groups = state.groups_meant(store);
    let place = store.said_in();
    let mut targets: Vec<TriageTarget> =
        groups.iter().map(|group| TriageTarget::of(group)).collect();
    if action == Action::Assign {
        return vec![Answer::AskTriage(Deed::Assign, targets, place)];
    }
    let is_ignored =
        |group: &&ErrorGroup| group.standing.ignored.is_some() && group.woken.is_none();
    if !groups.iter().all(is_ignored) {
        return vec![Answer::AskTriage(Deed::Ignore, targets, place)];
    }
    for target in &mut targets {
        target.becomes.ignored = None;
    }
    vec![Answer::Propose(Mutation::Triage {
        deed: Deed::Wake,
        targets,
        place,
    })]
}

/// Why nothing can be said of a group here, if nothing can.
pub(super) fn untold(state: &State, store: &Store) -> Option<&'static str> {
    match state.mode {
        Mode::Stages => Some("go to the groups or the list first: m"),
        Mode::Groups => state.groups.refusal(Action::Open, "no group is selected"),
        Mode::List | Mode::Records => {
            let (ids, _) = state.targets(store);
            if ids.is_empty() {
                return Some("nothing is selected to do this to");
            }
            let is_unknown = state.groups_meant(store).is_empty();
            is_unknown.then_some("the group of this error is not known yet")
        }
    }
}

/// After every listed error was marked: looks for those that match and are not listed.
pub(super) fn beyond(state: &State, store: &Store) -> Option<Answer> {
    let errors = store.errors.value()?;
    let is_all = lines::held(store).len() as u64 >= errors.open() && errors.since.is_none();
    (state.mode == Mode::List && !is_all)
        .then(|| Answer::Look(Look::Matching(state.filter.text().to_owned())))
}

/// Why the marked or selected errors cannot be resolved or retried, if they cannot.
pub(super) fn refusal(state: &State, store: &Store, action: Action) -> Option<&'static str> {
    let (ids, groups) = state.targets(store);
    if ids.is_empty() && groups.is_empty() {
        return Some(if action == Action::Resolve {
            "there is no error to resolve"
        } else {
            "there is no error whose event could be retried"
        });
    }
    let is_resolved = state.mode == Mode::Groups
        && state
            .target_groups(store)
            .iter()
            .all(|group| group.open == 0);
    (is_resolved && action == Action::Resolve).then_some("every error of it is resolved")
}
