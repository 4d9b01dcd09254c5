//! How our notifier is switched, and whether writers wait for one another because of notifications.

use tokio_postgres::{
    Error,
    types::{ToSql, Type},
};

use crate::{
    msg::Fault,
    sources::postgres::{Client, fault_of},
};

/// The mode that `outpost.settings` gives our notifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Each statement is notified.
    On,
    /// A notification is skipped while another is on its way.
    Coalesce,
    /// None is sent.
    Off,
    /// Its text is not one that `outpost migrate` writes: the switch does not rule it.
    Other,
}

/// What was found of notifying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notifier {
    /// The mode; `None` where no enabled trigger calls our notifier.
    pub mode: Option<Mode>,
    /// Sessions that wait, at this moment, for the commit of another's notification.
    pub waiting: u64,
}

/// Asks for both.
pub(super) async fn fetch(client: &Client, schema: &str) -> Result<Notifier, Fault> {
    let of: [(&(dyn ToSql + Sync), Type); 1] = [(&schema, Type::TEXT)];
    let sql = include_str!("../../../../sql/doctor/notifier.sql");
    let row = client.query_typed_one(sql, &of).await;
    let row = row.map_err(|e| fault_of(&e))?;
    let read = || {
        let mode: Option<&str> = row.try_get("mode")?;
        let waiting: i64 = row.try_get("waiting")?;
        Ok(Notifier {
            mode: mode.map(|mode| match mode {
                "on" => Mode::On,
                "coalesce" => Mode::Coalesce,
                "off" => Mode::Off,
                _ => Mode::Other,
            }),
            waiting: waiting.unsigned_abs(),
        })
    };
    read().map_err(|e: Error| fault_of(&e))
}
