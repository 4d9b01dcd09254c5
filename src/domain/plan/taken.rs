//! Which groups of errors that a plan touches somebody else has: no reason not to do it, but one to ask first.

use std::collections::BTreeSet;

use super::{Mutation, Plan};
use crate::domain::{
    Timestamp,
    error_group::{ErrorGroup, GroupId},
    event::RowId,
    presence::account,
    untrusted::Untrusted,
};

/// A group that somebody else has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The group.
    pub group: GroupId,
    /// Who has it.
    pub owner: Untrusted,
    /// Since when.
    pub since: Option<Timestamp>,
    /// What is noted of it.
    pub note: Option<Untrusted>,
}

/// Those of `groups` that `plan` touches and somebody has who is not `me`; accounts are compared without their hosts.
pub fn taken(plan: &Plan, groups: &[ErrorGroup], me: &str) -> Vec<Taken> {
    let is_other = |group: &&ErrorGroup| {
        let owner = group.standing.owner.as_ref();
        owner.is_some_and(|owner| account(owner.raw()) != account(me))
    };
    let mut others = groups.iter().filter(is_other).peekable();
    if others.peek().is_none() {
        return Vec::new();
    }
    let touches = touched(plan);
    let of = |group: &ErrorGroup| {
        Some(Taken {
            group: group.id,
            owner: group.standing.owner.clone()?,
            since: group.standing.owned_at,
            note: group.standing.note.clone(),
        })
    };
    others
        .filter(|group| touches.has(plan, group))
        .filter_map(of)
        .collect()
}

/// What a plan touches.
enum Touched<'a> {
    /// These errors.
    Errors(BTreeSet<&'a RowId>),
    /// These groups.
    Groups(BTreeSet<GroupId>),
    /// Events, which failed with what the guard found.
    Events,
    /// No errors.
    Nothing,
}

fn touched(plan: &Plan) -> Touched<'_> {
    match &plan.mutation {
        Mutation::ResolveErrors { ids, .. } | Mutation::ReopenErrors { ids, .. } => {
            Touched::Errors(ids.iter().collect())
        }
        Mutation::Triage { targets, .. } => {
            Touched::Groups(targets.iter().map(|target| target.id).collect())
        }
        Mutation::RetryEvents(_) => Touched::Events,
        Mutation::DeleteClones(_)
        | Mutation::SetWorkflowActive { .. }
        | Mutation::BounceWorkflow { .. }
        | Mutation::StopExecutions(_)
        | Mutation::RetryExecutions { .. }
        | Mutation::InsertEvent(_)
        | Mutation::DeleteTestEvents { .. }
        | Mutation::Note { .. }
        | Mutation::Purge(_) => Touched::Nothing,
    }
}

impl Touched<'_> {
    fn has(&self, plan: &Plan, group: &ErrorGroup) -> bool {
        match self {
            Self::Errors(ids) => group.ids.iter().any(|id| ids.contains(id)),
            Self::Groups(ids) => ids.contains(&group.id),
            Self::Events => plan.targets().iter().any(|target| {
                target.stage == group.stage && plan.cause(&target.id) == Some(&group.fingerprint)
            }),
            Self::Nothing => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::{
        error_group::{ErrorRow, Errors, Severity},
        event::EventType,
    };

    fn groups() -> Vec<ErrorGroup> {
        let row = |id: i64, says: &str| ErrorRow {
            id: RowId::from(id),
            stage: EventType::from("lead_qualified"),
            record: None,
            message: Untrusted::from(says),
            severity: Severity::Error,
            created_at: DateTime::from_timestamp(1_700_000_000 + id, 0).unwrap(),
            event: None,
            execution: None,
            details: Untrusted::default(),
        };
        let rows = vec![row(2, "crm says no"), row(1, "smtp is away")];
        let now = DateTime::from_timestamp(1_700_000_100, 0).unwrap();
        let mut groups = Errors::of(rows, now).groups;
        groups.sort_by_key(|group| group.ids.clone());
        groups[1].standing.owner = Some(Untrusted::from("anna@ops"));
        groups
    }

    fn resolve(ids: &[i64]) -> Plan {
        let ids = ids.iter().copied().map(RowId::from).collect();
        let note = "mended".to_owned();
        Plan::new(
            Mutation::ResolveErrors { ids, note },
            DateTime::from_timestamp(1_700_000_100, 0).unwrap(),
        )
    }

    #[test]
    fn a_plan_names_the_groups_of_others_that_it_touches_and_no_other() {
        let groups = groups();
        let of = |ids: &[i64], me: &str| {
            let found = taken(&resolve(ids), &groups, me);
            found.into_iter().map(|it| it.group).collect::<Vec<_>>()
        };
        assert_eq!(of(&[1, 2], "ben@ops"), [groups[1].id]);
        assert_eq!(of(&[1], "ben@ops"), []);
        assert_eq!(of(&[2], "anna@laptop"), []);
    }
}
