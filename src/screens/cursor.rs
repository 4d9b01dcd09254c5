//! What is selected and marked in a list, by what it is and never by where it stands.

use std::collections::BTreeSet;

use crate::action::Action;

/// A selection and marks over keys of type `K`.
#[derive(Debug, Clone)]
pub struct Cursor<K> {
    selected: Option<K>,
    marked: BTreeSet<K>,
    /// Where a range of marks begins, and what was marked before it.
    range: Option<(K, BTreeSet<K>)>,
    /// Where the selected key stood last, so that its neighbour is selected when it goes.
    place: usize,
}

impl<K> Default for Cursor<K> {
    fn default() -> Self {
        Self {
            selected: None,
            marked: BTreeSet::new(),
            range: None,
            place: 0,
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

    /// Keeps the selected key if it is among `keys`, else takes the one that stands in its place; forgets
    /// marks that are not among them.
    pub fn settle(&mut self, keys: &[K]) {
        self.settle_in(keys, |_| false);
    }

    /// As [`Self::settle`], where a list is longer than `keys`: marks stay of what is elsewhere in it.
    pub fn settle_in(&mut self, keys: &[K], is_elsewhere: impl Fn(&K) -> bool) {
        let last = keys.len().saturating_sub(1);
        self.place = self.position(keys).unwrap_or(self.place.min(last));
        self.selected = keys.get(self.place).cloned();
        if !self.marked.is_empty() {
            let present: BTreeSet<&K> = keys.iter().collect();
            self.marked
                .retain(|key| present.contains(key) || is_elsewhere(key));
            if self
                .range
                .as_ref()
                .is_some_and(|(from, _)| !present.contains(from))
            {
                self.range = None;
            }
        }
    }

    /// Selects the next of `keys` that is a problem, or the previous one, going round at the end; whether there
    /// is one at all.
    pub fn seek(&mut self, keys: &[K], forward: bool, is_problem: impl Fn(&K) -> bool) -> bool {
        let len = keys.len();
        let at = self.position(keys).unwrap_or_default();
        let found = (1..=len)
            .map(|step| if forward { at + step } else { at + len - step } % len)
            .find(|place| keys.get(*place).is_some_and(&is_problem));
        if let Some(place) = found {
            self.place = place;
            self.selected = keys.get(place).cloned();
        }
        found.is_some()
    }

    /// Why `action` cannot be done on this list, if it cannot; `nothing` says that no row is selected. What a
    /// screen does beyond a list, it has to judge before it asks here.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other action can always be done"
    )]
    pub fn refusal(&self, action: Action, nothing: &'static str) -> Option<&'static str> {
        match action {
            Action::Open | Action::Copy | Action::Mark | Action::MarkAll | Action::MarkRange => {
                self.selected.is_none().then_some(nothing)
            }
            Action::ClearMarks => self.marked.is_empty().then_some("nothing is marked"),
            Action::NextPane | Action::PreviousPane => Some("this screen has one pane"),
            Action::Retry => Some("events are retried on the stream screen: press 2"),
            Action::Resolve => Some("errors are resolved on the errors screen: press 4"),
            Action::Publish => Some("workflows are switched on the n8n screen: press 6"),
            Action::StopExecutions | Action::RetryExecutions => {
                Some("executions are stopped and retried on the n8n screen: press 6")
            }
            Action::Insert => {
                Some("test events are inserted on the stream or the queue: press 2 or 3")
            }
            Action::Pause | Action::Follow => Some("only the stream is held or followed: press 2"),
            Action::Wrap => Some("nothing on this screen is wrapped"),
            Action::NextMode => Some("only the errors can be listed in several ways: press 4"),
            Action::NextOrder | Action::ReverseOrder => {
                Some("only groups of errors are sorted: press 4")
            }
            Action::NextTab | Action::PreviousTab => {
                Some("only the queue and the errors have tabs: press 3 or 4")
            }
            Action::Explain => Some("what is stuck or failed is explained: on 1, 2, 3 and 4"),
            Action::Reveal => Some("people are shown in an open event alone: enter"),
            _ => None,
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
        let moved = moved(action, at, (last, page));
        let to = match action {
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
                self.range = None;
                at
            }
            Action::MarkRange => {
                self.range = match self.range.take() {
                    None => self
                        .selected
                        .clone()
                        .map(|from| (from, self.marked.clone())),
                    Some(_) => None,
                };
                at
            }
            _ => match moved {
                Some(to) => to,
                None => return false,
            },
        };
        self.place = to.min(last);
        self.selected = keys.get(self.place).cloned();
        self.extend(keys);
        true
    }

    /// Marks every key from where the range begins to the selected one, besides what was marked before.
    fn extend(&mut self, keys: &[K]) {
        let Some((from, before)) = &self.range else {
            return;
        };
        let Some(from) = keys.iter().position(|key| key == from) else {
            return;
        };
        let (first, last) = (from.min(self.place), from.max(self.place));
        self.marked.clone_from(before);
        let ranged = keys.get(first..=last).unwrap_or_default();
        self.marked.extend(ranged.iter().cloned());
    }
}

/// Where `action` leads from the place `at` in a list that ends at the first and shows as many as the second of `(last, page)`; it
/// may lie beyond the end. `None` where it is no move.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other action moves in a list"
)]
pub fn moved(action: Action, at: usize, (last, page): (usize, usize)) -> Option<usize> {
    let half = (page / 2).max(1);
    Some(match action {
        Action::Down => at + 1,
        Action::Up => at.saturating_sub(1),
        Action::First => 0,
        Action::Last => last,
        Action::HalfDown => at + half,
        Action::HalfUp => at.saturating_sub(half),
        Action::PageDown => at + page.max(1),
        Action::PageUp => at.saturating_sub(page.max(1)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(key: u32, keys: &[u32]) -> Cursor<u32> {
        let mut cursor = Cursor::default();
        cursor.select(Some(key));
        cursor.settle(keys);
        cursor
    }

    #[test]
    fn the_selection_stays_on_its_key_when_rows_come_before_it() {
        let mut cursor = on(7, &[9, 8, 7]);
        cursor.settle(&[12, 11, 9, 8, 7]);
        assert_eq!(cursor.selected(), Some(&7));
    }

    #[test]
    fn a_selection_that_is_gone_falls_to_its_neighbour_and_its_mark_is_forgotten() {
        let keys = [9, 8, 7];
        let mut cursor = on(8, &keys);
        assert!(cursor.act(Action::Mark, &keys, 3));
        assert!(cursor.act(Action::Up, &keys, 3));
        cursor.settle(&[9, 7]);
        assert_eq!((cursor.selected(), cursor.marked().len()), (Some(&7), 0));
    }

    #[test]
    fn a_range_grows_and_shrinks_with_the_selection_and_keeps_what_was_marked_before() {
        let keys = [1, 2, 3, 4, 5];
        let mut cursor = on(1, &keys);
        let mut act = |action| assert!(cursor.act(action, &keys, 3));
        act(Action::Mark);
        act(Action::Down);
        act(Action::MarkRange);
        act(Action::Last);
        act(Action::Up);
        act(Action::MarkRange);
        act(Action::Last);
        assert_eq!(cursor.targets(), [1, 3, 4]);
    }

    #[test]
    fn problems_are_sought_both_ways_and_round_the_end() {
        let keys = [1, 2, 3, 4, 5];
        let mut cursor = on(4, &keys);
        let odd = |key: &u32| key % 2 == 1;
        assert!(cursor.seek(&keys, true, odd));
        assert_eq!(cursor.selected(), Some(&5));
        assert!(cursor.seek(&keys, true, odd));
        assert_eq!(cursor.selected(), Some(&1));
        assert!(cursor.seek(&keys, false, odd));
        assert_eq!(cursor.selected(), Some(&5));
        assert!(!cursor.seek(&keys, true, |key| *key > 9));
        assert!(!cursor.seek(&[], true, odd));
    }

    #[test]
    fn no_move_leaves_the_list() {
        let keys = [1, 2, 3];
        for action in [
            Action::PageDown,
            Action::PageUp,
            Action::Up,
            Action::Last,
            Action::HalfDown,
        ] {
            let mut cursor = on(2, &keys);
            assert!(cursor.act(action, &keys, 50));
            assert!(cursor.position(&keys).is_some());
        }
    }
}
