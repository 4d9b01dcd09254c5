//! Lines of the audit log that change nothing else: what was done outside the database, and how a batch stands.

use super::{
    Change, Client, Line,
    step::{Step, Ticket},
    writer::Writer,
};
use crate::{
    domain::{
        audit::{self, about},
        event::RowId,
        plan::{Examination, Outcome, Plan, Version},
    },
    msg::Fault,
    sources::postgres::{catalog::Catalog, queries::template, relation::Relation},
};

/// What there is to say of a note before it is written.
pub(super) fn look(catalog: &Catalog) -> Examination {
    let may = |audit: &Relation| audit.usage && audit.insert;
    let takes = catalog.relation("audit").is_some_and(may);
    let sql = include_str!("../../../../sql/mutations/audit.sql");
    let sql = template::render(catalog, sql, None).ok().filter(|_| takes);
    Examination {
        eligible: vec![Version {
            id: about::note(),
            xmin: None,
        }],
        unknown: (!takes).then(|| ALONE.to_owned()).into_iter().collect(),
        statement: sql.unwrap_or_else(|| format!("-- {ALONE}")),
        ..Examination::default()
    }
}

/// What is said of a note that the table does not take.
const ALONE: &str = "no other console sees it: outpost.audit is not there, or this role may not write it; it is kept in the file of this machine";

impl Writer {
    /// Writes a note down, and nothing else.
    ///
    /// # Errors
    /// What the server or the connection answered.
    pub(super) async fn note(&mut self, plan: &Plan) -> Result<Outcome, Fault> {
        let done = Outcome {
            done: vec![about::note()],
            ..Outcome::default()
        };
        let mut outcome = self.note_down(plan, &done).await?;
        if !outcome.audited_in_database {
            outcome.remarks.push((about::note(), ALONE.to_owned()));
        }
        Ok(outcome)
    }

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
