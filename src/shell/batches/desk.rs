//! The batches of a console: each driven in a task of its own, and what is told of those that other processes drive.

use std::collections::HashMap;

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::{
    Means,
    journal::{Kept, Mark},
};
use crate::{
    domain::{
        batch::{BatchId, Driver, Order},
        plan::Plan,
    },
    msg::{Msg, Told},
};

/// How many orders a batch may be behind.
const ORDERS: usize = 16;

/// Batches that are over, of which the console is told at its start.
const PAST: usize = 20;

/// What the console wants of its batches.
#[derive(Debug)]
pub enum Errand {
    /// Begin this plan.
    Begin(Box<Plan>),
    /// Tell this batch.
    Order(BatchId, Order),
    /// See whether the batches of other processes went on.
    Look,
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
        if let Err(error) = self.means.journals.prune(chrono::Utc::now()) {
            tracing::warn!(%error, "old journals of batches were not deleted");
        }
        let mut driven: HashMap<BatchId, mpsc::Sender<Order>> = HashMap::new();
        let mut seen: HashMap<BatchId, Mark> = HashMap::new();
        self.look(&driven, &mut seen).await;
        loop {
            let errand = tokio::select! {
                () = self.means.cancel.cancelled() => return,
                errand = errands.recv() => errand,
            };
            driven.retain(|_, orders| !orders.is_closed());
            match errand {
                None => return,
                Some(Errand::Look) => self.look(&driven, &mut seen).await,
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
                        if let Some(orders) = Box::pin(self.undriven(&id, &order)).await {
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
            Order::Stop => match self.means.stop(id).await {
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

    /// Tells of the batches of this place whose journals are not as they were `seen`, but for those that are `driven` here: of
    /// all that are not over, and at first of the last ones that are.
    async fn look(
        &self,
        driven: &HashMap<BatchId, mpsc::Sender<Order>>,
        seen: &mut HashMap<BatchId, Mark>,
    ) {
        let ids = self.means.journals.ids().unwrap_or_else(|error| {
            tracing::warn!(%error, "the journals of batches cannot be read");
            Vec::new()
        });
        let place = self.means.place();
        let is_first = seen.is_empty();
        let mut past = 0;
        for id in ids.into_iter().filter(|id| !driven.contains_key(id)) {
            // One that is gone was over.
            let Ok(mark) = self.means.journals.mark(&id) else {
                continue;
            };
            if seen.get(&id) == Some(&mark) {
                continue;
            }
            seen.insert(id.clone(), mark);
            match self.means.journals.read(&id) {
                Ok(kept) if kept.head.place != place => {}
                Ok(kept) => {
                    let is_over = kept.batch().is_over();
                    past += usize::from(is_over && is_first);
                    if past <= PAST || !is_over {
                        self.tell(Msg::Batch(known(kept))).await;
                    }
                }
                Err(error) => tracing::warn!(%id, %error, "a journal was left out"),
            }
        }
    }
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
