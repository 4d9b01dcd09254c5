//! `outpost migrate`: brings a database to our schema. To an empty one it gives everything; to one that grew by hand it
//! adds what is absent, touches nothing that it found, and says what that was.
//!
//! Each file of `sql/` is a migration, applied in one transaction with its record in `outpost.migrations`; only indexes
//! on tables with rows are built outside of it, without blocking writers. One migration runs at a time.

mod execute;
mod existing;
mod plan;
mod script;

use std::{collections::BTreeMap, time::Duration};

use tokio_postgres::{Client, error::SqlState};

use self::{existing::Existing, plan::Plan};
use crate::{domain::untrusted::Untrusted, sources::postgres::syntax::quote};

/// SQL that makes the roles `outpost_reader` and `outpost_operator` and gives them what they need on a migrated database.
/// Roles belong to the whole server, so no migration makes them; it may be run again at any time.
pub const ROLES: &str = include_str!("../sql/roles.sql");

/// What to do, and how patiently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The pipeline's schema: `marketing` unless the site calls it otherwise.
    pub schema: String,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Also build what makes the trail of a record quick to read, at a cost to every writer of events.
    pub trail: bool,
    /// How long to wait for another migration to end.
    pub wait: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            schema: "marketing".to_owned(),
            dry_run: false,
            trail: false,
            wait: Duration::from_mins(1),
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What was made, as `table marketing.campaigns`; with `dry_run`, what would be.
    pub applied: Vec<String>,
    /// What stands in the way of ours and was not touched.
    pub left_alone: Vec<LeftAlone>,
    /// Every statement that ran or would run, in order, as a script for psql.
    pub sql: String,
}

/// An object that was not made or not changed. Its texts are fit to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftAlone {
    /// What: `function marketing.mark_event_failed`.
    pub object: String,
    /// Why.
    pub reason: String,
    /// What would make ours, where that is for a person to decide.
    pub sql: Option<String>,
}

/// Why a database could not be migrated.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The role lacks rights; nothing was changed.
    #[error("this role lacks rights; migrate as the owner of the tables, or let an owner first run: {}", .0.join(" "))]
    Privileges(Vec<String>),
    /// Another migration did not end in time.
    #[error("another outpost migrate is at work on this database; try again when it is done")]
    Busy,
    /// Somebody held a lock for longer than we block others; the file's transaction was undone.
    #[error(
        "{0}: somebody held a lock on it for too long, and nobody was made to wait behind us; run outpost migrate again"
    )]
    Locked(String),
    /// A standby, or a session that may only read.
    #[error(
        "the server only takes reads: give the URL of the primary, without default_transaction_read_only"
    )]
    ReadOnly,
    /// An applied file differs from ours.
    #[error("{0} was applied in another version than this program has; nothing was changed")]
    Changed(String),
    /// A newer program was here.
    #[error("the database has {0}, which this program does not know: use the newer outpost")]
    Newer(String),
    /// A statement failed.
    #[error("{what}: {}", message.display())]
    Statement {
        /// What it was to make.
        what: String,
        /// What the server said.
        message: Untrusted,
    },
    /// The connection failed, or a question was not answered.
    #[error("the database did not answer: {}", .0.display())]
    Connection(Untrusted),
    /// One of our own files is not written as it must be.
    #[error("a line of our own SQL cannot be read: {0}")]
    Script(String),
}

impl From<tokio_postgres::Error> for MigrateError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Connection(said(&error))
    }
}

/// What the server or the connection said.
fn said(error: &tokio_postgres::Error) -> Untrusted {
    error.as_db_error().map_or_else(
        || Untrusted::from(error.to_string()),
        |error| Untrusted::from(error.message()),
    )
}

/// Migrates the database that `client` is connected to. Run again, it does nothing.
///
/// # Errors
/// See [`MigrateError`]. What a file changed is undone as a whole when it fails; files before it stay applied.
pub async fn migrate(client: &mut Client, options: &Options) -> Result<Report, MigrateError> {
    client
        .batch_execute(include_str!("../sql/migrate/session.sql"))
        .await?;
    let outcome = if options.dry_run {
        propose(client, options).await.map(Work::report)
    } else {
        let outcome = locked(client, options).await;
        // Ends with the session if this fails.
        drop(
            client
                .execute(include_str!("../sql/migrate/unlock.sql"), &[])
                .await,
        );
        outcome
    };
    let end = client
        .batch_execute(include_str!("../sql/migrate/session_end.sql"))
        .await;
    let report = outcome?;
    end?;
    Ok(report)
}

