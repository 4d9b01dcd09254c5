//! Drives one batch: does what its records say is next, writes down what comes of it, and tells.

mod limits;
mod rows;

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use tokio::{sync::mpsc, time::sleep};

use self::limits::Gauge;
use super::{Means, journal::Journal};
use crate::{
    domain::{
        Timestamp, backoff,
        batch::{Batch, BatchId, Driver, Halt, Mode, Order, Record, Step},
    },
    msg::{Fault, Msg, Told},
    sources::postgres::mutations::{Replay, Writer},
};

/// How often rows under way are looked at.
const LOOK: TimeDelta = TimeDelta::seconds(1);

/// How often the queues are measured.
const MEASURE: TimeDelta = TimeDelta::seconds(10);

/// Drives one batch.
#[derive(Debug)]
pub struct Runner {
    means: Means,
    batch: Batch,
    /// What had happened before.
    before: Vec<Record>,
    journal: Journal,
    writer: Writer,
    /// The lock and the eyes; none while they are lost.
    replay: Option<Replay>,
    orders: mpsc::Receiver<Order>,
    /// Tries to get the lock back, or to send the next row, that failed in a row.
    tries: u32,
    looked: Option<Timestamp>,
    measured: Option<Timestamp>,
    gauge: Gauge,
    knows_usual: bool,
    /// What it waits for outside, if it does.
    held: Option<String>,
}

/// Whether it goes by itself, so that it is waited for.
const fn is_passing(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Unreachable(_)
            | Fault::TimedOut(..)
            | Fault::Waking(_)
            | Fault::Busy(_)
            | Fault::Conflict(_)
    )
}

/// What is to be said where no lock can be had.
fn unlocked(replay: &Replay) -> Option<String> {
    (!replay.is_alone()).then(|| {
        "no lock: a pooler stands between, so another operator is not kept out; what he sent is skipped".to_owned()
    })
}

impl Runner {
    pub(super) fn new(
        means: Means,
        (batch, before): (Batch, Vec<Record>),
        journal: Journal,
        (writer, replay): (Writer, Replay),
        orders: mpsc::Receiver<Order>,
    ) -> Self {
        let gauge = Gauge::new(means.targets.n8n.as_ref());
        let held = unlocked(&replay);
        Self {
            means,
            batch,
            before,
            journal,
            writer,
            replay: Some(replay),
            orders,
            tries: 0,
            looked: None,
            measured: None,
            gauge,
            knows_usual: false,
            held,
        }
    }

    /// The batch it drives.
    pub fn id(&self) -> &BatchId {
        &self.batch.head.batch
    }

    /// Drives it until it is over, rests or is told to leave everything as it stands; what then is known of it. Nothing
    /// hangs on its end: what is in the journal is all that the next one needs. Where that cannot be written any more, nothing
    /// is sent that it does not tell of, and the batch stands.
    ///
    /// # Errors
    /// Why the journal of one that sends nothing cannot be written any more.
    pub async fn run(&mut self) -> Result<&Batch, Fault> {
        let head = Box::new(self.batch.head.clone());
        let before = std::mem::take(&mut self.before);
        self.tell(Told::Known(head, before, Driver::Here)).await;
        if let Some(held) = self.held.clone() {
            self.tell(Told::Held(self.id().clone(), Some(held))).await;
        }
        if let Err(fault) = self.go_on().await {
            if self.batch.mode != Mode::Running {
                return Err(fault);
            }
            let why = Halt::Fault(fault.to_string());
            let at = Utc::now();
            let paused = Record::Paused { at, why };
            self.batch.add(&paused);
            self.tell(Told::Noted(self.id().clone(), paused)).await;
        }
        let phase = match self.batch.mode {
            Mode::Over => "end",
            Mode::Running | Mode::Paused(_) | Mode::Stopping => "rest",
        };
        let is_in_table = Box::pin(super::write_down(&mut self.writer, phase, &self.batch)).await;
        let audit = &self.means.targets.audit;
        if let Err(error) = audit.batch(phase, &self.batch, is_in_table) {
            tracing::error!(%error, "the audit file has no line for a batch");
        }
        Ok(&self.batch)
    }

    /// Does what is next, until nothing is; or says why the journal cannot be written.
    async fn go_on(&mut self) -> Result<(), Fault> {
        while !self.means.cancel.is_cancelled() {
            while let Ok(order) = self.orders.try_recv() {
                self.obey(&order).await?;
            }
            self.limit().await;
            let now = Utc::now();
            let next = self.batch.next(now);
            match &next {
                Step::Rest => break,
                Step::Finish => {
                    self.note(Record::Finished { at: now }).await?;
                    break;
                }
                Step::LookUp(..) | Step::Send(_) | Step::Wait(_) | Step::Watch => {}
            }
            if self.replay.is_none() && !self.regain().await? {
                continue;
            }
            if self.look(now).await? {
                continue;
            }
            match next {
                Step::LookUp(id, xid) => self.settle(id, &xid).await?,
                Step::Send(id) => self.send(id).await?,
                Step::Wait(until) => self.wait(until - now).await?,
                Step::Watch | Step::Rest | Step::Finish => self.wait(LOOK).await?,
            }
        }
        Ok(())
    }

    /// As [`Runner::run`], and tells when it leaves the batch, and why.
    pub async fn drive(mut self) {
        let id = self.id().clone();
        let fault = self.run().await.err();
        // Whoever hears of it may take the journal and the lock.
        let inbox = self.means.inbox.clone();
        drop(self);
        if let Some(fault) = fault {
            inbox
                .send(Msg::Batch(Told::Failed(id.clone(), fault)))
                .await;
        }
        inbox.send(Msg::Batch(Told::Left(id))).await;
    }

