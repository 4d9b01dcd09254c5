//! Which entries are listed, and what goes out of them.

use super::State;
use crate::{
    domain::{
        Timestamp,
        audit::{CSV_HEAD, Entry, EntryId, csv, jsonl},
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

/// What is listed as files, by name: CSV and lines of JSON.
pub(super) fn export(state: &State, store: &Store) -> Vec<(String, String)> {
    let entries = shown(state, store);
    let at = if store.clock == Timestamp::default() {
        String::new()
    } else {
        store.clock.format("-%Y%m%dT%H%M%SZ").to_string()
    };
    let mut sheet = format!("{CSV_HEAD}\n");
    let mut lines = String::new();
    for entry in entries {
        sheet += &csv(entry);
        sheet.push('\n');
        lines += &jsonl(entry, None);
        lines.push('\n');
    }
    vec![
        (format!("audit{at}.csv"), sheet),
        (format!("audit{at}.jsonl"), lines),
    ]
}
