//! The live stream: the newest events, bounded, updated in place when an event changes.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::domain::{
    Timestamp,
    event::{EventRow, RowId},
};

/// Events kept.
pub const CAPACITY: usize = 2_000;

/// Where an event stands in the stream: keys alone would not do, since a `uuid` says nothing of its age.
type Place = (Timestamp, RowId);

/// The newest events, with what became of the others. Ledger: `seen = kept + evicted`. An event that the table no longer has is
/// kept and struck out: it stood here, and the ledger counts it as removed.
#[derive(Debug, Clone, Default)]
pub struct Ring {
    rows: BTreeMap<Place, EventRow>,
    places: HashMap<RowId, Timestamp>,
    seen: u64,
    evicted: u64,
    evicted_up_to: Option<Place>,
    fresh: HashSet<RowId>,
    gone: HashSet<RowId>,
}

impl Ring {
    /// Takes in new and changed events; whether anything is different now. An event already evicted does not
    /// come back.
    pub fn absorb(&mut self, rows: Vec<EventRow>) -> bool {
        let mut changed = !self.fresh.is_empty();
        self.fresh.clear();
        for row in rows {
            let id = row.id.clone();
            let came = self.places.get(&id).copied();
            let is_past = |at| {
                let limit = self.evicted_up_to.as_ref();
                limit.is_some_and(|limit| (at, id.clone()) <= *limit)
            };
            // A key may be written again, as by a sequence that was set back: what it bears now is its place.
            let at = match came {
                Some(came) if is_past(row.created_at) => came,
                None if is_past(row.created_at) => continue,
                Some(_) | None => row.created_at,
            };
            let old = came.and_then(|came| self.rows.remove(&(came, id.clone())));
            let place = (at, id.clone());
            changed |= self.gone.remove(&id) || old.as_ref() != Some(&row);
            self.places.insert(id.clone(), at);
            if old.is_none() {
                self.seen += 1;
            }
            if came != Some(at) {
                self.fresh.insert(id);
            }
            self.rows.insert(place, row);
        }
        while self.rows.len() > CAPACITY {
            if let Some((place, _)) = self.rows.pop_first() {
                self.evicted += 1;
                self.places.remove(&place.1);
                self.fresh.remove(&place.1);
                self.gone.remove(&place.1);
                self.evicted_up_to = Some(place);
            }
        }
        changed
    }

    /// The events kept, newest first: by when they were written, then by key.
    pub fn newest(&self) -> impl DoubleEndedIterator<Item = &EventRow> {
        self.rows.values().rev()
    }

    /// The event with this key, if it is kept.
    pub fn get(&self, id: &RowId) -> Option<&EventRow> {
        let at = self.places.get(id)?;
        self.rows.get(&(*at, id.clone()))
    }

    /// Strikes out the events of which `is_gone` says that the table no longer has them; whether that is news of any.
    pub fn strike(&mut self, is_gone: impl Fn(&RowId) -> bool) -> bool {
        let before = self.gone.len();
        let gone = self.places.keys().filter(|id| is_gone(id)).cloned();
        self.gone.extend(gone);
        self.gone.len() > before
    }

    /// Whether this event is kept and the table no longer has it.
    pub fn is_gone(&self, id: &RowId) -> bool {
        self.gone.contains(id)
    }

    /// The highest key of the events written no later than `at`; where keys are no numbers, `at` itself, µs since 1970.
    pub fn place_at(&self, at: Timestamp) -> Option<i64> {
        let written = self.rows.values().filter(|row| row.created_at <= at);
        let key = written.filter_map(|row| row.id.number()).max();
        let has_no_numbers = || {
            let newest = self.newest().next();
            newest.is_some_and(|row| row.id.number().is_none())
        };
        key.or_else(|| has_no_numbers().then(|| at.timestamp_micros()))
    }

    /// Since when every event is kept that was written, where all were taken in since `began`.
    pub fn whole_since(&self, began: Timestamp) -> Timestamp {
        let evicted = self.evicted_up_to.as_ref();
        evicted.map_or(began, |(at, _)| began.max(*at))
    }

    /// How many events are kept.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Distinct events taken in since the start.
    pub const fn seen(&self) -> u64 {
        self.seen
    }

    /// Events pushed out by newer ones.
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Whether the last intake brought this event for the first time.
    pub fn is_fresh(&self, id: &RowId) -> bool {
        self.fresh.contains(id)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        event::{EventStatus, EventType},
        untrusted::Untrusted,
    };