    async fn tell(&mut self, told: Told) {
        self.means.inbox.send(Msg::Batch(told)).await;
    }

    /// Writes `record` down, adds it and tells it.
    async fn note(&mut self, record: Record) -> Result<(), Fault> {
        self.write(&record)?;
        self.batch.add(&record);
        self.tell(Told::Noted(self.id().clone(), record)).await;
        Ok(())
    }

    fn write(&mut self, record: &Record) -> Result<(), Fault> {
        let unwritten = |error| {
            super::refused(format!(
                "the journal cannot be written, so nothing more is sent: {error}"
            ))
        };
        self.journal.add(record).map_err(unwritten)
    }

    /// Writes `record`, which is added already, down and tells it.
    async fn keep(&mut self, record: Record) -> Result<(), Fault> {
        self.write(&record)?;
        self.tell(Told::Noted(self.id().clone(), record)).await;
        Ok(())
    }

    /// Says what is waited for outside, where that is something else than before.
    async fn hold(&mut self, held: Option<String>) {
        let held = held.or_else(|| unlocked(self.replay.as_ref()?));
        if self.held != held {
            self.held.clone_from(&held);
            self.tell(Told::Held(self.id().clone(), held)).await;
        }
    }

    async fn obey(&mut self, order: &Order) -> Result<(), Fault> {
        let at = Utc::now();
        let who = self.means.targets.audit.actor.clone();
        let record = match order {
            Order::Pause => Record::Paused {
                at,
                why: Halt::ByHand(who),
            },
            Order::Resume => Record::Resumed { at, who },
            Order::Stop => Record::Stopped { at, who },
            Order::Pace {
                per_minute,
                brake,
                least,
            } => Record::Paced {
                at,
                per_minute: *per_minute,
                brake: Some(*brake),
                least: Some(*least),
            },
        };
        self.note(record).await
    }

    /// Waits, but not longer than until an order, the end of the session or the end of all.
    async fn wait(&mut self, span: TimeDelta) -> Result<(), Fault> {
        let span = span.min(LOOK).to_std().unwrap_or_default();
        let lost = async {
            match self.replay.as_mut() {
                Some(replay) => replay.lost().await,
                None => std::future::pending().await,
            }
        };
        let order = tokio::select! {
            () = self.means.cancel.cancelled() => None,
            () = sleep(span) => None,
            fault = lost => {
                self.lose(&fault).await;
                None
            }
            Some(order) = self.orders.recv() => Some(order),
        };
        match order {
            Some(order) => self.obey(&order).await,
            None => Ok(()),
        }
    }

    /// The lock and the eyes are gone.
    async fn lose(&mut self, fault: &Fault) {
        self.replay = None;
        self.hold(Some(format!("the lock is lost: {fault}"))).await;
    }

    /// Tries to get the lock back; whether it is there.
    async fn regain(&mut self) -> Result<bool, Fault> {
        let stages = self.batch.stages();
        match Replay::open(&self.means.targets.database, &stages).await {
            Ok(replay) => {
                self.replay = Some(replay);
                self.tries = 0;
                self.hold(None).await;
                Ok(true)
            }
            Err(fault) => {
                self.hold(Some(format!("waits for the lock: {fault}")))
                    .await;
                self.pause_a_while().await?;
                Ok(false)
            }
        }
    }

    async fn pause_a_while(&mut self) -> Result<(), Fault> {
        self.tries = self.tries.saturating_add(1);
        let span = backoff::wait(self.tries, 0).min(Duration::from_secs(10));
        let until = tokio::time::Instant::now() + span;
        while tokio::time::Instant::now() < until && !self.means.cancel.is_cancelled() {
            let left = until - tokio::time::Instant::now();
            self.wait(TimeDelta::from_std(left).unwrap_or(LOOK)).await?;
        }
        Ok(())
    }

    /// Looks at the rows under way and at the queues, where it is time; whether something came of it.
    async fn look(&mut self, now: Timestamp) -> Result<bool, Fault> {
        let is_due = |last: Option<Timestamp>, every| last.is_none_or(|last| now - last >= every);
        let (ids, since) = self.batch.watched();
        let mut records = Vec::new();
        if let Some(since) = since.filter(|_| is_due(self.looked, LOOK)) {
            let Some(replay) = self.replay.as_mut() else {
                return Ok(true);
            };
            match replay.look(&ids, since).await {
                Ok(sightings) => records = self.batch.see(now, &sightings),
                Err(fault) => {
                    self.lose(&fault).await;
                    return Ok(true);
                }
            }
            self.looked = Some(now);
        }
        if is_due(self.measured, MEASURE) && self.batch.mode == Mode::Running {
            let stages = self.batch.stages();
            let Some(replay) = self.replay.as_mut() else {
                return Ok(true);
            };
            match replay.unended(&stages).await {
                Ok(unended) => records.extend(self.batch.crowded(now, &unended)),
                Err(fault) if is_passing(&fault) => {
                    self.lose(&fault).await;
                    return Ok(true);
                }
                // A queue that cannot be measured is not judged.
                Err(fault) => tracing::info!(%fault, "the queues of a batch are not known"),
            }
            self.measured = Some(now);
        }
        let is_news = !records.is_empty();
        for record in records {
            self.keep(record).await?;
        }
        Ok(is_news)
    }
}
