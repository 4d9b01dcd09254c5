//! What was done here, and what takes it back.

use super::{Model, Overlay};
use crate::{
    domain::{
        Timestamp,
        audit::{EntryId, TakenBack},
        batch::Mode,
        plan::{Mutation, Plan},
    },
    store::batches::Known,
};

/// More than this is forgotten, oldest first.
const KEPT: usize = 50;

/// A plan that was carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// When.
    pub at: Timestamp,
    /// What it did.
    pub words: String,
    /// What takes it back, where something does.
    pub undo: Option<Mutation>,
    /// Of a batch: when its plan was frozen. What takes it back is known when it stands or is over.
    batch: Option<Timestamp>,
}

impl Done {
    /// Whether it is `plan`, carried out as a batch.
    fn is_batch_of(&self, plan: &Plan) -> bool {
        self.batch == Some(plan.frozen_at) && self.words == plan.mutation.words()
    }
}

impl Model {
    /// What takes back the last thing that was done; nothing where it cannot be, also if something before it could.
    pub fn last_undo(&self) -> Option<&Mutation> {
        self.done.last()?.undo.as_ref()
    }

    /// What `u` takes back where it is pressed: what the entry did that lies on top, else the last thing that was done.
    pub fn undo_here(&self) -> Option<&Mutation> {
        match self.overlays.last() {
            Some(Overlay::Audit { id, .. }) => {
                let whole = self.store.audit.whole(*id).read()?;
                let is_barred = self.taken_back_here().is_some();
                whole.undo.as_ref().filter(|_| !is_barred)
            }
            _ => self.last_undo(),
        }
    }

    /// That what the entry did that lies on top was taken back already, all of it, and nobody did the same again.
    pub fn taken_back_here(&self) -> Option<&TakenBack> {
        match self.overlays.last() {
            Some(Overlay::Audit { id, .. }) => self.taken_back(*id),
            _ => None,
        }
    }

    /// The same of the entry `id`.
    pub fn taken_back(&self, id: EntryId) -> Option<&TakenBack> {
        let whole = self.store.audit.whole(id).read()?;
        let back = whole.entry.taken_back.as_ref();
        let undo = whole.undo.as_ref();
        let stands = undo.is_some_and(|undo| self.store.is_otherwise(undo));
        back.filter(|back| back.leaves_nothing() && !stands)
    }

    /// What can be taken back, newest first.
    pub fn undoable(&self) -> Vec<(&Done, &Mutation)> {
        let all = self.done.iter().rev();
        all.filter_map(|done| Some((done, done.undo.as_ref()?)))
            .collect()
    }

    /// Keeps in mind that `mutation` was carried out, and what takes it back; where it took something back itself, that
    /// can be taken back no more.
    pub(crate) fn remember(&mut self, mutation: &Mutation, undo: Option<Mutation>) {
        if let Some(key) = mutation.undo_key() {
            let takes = |undo: &Mutation| undo.undo_key().as_ref() == Some(&key);
            self.done
                .retain(|done| !done.undo.as_ref().is_some_and(takes));
        }
        self.done.push(Done {
            at: self.now,
            words: mutation.words(),
            undo,
            batch: None,
        });
        let surplus = self.done.len().saturating_sub(KEPT);
        self.done.drain(..surplus);
    }

    /// Keeps in mind that `plan` begins as a batch.
    pub(crate) fn remember_batch(&mut self, plan: &Plan) {
        self.remember(&plan.mutation, None);
        if let Some(done) = self.done.last_mut() {
            done.batch = Some(plan.frozen_at);
        }
    }

    /// Keeps in mind what takes back the batch `known`, which began here: nothing while it is under way. Whether that is what `u`
    /// takes back.
    pub(crate) fn stands(&mut self, known: &Known) -> bool {
        let batch = &known.batch;
        let stands = known.is_unfinished() || matches!(batch.mode, Mode::Paused(_) | Mode::Over);
        let (plan, actor) = (&batch.head.plan, self.options.actor.as_str());
        let undo = || plan.mutation.undo(&batch.outcome(), actor);
        let undo = stands.then(undo).flatten();
        let mut all = self.done.iter_mut().enumerate().rev();
        let Some((nth, done)) = all.find(|(_, done)| done.is_batch_of(plan)) else {
            return false;
        };
        done.undo = undo;
        done.undo.is_some() && nth + 1 == self.done.len()
    }
}
