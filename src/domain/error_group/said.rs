//! What operators said of groups, and which of those that are ignored have woken.

use std::collections::HashMap;

use super::GroupId;
use crate::domain::{
    Timestamp,
    triage::{Ignored, Standing, Triage},
};

/// What was said of a group, and what came of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) standing: Standing,
    /// When what it was ignored for came about.
    pub(super) woken: Option<Timestamp>,
    /// Errors that came since it was ignored.
    pub(super) came: u64,
    /// What the last two were made from: what was said, and how often the group had changed.
    from: Option<(Ignored, u64)>,
}

impl Said {
    /// Whether the group is left alone.
    pub(super) const fn is_ignored(&self) -> bool {
        self.standing.ignored.is_some() && self.woken.is_none()
    }
}

/// What was said of all groups.
#[derive(Debug, Clone, Default)]
pub(super) struct Spoken(HashMap<GroupId, Said>);

impl Spoken {
    /// What was said of `id`.
    pub(super) fn of(&self, id: GroupId) -> Said {
        self.0.get(&id).cloned().unwrap_or_default()
    }

    /// Puts `said` in the place of what was said before; what is still known of it is kept.
    pub(super) fn hear(&mut self, said: Vec<Triage>) {
        let mut before = std::mem::take(&mut self.0);
        self.0.extend(said.into_iter().map(|triage| {
            let known = before.remove(&triage.id).unwrap_or_default();
            let said = Said {
                standing: triage.standing,
                ..known
            };
            (triage.id, said)
        }));
    }

    /// Looks which groups have woken by `now`. `group` gives how often a group has changed, and what tells when its errors
    /// came: asked only of a group that has changed since it was last looked at.
    pub(super) fn judge<F: FnOnce() -> Vec<Timestamp>>(
        &mut self,
        now: Timestamp,
        group: impl Fn(GroupId) -> Option<(u64, F)>,
    ) {
        for (id, said) in &mut self.0 {
            let Some(ignored) = said.standing.ignored.clone() else {
                (said.woken, said.came, said.from) = (None, 0, None);
                continue;
            };
            let found = group(*id);
            let changes = found.as_ref().map_or(0, |(changes, _)| *changes);
            let from = Some((ignored.clone(), changes));
            // Time passes without a change.
            let waits_for_time = matches!(ignored.until, crate::domain::triage::Until::Time(_));
            if said.from == from && !(waits_for_time && said.woken.is_none()) {
                continue;
            }
            let came = if said.from == from {
                Vec::new()
            } else {
                found.map_or_else(Vec::new, |(_, came)| came())
            };
            let (woken, n) = ignored.woken(came, now);
            let is_same = said
                .from
                .as_ref()
                .is_some_and(|(known, _)| *known == ignored);
            // What has woken it stays true, also when errors are forgotten or deleted.
            said.woken = said.woken.filter(|_| is_same).or(woken);
            if said.from != from {
                said.came = n;
            }
            said.from = from;
        }
    }
}
