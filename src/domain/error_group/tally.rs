//! What is counted of the errors of one group, up and down as rows come, are resolved and go.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::Hash,
    sync::OnceLock,
};

use super::{
    Class, Facet, Fingerprint, GroupId, GroupState, Retries, Shared,
    book::{Entry, Words},
    group::{ErrorGroup, HOURS, MEMBERS, Members, impact},
    past::{Past, hour},
    said::Said,
};
use crate::domain::{Timestamp, event::EventType, untrusted::Untrusted};

/// How often something is there.
#[derive(Debug, Clone)]
pub(super) struct Counts<K>(HashMap<K, u32>);

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Counts<K> {
    pub(super) fn change(&mut self, key: K, more: bool) {
        if more {
            *self.0.entry(key).or_insert(0) += 1;
        } else if let Some(n) = self.0.get_mut(&key) {
            *n -= 1;
            if *n == 0 {
                self.0.remove(&key);
            }
        }
    }

    pub(super) fn get(&self, key: &K) -> u64 {
        self.0.get(key).copied().map_or(0, u64::from)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, u64)> {
        self.0.iter().map(|(key, n)| (key, u64::from(*n)))
    }

    fn distinct(&self) -> u64 {
        self.0.len() as u64
    }
}

/// The errors of a group that are unresolved, or those that are resolved.
#[derive(Debug, Clone, Default)]
pub(super) struct Side {
    keys: BTreeSet<i64>,
    /// When they happened: a table may have been filled with old rows under new keys.
    times: BTreeMap<Timestamp, u32>,
    records: Counts<u64>,
    people: Counts<u64>,
    pub(super) severities: Counts<u8>,
    /// By facet and value.
    pub(super) facets: Counts<(Facet, u32)>,
}

impl Side {
    pub(super) fn change(&mut self, key: i64, entry: &Entry, more: bool) {
        if more {
            self.keys.insert(key);
        } else {
            self.keys.remove(&key);
        }
        step(&mut self.times, entry.at, more);
        if let Some(record) = entry.record {
            self.records.change(record, more);
        }
        if let Some(person) = entry.person {
            self.people.change(person, more);
        }
        self.severities.change(entry.severity, more);
        for (facet, value) in Facet::ALL.into_iter().zip(entry.values) {
            if value != 0 {
                self.facets.change((facet, value), more);
            }
        }
    }
}

/// Where a group stands among the others: those with unresolved errors first, then by impact, then the newest.
#[derive(Debug)]
pub(super) struct Ranked {
    /// Whether it is left alone or resolved, and whether it has no unresolved error at all.
    is_closed: (bool, bool),
    impact: f64,
    last_at: Timestamp,
    id: GroupId,
    /// Where it is kept.
    pub(super) place: usize,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_impact = || other.impact.total_cmp(&self.impact);
        let by_time = || other.last_at.cmp(&self.last_at);
        self.is_closed
            .cmp(&other.is_closed)
            .then_with(by_impact)
            .then_with(by_time)
            .then_with(|| self.id.cmp(&other.id))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

/// What a group is, and what is counted of it.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    pub(super) id: GroupId,
    pub(super) stage: EventType,
    pub(super) fingerprint: Fingerprint,
    pub(super) node: Option<Untrusted>,
    pub(super) class: Class,
    pub(super) rule: &'static str,
    /// The newest row that was seen, and what it says.
    pub(super) says: (i64, Untrusted),
    pub(super) open: Side,
    pub(super) resolved: Side,
    /// When the resolved ones were resolved.
    resolved_at: BTreeMap<Timestamp, u32>,
    /// Rows an hour, counted from the epoch.
    hours: BTreeMap<i64, u32>,
    /// When the first of those happened that had to make way.
    pub(super) forgotten: Option<Timestamp>,
    /// Counts up with every row that came, changed or went.
    pub(super) changes: u64,
    /// The keys that are told, until one comes, changes or goes.
    members: OnceLock<Members>,
    /// How often it came before, likewise.
    past: OnceLock<Past>,
}

