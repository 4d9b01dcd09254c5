//! Batches under way: who drives which, and what the console is told of them.

pub mod journal;
mod pen;
mod runner;

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
};

use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::journal::{Journals, Kept, Unusable};
pub use self::runner::Runner;
use super::tasks::Targets;
use crate::{
    domain::{
        batch::{Batch, BatchId, Driver, Head, Mode, Order, Record},
        plan::{Mutation, Plan},
        untrusted::Untrusted,
    },
    msg::{Fault, Msg, Told},
    sources::{Inbox, postgres::mutations::Replay},
};

/// How many orders a batch may be behind.
const ORDERS: usize = 16;

/// Batches that are over, of which the console is told at its start.
const PAST: usize = 20;

/// What is needed to drive a batch.
#[derive(Debug, Clone)]
pub struct Means {
    /// How to reach the database, and the audit file.
    pub targets: Targets,
    /// Where journals lie.
    pub journals: Journals,
    /// Who is told.
    pub inbox: Inbox,
    /// When all is to be left as it stands.
    pub cancel: CancellationToken,
}

impl Means {
    /// The database and the schema that batches of these means are about.
    pub fn place(&self) -> String {
        let target = self.targets.database.address.target();
        // Whoever the role is, it is the same place.
        let place = target.split_once('@').map_or(target.as_str(), |(_, at)| at);
        format!("{place} {}", self.targets.database.schema)
    }

    /// Begins `plan`, if nobody else replays one of its stages. From here on it is in the journal.
    ///
    /// # Errors
    /// Why nothing was begun.
    pub async fn begin(&self, plan: Plan, orders: mpsc::Receiver<Order>) -> Result<Runner, Fault> {
        self.may_write()?;
        if plan.examined.is_none() || !matches!(plan.mutation, Mutation::RetryEvents(_)) {
            return Err(refused("only an examined retry can be a batch"));
        }
        let at = chrono::Utc::now();
        let head = Head {
            batch: BatchId::new(at, RandomState::new().hash_one(at)),
            at,
            who: self.targets.audit.actor.clone(),
            place: self.place(),
            plan,
        };
        let batch = Batch::new(head.clone());
        let replay = Replay::open(&self.targets.database, &batch.stages()).await?;
        let unwritten = |error: std::io::Error| refused(format!("the audit file: {error}"));
        let audit = &self.targets.audit;
        audit.batch("begin", &batch).map_err(unwritten)?;
        let journal = self
            .journals
            .begin(&head)
            .map_err(|error| unusable(&error))?;
        Ok(Runner::new(
            self.clone(),
            (batch, Vec::new()),
            journal,
            replay,
            orders,
        ))
    }

    /// Goes on with the batch `id`, if nobody else replays one of its stages. What was begun and not seen to end is looked
    /// up before anything else.
    ///
    /// # Errors
    /// Why it is not gone on with.
    pub async fn resume(
        &self,
        id: &BatchId,
        orders: mpsc::Receiver<Order>,
    ) -> Result<Runner, Fault> {
        self.may_write()?;
        let (mut journal, kept) = self.journals.resume(id).map_err(|error| unusable(&error))?;
        let mut batch = kept.batch();
        let mut records = kept.records;
        if batch.head.place != self.place() {
            let text = format!("this batch is about {}", batch.head.place);
            return Err(refused(text));
        }
        if batch.is_over() {
            return Err(refused("this batch is over: nothing is left to do"));
        }
        let replay = Replay::open(&self.targets.database, &batch.stages()).await?;
        if batch.mode != Mode::Stopping {
            let resumed = Record::Resumed {
                at: chrono::Utc::now(),
                who: self.targets.audit.actor.clone(),
            };
            let unwritten = |error: std::io::Error| refused(format!("the journal: {error}"));
            journal.add(&resumed).map_err(unwritten)?;
            batch.add(&resumed);
            records.push(resumed);
        }
        let unwritten = |error: std::io::Error| refused(format!("the audit file: {error}"));
        let audit = &self.targets.audit;
        audit.batch("resume", &batch).map_err(unwritten)?;
        Ok(Runner::new(
            self.clone(),
            (batch, records),
            journal,
            replay,
            orders,
        ))
    }

    /// Ends the batch `id`, which nobody drives: what was not sent never will be.
    ///
    /// # Errors
    /// Why it goes on to wait.
    pub fn stop(&self, id: &BatchId) -> Result<Batch, Fault> {
        let (mut journal, kept) = self.journals.resume(id).map_err(|error| unusable(&error))?;
        let mut batch = kept.batch();
        if batch.is_over() {
            return Err(refused("this batch is over: nothing is left to stop"));
        }
        let at = chrono::Utc::now();
        let who = self.targets.audit.actor.clone();
        let mut records = vec![Record::Stopped { at, who }];
        let is_idle = batch.watched().0.is_empty() && batch.report().unknown == 0;
        if is_idle {
            records.push(Record::Finished { at });
        }
        for record in &records {
            let unwritten = |error: std::io::Error| refused(format!("the journal: {error}"));
            journal.add(record).map_err(unwritten)?;
            batch.add(record);
        }
        if let Err(error) = self.targets.audit.batch("stop", &batch) {
            tracing::error!(%error, "the audit file has no line for a batch that was stopped");
        }
        Ok(batch)
    }

