//! One row: sent, or looked up where it is in doubt; and what is written down of it.

use chrono::{TimeDelta, Utc};

use super::{LOOK, Runner, is_passing};
use crate::{
    domain::{
        batch::{Halt, Record, Standing},
        event::RowId,
        plan::Outcome,
    },
    msg::{Fault, Told},
    shell::batches::pen::{Pen, clone_of, why},
    sources::postgres::mutations::{Fate, Later, Tried},
};

/// How often a transaction is asked after that is still in progress.
const ASKS: u32 = 20;

impl Runner {
    /// Looks up what became of the transaction `xid`, which was to send the row `id`.
    pub(super) async fn settle(&mut self, id: RowId, xid: &str) -> Result<(), Fault> {
        let Some(replay) = self.replay.as_mut() else {
            return Ok(());
        };
        let at = Utc::now();
        let record = match replay.fate(xid).await {
            Ok(Fate::Committed) => {
                let row = self.batch.row(&id);
                let standing = row.map(|row| row.standing.clone());
                let Some(Standing::Begun {
                    at, skip, clone, ..
                }) = standing
                else {
                    return Ok(());
                };
                match skip {
                    Some(why) => Record::Skipped { id, at, why },
                    None if self.batch.head.plan.ends_with_commit() => {
                        Record::Sent { id, at, clone }
                    }
                    None => {
                        let why = "its webhook was about to be called: whether it was is not known";
                        let why = why.to_owned();
                        Record::Unknown { id, at, why }
                    }
                }
            }
            Ok(Fate::Aborted) => Record::TakenBack { id, at },
            Ok(Fate::InProgress) if self.tries < ASKS => {
                let held = format!("transaction {xid} is still in progress");
                self.hold(Some(held)).await;
                self.tries += 1;
                return self.wait(LOOK).await;
            }
            Ok(fate @ (Fate::InProgress | Fate::Forgotten)) => {
                let what = if fate == Fate::Forgotten {
                    "the server has forgotten"
                } else {
                    "the server has not decided"
                };
                let why = format!("{what} transaction {xid}: look at the event as it stands");
                Record::Unknown { id, at, why }
            }
            Err(fault) if is_passing(&fault) => {
                self.lose(&fault).await;
                return Ok(());
            }
            Err(fault) => {
                let why = format!("what became of transaction {xid} cannot be told: {fault}");
                Record::Unknown { id, at, why }
            }
        };
        self.tries = 0;
        self.hold(None).await;
        self.note(record).await
    }

    /// Sends the row `id`; writes down that it is begun right before the commit, and what came of it after.
    pub(super) async fn send(&mut self, id: RowId) -> Result<(), Fault> {
        let mut pen = Pen {
            journal: &mut self.journal,
            id: &id,
            key: self.batch.head.batch.key(&id),
            begun: Vec::new(),
        };
        let plan = self.batch.plan_of(&id);
        let answer = self.writer.retry_one(&plan, &id, &mut pen).await;
        let begun = pen.begun;
        let was_begun = !begun.is_empty();
        for record in begun {
            self.batch.add(&record);
            self.tell(Told::Noted(self.id().clone(), record)).await;
        }
        let at = Utc::now();
        let record = match answer {
            Ok(Tried {
                later: Some(later), ..
            }) => return self.put_off(id, later).await,
            Ok(tried) => return self.sent(id, &tried.outcome).await,
            Err(fault @ Fault::InDoubt(_)) => Record::Unknown {
                id,
                at,
                why: fault.to_string(),
            },
            Err(fault) => {
                if was_begun {
                    self.note(Record::TakenBack { id, at }).await?;
                }
                return self.refused(&fault).await;
            }
        };
        self.tries = 0;
        self.hold(None).await;
        self.note(record).await
    }

    /// n8n asked to be called later, and the row was put back.
    async fn put_off(&mut self, id: RowId, later: Later) -> Result<(), Fault> {
        self.tries = 0;
        self.hold(None).await;
        let at = Utc::now();
        let seconds = i64::try_from(later.seconds).unwrap_or(i64::MAX / 1_000);
        let deferred = Record::Deferred {
            id,
            at,
            until: at + TimeDelta::seconds(seconds),
            version: Some(later.version),
        };
        self.note(deferred).await?;
        match self.batch.deferred_too_often(at) {
            Some(record) => self.keep(record).await,
            None => Ok(()),
        }
    }

    /// What came of the row `id` by now is `outcome`.
    async fn sent(&mut self, id: RowId, outcome: &Outcome) -> Result<(), Fault> {
        self.tries = 0;
        self.hold(None).await;
        let at = Utc::now();
        if outcome.done.contains(&id) {
            let clone = clone_of(outcome, &id);
            return self.note(Record::Sent { id, at, clone }).await;
        }
        if let Some((_, why)) = outcome.unknown.first() {
            let why = why.clone();
            return self.note(Record::Unknown { id, at, why }).await;
        }
        let refused = outcome.failed.first().map(|_| Halt::Call(id.clone()));
        let why = why(outcome);
        self.note(Record::Skipped { id, at, why }).await?;
        match refused {
            Some(why) => self.note(Record::Paused { at, why }).await,
            None => Ok(()),
        }
    }

    /// A row could not be sent: that is waited for where it goes by itself, and stops the batch where it does not.
    async fn refused(&mut self, fault: &Fault) -> Result<(), Fault> {
        if is_passing(fault) {
            self.hold(Some(fault.to_string())).await;
            return self.pause_a_while().await;
        }
        let at = Utc::now();
        let why = Halt::Fault(fault.to_string());
        self.note(Record::Paused { at, why }).await
    }
}