async fn locked(client: &mut Client, options: &Options) -> Result<Report, MigrateError> {
    const PAUSE: Duration = Duration::from_millis(200);
    let mut waited = Duration::ZERO;
    while !client
        .query_one(include_str!("../sql/migrate/lock.sql"), &[])
        .await?
        .get::<_, bool>("locked")
    {
        if waited >= options.wait {
            return Err(MigrateError::Busy);
        }
        tokio::time::sleep(PAUSE).await;
        waited += PAUSE;
    }
    let work = propose(client, options).await?;
    if !work.plan.grants.is_empty() {
        return Err(MigrateError::Privileges(
            work.plan.grants.into_iter().collect(),
        ));
    }
    for (file, checksum) in work.plan.files.iter().zip(&work.checksums) {
        execute::run(client, file, checksum).await?;
    }
    Ok(work.report())
}

/// What is to be done.
struct Work {
    plan: Plan,
    /// Of each file of the plan.
    checksums: Vec<String>,
}

impl Work {
    fn report(self) -> Report {
        let mut report = Report {
            left_alone: self.plan.left_alone,
            ..Report::default()
        };
        for (file, checksum) in self.plan.files.iter().zip(&self.checksums) {
            report.sql.push_str(&execute::script(file, checksum));
            let made = file.steps.iter().map(|step| step.what.clone());
            report.applied.extend(made);
        }
        for grant in self.plan.grants {
            report.left_alone.push(LeftAlone {
                object: "everything".to_owned(),
                reason: "this role lacks rights; an owner must first run the statement".to_owned(),
                sql: Some(grant),
            });
        }
        report
    }
}

async fn propose(client: &Client, options: &Options) -> Result<Work, MigrateError> {
    let schemas = [options.schema.as_str(), "intake", "outpost"];
    let mut existing = Existing::read(client, &schemas).await?;
    if existing.is_read_only {
        return Err(MigrateError::ReadOnly);
    }
    let mut done = records(client, &mut existing).await?;
    let mut files = Vec::new();
    let mut checksums = Vec::new();
    let mut asked = script::FILES.to_vec();
    if options.trail || done.contains_key(script::TRAIL.0) {
        asked.push(script::TRAIL);
    }
    for &(version, text) in &asked {
        let checksum: String = client
            .query_one(include_str!("../sql/migrate/checksum.sql"), &[&text])
            .await?
            .get("checksum");
        match done.remove(version) {
            Some(applied) if applied == checksum => {}
            Some(_) => return Err(MigrateError::Changed(version.to_owned())),
            None => {
                files.push((version, text));
                checksums.push(checksum);
            }
        }
    }
    if let Some(version) = done.into_keys().next() {
        let version = Untrusted::from(version).display_cut(64);
        return Err(MigrateError::Newer(version));
    }
    let on_request: &[&str] = if options.trail {
        &[]
    } else {
        &[script::TRAIL.1]
    };
    let plan = plan::plan(&mut existing, &files, on_request, &options.schema)?;
    Ok(Work { plan, checksums })
}

/// What was applied before, with its checksums; what those files made goes into `existing`.
async fn records(
    client: &Client,
    existing: &mut Existing,
) -> Result<BTreeMap<String, String>, MigrateError> {
    let is_there: bool = client
        .query_one(include_str!("../sql/migrate/has_records.sql"), &[])
        .await?
        .get("is_there");
    if !is_there {
        return Ok(BTreeMap::new());
    }
    let rows = client
        .query(include_str!("../sql/migrate/records.sql"), &[])
        .await
        .map_err(|error| match error.code() {
            Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                let role = quote(&existing.role);
                let usage = format!("GRANT USAGE ON SCHEMA outpost TO {role};");
                let select = format!("GRANT SELECT, INSERT ON outpost.migrations TO {role};");
                MigrateError::Privileges(vec![usage, select])
            }
            _ => MigrateError::from(error),
        })?;
    for row in &rows {
        existing.ours.extend(row.get::<_, Vec<String>>("created"));
    }
    Ok(rows
        .iter()
        .map(|row| (row.get("version"), row.get("checksum")))
        .collect())
}
