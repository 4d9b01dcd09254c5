//! Batches under way: who drives which, and what the console is told of them.

mod desk;
pub mod journal;
mod pen;
mod runner;

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::journal::{Journals, Unusable};
pub use self::{
    desk::{Desk, Errand},
    runner::Runner,
};
use super::tasks::Targets;
use crate::{
    domain::{
        batch::{Batch, BatchId, Head, Mode, Order, Record},
        plan::{Mutation, Outcome, Plan},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::{
        Inbox,
        postgres::mutations::{Replay, Writer},
    },
};

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
        audit.batch("begin", &batch, false).map_err(unwritten)?;
        let journal = self
            .journals
            .begin(&head)
            .map_err(|error| unusable(&error))?;
        let mut writer = self.targets.writer().of_batch(&head.batch);
        Box::pin(write_down(&mut writer, "begin", &batch)).await;
        Ok(Runner::new(
            self.clone(),
            (batch, Vec::new()),
            journal,
            (writer, replay),
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
        audit.batch("resume", &batch, false).map_err(unwritten)?;
        let writer = self.targets.writer().of_batch(id);
        Ok(Runner::new(
            self.clone(),
            (batch, records),
            journal,
            (writer, replay),
            orders,
        ))
    }

    /// Ends the batch `id`, which nobody drives: what was not sent never will be.
    ///
    /// # Errors
    /// Why it goes on to wait.
    pub async fn stop(&self, id: &BatchId) -> Result<Batch, Fault> {
        let (mut journal, kept) = self.journals.resume(id).map_err(|error| unusable(&error))?;
        let mut batch = kept.batch();
        if batch.is_over() {
            return Err(refused("this batch is over: nothing is left to stop"));
        }
        let at = chrono::Utc::now();
        let who = self.targets.audit.actor.clone();
        let mut records = vec![Record::Stopped { at, who }];
        let is_idle = batch.watched().0.is_empty() && batch.report().in_doubt == 0;
        if is_idle {
            records.push(Record::Finished { at });
        }
        for record in &records {
            let unwritten = |error: std::io::Error| refused(format!("the journal: {error}"));
            journal.add(record).map_err(unwritten)?;
            batch.add(record);
        }
        let mut writer = self.targets.writer().of_batch(id);
        let is_in_table = Box::pin(write_down(&mut writer, "stop", &batch)).await;
        if let Err(error) = self.targets.audit.batch("stop", &batch, is_in_table) {
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

/// How long the audit table is waited for: the file has the same, and who leaves does not wait.
const TABLE: Duration = Duration::from_secs(3);

/// Writes into the audit table that `batch` begins, rests, is stopped or ends; whether that is there now.
async fn write_down(writer: &mut Writer, phase: &'static str, batch: &Batch) -> bool {
    let outcome = if phase == "begin" {
        Outcome::default()
    } else {
        batch.outcome()
    };
    let note = writer.note_phase(&batch.head.plan, &outcome, phase);
    match tokio::time::timeout(TABLE, note).await {
        Ok(Ok(outcome)) => outcome.audited_in_database,
        Ok(Err(fault)) => {
            tracing::warn!(%fault, phase, "the audit table has no line for a batch");
            false
        }
        Err(_) => {
            tracing::warn!(phase, "the audit table did not answer in time");
            false
        }
    }
}

fn refused(text: impl Into<String>) -> Fault {
    Fault::Refused(Untrusted::from(text.into()))
}

fn unusable(error: &Unusable) -> Fault {
    refused(error.to_string())
}
