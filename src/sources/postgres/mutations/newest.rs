//! The newest rows, for looks that no index helps.

use super::{Statements, rows};
use crate::{
    msg::Fault,
    sources::postgres::{catalog::Catalog, fault_of},
};

/// So many rows by key are looked at: some 100 ms of the server.
pub(super) const NEWEST: i64 = 200_000;

/// The lowest key of the newest events, which are whole numbers here; `None` where there is no event.
pub(super) async fn first_event(
    client: &impl Statements,
    catalog: &Catalog,
) -> Result<Option<i64>, Fault> {
    let sql = include_str!("../../../../sql/mutations/newest_event.sql");
    let found = rows(client, catalog, sql, &[]).await?;
    let newest = found
        .first()
        .map_or(Ok(None), |row| row.try_get::<_, Option<i64>>("newest"));
    let newest = newest.map_err(|error| fault_of(&error))?;
    Ok(newest.map(|newest| newest - NEWEST + 1))
}
