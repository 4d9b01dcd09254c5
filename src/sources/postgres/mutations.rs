//! What operators change in the database. Each runs in one transaction; each row is guarded by the state it was shown
//! in, so that what changed meanwhile is left alone and said.

mod errors;
mod events;
mod guard;

pub use self::{
    errors::{reopen_errors, resolve_errors},
    events::retry_events,
};

use serde_json::Value;
use tokio_postgres::{Row, types::Type};

use super::{
    Client, Transaction,
    catalog::{Catalog, Lack},
    client::{Parameter, Statements},
    fault_of,
    queries::template,
};
use crate::{
    domain::{
        event::RowId,
        plan::{Examination, Mutation, Outcome, Plan},
    },
    msg::Fault,
};

/// A change in progress: nothing of it stands before it is committed.
struct Change<'a> {
    transaction: Transaction<'a>,
    catalog: &'a Catalog,
}

/// The rows that `sql`, a template, gives on this database.
async fn rows(
    client: &impl Statements,
    catalog: &Catalog,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<Vec<Row>, Fault> {
    let sql = template::render(catalog, sql, None)?;
    let answer = client.query_typed(&sql, parameters).await;
    answer.map_err(|error| fault_of(&error))
}

/// The row whose key is `id`.
fn row_of<'a>(rows: &'a [Row], id: &RowId) -> Option<&'a Row> {
    rows.iter()
        .find(|row| row.try_get("id").is_ok_and(|key: &str| key == id.as_str()))
}

impl<'a> Change<'a> {
    async fn begin(client: &'a mut Client, catalog: &'a Catalog) -> Result<Self, Fault> {
        if catalog.standby {
            return Err(Fault::Refused(
                "this server is a standby, which cannot be written to".into(),
            ));
        }
        // Whether it may write is the session's affair: one that was opened read-only refuses.
        let transaction = client.transaction().await;
        let transaction = transaction.map_err(|error| fault_of(&error))?;
        transaction
            .batch_execute(include_str!("../../../sql/mutations/guard.sql"))
            .await
            .map_err(|error| fault_of(&error))?;
        Ok(Self {
            transaction,
            catalog,
        })
    }

    async fn rows(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, Fault> {
        rows(&self.transaction, self.catalog, sql, parameters).await
    }

    /// Writes the line of the audit log where there is one, and lets the change stand.
    async fn commit(mut self, line: &Line<'_>, mut outcome: Outcome) -> Result<Outcome, Fault> {
        outcome.audited_in_database = self.audit(line, &outcome).await?;
        self.transaction
            .commit()
            .await
            .map_err(|error| fault_of(&error))?;
        Ok(outcome)
    }

    /// Whether the line could be written; a log of another shape must not cost the change.
    async fn audit(&mut self, line: &Line<'_>, outcome: &Outcome) -> Result<bool, Fault> {
        let may = |audit: &super::relation::Relation| audit.usage && audit.insert;
        if !self.catalog.relation("audit").is_some_and(may) {
            return Ok(false);
        }
        let skipped: Vec<Value> = outcome
            .skipped
            .iter()
            .map(|(id, why)| serde_json::json!({"id": id.as_str(), "why": why}))
            .collect();
        let outcome = serde_json::json!({"done": texts(&outcome.done), "skipped": skipped});
        let targets = Value::from(texts(line.targets));
        let attempt = self.transaction.transaction().await;
        let attempt = attempt.map_err(|error| fault_of(&error))?;
        let written = attempt
            .query_typed(
                include_str!("../../../sql/mutations/audit.sql"),
                &[
                    (&line.who, Type::TEXT),
                    (&line.action, Type::TEXT),
                    (&targets, Type::JSONB),
                    (&line.note, Type::TEXT),
                    (&outcome, Type::JSONB),
                ],
            )
            .await;
        let ended = if written.is_ok() {
            attempt.commit().await
        } else {
            attempt.rollback().await
        };
        ended.map_err(|error| fault_of(&error))?;
        Ok(written.is_ok())
    }
}

/// What the database says of `mutation` before anybody confirms it: the rows as they stand, what must not run and
/// why, and the statement. Only reads.
///
/// # Errors
/// What the database lacks for it, or what the server or the connection answered.
pub async fn examine(
    client: &Client,
    catalog: &Catalog,
    mutation: &Mutation,
) -> Result<Examination, Fault> {
    let statement = |sql: &str| template::render(catalog, sql, None);
    Ok(match mutation {
        Mutation::RetryEvents(targets) => Examination {
            statement: statement(events::RETRY)?,
            ..guard::look(client, catalog, targets).await?
        },
        Mutation::ResolveErrors { .. } => Examination {
            statement: statement(errors::resolving(catalog))?,
            ..Examination::default()
        },
        Mutation::ReopenErrors { .. } => Examination {
            statement: statement(errors::REOPEN)?,
            ..Examination::default()
        },
        Mutation::SetWorkflowActive { .. }
        | Mutation::BounceWorkflow { .. }
        | Mutation::StopExecutions(_)
        | Mutation::RetryExecutions { .. } => Examination::default(),
    })
}

/// Writes into the audit log, if there is one that takes it, what `plan` did outside the database: `outcome`.
///
/// # Errors
/// What the server or the connection answered.
pub async fn note_down(
    client: &mut Client,
    catalog: &Catalog,
    plan: &Plan,
    outcome: Outcome,
    who: &str,
) -> Result<Outcome, Fault> {
    let words = plan.mutation.words();
    let line = Line {
        who,
        action: plan.mutation.name(),
        targets: &outcome.done.clone(),
        note: Some(&words),
    };
    let change = Change::begin(client, catalog).await?;
    change.commit(&line, outcome).await
}

/// What the audit log is to say.
struct Line<'a> {
    who: &'a str,
    action: &'a str,
    targets: &'a [RowId],
    note: Option<&'a str>,
}

fn texts(ids: &[RowId]) -> Vec<&str> {
    ids.iter().map(RowId::as_str).collect()
}

/// What keeps our role from changing these columns, if anything does. One that is not there needs no right.
fn may_update(catalog: &Catalog, table: &str, columns: &[&str]) -> Result<(), Lack> {
    let relation = catalog.table(table)?;
    columns
        .iter()
        .filter_map(|column| template::find(table, column))
        .try_for_each(|wanted| catalog.may_update(relation, wanted))
}
