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
    sources::postgres::mutations::{Doubt, Fate, Later, Tried},
};

impl Runner {
    /// Looks up what became of the transaction `xid`, which was to send the row `id`. As long as that is not decided, the row
    /// stays in doubt, and nothing else is sent.
    pub(super) async fn settle(&mut self, id: RowId, xid: &str) -> Result<(), Fault> {
        match self.fate_of(&id, xid).await {
            Ok(Some(record)) => {
                self.tries = 0;
                self.hold(None).await;
                self.note(record).await
            }
            Ok(None) => {
                let held = format!(
                    "transaction {xid}, of row {id}, is not decided yet: it is asked after again, and nothing is sent before"
                );
                self.hold(Some(held)).await;
                self.wait(LOOK).await
            }
            Err(fault) if is_passing(&fault) => {
                self.lose(&fault).await;
                Ok(())
            }
            Err(fault) => {
                let held = format!(
                    "what became of transaction {xid}, of row {id}, cannot be asked: {fault}"
                );
                self.hold(Some(held)).await;
                self.pause_a_while().await
            }
        }
    }

    /// What the fate of the transaction `xid` makes of the row `id`, as soon as it is decided.
    async fn fate_of(&mut self, id: &RowId, xid: &str) -> Result<Option<Record>, Fault> {
        let row = self.batch.row(id);
        let Some((
            row,
            Standing::Begun {
                at, skip, clone, ..
            },
        )) = row.map(|row| (row, row.standing.clone()))
        else {
            return Ok(None);
        };
        let plan = &self.batch.head.plan;
        let ends_with_commit = plan.ends_with_commit();
        let Some((target, replay)) = plan.target(id).zip(self.replay.as_mut()) else {
            return Ok(None);
        };
        let shown = plan.examined.as_ref().and_then(|it| it.version(id));
        let shown = shown.and_then(|version| version.xmin.as_deref());
        let key = self.batch.head.batch.key(id);
        let doubt = Doubt {
            xid,
            // A call that was put off has left a line of the same name.
            key: ends_with_commit.then_some(key.as_str()),
            at,
            target,
            version: row.version.as_deref().or(shown),
            clone: clone.as_ref(),
        };
        let fate = replay.trace(&doubt).await?;
        let (id, now) = (id.clone(), Utc::now());
        Ok(Some(match (fate, skip) {
            (Fate::InProgress, _) => return Ok(None),
            (Fate::Committed, Some(why)) => Record::Skipped { id, at: now, why },
            (Fate::Committed, None) if ends_with_commit => Record::Sent { id, at, clone },
            (Fate::Committed, None) if replay.is_begun(&id, xid).await? => {
                Record::Sent { id, at, clone }
            }
            (Fate::Committed, None) => {
                let why = "its webhook was about to be called: whether it was is not known";
                let why = why.to_owned();
                Record::Unknown { id, at: now, why }
            }
            // To leave it alone sends nothing, whether that stands or not.
            (Fate::Aborted, _) | (Fate::Forgotten, Some(_)) => Record::TakenBack { id, at: now },
            (Fate::Forgotten, None) => {
                let why = format!(
                    "the server has forgotten transaction {xid}, and the event was changed since: look at it"
                );
                Record::Unknown { id, at: now, why }
            }
        }))
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
        match answer {
            Ok(Tried {
                later: Some(later), ..
            }) => self.put_off(id, later).await,
            Ok(tried) => self.sent(id, &tried.outcome).await,
            // It is begun, and so it is looked up before anything else.
            Err(fault @ Fault::InDoubt(_)) => {
                self.hold(Some(fault.to_string())).await;
                Ok(())
            }
            Err(fault) => {
                if was_begun {
                    let at = Utc::now();
                    self.note(Record::TakenBack { id, at }).await?;
                }
                self.refused(&fault).await
            }
        }
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
        if self.batch.head.plan.is_for_the_hour(&why) {
            // It is left for the morning, and so is the rest.
            self.note(Record::TakenBack { id, at }).await?;
            let why = Halt::Fault(why);
            return self.note(Record::Paused { at, why }).await;
        }
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
