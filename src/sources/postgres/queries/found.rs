//! Rows that a command of the command line looks at.

use tokio_postgres::types::Type;

use super::{super::decode, Ask, Parameter, Query, files};
use crate::{
    domain::{
        Timestamp,
        error_group::ErrorRow,
        event::{EventRow, RowId},
    },
    msg::Fault,
    sources::postgres::{Client, catalog::Catalog, fault_of},
};

/// The clock of the server.
///
/// # Errors
/// What the server or the connection answered.
pub async fn clock(client: &Client) -> Result<Timestamp, Fault> {
    let sql = include_str!("../../../../sql/session/clock.sql");
    let row = client.query_typed_one(sql, &[]).await;
    row.and_then(|row| row.try_get("clock"))
        .map_err(|error| fault_of(&error))
}

/// The newest events, newest first, at most `limit`; where `open`, only those that nobody has ended well.
///
/// # Errors
/// What the database lacks for it, or what the server or the connection answered.
pub async fn newest_events(
    client: &Client,
    catalog: &Catalog,
    limit: i64,
    open: bool,
) -> Result<Vec<EventRow>, Fault> {
    let query = if open {
        files::EVENTS_OPEN
    } else {
        files::EVENTS_NEWEST
    };
    events(client, catalog, query, &[(&limit, Type::INT8)]).await
}

/// The events that the errors `ids` are about, each once, those that can be found.
///
/// # Errors
/// As [`newest_events`].
pub async fn events_of_errors(
    client: &Client,
    catalog: &Catalog,
    ids: &[RowId],
) -> Result<Vec<EventRow>, Fault> {
    let ids: Vec<&str> = ids.iter().map(RowId::as_str).collect();
    let parameters: [Parameter<'_>; 1] = [(&ids, Type::TEXT_ARRAY)];
    events(client, catalog, files::EVENTS_OF_ERRORS, &parameters).await
}

async fn events(
    client: &Client,
    catalog: &Catalog,
    query: Query,
    parameters: &[Parameter<'_>],
) -> Result<Vec<EventRow>, Fault> {
    let ask = Ask {
        client,
        catalog,
        floor: None,
        error_floor: None,
    };
    let rows = ask.rows(query, parameters).await?;
    decode::all(&rows, |row| decode::event(row, catalog))
}

/// The newest errors, newest first, at most `limit`: those that are resolved, or those that are not.
///
/// # Errors
/// As [`newest_events`].
pub async fn newest_errors(
    client: &Client,
    catalog: &Catalog,
    limit: i64,
    resolved: bool,
) -> Result<Vec<ErrorRow>, Fault> {
    let ask = Ask {
        client,
        catalog,
        floor: None,
        error_floor: None,
    };
    let parameters: [Parameter<'_>; 2] = [(&limit, Type::INT8), (&resolved, Type::BOOL)];
    let rows = ask.rows(files::ERRORS_NEWEST, &parameters).await?;
    decode::all(&rows, decode::error)
}