impl Tally {
    pub(super) fn new(
        (id, stage): (GroupId, EventType),
        fingerprint: Fingerprint,
        node: Option<Untrusted>,
        (class, rule): (Class, &'static str),
    ) -> Self {
        Self {
            id,
            stage,
            fingerprint,
            node,
            class,
            rule,
            says: (i64::MIN, Untrusted::default()),
            open: Side::default(),
            resolved: Side::default(),
            resolved_at: BTreeMap::new(),
            hours: BTreeMap::new(),
            forgotten: None,
            changes: 0,
            members: OnceLock::new(),
            past: OnceLock::new(),
        }
    }

    /// Counts `entry` in, or out.
    pub(super) fn change(&mut self, key: i64, entry: &Entry, more: bool) {
        let side = if entry.resolved {
            &mut self.resolved
        } else {
            &mut self.open
        };
        side.change(key, entry, more);
        self.changes += 1;
        self.members = OnceLock::new();
        self.past = OnceLock::new();
        step(&mut self.hours, hour(entry.at), more);
        if let Some(at) = entry.resolved_at {
            step(&mut self.resolved_at, at, more);
        }
    }

    /// Every key, resolved or not.
    pub(super) fn all_keys(&self) -> impl Iterator<Item = i64> {
        self.open.keys.iter().chain(&self.resolved.keys).copied()
    }

    /// The keys of the side that counts, newest first.
    pub(super) fn keys(&self) -> impl Iterator<Item = i64> {
        self.side().keys.iter().rev().copied()
    }

    fn side(&self) -> &Side {
        if self.open.keys.is_empty() {
            &self.resolved
        } else {
            &self.open
        }
    }

    /// Whether an error of the group was about what `record` is.
    fn has_record(&self, record: u64) -> bool {
        self.open.records.get(&record) + self.resolved.records.get(&record) > 0
    }

    /// How events went that were tried again after an error of the group.
    pub(super) fn retries(&self, retried: &HashMap<u64, Retries>) -> Retries {
        let add = |sum: Retries, one: &Retries| Retries {
            tried: sum.tried + one.tried,
            ok: sum.ok + one.ok,
        };
        let (open, resolved) = (&self.open.records, &self.resolved.records);
        // Through the fewer of both: there may be many groups.
        if open.distinct() + resolved.distinct() < retried.len() as u64 {
            let only_resolved = resolved.iter().filter(|(record, _)| open.get(record) == 0);
            let records = open.iter().chain(only_resolved);
            return records
                .filter_map(|(record, _)| retried.get(record))
                .fold(Retries::default(), add);
        }
        retried
            .iter()
            .filter(|(record, _)| self.has_record(**record))
            .fold(Retries::default(), |sum, (_, one)| add(sum, one))
    }

    /// Whether no error of it is known.
    pub(super) fn is_empty(&self) -> bool {
        self.open.keys.is_empty() && self.resolved.keys.is_empty()
    }

    /// Where it stands among the groups `now`; nothing without an error.
    pub(super) fn ranked(&self, words: &Words<'_>, now: Timestamp, place: usize) -> Option<Ranked> {
        let (first_at, last_at) = self.times()?;
        let said = words.said(self.id);
        let state = self.state(words, &said, (first_at, last_at), now);
        let severity = words.severity(self.worst());
        let people = self.side().people.distinct();
        let is_woken = said.woken.is_some();
        Some(Ranked {
            is_closed: (!state.is_open(), self.open.keys.is_empty()),
            impact: impact(&severity, (state, is_woken), people, now - last_at),
            last_at,
            id: self.id,
            place,
        })
    }

    /// When the first and the last of them happened.
    fn times(&self) -> Option<(Timestamp, Timestamp)> {
        let sides = [&self.open, &self.resolved];
        let firsts = sides
            .into_iter()
            .filter_map(|side| side.times.first_key_value());
        let first_at = firsts.map(|(at, _)| *at).chain(self.forgotten).min()?;
        let (last_at, _) = self.side().times.last_key_value()?;
        Some((first_at, *last_at))
    }

    /// The rank of the worst severity.
    fn worst(&self) -> u8 {
        let severities = self.side().severities.iter();
        severities.map(|(at, _)| *at).min().unwrap_or(u8::MAX)
    }

    /// The group as it stands `now`.
    pub(super) fn group(&self, words: &Words<'_>, now: Timestamp) -> Option<ErrorGroup> {
        let side = self.side();
        let (first_at, last_at) = self.times()?;
        let said = words.said(self.id);
        let state = self.state(words, &said, (first_at, last_at), now);
        let this_hour = hour(now);
        let hours = (0..HOURS as i64).rev().map(|ago| this_hour - ago);
        Some(ErrorGroup {
            id: self.id,
            stage: self.stage.clone(),
            fingerprint: self.fingerprint.clone(),
            node: self.node.clone(),
            message: self.says.1.clone(),
            severity: words.severity(self.worst()),
            class: self.class,
            rule: self.rule.to_owned(),
            state,
            open: self.open.keys.len() as u64,
            resolved: self.resolved.keys.len() as u64,
            records: side.records.distinct(),
            people: side.people.distinct(),
            ids: self.members(words),
            first_at,
            last_at,
            resolved_at: self.resolved_at(),
            trend: hours
                .map(|hour| self.hours.get(&hour).copied().map_or(0, u64::from))
                .collect(),
            past: *self
                .past
                .get_or_init(|| Past::of(self.hours.keys().copied())),
            retries: self.retries(words.retried),
            shared: self.shared(words),
            standing: said.standing,
            woken: said.woken,
            came: said.came,
        })
    }

    /// The keys that are told.
    fn members(&self, words: &Words<'_>) -> Members {
        let members = self.members.get_or_init(|| {
            let keys = self.keys().take(MEMBERS);
            keys.filter_map(|key| Some(words.entries.get(&key)?.id.clone()))
                .collect()
        });
        members.clone()
    }

    /// When one of them was last resolved.
    fn resolved_at(&self) -> Option<Timestamp> {
        self.resolved_at.last_key_value().map(|(at, _)| *at)
    }

    fn state(
        &self,
        words: &Words<'_>,
        said: &Said,
        (first_at, last_at): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> GroupState {
        if self.open.keys.is_empty() {
            GroupState::Resolved
        } else if said.is_ignored() {
            GroupState::Ignored
        } else if self.resolved_at().is_some_and(|at| last_at > at) {
            GroupState::Regressed
        } else if words.knows_past && (now - first_at).num_hours() < 24 {
            GroupState::New
        } else {
            GroupState::Open
        }
    }

    /// The commonest value of each facet, the smaller one of two that are as common.
    fn shared(&self, words: &Words<'_>) -> Vec<Shared> {
        let counts = &self.side().facets;
        let of = |facet: Facet| {
            let own = counts.iter().filter(|((known, _), _)| *known == facet);
            let own: Vec<(u32, u64)> = own.map(|((_, value), n)| (*value, n)).collect();
            let (value, part) = own
                .iter()
                .max_by(|a, b| {
                    let names = || words.value(b.0).cmp(&words.value(a.0));
                    a.1.cmp(&b.1).then_with(names)
                })
                .copied()?;
            let (base_part, base_of) = words.base(facet, value);
            Some(Shared {
                facet,
                value: words.value(value),
                part,
                of: own.iter().map(|(_, n)| n).sum(),
                base_part,
                base_of,
            })
        };
        Facet::ALL.into_iter().filter_map(of).collect()
    }
}

/// Counts one more, or one less, at `key`.
pub(super) fn step<K: Ord>(counts: &mut BTreeMap<K, u32>, key: K, more: bool) {
    if more {
        *counts.entry(key).or_insert(0) += 1;
    } else if let Some(n) = counts.get_mut(&key) {
        *n -= 1;
        if *n == 0 {
            counts.remove(&key);
        }
    }
}
