//! What was taken back: which later entry did what an entry says would take it back.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::Entry;
use crate::domain::{
    Timestamp, event::RowId, plan::Mutation, triage::TriageTarget, untrusted::Untrusted,
};

/// That something was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBack {
    /// When.
    pub at: Timestamp,
    /// Who: the operator and the host.
    pub by: Untrusted,
    /// Whether of some rows it was tried in vain, or nobody can say: what takes back the rest can be planned again.
    pub is_in_part: bool,
    /// Whether the same was done again since by another entry, and stands: to take it back once more changes something.
    #[serde(default)]
    pub is_done_again: bool,
}

impl TakenBack {
    /// Whether nothing is left of what was taken back, as far as is written down: to take it back once more changes nothing.
    pub const fn leaves_nothing(&self) -> bool {
        !self.is_in_part && !self.is_done_again
    }

    /// Who, without the host, in at most 32 characters.
    pub fn who(&self) -> String {
        let who = self.by.display_cut(64);
        let who = who.split('@').next().unwrap_or(&who);
        who.chars().take(32).collect()
    }

    /// `taken back 14:02 by anna`, where `when` is how its moment is told.
    pub fn words(&self, when: &str) -> String {
        let part = if self.is_in_part { "in part " } else { "" };
        format!("taken back {part}{when} by {}", self.who())
    }
}

impl Entry {
    /// Whether something may take it back that was not done yet.
    pub fn may_be_taken_back(&self) -> bool {
        let back = self.taken_back.as_ref();
        let is_taken = back.is_some_and(TakenBack::leaves_nothing);
        self.is_undoable && !is_taken
    }
}

/// What takes something back, of the entries that were seen so far: they are shown from the newest on.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Takers {
    back: BTreeMap<String, TakenBack>,
    /// What would take back what stands, of what goes by the state alone and not by who set it.
    standing: BTreeSet<String>,
}

impl Takers {
    /// Whether `entry` was taken back by one of those that were seen before; and it is seen itself from now on.
    pub fn see(&mut self, entry: &Entry) -> Option<TakenBack> {
        let found = entry.undo_key.as_deref().and_then(|key| self.of(key));
        // What takes something back and can be taken back itself is a switch. A row that was resolved anew bears another mark,
        // and what takes back the resolution before does not touch it.
        if let Some(key) = &entry.undo_key
            && entry.takes_back.is_some()
            && entry.counts.done > 0
            && !found.as_ref().is_some_and(TakenBack::leaves_nothing)
        {
            self.standing.insert(key.clone());
        }
        if let Some(key) = &entry.takes_back
            && entry.counts.done > 0
        {
            let counts = entry.counts;
            let back = TakenBack {
                at: entry.at,
                by: entry.actor.clone(),
                is_in_part: counts.failed + counts.unknown + counts.untried > 0 || !entry.has_ended,
                is_done_again: self.standing.contains(key),
            };
            // A later one that took back what this one had left says the last of it.
            let is_done = self.back.get(key).is_some_and(|later| !later.is_in_part);
            if !(back.is_in_part && is_done) {
                self.back.insert(key.clone(), back);
            }
        }
        found
    }

    /// Whether what is told by `key` was done by one of those that were seen.
    pub fn of(&self, key: &str) -> Option<TakenBack> {
        self.back.get(key).cloned()
    }
}

impl Mutation {
    /// Whether it is of the kind that takes something back: only that is ever made anew from what was written down.
    pub const fn takes_back(&self) -> bool {
        match self {
            Self::ReopenErrors { .. }
            | Self::SetWorkflowActive { .. }
            | Self::DeleteTestEvents { .. }
            | Self::DeleteClones(_) => true,
            Self::Triage { deed, .. } => deed.back().is_none(),
            Self::RetryEvents(_)
            | Self::ResolveErrors { .. }
            | Self::BounceWorkflow { .. }
            | Self::StopExecutions(_)
            | Self::RetryExecutions { .. }
            | Self::InsertEvent(_)
            | Self::Note { .. }
            | Self::Purge(_) => false,
        }
    }

