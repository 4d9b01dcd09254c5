//! The errors of the table, counted by group as they come, are resolved and go: what a refresh costs depends on what
//! changed since the last, never on how much there is.

mod bounds;
mod pages;

use std::{
    collections::{BTreeMap, HashMap, hash_map::DefaultHasher},
    hash::Hasher as _,
    ops::RangeInclusive,
};

use super::{
    Class, ErrorRow, Errors, Facet, Facets, Fingerprint, GROUPS, GroupId, Retries, Severity, class,
    facets::FACETS,
    names::Names,
    past::Hours,
    said::{Said, Spoken},
    tally::{Counts, Ranked, Tally},
};
use crate::domain::{
    Timestamp,
    event::{EventType, RowId},
    triage::Triage,
    untrusted::Untrusted,
};

/// Resolved errors kept, the newest.
const RESOLVED: usize = 20_000;

/// The newest unresolved errors that are kept whole.
const WHOLE: usize = 1_000;

/// Of those, how many are told.
const TOLD: usize = 500;

/// An error as the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The error.
    pub row: ErrorRow,
    /// Whether it is resolved.
    pub resolved: bool,
    /// When it was, where that is written down.
    pub resolved_at: Option<Timestamp>,
}

impl Noted {
    /// An unresolved error.
    pub const fn open(row: ErrorRow) -> Self {
        Self {
            row,
            resolved: false,
            resolved_at: None,
        }
    }
}

/// An event that was tried again and ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retried {
    /// Its stage.
    pub stage: EventType,
    /// Its record.
    pub record: Untrusted,
    /// Whether it ended well.
    pub ok: bool,
}

/// What is kept of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: RowId,
    group: usize,
    pub(super) at: Timestamp,
    /// As in [`Names::rank`].
    pub(super) severity: u8,
    pub(super) resolved: bool,
    pub(super) resolved_at: Option<Timestamp>,
    /// The record, as a number that stands for it.
    pub(super) record: Option<u64>,
    /// The person, likewise.
    pub(super) person: Option<u64>,
    /// A value a facet, as a number that stands for it; 0 for none.
    pub(super) values: [u32; FACETS],
}

/// What a [`Tally`] needs to tell its group.
pub(super) struct Words<'a> {
    pub(super) entries: &'a BTreeMap<i64, Entry>,
    pub(super) retried: &'a HashMap<u64, Retries>,
    pub(super) knows_past: bool,
    book: &'a Book,
}

impl Words<'_> {
    pub(super) fn severity(&self, rank: u8) -> Severity {
        self.book.names.severity(rank)
    }

    pub(super) fn value(&self, number: u32) -> Untrusted {
        self.book.names.value(number)
    }

    /// What operators said of the group `id`.
    pub(super) fn said(&self, id: GroupId) -> Said {
        self.book.spoken.of(id)
    }

    /// Unresolved errors with `value`, and those with any.
    pub(super) fn base(&self, facet: Facet, value: u32) -> (u64, u64) {
        (
            self.book.base.get(&(facet, value)),
            self.book.base.get(&(facet, 0)),
        )
    }
}

/// The errors, counted by group. Rows may come in any order and again.
#[derive(Debug, Clone, Default)]
pub struct Book {
    entries: BTreeMap<i64, Entry>,
    groups: Vec<Tally>,
    places: HashMap<GroupId, usize>,
    /// The newest unresolved ones, whole.
    whole: BTreeMap<i64, ErrorRow>,
    names: Names,
    /// Facets of the unresolved ones; under value 0, how many have any.
    base: Counts<(Facet, u32)>,
    open: u64,
    hours: Hours,
    retried: HashMap<u64, Retries>,
    knows_past: bool,
    /// The lowest key of the unresolved ones, where older ones had to make way.
    floor: Option<i64>,
    /// When the last of the resolved ones happened that had to make way.
    made_way: Option<Timestamp>,
    /// Where rows whose key is no number stand.
    unnumbered: HashMap<RowId, i64>,
    /// What operators said of groups.
    spoken: Spoken,
}

