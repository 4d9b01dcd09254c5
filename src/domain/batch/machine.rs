//! What a batch does next. It decides by its records and the moment alone.

use std::{borrow::Cow, collections::BTreeMap};

use chrono::TimeDelta;

use super::{Batch, Bound, End, Halt, Mode, Pacing, Record, Row, Standing, Trap};
use crate::domain::{
    Timestamp,
    error_group::Fingerprint,
    event::{EventStatus, EventType, RowId},
    plan::{EventTarget, Plan},
};

/// A row that failed without a word is looked at again for so long: the error may be written after the status.
const WORDLESS: TimeDelta = TimeDelta::seconds(3);

/// n8n is left alone for no longer than this, whatever it asks.
const DEFERRED_MOST: TimeDelta = TimeDelta::hours(1);

/// So many times in a row n8n may ask to be called later.
const DEFERRALS: u32 = 10;

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask what became of this transaction, which was to send the row. Nothing else is done before that is known.
    LookUp(RowId, String),
    /// Send this row.
    Send(RowId),
    /// Send nothing before then.
    Wait(Timestamp),
    /// Send nothing before a row under way has ended, or n8n has room.
    Watch,
    /// Nothing is under way, and nothing is sent before somebody resumes it.
    Rest,
    /// Nothing is left to do.
    Finish,
}

/// An event that is watched, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Which.
    pub id: RowId,
    /// Where it stands; `None` where it is gone.
    pub status: Option<EventStatus>,
    /// The version it is in, where rows have one.
    pub version: Option<String>,
    /// What went wrong with it since it was sent, where something did and that is known.
    pub cause: Option<Fingerprint>,
}

impl Batch {
    /// What to do at `now`.
    pub fn next(&self, now: Timestamp) -> Step {
        for row in &self.rows {
            if let Standing::Begun { xid, .. } = &row.standing {
                return Step::LookUp(row.id.clone(), xid.clone());
            }
        }
        let is_under_way = |row: &&Row| matches!(row.standing, Standing::Sent(_));
        let under_way = self.rows.iter().filter(is_under_way).count();
        let idle = |idle: Step| if under_way > 0 { Step::Watch } else { idle };
        match self.mode {
            Mode::Over => return Step::Finish,
            Mode::Stopping => return idle(Step::Finish),
            Mode::Paused(_) => return idle(Step::Rest),
            Mode::Running => {}
        }
        let waits = |row: &&Row| row.standing == Standing::Waiting;
        let Some(next) = self.rows.iter().find(waits) else {
            return idle(Step::Finish);
        };
        let canaries = self.rows.iter().filter(|row| row.is_canary);
        let is_held = !next.is_canary && canaries.filter(is_under_way).count() > 0;
        let per_minute = self.rate().per_minute;
        if is_held || per_minute == 0 || under_way >= Pacing::at_once(per_minute) {
            return Step::Watch;
        }
        if let Some(until) = self.deferred_until(now) {
            return Step::Wait(until);
        }
        let gap = TimeDelta::milliseconds(Pacing::gap_ms(per_minute));
        match self.last_sent.map(|sent| sent + gap) {
            // A clock that was set back must not hold it for ever.
            Some(due) if due > now && due - now <= gap => Step::Wait(due),
            Some(_) | None => Step::Send(next.id.clone()),
        }
    }

    /// Until when n8n asked to be left alone, where that is later than `now`.
    pub fn deferred_until(&self, now: Timestamp) -> Option<Timestamp> {
        let (until, _) = self.deferred?;
        // A clock that was set back must not hold it for ever.
        (until > now && until - now <= DEFERRED_MOST).then_some(until)
    }

    /// The row `id` is put off until then.
    pub(super) fn defer(
        &mut self,
        id: &RowId,
        (at, until): (Timestamp, Timestamp),
        version: Option<String>,
    ) {
        if !self.take_back(id, at) {
            return;
        }
        let times = self.deferred.map_or(0, |(_, times)| times);
        self.deferred = Some((until, times + 1));
        if let Some(row) = self.row_mut(id).filter(|_| version.is_some()) {
            row.version = version;
        }
    }

    /// The brake's record where n8n has asked too often to be called later. It is added already.
    pub fn deferred_too_often(&mut self, now: Timestamp) -> Option<Record> {
        let (_, times) = self.deferred?;
        if self.mode != Mode::Running || times < DEFERRALS {
            return None;
        }
        let why = Halt::Deferred(times);
        let paused = Record::Paused { at: now, why };
        self.add(&paused);
        Some(paused)
    }

