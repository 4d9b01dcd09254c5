//! Lines of the audit log that change nothing else: what was done outside the database, and how a batch stands.

use super::{
    Change, Client, Line,
    step::{Step, Ticket},
    writer::Writer,
};
use crate::{
    domain::{
        audit,
        event::RowId,
        plan::{Outcome, Plan},
    },
    msg::Fault,
    sources::postgres::catalog::Catalog,
};

impl Writer {
    /// Writes into the audit log, if there is one that takes it, what `plan` did outside the database.
    ///
    /// # Errors
    /// What the server or the connection answered.
    pub async fn note_down(&mut self, plan: &Plan, outcome: &Outcome) -> Result<Outcome, Fault> {
        self.step(Step::Note(plan, outcome), None).await
    }

    /// Writes into the audit log, if there is one that takes it, that the batch of `plan` begins, rests, is stopped or ends
    /// (`phase`), and what became of its rows so far.
    ///
    /// # Errors
    /// What the server or the connection answered.
    pub async fn note_phase(
        &mut self,
        plan: &Plan,
        outcome: &Outcome,
        phase: &'static str,
    ) -> Result<Outcome, Fault> {
        self.step(Step::Phase(plan, outcome, phase), None).await
    }
}

/// Writes a line of `plan` into the audit log, if there is one that takes it: `outcome`, of `targets`, with `note`.
pub(super) async fn line(
    client: &mut Client,
    catalog: &Catalog,
    (plan, outcome, targets, note): (&Plan, &Outcome, &[RowId], Option<&str>),
    ticket: &mut Ticket<'_>,
) -> Result<Outcome, Fault> {
    let is_of_plan = ticket
        .batch
        .is_some_and(|(batch, _)| audit::is_of_plan(batch));
    if is_of_plan && catalog.type_of("audit", "batch").is_none() {
        // Nothing would tell what the lines of one plan have in common.
        return Ok(outcome.clone());
    }
    let line = Line {
        action: plan.mutation.name(),
        targets,
        note,
    };
    let change = Change::begin(client, catalog).await?;
    change.commit(&line, outcome.clone(), ticket).await
}