impl Book {
    /// Takes rows in, each as it stands in the table now.
    pub fn take(&mut self, rows: impl IntoIterator<Item = Noted>) {
        for noted in rows {
            self.put(noted);
        }
        self.make_way();
    }

    /// Forgets a row that is gone from the table.
    pub fn remove(&mut self, id: &RowId) {
        let key = id.number().or_else(|| self.unnumbered.get(id).copied());
        if let Some(key) = key {
            self.drop_entry(key);
        }
    }

    /// Of `keys`, which the table says are all that are unresolved in `range`, and of those held as unresolved there: the
    /// ones that only one of both has. They are to be read again.
    pub fn differing(&self, range: RangeInclusive<i64>, keys: &[i64]) -> Vec<i64> {
        let is_open = |key: &i64| self.entries.get(key).is_some_and(|entry| !entry.resolved);
        let unknown = keys.iter().copied().filter(|key| !is_open(key));
        let there: std::collections::HashSet<i64> = keys.iter().copied().collect();
        let held = self.entries.range(range);
        let gone = held.filter(|(key, entry)| !entry.resolved && !there.contains(key));
        unknown.chain(gone.map(|(key, _)| *key)).collect()
    }

    /// Takes in how events went that were tried again; what was known of that is forgotten.
    pub fn retried(&mut self, rows: &[Retried]) {
        self.retried.clear();
        for row in rows {
            let one = self
                .retried
                .entry(hash(&(&row.stage, &row.record)))
                .or_default();
            one.tried += 1;
            one.ok += u64::from(row.ok);
        }
    }

    /// Takes in what operators say of groups `now`; what was said before is forgotten.
    pub fn triaged(&mut self, said: Vec<Triage>, now: Timestamp) {
        self.spoken.hear(said);
        let Self {
            spoken,
            groups,
            places,
            entries,
            ..
        } = self;
        spoken.judge(now, |id| {
            let tally = groups.get(*places.get(&id)?)?;
            let at = |key: i64| entries.get(&key).map(|entry| entry.at);
            Some((tally.changes, move || {
                tally.all_keys().filter_map(at).collect()
            }))
        });
    }

    /// The past has been read as far as it is kept.
    pub const fn has_past(&mut self) {
        self.knows_past = true;
    }

    /// Unresolved errors held, about `bounds::OPEN` at most.
    pub const fn open(&self) -> u64 {
        self.open
    }

    /// Unresolved errors held whole.
    pub fn kept_whole(&self) -> usize {
        self.whole.len()
    }

    /// The keys of the group `id`, newest first: of its unresolved errors where there are some.
    pub fn members(&self, id: GroupId) -> Vec<RowId> {
        let tally = self
            .places
            .get(&id)
            .and_then(|place| self.groups.get(*place));
        let keys = tally.into_iter().flat_map(Tally::keys);
        keys.filter_map(|key| self.entries.get(&key).map(|entry| entry.id.clone()))
            .collect()
    }

    /// Writes into `errors` what is known of them `now`: groups by impact, and the newest rows.
    pub fn tell(&self, errors: &mut Errors, now: Timestamp, has_all_open: bool) {
        let words = Words {
            entries: &self.entries,
            retried: &self.retried,
            knows_past: self.knows_past,
            book: self,
        };
        let ranked = self.groups.iter().enumerate();
        let mut ranked: Vec<Ranked> = ranked
            .filter_map(|(place, tally)| tally.ranked(&words, now, place))
            .collect();
        errors.coverage = super::Coverage {
            open: self.open,
            resolved: self.entries.len() as u64 - self.open,
            groups: ranked.len() as u64,
            has_all_open,
            knows_past: self.knows_past,
        };
        let is_cut = !self.knows_past || self.entries.len() >= RESOLVED;
        errors.usual = self.hours.usual(now, is_cut);
        errors.bars = self.hours.bars(now, is_cut);
        // Only those that are told are put in order, and told whole.
        if ranked.len() > GROUPS {
            ranked.select_nth_unstable(GROUPS);
            ranked.truncate(GROUPS);
        }
        ranked.sort_unstable();
        let told = ranked
            .iter()
            .filter_map(|ranked| self.groups.get(ranked.place));
        errors.groups = told.filter_map(|tally| tally.group(&words, now)).collect();
        errors.recent = self.whole.values().rev().take(TOLD).cloned().collect();
        errors.recent.sort_by(|a, b| {
            b.created_at
                .cmp(&a.created_at)
                .then_with(|| b.id.cmp(&a.id))
        });
    }

