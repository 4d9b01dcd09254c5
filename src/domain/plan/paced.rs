//! A plan that is carried out as a batch.

use std::{borrow::Cow, collections::BTreeMap};

use super::{EventTarget, Examination, Mutation, Plan};
use crate::domain::{
    batch::{Bulk, Rate, Usual},
    error_group::Fingerprint,
    event::{EventType, RowId},
};

impl Plan {
    /// As a batch, where it is a retry of so many events that `bulk` says so.
    #[must_use]
    pub fn paced(self, bulk: Bulk) -> Self {
        let is_batch =
            matches!(self.mutation, Mutation::RetryEvents(_)) && self.mutation.len() > bulk.above;
        Self {
            pacing: is_batch.then_some(bulk.pacing),
            ..self
        }
    }

    /// The events that it tries again; none where it is no retry.
    pub fn targets(&self) -> &[EventTarget] {
        if let Mutation::RetryEvents(retry) = &self.mutation {
            &retry.targets
        } else {
            &[]
        }
    }

    /// Whether `other` is this plan, whatever its pace.
    pub fn is_same(&self, other: &Self) -> bool {
        self.mutation == other.mutation
            && self.frozen_at == other.frozen_at
            && self.examined == other.examined
    }

    /// What the row `id` failed with, where that was found.
    pub fn cause(&self, id: &RowId) -> Option<&Fingerprint> {
        self.examined.as_ref()?.causes.get(id)
    }

    /// The events that would run.
    fn running_targets(&self) -> impl Iterator<Item = &EventTarget> {
        let versions = self.examined.as_ref().map(Examination::versions);
        let runs = move |target: &&EventTarget| {
            let known = versions.as_ref();
            known.is_none_or(|known| known.contains_key(&target.id))
        };
        self.targets().iter().filter(runs)
    }

    /// How fast the events of each stage would be sent at most, as far as is known before anything runs.
    pub fn rates(&self) -> BTreeMap<&EventType, Rate> {
        let Some(pacing) = self.pacing else {
            return BTreeMap::new();
        };
        let usual = self.usual();
        let targets = self.running_targets();
        targets
            .map(|target| (&target.stage, pacing.rate(target, &usual)))
            .collect()
    }

    /// How long it takes at least as a batch, s; its canaries are not waited for in this.
    pub fn seconds(&self) -> u64 {
        let pacing = self.pacing.unwrap_or_default();
        pacing.seconds(self.running_targets(), &self.usual())
    }

    fn usual(&self) -> Cow<'_, Usual> {
        let examined = self.examined.as_ref();
        examined.map_or_else(
            || Cow::Owned(Usual::default()),
            |it| Cow::Borrowed(&it.usual),
        )
    }

    /// How many of the rows that would run are tried before the others: the first ones of each stage and cause.
    pub fn canaries(&self) -> usize {
        let Some(pacing) = self.pacing else { return 0 };
        let mut groups: BTreeMap<(&EventType, Option<&Fingerprint>), u32> = BTreeMap::new();
        for target in self.running_targets() {
            *groups
                .entry((&target.stage, self.cause(&target.id)))
                .or_default() += 1;
        }
        groups
            .values()
            .map(|n| (*n).min(pacing.canary) as usize)
            .sum()
    }
}
