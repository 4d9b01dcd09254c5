//! The last step of a change: what is written down before it, so that a line that breaks in it leaves nothing to guess.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_postgres::types::Type;

use super::Parameter;
use crate::{
    domain::{plan::Outcome, untrusted::Untrusted},
    msg::Fault,
    sources::postgres::{Client, Purpose, Session, Settings, connect, fault_of, retry::chance},
};

/// Is told of a transaction right before its commit is sent; what it says no to is rolled back.
pub trait Witness: Send {
    /// What makes a second try of the same known as one; the audit log has it.
    fn key(&self) -> &str;

    /// Writes down the number of the transaction, and what is true if it stands.
    ///
    /// # Errors
    /// Why it cannot be written down.
    fn committing(&mut self, xid: &str, outcome: &Outcome) -> std::io::Result<()>;
}

/// A commit that was sent, as it is known outside its connection.
#[derive(Debug)]
pub(super) struct Commit {
    /// The number of the transaction.
    pub(super) xid: String,
    /// What is true if it stands.
    pub(super) outcome: Outcome,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stands.
    Committed,
    /// Nothing of it stands.
    Aborted,
    /// It is not decided yet.
    InProgress,
    /// The server does not know any more.
    Forgotten,
}

/// What became of the transaction `xid`, as the server says.
///
/// # Errors
/// What the server or the connection answered.
pub async fn fate(client: &Client, xid: &str) -> Result<Fate, Fault> {
    let sql = include_str!("../../../../sql/mutations/fate.sql");
    let row = client.query_typed_one(sql, &[(&xid, Type::TEXT)]).await;
    let row = row.map_err(|error| fault_of(&error))?;
    let fate: Option<&str> = row.try_get("fate").map_err(|error| fault_of(&error))?;
    Ok(match fate {
        Some("committed") => Fate::Committed,
        Some("aborted") => Fate::Aborted,
        Some(_) => Fate::InProgress,
        None => Fate::Forgotten,
    })
}

/// What is true of a commit whose line broke, asked for on new connections until the server says, or for three times the
/// patience of `settings`.
pub(super) async fn look_up(
    settings: &Settings,
    commit: Commit,
    backend: i32,
    fault: &Fault,
) -> Result<Outcome, Fault> {
    let until = Instant::now() + settings.patience * 3;
    let mut wait = Duration::from_millis(100);
    loop {
        match ask(settings, &commit.xid, backend).await {
            Ok(Fate::Committed) => return Ok(commit.outcome),
            Ok(Fate::Aborted) => {
                let text = format!(
                    "the line broke in the commit, and the server took everything back, so nothing was changed: {fault}"
                );
                return Err(Fault::Unreachable(Untrusted::from(text)));
            }
            Ok(Fate::Forgotten) => break,
            Ok(Fate::InProgress) => {}
            Err(error) => tracing::warn!(%error, "the fate of a commit is not known yet"),
        }
        if Instant::now() + wait > until {
            break;
        }
        sleep(wait + wait.mul_f64((chance() % 100) as f64 / 200.0)).await;
        wait *= 2;
    }
    let text = format!(
        "the line broke in the commit of transaction {}: {fault}",
        commit.xid
    );
    Err(Fault::InDoubt(Untrusted::from(text)))
}

/// Asks once; a session of ours that hangs in the transaction is ended, since nobody is at its other end.
async fn ask(settings: &Settings, xid: &str, backend: i32) -> Result<Fate, Fault> {
    let Session {
        client, mut driver, ..
    } = connect(settings, Purpose::Reader).await?;
    let work = async {
        let found = fate(&client, xid).await?;
        if found == Fate::InProgress {
            end_own(&client, xid, Some(backend)).await?;
        }
        Ok(found)
    };
    driver.run(settings.deadline(), work).await?
}

/// Ends the session of ours that is in the transaction `xid`, in this backend where its number is known.
pub(super) async fn end_own(client: &Client, xid: &str, backend: Option<i32>) -> Result<(), Fault> {
    let parameters: [Parameter<'_>; 2] = [(&backend, Type::INT4), (&xid, Type::TEXT)];
    let sql = include_str!("../../../../sql/mutations/end_own.sql");
    let ended = client.query_typed(sql, &parameters).await;
    ended.map(drop).map_err(|error| fault_of(&error))
}
