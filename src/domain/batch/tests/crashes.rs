//! A world that takes rows and ends them, and in which every step may be the last.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use proptest::prelude::*;

use super::{super::*, at, batch, print, two_groups};
use crate::domain::event::EventStatus;

/// What becomes of a row that is sent.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Ok,
    Fails(u8),
    Stays,
}

fn fates() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Fate::Ok),
        2 => (0_u8..2).prop_map(Fate::Fails),
        1 => Just(Fate::Stays),
    ]
}

/// Everything that outlives a crash: the journal, and what the database was told.
#[derive(Debug, Default)]
struct Durable {
    journal: Vec<Record>,
    sent: BTreeMap<RowId, (usize, Timestamp)>,
    committed: BTreeSet<String>,
    order: Vec<RowId>,
}

/// What a run ended as.
#[derive(Debug, PartialEq, Eq)]
enum Ending {
    Crashed,
    Rests,
    Finished,
}

impl Durable {
    /// Writes into the journal; a crash is the end of the steps that are left.
    fn write(&mut self, batch: &mut Batch, record: Record, left: &mut usize) -> Result<(), Ending> {
        *left = left.checked_sub(1).ok_or(Ending::Crashed)?;
        batch.add(&record);
        self.journal.push(record);
        Ok(())
    }

    /// Runs until the end, or until so many steps were taken, each of which may be the last.
    fn run(
        &mut self,
        head: &Head,
        fates: &[Fate],
        now: &mut Timestamp,
        left: &mut usize,
    ) -> Result<Ending, Ending> {
        let mut batch = Batch::of(head.clone(), &self.journal);
        if matches!(batch.mode, Mode::Paused(_)) || !self.journal.is_empty() {
            let who = "ann".to_owned();
            self.write(&mut batch, Record::Resumed { at: *now, who }, left)?;
        }
        loop {
            *now += TimeDelta::seconds(1);
            match batch.next(*now) {
                Step::LookUp(id, xid) => {
                    let record = if self.committed.contains(&xid) {
                        Record::Sent {
                            id,
                            at: *now,
                            clone: None,
                        }
                    } else {
                        Record::TakenBack { id, at: *now }
                    };
                    self.write(&mut batch, record, left)?;
                }
                Step::Send(id) => self.send(&mut batch, id, *now, left)?,
                Step::Wait(_) | Step::Watch => self.watch(&mut batch, fates, *now, left)?,
                Step::Rest => return Ok(Ending::Rests),
                Step::Finish => return Ok(Ending::Finished),
            }
        }
    }

    fn send(
        &mut self,
        batch: &mut Batch,
        id: RowId,
        now: Timestamp,
        left: &mut usize,
    ) -> Result<(), Ending> {
        let xid = format!("{}", self.journal.len());
        let begun = Record::Begun {
            id: id.clone(),
            at: now,
            xid: xid.clone(),
            skip: None,
            clone: None,
        };
        self.write(batch, begun, left)?;
        // Between the journal and the commit.
        *left = left.checked_sub(1).ok_or(Ending::Crashed)?;
        self.committed.insert(xid);
        let times = self.sent.get(&id).map_or(0, |(times, _)| *times);
        self.sent.insert(id.clone(), (times + 1, now));
        self.order.push(id.clone());
        // Between the commit and the journal.
        *left = left.checked_sub(1).ok_or(Ending::Crashed)?;
        self.write(
            batch,
            Record::Sent {
                id,
                at: now,
                clone: None,
            },
            left,
        )
    }

    fn watch(
        &mut self,
        batch: &mut Batch,
        fates: &[Fate],
        now: Timestamp,
        left: &mut usize,
    ) -> Result<(), Ending> {
        let (ids, _) = batch.watched();
        let see = |id: RowId| {
            let fate = fates[id.number().unwrap() as usize - 1];
            let status = match fate {
                Fate::Ok => EventStatus::Processed,
                Fate::Fails(_) => EventStatus::Failed,
                Fate::Stays => EventStatus::Pending,
            };
            let cause = match fate {
                Fate::Fails(0) => Some(print("HTTP 429")),
                Fate::Fails(_) => Some(print("another")),
                Fate::Ok | Fate::Stays => None,
            };
            Sighting {
                version: None,
                id,
                status: Some(status),
                cause,
            }
        };
        let sightings: Vec<Sighting> = ids.into_iter().map(see).collect();
        for record in batch.see(now, &sightings) {
            *left = left.checked_sub(1).ok_or(Ending::Crashed)?;
            self.journal.push(record);
        }
        Ok(())
    }
}

