//! Carries a plan out.

use tokio_postgres::{Client, error::SqlState};

use super::{
    MigrateError,
    plan::{FilePlan, Step, record},
    said,
};
use crate::sources::postgres::syntax::quote_both;

/// Applies one file: what may share a transaction in one, then indexes one by one, then, if there were any, its record.
pub(super) async fn run(
    client: &mut Client,
    file: &FilePlan,
    checksum: &str,
) -> Result<(), MigrateError> {
    let (alone, together): (Vec<&Step>, Vec<&Step>) = file
        .steps
        .iter()
        .partition(|step| step.concurrent.is_some());
    let record = record(file, checksum);
    let transaction = client.transaction().await?;
    for step in together {
        let done = transaction.batch_execute(&step.sql).await;
        done.map_err(|error| failed(&step.what, &error))?;
    }
    if alone.is_empty() {
        let done = transaction.batch_execute(&record).await;
        done.map_err(|error| failed(file.version, &error))?;
    }
    transaction.commit().await?;
    if !alone.is_empty() {
        for step in alone {
            build(client, step).await?;
        }
        let done = client.batch_execute(&record).await;
        done.map_err(|error| failed(file.version, &error))?;
    }
    Ok(())
}

/// Runs a concurrent step. It waits for old transactions, but nobody waits for it.
async fn build(client: &Client, step: &Step) -> Result<(), MigrateError> {
    client
        .batch_execute(include_str!("../../sql/migrate/patient.sql"))
        .await?;
    let built = client.batch_execute(&step.sql).await;
    if built.is_err()
        && let Some(index) = &step.concurrent
    {
        // An unfinished index costs every writer and serves nobody. If this fails too, the next run finds it.
        let undo = format!("DROP INDEX CONCURRENTLY IF EXISTS {};", quote_both(index));
        drop(client.batch_execute(&undo).await);
    }
    let impatient = client
        .batch_execute(include_str!("../../sql/migrate/session.sql"))
        .await;
    built.map_err(|error| failed(&step.what, &error))?;
    Ok(impatient?)
}

fn failed(what: &str, error: &tokio_postgres::Error) -> MigrateError {
    match error.code() {
        Some(&SqlState::LOCK_NOT_AVAILABLE) => MigrateError::Locked(what.to_owned()),
        Some(_) => MigrateError::Statement {
            what: what.to_owned(),
            message: said(error),
        },
        None => MigrateError::Connection(said(error)),
    }
}

/// The same as a script for psql.
pub(super) fn script(file: &FilePlan, checksum: &str) -> String {
    let (alone, together): (Vec<&Step>, Vec<&Step>) = file
        .steps
        .iter()
        .partition(|step| step.concurrent.is_some());
    let mut lines = vec![format!("-- {}", file.version), "BEGIN;".to_owned()];
    lines.extend(together.iter().map(|step| step.sql.clone()));
    if alone.is_empty() {
        lines.push(record(file, checksum));
    }
    lines.push("COMMIT;".to_owned());
    if !alone.is_empty() {
        lines.extend(alone.iter().map(|step| step.sql.clone()));
        lines.push(record(file, checksum));
    }
    lines.push("\n".to_owned());
    lines.join("\n")
}
