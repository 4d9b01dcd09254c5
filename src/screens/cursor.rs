//! What is selected and marked in a list, by what it is and never by where it stands.

use std::collections::BTreeSet;

use crate::action::Action;

/// A selection and marks over keys of type `K`.
#[derive(Debug, Clone)]
pub struct Cursor<K> {
    selected: Option<K>,
    marked: BTreeSet<K>,
}

impl<K> Default for Cursor<K> {
    fn default() -> Self {
        Self {
            selected: None,
            marked: BTreeSet::new(),
        }
    }
}

impl<K: Ord + Clone> Cursor<K> {
    /// The selected key.
    pub const fn selected(&self) -> Option<&K> {
        self.selected.as_ref()
    }

    /// Selects `key`.
    pub fn select(&mut self, key: Option<K>) {
        self.selected = key;
    }

    /// Where the selected key stands in `keys`.
    pub fn position(&self, keys: &[K]) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        keys.iter().position(|key| key == selected)
    }

    /// Whether `key` is marked.
    pub fn is_marked(&self, key: &K) -> bool {
        self.marked.contains(key)
    }

    /// The marked keys.
    pub const fn marked(&self) -> &BTreeSet<K> {
        &self.marked
    }

    /// The marked keys; the selected one if none is marked.
    pub fn targets(&self) -> Vec<K> {
        if self.marked.is_empty() {
            self.selected.iter().cloned().collect()
        } else {
            self.marked.iter().cloned().collect()
        }
    }

    /// Selects the first of `keys` unless the selected one is among them, and forgets marks that are not.
    pub fn settle(&mut self, keys: &[K]) {
        if self.position(keys).is_none() {
            self.selected = keys.first().cloned();
        }
        if !self.marked.is_empty() {
            let present: BTreeSet<&K> = keys.iter().collect();
            self.marked.retain(|key| present.contains(key));
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other action is not about a cursor"
    )]
    /// Moves or marks as `action` says, in a list of `keys` of which `page` are shown; whether it was such an
    /// action.
    pub fn act(&mut self, action: Action, keys: &[K], page: usize) -> bool {
        let at = self.position(keys).unwrap_or_default();
        let last = keys.len().saturating_sub(1);
        let half = (page / 2).max(1);
        let to = match action {
            Action::Down => at + 1,
            Action::Up => at.saturating_sub(1),
            Action::First => 0,
            Action::Last => last,
            Action::HalfDown => at + half,
            Action::HalfUp => at.saturating_sub(half),
            Action::PageDown => at + page.max(1),
            Action::PageUp => at.saturating_sub(page.max(1)),
            Action::Mark => {
                if let Some(key) = self.selected.clone()
                    && !self.marked.remove(&key)
                {
                    self.marked.insert(key);
                }
                at + 1
            }
            Action::MarkAll => {
                self.marked.extend(keys.iter().cloned());
                at
            }
            Action::ClearMarks => {
                self.marked.clear();
                at
            }
            _ => return false,
        };
        self.selected = keys.get(to.min(last)).cloned();
        true
    }
}