/// Rows, and the steps between crashes.
fn worlds() -> impl Strategy<Value = (Vec<Fate>, Vec<usize>, u32, u32)> {
    (
        prop::collection::vec(fates(), 1..14),
        prop::collection::vec(0_usize..24, 0..12),
        0_u32..3,
        1_u32..4,
    )
}

proptest! {
    #[test]
    fn whatever_crashes_and_is_resumed_each_row_is_sent_exactly_once((fates, crashes, canary, brake) in worlds()) {
        let pacing = Pacing { canary, brake, patience_s: 20, ..Pacing::default() };
        let whole = batch(&two_groups(fates.len()), pacing);
        let mut world = Durable::default();
        let mut now = at(1);
        let mut crashes = crashes.into_iter();
        let mut starts = 0;
        loop {
            starts += 1;
            prop_assert!(starts < 100, "it does not come to its end");
            let mut left = crashes.next().unwrap_or(usize::MAX);
            let ending = world.run(&whole.head, &fates, &mut now, &mut left);
            if ending == Ok(Ending::Finished) {
                break;
            }
            for (id, (times, _)) in &world.sent {
                prop_assert!(*times == 1, "{id} was sent {times} times");
            }
        }
        let end = Batch::of(whole.head.clone(), &world.journal);
        prop_assert_eq!(world.sent.len(), fates.len());
        prop_assert!(world.sent.values().all(|(times, _)| *times == 1));
        let report = end.report();
        prop_assert_eq!(report.ended(), fates.len(), "{}", report);
        prop_assert_eq!(report.unknown + report.skipped, 0);
        let ok = fates.iter().filter(|fate| matches!(fate, Fate::Ok)).count();
        prop_assert_eq!(report.ok, ok);
    }

    #[test]
    fn nothing_is_sent_before_the_canaries_have_ended_nor_faster_than_the_pace((fates, _, canary, _) in worlds()) {
        let pacing = Pacing { canary, brake: 100, per_minute: 12, patience_s: 20, ..Pacing::default() };
        let whole = batch(&two_groups(fates.len()), pacing);
        let mut world = Durable::default();
        let mut now = at(1);
        while world.run(&whole.head, &fates, &mut now, &mut usize::MAX.clone()) != Ok(Ending::Finished) {}
        let canaries = whole.rows.iter().filter(|row| row.is_canary).count();
        let first: Vec<&RowId> = world.order.iter().take(canaries).collect();
        let wanted: Vec<&RowId> = whole.rows.iter().take(canaries).map(|row| &row.id).collect();
        prop_assert_eq!(first, wanted);
        let place = |wanted: &dyn Fn(&Record) -> bool| world.journal.iter().position(wanted);
        for canary in whole.rows.iter().filter(|row| row.is_canary) {
            let ended = place(&|record| matches!(record, Record::Ended { id, .. } if *id == canary.id));
            for other in whole.rows.iter().filter(|row| !row.is_canary) {
                let begun = place(&|record| matches!(record, Record::Begun { id, .. } if *id == other.id));
                prop_assert!(ended < begun, "{} before {}", other.id, canary.id);
            }
        }
        let times: Vec<Timestamp> = world.order.iter().map(|id| world.sent[id].1).collect();
        for pair in times.windows(2) {
            prop_assert!(pair[1] - pair[0] >= TimeDelta::seconds(5), "{pair:?}");
        }
    }

    #[test]
    fn a_brake_lets_nothing_through(fates in prop::collection::vec(fates(), 2..14)) {
        let whole = batch(&two_groups(fates.len()), Pacing { patience_s: 20, ..Pacing::default() });
        let mut world = Durable::default();
        let mut now = at(1);
        while world.run(&whole.head, &fates, &mut now, &mut usize::MAX.clone()) != Ok(Ending::Finished) {}
        let mut is_braked = false;
        for record in &world.journal {
            if let Record::Begun { id, .. } = record {
                prop_assert!(!is_braked, "{id} was begun behind a brake");
            }
            is_braked = match record {
                Record::Paused { .. } => true,
                Record::Resumed { .. } => false,
                Record::Begun { .. }
                | Record::Sent { .. }
                | Record::TakenBack { .. }
                | Record::Deferred { .. }
                | Record::Skipped { .. }
                | Record::Unknown { .. }
                | Record::Ended { .. }
                | Record::Paced { .. }
                | Record::Stopped { .. }
                | Record::Finished { .. } => is_braked,
            };
        }
    }
}
