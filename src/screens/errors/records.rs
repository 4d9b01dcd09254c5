//! The errors by record: what is wrong with one company, one contact.

use std::collections::BTreeMap;

use super::{State, lines};
use crate::{
    domain::{
        Timestamp,
        error_group::{ErrorRow, Severity},
        event::RowId,
        untrusted::Untrusted,
    },
    store::Store,
};

/// The errors of one record, of those that are held.
pub(super) struct Record<'a> {
    /// Its key.
    pub(super) key: &'a Untrusted,
    /// Its errors, newest first.
    pub(super) errors: Vec<&'a ErrorRow>,
}

impl Record<'_> {
    /// The worst of its errors.
    pub(super) fn severity(&self) -> Option<&Severity> {
        self.errors.iter().map(|row| &row.severity).min()
    }

    /// When the newest came.
    pub(super) fn last_at(&self) -> Option<Timestamp> {
        self.errors.first().map(|row| row.created_at)
    }

    /// The stages they happened in, each once, the newest first.
    pub(super) fn stages(&self) -> Vec<String> {
        let mut stages: Vec<String> = Vec::new();
        for row in &self.errors {
            let label = row.stage.label();
            if !stages.contains(&label) {
                stages.push(label);
            }
        }
        stages
    }
}

/// The records that are listed, those with the most errors first.
pub(super) fn shown<'a>(state: &'a State, store: &'a Store) -> Vec<Record<'a>> {
    let mut by_key: BTreeMap<&Untrusted, Vec<&ErrorRow>> = BTreeMap::new();
    for row in lines::rows(state, store) {
        if let Some(key) = &row.record {
            by_key.entry(key).or_default().push(row);
        }
    }
    let mut records: Vec<Record<'_>> = by_key
        .into_iter()
        .map(|(key, errors)| Record { key, errors })
        .collect();
    records.sort_by(|a, b| {
        let by_time = || b.last_at().cmp(&a.last_at());
        b.errors.len().cmp(&a.errors.len()).then_with(by_time)
    });
    records
}

/// The keys of [`shown`].
pub(super) fn keys(state: &State, store: &Store) -> Vec<Untrusted> {
    let records = shown(state, store);
    records
        .into_iter()
        .map(|record| record.key.clone())
        .collect()
}

/// The newest error of the selected record.
pub(super) fn newest(state: &State, store: &Store) -> Option<RowId> {
    let key = state.records.selected()?;
    let rows = lines::rows(state, store).into_iter();
    let mut own = rows.filter(|row| row.record.as_ref() == Some(key));
    own.next().map(|row| row.id.clone())
}