    fn put(&mut self, noted: Noted) {
        let Noted {
            row,
            resolved,
            resolved_at,
        } = noted;
        let key = self.key(&row.id);
        let entry = self.entry(&row, (resolved, resolved_at));
        if self.entries.get(&key) == Some(&entry) {
            // It may have been held without being among the newest that are held whole.
            if !resolved {
                self.keep_whole(key, row);
            }
            return;
        }
        self.drop_entry(key);
        if let Some(tally) = self.groups.get_mut(entry.group) {
            tally.change(key, &entry, true);
            if tally.says.0 <= key {
                tally.says = (key, Untrusted::from(row.message.raw()));
            }
        }
        if !resolved {
            self.count(&entry, true);
            self.keep_whole(key, row);
        }
        self.hours.change((&entry, self.class(&entry)), true);
        self.entries.insert(key, entry);
    }

    fn keep_whole(&mut self, key: i64, row: ErrorRow) {
        self.whole.insert(key, row);
        if self.whole.len() > WHOLE {
            self.whole.pop_first();
        }
    }

    fn drop_entry(&mut self, key: i64) {
        let Some(entry) = self.entries.remove(&key) else {
            return;
        };
        self.hours.change((&entry, self.class(&entry)), false);
        if let Some(tally) = self.groups.get_mut(entry.group) {
            tally.change(key, &entry, false);
        }
        if !entry.resolved {
            self.count(&entry, false);
            self.whole.remove(&key);
        }
    }

    fn class(&self, entry: &Entry) -> Class {
        let tally = self.groups.get(entry.group);
        tally.map_or(Class::Unknown, |tally| tally.class)
    }

    /// Counts an unresolved error in, or out.
    fn count(&mut self, entry: &Entry, more: bool) {
        self.open = if more { self.open + 1 } else { self.open - 1 };
        for (facet, value) in Facet::ALL.into_iter().zip(entry.values) {
            if value != 0 {
                self.base.change((facet, value), more);
                self.base.change((facet, 0), more);
            }
        }
    }

    /// The number under which the row `id` is kept.
    fn key(&mut self, id: &RowId) -> i64 {
        if let Some(number) = id.number() {
            return number;
        }
        let next = i64::try_from(self.unnumbered.len()).unwrap_or(i64::MAX);
        *self.unnumbered.entry(id.clone()).or_insert(next)
    }

    fn entry(
        &mut self,
        row: &ErrorRow,
        (resolved, resolved_at): (bool, Option<Timestamp>),
    ) -> Entry {
        let facets = Facets::of(&row.details);
        let record = row
            .record
            .as_ref()
            .map(|record| hash(&(&row.stage, record)));
        let person = facets.person.as_ref().or(row.record.as_ref());

        Entry {
            id: row.id.clone(),
            group: self.place(row, &facets),
            at: row.created_at,
            severity: self.names.rank(&row.severity),
            resolved,
            resolved_at: resolved_at.filter(|_| resolved),
            record,
            person: person.map(|person| hash(&person)),
            values: self.names.values(row, &facets),
        }
    }

    /// Where the group of `row` is.
    fn place(&mut self, row: &ErrorRow, facets: &Facets) -> usize {
        let fingerprint = Fingerprint::of(&row.message);
        let node = facets.get(Facet::Node);
        let id = GroupId::of(&row.stage, &fingerprint, node);
        if let Some(place) = self.places.get(&id) {
            return *place;
        }
        let status = facets.get(Facet::Http).map(Untrusted::raw);
        let class = class::of(&fingerprint, status);
        let tally = Tally::new((id, row.stage.clone()), fingerprint, node.cloned(), class);
        self.groups.push(tally);
        self.places.insert(id, self.groups.len() - 1);
        self.groups.len() - 1
    }
}

/// A number that stands for `value`.
fn hash(value: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