    /// The plan as the row `id` is sent by it: with the version that the row is in by now.
    pub fn plan_of(&self, id: &RowId) -> Cow<'_, Plan> {
        let plan = &self.head.plan;
        let version = self.row(id).and_then(|row| row.version.as_ref());
        let (Some(version), Some(examined)) = (version, &plan.examined) else {
            return Cow::Borrowed(plan);
        };
        let mut examined = examined.clone();
        for row in examined.eligible.iter_mut().filter(|row| row.id == *id) {
            row.xmin = Some(version.clone());
        }
        Cow::Owned(Plan {
            examined: Some(examined),
            ..plan.clone()
        })
    }

    /// The events to watch for the rows under way, and when the first of them was sent.
    pub fn watched(&self) -> (Vec<RowId>, Option<Timestamp>) {
        let sent = |row: &Row| Some((row.watched().clone(), row.standing.sent()?));
        let (ids, sent): (Vec<RowId>, Vec<Timestamp>) = self.rows.iter().filter_map(sent).unzip();
        (ids, sent.into_iter().min())
    }

    /// Takes in where rows under way stand at `now`: the records of it, the brake's among them, which are added already.
    pub fn see(&mut self, now: Timestamp, sightings: &[Sighting]) -> Vec<Record> {
        let mut records = Vec::new();
        for sighting in sightings {
            let row = self.row(&sighting.id);
            let version = sighting.version.as_deref();
            let is_untouched = row.is_some_and(|row| row.is_untouched(version));
            // Where a call leaves the state as it was, that says nothing before a workflow has written.
            let sighting = if is_untouched && sighting.status == Some(EventStatus::Failed) {
                &Sighting {
                    status: Some(EventStatus::Pending),
                    ..sighting.clone()
                }
            } else {
                sighting
            };
            let is_wordless =
                sighting.status == Some(EventStatus::Failed) && sighting.cause.is_none();
            if is_wordless {
                let first = self.wordless.entry(sighting.id.clone()).or_insert(now);
                if now - *first < WORDLESS {
                    continue;
                }
            }
            let Some(record) = self.end(now, sighting) else {
                continue;
            };
            self.add(&record);
            records.push(record);
            if let Some(why) = self.brake(&sighting.id) {
                let paused = Record::Paused { at: now, why };
                self.add(&paused);
                records.push(paused);
            }
        }
        records
    }

    fn end(&self, now: Timestamp, sighting: &Sighting) -> Option<Record> {
        let row = self.row(&sighting.id)?;
        let sent = row.standing.sent()?;
        let (id, at) = (row.id.clone(), now);
        let patience = TimeDelta::seconds(self.head.pacing().patience_s.into());
        let how = match sighting.status {
            None => {
                let why = "it is gone".to_owned();
                return Some(Record::Unknown { id, at, why });
            }
            Some(EventStatus::Processed) => End::Ok,
            Some(EventStatus::Failed) => End::Failed {
                cause: sighting.cause.clone(),
                same: sighting.cause == row.cause,
            },
            Some(EventStatus::Pending | EventStatus::Processing | EventStatus::Other(_)) => {
                let is_late = now - sent >= patience;
                if !is_late || matches!(row.standing, Standing::Pending(_)) {
                    return None;
                }
                End::Pending
            }
        };
        Some(Record::Ended { id, at, how })
    }

    /// Why the end of the row `id` stops the batch, if it does.
    fn brake(&self, id: &RowId) -> Option<Halt> {
        let row = self.row(id).filter(|_| self.mode == Mode::Running)?;
        let (trouble, n) = &self.streak;
        let trouble = trouble.as_ref()?;
        if row.is_canary {
            let cause = match &trouble.what {
                Trap::Failed(cause) => cause.clone(),
                Trap::Untaken => None,
            };
            return Some(Halt::Canary(row.id.clone(), cause));
        }
        if *n < self.brake {
            return None;
        }
        Some(match &trouble.what {
            Trap::Failed(cause) => Halt::Equal(*n, cause.clone()),
            Trap::Untaken => Halt::Untaken(*n),
        })
    }

    /// Takes in how many events of each stage have not ended: the brake's record where a queue has grown too long since
    /// rows began to be sent. It is added already.
    pub fn crowded(&mut self, now: Timestamp, unended: &[(EventType, u64)]) -> Option<Record> {
        for (stage, n) in unended {
            let is_ours = |row: &&Row| row.stage == *stage && row.standing.is_watched();
            let ours = self.rows.iter().filter(is_ours).count() as u64;
            let others = n.saturating_sub(ours);
            let before = *self.queued.entry(stage.clone()).or_insert(others);
            let grown = others.saturating_sub(before);
            if self.mode == Mode::Running && grown > u64::from(self.head.pacing().backlog) {
                let why = Halt::Backlog(stage.clone(), grown);
                let paused = Record::Paused { at: now, why };
                self.add(&paused);
                return Some(paused);
            }
        }
        None
    }

    /// How long the rows that wait take at least, s: each at what is known to hold it, and none faster than now where n8n's
    /// room holds them all. For how long there is no room at all nobody knows; that is left out.
    pub fn seconds_left(&self) -> u64 {
        let now = self.rate();
        let most = match now.by {
            Bound::Room(..) if now.per_minute > 0 => now.per_minute,
            Bound::Room(..) | Bound::Queue(_) | Bound::Set | Bound::Budget | Bound::Usual(..) => {
                self.per_minute
            }
        };
        let pacing = Pacing {
            per_minute: most,
            least: self.least,
            ..self.head.pacing()
        };
        let waiting = self.rows.iter();
        let waiting = waiting.filter(|row| row.standing == Standing::Waiting);
        let targets = self.head.plan.targets().iter();
        let of_stage: BTreeMap<&EventType, &EventTarget> =
            targets.map(|target| (&target.stage, target)).collect();
        let targets = waiting.filter_map(|row| of_stage.get(&row.stage).copied());
        pacing.seconds(targets, &self.limits.usual)
    }
}