    fn may_write(&self) -> Result<(), Fault> {
        if self.targets.database.read_only {
            return Err(Fault::Forbidden("outpost was started read-only".into()));
        }
        Ok(())
    }
}

fn refused(text: impl Into<String>) -> Fault {
    Fault::Refused(Untrusted::from(text.into()))
}

/// What is told of a batch that was found in the journals.
fn known(kept: Kept) -> Told {
    let driver = if kept.is_driven {
        Driver::Elsewhere
    } else {
        Driver::Nobody
    };
    Told::Known(Box::new(kept.head), kept.records, driver)
}

fn unusable(error: &Unusable) -> Fault {
    refused(error.to_string())
}

/// What the console wants of its batches.
#[derive(Debug)]
pub enum Errand {
    /// Begin this plan.
    Begin(Box<Plan>),
    /// Tell this batch.
    Order(BatchId, Order),
}

/// Has the batches of a console driven, each in a task of its own.
#[derive(Debug)]
pub struct Desk {
    /// What they are driven with.
    pub means: Means,
    /// Where they run.
    pub tasks: TaskTracker,
}

impl Desk {
    /// Tells of the batches that there are, then does what is asked, until nobody asks any more.
    pub async fn run(self, mut errands: mpsc::Receiver<Errand>) {
        self.tell_of_kept().await;
        let mut driven: HashMap<BatchId, mpsc::Sender<Order>> = HashMap::new();
        loop {
            let errand = tokio::select! {
                () = self.means.cancel.cancelled() => return,
                errand = errands.recv() => errand,
            };
            driven.retain(|_, orders| !orders.is_closed());
            match errand {
                None => return,
                Some(Errand::Begin(plan)) => {
                    let (sender, orders) = mpsc::channel(ORDERS);
                    match self.means.begin((*plan).clone(), orders).await {
                        Ok(runner) => {
                            driven.insert(runner.id().clone(), sender);
                            self.tasks.spawn(runner.drive());
                        }
                        Err(fault) => self.tell(Msg::Mutated(*plan, Err(fault))).await,
                    }
                }
                Some(Errand::Order(id, order)) => match driven.get(&id) {
                    Some(orders) => drop(orders.send(order).await),
                    None => {
                        if let Some(orders) = self.undriven(&id, &order).await {
                            driven.insert(id, orders);
                        }
                    }
                },
            }
        }
    }

    /// Does `order` about a batch that no task of ours drives; where that is to go on, whom to tell further orders.
    async fn undriven(&self, id: &BatchId, order: &Order) -> Option<mpsc::Sender<Order>> {
        match order {
            Order::Resume => {
                let (sender, orders) = mpsc::channel(ORDERS);
                match self.means.resume(id, orders).await {
                    Ok(runner) => {
                        self.tasks.spawn(runner.drive());
                        return Some(sender);
                    }
                    Err(fault) => self.tell(Msg::Batch(Told::Failed(id.clone(), fault))).await,
                }
            }
            Order::Stop => match self.means.stop(id) {
                Ok(_) => self.tell_of(id).await,
                Err(fault) => self.tell(Msg::Batch(Told::Failed(id.clone(), fault))).await,
            },
            // Nothing is sent as it is.
            Order::Pause | Order::Pace { .. } => {}
        }
        None
    }

    async fn tell(&self, msg: Msg) {
        self.means.inbox.send(msg).await;
    }

    async fn tell_of(&self, id: &BatchId) {
        if let Ok(kept) = self.means.journals.read(id) {
            self.tell(Msg::Batch(known(kept))).await;
        }
    }

    /// Those of this place: all that are not over, and the last ones that are.
    async fn tell_of_kept(&self) {
        let all = self.means.journals.all().unwrap_or_else(|error| {
            tracing::warn!(%error, "the journals of batches cannot be read");
            Vec::new()
        });
        let place = self.means.place();
        let mut past = 0;
        for (id, kept) in all {
            match kept {
                Ok(kept) if kept.head.place != place => {}
                Ok(kept) => {
                    past += usize::from(kept.batch().is_over());
                    if past <= PAST || !kept.batch().is_over() {
                        self.tell(Msg::Batch(known(kept))).await;
                    }
                }
                Err(error) => tracing::warn!(%id, %error, "a journal was left out"),
            }
        }
    }
}
