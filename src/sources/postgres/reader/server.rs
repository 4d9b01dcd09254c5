//! The server itself: its clock, its role, how it stands.

use tokio_postgres::Error;

use crate::{
    domain::{
        Timestamp,
        server::{Following, Replay, Server},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::postgres::{Client, catalog::Catalog, fault_of},
};

/// Asks the server about itself. Half of the round trip is taken for the way of the answer.
pub(in crate::sources::postgres) async fn fetch(
    client: &Client,
    catalog: &Catalog,
    read_only: bool,
) -> Result<Server, Fault> {
    let sent = chrono::Utc::now();
    let ask = client.query_typed_one(include_str!("../../../../sql/session/server.sql"), &[]);
    let row = ask.await.map_err(|e| fault_of(&e))?;
    let middle = sent + (chrono::Utc::now() - sent) / 2;
    let read = || {
        let clock: Timestamp = row.try_get("clock")?;
        let standby: bool = row.try_get("standby")?;
        let following = match row.try_get::<_, Option<&str>>("following")? {
            None => None,
            Some("caught_up") => Some(Following::CaughtUp),
            Some("paused") => Some(Following::Paused),
            Some("cut_off") => Some(Following::CutOff),
            Some(_) => Some(Following::Behind),
        };
        let committed_at = row.try_get("committed_at")?;
        Ok(Server {
            version: row.try_get::<_, i32>("version")?.unsigned_abs(),
            clock,
            skew_ms: (clock - middle).num_milliseconds(),
            standby,
            replay: following.map(|state| Replay {
                state,
                committed_at,
            }),
            role: Untrusted::from(row.try_get::<_, &str>("role")?),
            database: Untrusted::from(row.try_get::<_, &str>("database")?),
            queue_usage: row.try_get("queue_usage")?,
            read_only: read_only || standby,
            consoles: row.try_get("consoles")?,
            denied: catalog.denied(),
            gaps: catalog.gaps(),
        })
    };
    read().map_err(|e: Error| fault_of(&e))
}
