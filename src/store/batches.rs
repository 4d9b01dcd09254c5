//! The batches of this place: those under way, and those found in the journals.

use crate::{
    domain::batch::{Batch, BatchId, Driver, Mode, Record},
    msg::Told,
};

/// A batch, and who drives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The batch.
    pub batch: Batch,
    /// Who drives it.
    pub driver: Driver,
    /// What it waits for outside, if it does.
    pub held: Option<String>,
}

impl Known {
    /// Whether it waits for somebody to go on with it.
    pub fn is_unfinished(&self) -> bool {
        self.driver == Driver::Nobody && !self.batch.is_over()
    }

    /// Whether it is `read` from its journal as it is here, but for why it stands: the journal could not take that.
    fn knows_better(&self, read: &Batch) -> bool {
        let stands = matches!(self.batch.mode, Mode::Paused(_));
        stands && read.mode == Mode::Running && read.rows == self.batch.rows
    }

    /// In one word: running, paused, braked, stopping, done, unfinished.
    pub fn word(&self) -> &'static str {
        match &self.batch.mode {
            Mode::Over => "done",
            _ if self.driver == Driver::Elsewhere => "elsewhere",
            Mode::Paused(why) if why.is_brake() => "braked",
            Mode::Paused(_) => "paused",
            Mode::Running | Mode::Stopping if self.driver == Driver::Nobody => "unfinished",
            Mode::Running if self.held.is_some() => "held",
            Mode::Running => "running",
            Mode::Stopping => "stopping",
        }
    }
}

/// The batches of this place, the newest first.
#[derive(Debug, Clone, Default)]
pub struct Batches(Vec<Known>);

impl Batches {
    /// Each of them, the newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Known> {
        self.0.iter()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The batch `id`.
    pub fn get(&self, id: &BatchId) -> Option<&Known> {
        self.iter().find(|known| known.batch.head.batch == *id)
    }

    /// The newest that this program drives.
    pub fn here(&self) -> Option<&Known> {
        self.iter().find(|known| known.driver == Driver::Here)
    }

    /// How many wait for somebody to go on with them.
    pub fn unfinished(&self) -> usize {
        self.iter().filter(|known| known.is_unfinished()).count()
    }

    fn mutable(&mut self, id: &BatchId) -> Option<&mut Known> {
        let mut all = self.0.iter_mut();
        all.find(|known| known.batch.head.batch == *id)
    }

    /// Takes in a batch as it was read, and who drives it; what an operator is to hear of it, if something.
    fn know(&mut self, batch: Batch, driver: Driver) -> Option<String> {
        let id = batch.head.batch.clone();
        let before = self.get(&id);
        let was_over = before.is_none_or(|known| known.batch.is_over());
        let did_wait = before.is_some_and(Known::is_unfinished);
        if did_wait && driver == Driver::Nobody && before?.knows_better(&batch) {
            return None;
        }
        let waits = driver == Driver::Nobody && !batch.is_over() && !did_wait;
        let said = if batch.is_over() && !was_over {
            Some(format!("batch {id} is done, {}", batch.report()))
        } else {
            waits.then(|| format!("an unfinished batch waits, {id}: B shows it"))
        };
        self.0.retain(|old| old.batch.head.batch != id);
        self.0.push(Known {
            batch,
            driver,
            held: None,
        });
        self.0
            .sort_by(|a, b| b.batch.head.batch.cmp(&a.batch.head.batch));
        said
    }

    /// Takes in what is told; what an operator is to hear of it, if something.
    pub fn absorb(&mut self, told: Told) -> Option<String> {
        match told {
            Told::Known(head, records, driver) => self.know(Batch::of(*head, &records), driver),
            Told::Noted(id, record) => {
                let known = self.mutable(&id)?;
                known.batch.add(&record);
                match record {
                    Record::Paused { why, .. } => {
                        Some(format!("batch {id} stands: {}", why.sentence()))
                    }
                    Record::Finished { .. } => {
                        Some(format!("batch {id} is done, {}", known.batch.report()))
                    }
                    Record::Begun { .. }
                    | Record::Sent { .. }
                    | Record::TakenBack { .. }
                    | Record::Deferred { .. }
                    | Record::Skipped { .. }
                    | Record::Unknown { .. }
                    | Record::Ended { .. }
                    | Record::Resumed { .. }
                    | Record::Paced { .. }
                    | Record::Stopped { .. } => None,
                }
            }
            Told::Held(id, held) => {
                self.mutable(&id)?.held = held;
                None
            }
            Told::Limited(id, limits) => {
                self.mutable(&id)?.batch.limits = limits;
                None
            }
            Told::Left(id) => {
                let known = self.mutable(&id)?;
                known.driver = Driver::Nobody;
                known.held = None;
                None
            }
            Told::Failed(id, fault) => Some(format!("batch {id}: {fault}")),
        }
    }
}
