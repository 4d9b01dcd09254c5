//! What was done here, and what takes it back.

use super::{Model, Overlay};
use crate::domain::{Timestamp, plan::Mutation};

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
}

impl Model {
    /// What takes back the last thing that was done; nothing where it cannot be, also if something before it could.
    pub fn last_undo(&self) -> Option<&Mutation> {
        self.done.last()?.undo.as_ref()
    }

    /// What `u` takes back where it is pressed: what the entry did that lies on top, else the last thing that was done.
    pub fn undo_here(&self) -> Option<&Mutation> {
        match self.overlays.last() {
            Some(Overlay::Audit { id, .. }) => self.store.audit.whole(*id).read()?.undo.as_ref(),
            _ => self.last_undo(),
        }
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
        self.done
            .retain(|done| done.undo.as_ref() != Some(mutation));
        self.done.push(Done {
            at: self.now,
            words: mutation.words(),
            undo,
        });
        let surplus = self.done.len().saturating_sub(KEPT);
        self.done.drain(..surplus);
    }
}
