//! What operators change in the database. Each runs in one transaction; each row is guarded by the state it was shown
//! in, so that what changed meanwhile is left alone and said.

mod audited;
mod chance;
mod clones;
mod commit;
mod errors;
mod events;
mod guard;
mod newest;
mod noted;
mod parts;
mod purge;
mod replay;
mod retries;
mod step;
mod test_events;
mod trace;
mod triage;
mod unknown;
mod webhooks;
mod writer;

pub use self::{
    commit::{Fate, Witness, fate},
    replay::Replay,
    trace::Doubt,
    webhooks::{Later, Tried},
    writer::Writer,
};

use std::collections::HashMap;

use serde_json::Value;
use tokio_postgres::{Row, types::Type};

use self::{commit::Commit, step::Ticket};
use super::{
    Client, Transaction,
    catalog::Catalog,
    client::{Parameter, Statements},
    fault_of,
    queries::template,
};
use crate::{
    domain::{
        event::RowId,
        plan::{Examination, Mutation, Outcome},
        untrusted::Untrusted,
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
    rows_from(client, catalog, (sql, None), parameters).await
}

/// As [`rows`]; where the template says so, rows with a lower key than `first` are left out.
async fn rows_from(
    client: &impl Statements,
    catalog: &Catalog,
    (sql, first): (&str, Option<i64>),
    parameters: &[Parameter<'_>],
) -> Result<Vec<Row>, Fault> {
    let sql = template::render(catalog, sql, first)?;
    let answer = client.query_typed(&sql, parameters).await;
    answer.map_err(|error| fault_of(&error))
}

/// Rows by their key, for as many as a plan may name.
struct Keyed<'a>(HashMap<&'a str, &'a Row>);

impl<'a> Keyed<'a> {
    fn of(rows: &'a [Row]) -> Self {
        let key = |row: &'a Row| Some((row.try_get("id").ok()?, row));
        Self(rows.iter().filter_map(key).collect())
    }

    /// The row whose key is `id`.
    fn get(&self, id: &RowId) -> Option<&'a Row> {
        self.0.get(id.as_str()).copied()
    }
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

    /// Writes the line of the audit log where there is one, and lets the change stand. From the moment the commit is sent
    /// until it is answered, `ticket` has what to look up.
    async fn commit(
        mut self,
        line: &Line<'_>,
        mut outcome: Outcome,
        ticket: &mut Ticket<'_>,
    ) -> Result<Outcome, Fault> {
        let key = ticket.witness.as_ref().map(|it| it.key().to_owned());
        outcome.audited_in_database = self
            .audit(
                line,
                (ticket.who, ticket.mutation),
                (key, ticket.batch),
                &outcome,
            )
            .await?;
        let number = include_str!("../../../sql/mutations/transaction.sql");
        let rows = self.transaction.query_typed(number, &[]).await;
        let rows = rows.map_err(|error| fault_of(&error))?;
        let xid = rows
            .first()
            .map_or(Ok(String::new()), |row| row.try_get("xid"));
        let xid = xid.map_err(|error| fault_of(&error))?;
        if let Some(witness) = ticket.witness.as_mut() {
            witness
                .committing(&xid, &outcome)
                .map_err(|error| unwritten(&error))?;
        }
        ticket.commit = Some(Commit {
            xid,
            outcome: outcome.clone(),
        });
        let answer = self.transaction.commit().await;
        // What the server itself says no to does not stand.
        if answer
            .as_ref()
            .map_or_else(|error| error.as_db_error().is_some(), |()| true)
        {
            ticket.commit = None;
        }
        answer.map_err(|error| fault_of(&error))?;
        Ok(outcome)
    }

    /// Whether the line could be written; a log of another shape must not cost the change.
    async fn audit(
        &mut self,
        line: &Line<'_>,
        (who, mutation): (&str, &Mutation),
        (key, batch): (Option<String>, Option<(&str, &'static str)>),
        outcome: &Outcome,
    ) -> Result<bool, Fault> {
        let may = |audit: &super::relation::Relation| audit.usage && audit.insert;
        if !self.catalog.relation("audit").is_some_and(may) {
            return Ok(false);
        }
        let mut outcome = audited::outcome(mutation, outcome, who);
        if let (Some(key), Some(outcome)) = (key, outcome.as_object_mut()) {
            outcome.insert("key".to_owned(), key.into());
        }
        let targets = Value::from(texts(line.targets));
        let sql = include_str!("../../../sql/mutations/audit.sql");
        let sql = template::render(self.catalog, sql, None)?;
        let schema = self.catalog.schema.as_str();
        let (batch, phase) = batch.unzip();
        let attempt = self.transaction.transaction().await;
        let attempt = attempt.map_err(|error| fault_of(&error))?;
        let written = attempt
            .query_typed(
                &sql,
                &[
                    (&who, Type::TEXT),
                    (&line.action, Type::TEXT),
                    (&targets, Type::JSONB),
                    (&line.note, Type::TEXT),
                    (&outcome, Type::JSONB),
                    (&schema, Type::TEXT),
                    (&batch, Type::TEXT),
                    (&phase, Type::TEXT),
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
        Mutation::RetryEvents(retry) => {
            let found = retries::look(client, catalog, retry).await?;
            let causes = replay::causes_before(client, catalog, &retry.targets).await;
            let chance = chance::look(client, catalog, (&retry.targets, &causes)).await;
            let usual = replay::usual_of(client, catalog, &retry.targets).await;
            Examination {
                causes,
                chance,
                usual,
                ..found
            }
        }
        Mutation::DeleteClones(all) => Examination {
            statement: statement(clones::DELETE)?,
            ..clones::look_again(client, catalog, all).await?
        },
        Mutation::ResolveErrors { ids, .. } => Examination {
            statement: statement(errors::resolving(catalog))?,
            ..errors::look(client, catalog, ids, errors::Wanted::Unresolved).await?
        },
        Mutation::ReopenErrors { ids, by, marks, .. } => Examination {
            statement: statement(errors::REOPEN)?,
            ..errors::look(client, catalog, ids, errors::Wanted::Resolved(by, marks)).await?
        },
        Mutation::InsertEvent(event) => Examination {
            statement: statement(test_events::INSERT)?,
            ..test_events::look(client, catalog, event).await?
        },
        Mutation::DeleteTestEvents { ids, by, .. } => Examination {
            statement: statement(test_events::DELETE)?,
            ..test_events::look_again(client, catalog, ids, by).await?
        },
        Mutation::Triage { targets, place, .. } => {
            triage::look(client, catalog, (targets, place)).await?
        }
        Mutation::Purge(old) => purge::look(client, catalog, old).await?,
        Mutation::Note { .. } => noted::look(catalog),
        Mutation::SetWorkflowActive { .. }
        | Mutation::BounceWorkflow { .. }
        | Mutation::StopExecutions(_)
        | Mutation::RetryExecutions { .. } => Examination::default(),
    })
}

/// What the audit log is to say.
struct Line<'a> {
    action: &'static str,
    targets: &'a [RowId],
    note: Option<&'a str>,
}

fn unwritten(error: &std::io::Error) -> Fault {
    let text = format!("the journal cannot be written, so nothing was changed: {error}");
    Fault::Refused(Untrusted::from(text))
}

fn texts(ids: &[RowId]) -> Vec<&str> {
    ids.iter().map(RowId::as_str).collect()
}
