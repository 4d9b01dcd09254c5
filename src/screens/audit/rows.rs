//! Which entries are listed, and what goes out of them.

use super::State;
use crate::{
    domain::{
        Timestamp,
        audit::{Entry, EntryId, jsonl},
    },
    store::Store,
};

/// The entries that are listed, the newest first.
pub(super) fn shown<'a>(state: &State, store: &'a Store) -> Vec<&'a Entry> {
    let mut entries = store.audit.entries();
    entries.retain(|entry| state.filter.matches(*entry, store.clock));
    entries
}

/// The keys of [`shown`].
pub(super) fn keys(state: &State, store: &Store) -> Vec<EntryId> {
    let entries = shown(state, store);
    entries.into_iter().map(|entry| entry.id).collect()
}

/// These entries as lines of JSON.
pub(super) fn json(store: &Store, ids: &[EntryId]) -> String {
    let entries = ids.iter().filter_map(|id| store.audit.find(*id));
    let lines: Vec<String> = entries.map(|entry| jsonl(entry, None)).collect();
    lines.join("\n")
}

/// What is listed, and what a file of it is called.
pub(super) fn export(state: &State, store: &Store) -> (String, Vec<Entry>) {
    let at = if store.clock == Timestamp::default() {
        String::new()
    } else {
        store.clock.format("-%Y%m%dT%H%M%SZ").to_string()
    };
    let entries = shown(state, store).into_iter().cloned();
    (format!("audit{at}"), entries.collect())
}
