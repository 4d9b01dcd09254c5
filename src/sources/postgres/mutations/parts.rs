//! A plan on more rows than one transaction takes: part after part, and one entry of the audit log all the same.

use super::{
    step::Step,
    writer::{Writer, with},
};
use crate::{
    domain::{
        audit,
        event::RowId,
        plan::{Outcome, Plan},
    },
    msg::Fault,
};

impl Writer {
    /// Carries out `step` for so many of the rows `runs` of `plan` at a time, each a transaction; what fails ends it. Where these
    /// are several, the audit log has a line that the plan begins, one of each, and one that sums them up, as of a batch.
    ///
    /// # Errors
    /// Why nothing was changed, or why nobody knows whether anything was.
    pub(super) async fn in_parts<'a>(
        &mut self,
        (plan, runs, size): (&'a Plan, &'a [RowId], usize),
        step: impl Fn(&'a [RowId]) -> Step<'a>,
    ) -> Result<Outcome, Fault> {
        let is_one = runs.len() <= size || self.batch.is_some();
        if is_one {
            return self.parts((runs, size), step).await;
        }
        self.begin_entry(plan).await?;
        let answer = self.parts((runs, size), step).await;
        let sum = match &answer {
            Ok(outcome) => outcome.clone(),
            Err(fault) => {
                let (first, rest) = runs.split_at(size);
                Outcome {
                    failed: with(first, &fault.to_string()).collect(),
                    untried: rest.to_vec(),
                    ..Outcome::default()
                }
            }
        };
        self.end_entry(plan, &sum).await;
        answer
    }

    /// Begins an entry of the audit log of which all lines are until [`Writer::end_entry`].
    ///
    /// # Errors
    /// What the server or the connection answered: there is no entry then.
    pub(super) async fn begin_entry(&mut self, plan: &Plan) -> Result<(), Fault> {
        self.batch = Some(audit::of_plan(plan));
        let begun = self.note_phase(plan, &Outcome::default(), "begin").await;
        if begun.is_err() {
            self.batch = None;
        }
        begun.map(drop)
    }

    /// Ends it with what came of the whole. Without that line, those of the parts still say what stands.
    pub(super) async fn end_entry(&mut self, plan: &Plan, sum: &Outcome) {
        if let Err(fault) = self.note_phase(plan, sum, "end").await {
            tracing::warn!(%fault, "the audit log has no line that sums a plan up");
        }
        self.batch = None;
    }

    async fn parts<'a>(
        &mut self,
        (runs, size): (&'a [RowId], usize),
        step: impl Fn(&'a [RowId]) -> Step<'a>,
    ) -> Result<Outcome, Fault> {
        let mut outcome = Outcome::default();
        let mut parts = runs.chunks(size);
        for (nth, rows) in parts.by_ref().enumerate() {
            match self.step(step(rows), None).await {
                Ok(part) => {
                    let n = part.done.len();
                    outcome.marks.extend(outcome.done.len(), &part.marks, n);
                    outcome.done.extend(part.done);
                    outcome.skipped.extend(part.skipped);
                    outcome.remarks.extend(part.remarks);
                    outcome.clones.extend(part.clones);
                    outcome.audited_in_database = part.audited_in_database;
                }
                Err(fault @ Fault::InDoubt(_)) => {
                    outcome.unknown.extend(with(rows, &fault.to_string()));
                    break;
                }
                Err(fault) if nth == 0 => return Err(fault),
                Err(fault) => {
                    outcome.failed.extend(with(rows, &fault.to_string()));
                    break;
                }
            }
        }
        outcome.untried = parts.flatten().cloned().collect();
        Ok(outcome)
    }
}