    /// What tells it from any other that takes something back: 16 hexadecimal digits over what it does and to which rows, in
    /// whatever order, but for who it was and why. `None` where it takes nothing back.
    pub fn undo_key(&self) -> Option<String> {
        let sorted = |mut ids: Vec<RowId>| {
            ids.sort();
            ids
        };
        let rows = match self {
            Self::ReopenErrors { ids, .. } | Self::DeleteTestEvents { ids, .. } => {
                json!(sorted(ids.clone()))
            }
            Self::DeleteClones(clones) => {
                json!(sorted(
                    clones.iter().map(|clone| clone.id.clone()).collect()
                ))
            }
            Self::SetWorkflowActive { id, active, .. } => json!([id, active]),
            Self::Triage { deed, targets, .. } if deed.back().is_none() => {
                let mut targets: Vec<&TriageTarget> = targets.iter().collect();
                targets.sort_by_key(|target| target.key());
                json!(targets)
            }
            Self::Triage { .. }
            | Self::RetryEvents(_)
            | Self::ResolveErrors { .. }
            | Self::BounceWorkflow { .. }
            | Self::StopExecutions(_)
            | Self::RetryExecutions { .. }
            | Self::InsertEvent(_)
            | Self::Note { .. }
            | Self::Purge(_) => return None,
        };
        let mut whole = Sha256::new();
        whole.update(self.name());
        whole.update(rows.to_string());
        let digest = whole.finalize();
        let digits = digest.iter().take(8).map(|byte| format!("{byte:02x}"));
        Some(digits.collect())
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::{
        audit::{Counts, EntryId},
        plan::{EventClone, Marks},
    };

    fn at(minute: i64) -> Timestamp {
        chrono::DateTime::from_timestamp(1_700_000_000 + 60 * minute, 0).unwrap()
    }

    fn reopen(ids: &[i64], by: &str) -> Mutation {
        Mutation::ReopenErrors {
            ids: ids.iter().map(|id| RowId::from(*id)).collect(),
            note: format!("undone by {by}"),
            by: by.to_owned(),
            marks: Marks::default(),
        }
    }

    fn active(active: bool) -> Mutation {
        Mutation::SetWorkflowActive {
            id: RowId::from(7),
            name: Untrusted::from("CRM Syncer"),
            active,
        }
    }

    /// One that `done` did, and that `undo` takes back.
    fn entry(minute: i64, (done, undo): (Option<&Mutation>, Option<&Mutation>)) -> Entry {
        Entry {
            id: EntryId::Row(minute),
            at: at(minute),
            actor: Untrusted::from("anna@ops"),
            database: None,
            role: None,
            action: Untrusted::default(),
            targets: 1,
            counts: Counts {
                done: 1,
                ..Counts::default()
            },
            note: None,
            fault: None,
            has_ended: true,
            is_undoable: undo.is_some(),
            undo_key: undo.and_then(Mutation::undo_key),
            takes_back: done.and_then(Mutation::undo_key),
            taken_back: None,
            is_in_both: false,
            batch: None,
            is_of_unknown_schema: false,
        }
    }

    /// What is said of each of `entries`, the newest first.
    fn said(entries: &[Entry]) -> Vec<String> {
        let mut takers = Takers::default();
        let words = |entry: &Entry| {
            let back = takers.see(entry);
            back.map_or_else(
                || "-".to_owned(),
                |back| back.words(&format!("+{}", (back.at - at(0)).num_minutes())),
            )
        };
        entries.iter().map(words).collect()
    }

    #[test]
    fn what_takes_back_is_told_by_what_it_does_to_which_rows_and_by_nothing_else() {
        let key = reopen(&[1, 2], "ann").undo_key();
        assert_eq!(key.as_ref().map(String::len), Some(16));
        assert_eq!(reopen(&[2, 1], "ben").undo_key(), key);
        assert_ne!(reopen(&[1, 2, 3], "ann").undo_key(), key);
        assert_ne!(active(true).undo_key(), active(false).undo_key());
        let clones = [1, 2].map(|id| EventClone {
            id: RowId::from(id),
            of: RowId::from(id + 10),
            retries: 1,
        });
        let deletes = Mutation::DeleteClones(clones.to_vec()).undo_key();
        assert!(deletes.is_some() && deletes != key);
        let resolve = Mutation::ResolveErrors {
            ids: vec![RowId::from(1)],
            note: "n".to_owned(),
        };
        assert_eq!(resolve.undo_key(), None);
    }

    #[test]
    fn an_entry_is_taken_back_by_the_first_after_it_that_did_what_takes_it_back() {
        let (back, on, off) = (reopen(&[1, 2], "ann"), active(true), active(false));
        let entries = [
            // Resolved once more, and nobody took that back.
            entry(9, (None, Some(&back))),
            entry(8, (Some(&off), Some(&on))),
            entry(6, (Some(&on), Some(&off))),
            entry(5, (Some(&off), Some(&on))),
            entry(4, (Some(&back), None)),
            entry(3, (None, Some(&reopen(&[1], "ann")))),
            entry(2, (None, Some(&back))),
        ];
        let expected = [
            "-",
            "-",
            "taken back +8 by anna",
            "taken back +6 by anna",
            "-",
            "-",
            "taken back +4 by anna",
        ];
        assert_eq!(said(&entries), expected);
    }

    #[test]
    fn a_switch_that_was_set_again_since_may_be_taken_back_again() {
        let (on, off) = (active(true), active(false));
        let switched_on = |minute| entry(minute, (Some(&on), Some(&off)));
        let switched_off = |minute| entry(minute, (Some(&off), Some(&on)));
        let may = |mut entries: Vec<Entry>| -> Vec<bool> {
            entries.reverse();
            let mut takers = Takers::default();
            for entry in &mut entries {
                entry.taken_back = takers.see(entry);
            }
            let may = entries.iter().map(Entry::may_be_taken_back);
            may.rev().collect()
        };
        assert_eq!(may(vec![switched_on(0), switched_off(1)]), [false, true]);
        // By somebody else, as an act of its own: it is on.
        let again = vec![switched_on(0), switched_off(1), switched_on(2)];
        let mut takers = Takers::default();
        let backs: Vec<_> = again.iter().rev().map(|it| takers.see(it)).collect();
        assert_eq!(
            backs[2].as_ref().map(|back| back.at),
            Some(at(1)),
            "and it is said"
        );
        assert_eq!(may(again.clone()), [true, false, true]);
        // And off once more.
        let off_again = [again, vec![switched_off(3)]].concat();
        assert_eq!(may(off_again), [false, true, false, true]);
        // What was resolved anew is not touched by what reopens the resolution before.
        let back = reopen(&[1], "ann");
        let resolved = |minute| entry(minute, (None, Some(&back)));
        let errors = vec![resolved(0), entry(1, (Some(&back), None)), resolved(2)];
        assert_eq!(may(errors), [false, false, true]);
    }

    #[test]
    fn what_was_tried_in_vain_is_taken_back_in_part_until_the_rest_is() {
        let back = reopen(&[1, 2, 3], "ann");
        let resolved = entry(1, (None, Some(&back)));
        let counts = |done, failed, skipped| Counts {
            done,
            skipped,
            failed,
            ..Counts::default()
        };
        let tried = |minute, counts| Entry {
            counts,
            ..entry(minute, (Some(&back), None))
        };
        let told = |tried: &[Entry]| {
            let all = [tried, std::slice::from_ref(&resolved)].concat();
            said(&all).pop().unwrap()
        };
        assert_eq!(told(&[tried(2, counts(0, 0, 3))]), "-");
        assert_eq!(told(&[tried(2, counts(0, 3, 0))]), "-");
        assert_eq!(told(&[tried(2, counts(2, 0, 1))]), "taken back +2 by anna");
        let part = tried(2, counts(2, 1, 0));
        let words = "taken back in part +2 by anna";
        assert_eq!(told(std::slice::from_ref(&part)), words);
        let rest = tried(5, counts(1, 0, 2));
        assert_eq!(told(&[rest, part]), "taken back +5 by anna");
        let killed = Entry {
            has_ended: false,
            ..tried(3, counts(1, 0, 0))
        };
        assert_eq!(told(&[killed]), "taken back in part +3 by anna");
    }
}