    fn row(id: &str, second: i64, status: EventStatus) -> EventRow {
        EventRow {
            id: RowId::parse(id).unwrap(),
            stage: EventType::from("company_created"),
            raw_status: Untrusted::from(status.label()),
            status,
            created_at: DateTime::from_timestamp(second, 0).unwrap(),
            processed_at: None,
            retries: 0,
            record: None,
            subject: None,
            error: None,
            execution: None,
        }
    }

    fn shown(ring: &Ring) -> Vec<&str> {
        ring.newest().map(|row| row.id.as_str()).collect()
    }

    #[test]
    fn uuids_stand_in_the_order_they_were_written_in() {
        let mut ring = Ring::default();
        assert!(ring.absorb(vec![
            row("ffff-1", 1, EventStatus::Pending),
            row("0000-2", 2, EventStatus::Pending),
            row("aaaa-3", 3, EventStatus::Pending),
        ]));
        assert_eq!(shown(&ring), ["aaaa-3", "0000-2", "ffff-1"]);
    }

    #[test]
    fn a_changed_event_stays_in_its_place_and_the_same_again_is_no_change() {
        let mut ring = Ring::default();
        ring.absorb(vec![
            row("1", 1, EventStatus::Pending),
            row("2", 2, EventStatus::Pending),
        ]);
        assert!(ring.absorb(vec![row("1", 1, EventStatus::Failed)]));
        assert_eq!(shown(&ring), ["2", "1"]);
        assert_eq!(
            ring.get(&RowId::from(1)).unwrap().status,
            EventStatus::Failed
        );
        assert!(!ring.absorb(vec![row("1", 1, EventStatus::Failed)]));
        assert_eq!(ring.seen(), 2);
    }

    #[test]
    fn a_key_that_is_written_again_stands_where_its_new_row_belongs_and_counts_once() {
        let mut ring = Ring::default();
        ring.absorb(
            (1..=5)
                .map(|id| row(&id.to_string(), id, EventStatus::Failed))
                .collect(),
        );
        // The table was emptied and its sequence set back; nobody has seen yet that the old rows are gone.
        assert!(ring.absorb(vec![row("2", 60, EventStatus::Pending)]));
        assert_eq!(shown(&ring), ["2", "5", "4", "3", "1"]);
        assert!(ring.is_fresh(&RowId::from(2)));
        assert_eq!((ring.len(), ring.seen(), ring.evicted()), (5, 5, 0));
        let new = ring.get(&RowId::from(2)).unwrap();
        assert_eq!(new.status, EventStatus::Pending);
    }

    #[test]
    fn what_was_deleted_is_struck_out_and_counted_until_it_is_pushed_out_or_written_again() {
        let mut ring = Ring::default();
        let rows = |ids: std::ops::Range<i64>| -> Vec<EventRow> {
            ids.map(|id| row(&id.to_string(), id, EventStatus::Pending))
                .collect()
        };
        ring.absorb(rows(1..4));
        let two = RowId::from(2);
        assert!(ring.strike(|id| *id == two || *id == RowId::from(9)));
        assert!(!ring.strike(|id| *id == two));
        assert!(ring.is_gone(&two) && !ring.is_gone(&RowId::from(9)));
        assert_eq!((ring.len(), ring.seen(), ring.evicted()), (3, 3, 0));
        assert!(ring.absorb(vec![row("2", 2, EventStatus::Pending)]));
        assert!(!ring.is_gone(&two));
        ring.strike(|id| *id == two);
        ring.absorb(rows(10..10 + CAPACITY as i64));
        assert!(!ring.is_gone(&two) && ring.gone.is_empty());
        assert_eq!(ring.seen(), ring.len() as u64 + ring.evicted());
    }

    proptest! {
        #[test]
        fn the_ledger_holds_and_nothing_evicted_comes_back(
            intakes in prop::collection::vec(prop::collection::vec(0_i64..5_000, 0..1_500), 1..8),
        ) {
            let mut ring = Ring::default();
            for intake in intakes {
                let floor = ring.evicted_up_to.clone();
                ring.absorb(intake.iter().map(|id| row(&id.to_string(), *id, EventStatus::Pending)).collect());
                prop_assert_eq!(ring.seen(), ring.len() as u64 + ring.evicted());
                prop_assert!(ring.len() <= CAPACITY && ring.places.len() == ring.len());
                if let Some(floor) = floor {
                    prop_assert!(ring.rows.keys().all(|place| *place > floor));
                }
            }
        }
    }
}
