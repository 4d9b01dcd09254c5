//! Rows that a command of the command line looks at.

use tokio_postgres::types::Type;

use super::{super::decode, Ask, Parameter, Query, errors::by_key, files, look};
use crate::{
    domain::{
        Timestamp,
        error_group::{ErrorRow, Payloads},
        event::{EventRow, RowId},
        filter::Filter,
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

/// What the events of `errors` hold where `filter` asks for it; nothing is asked where it does not.
///
/// # Errors
/// As [`newest_events`].
pub async fn payloads(
    client: &Client,
    catalog: &Catalog,
    filter: &Filter,
    errors: &[ErrorRow],
) -> Result<Payloads, Fault> {
    let mut payloads = Payloads::of(filter);
    if payloads.is_asked() {
        let ask = Ask {
            client,
            catalog,
            floor: None,
            error_floor: None,
        };
        let ids: Vec<RowId> = errors.iter().map(|row| row.id.clone()).collect();
        let found = look::payloads(&ask, payloads.paths(), &ids).await?;
        payloads.take(&ids, found);
    }
    Ok(payloads)
}

/// The newest errors, newest first, at most `limit`: those that are resolved, or those that are not. Of a large table without an
/// index on that, so many of the newest rows are looked at; then since when those were written is told.
///
/// # Errors
/// As [`newest_events`].
pub async fn newest_errors(
    client: &Client,
    catalog: &Catalog,
    limit: i64,
    resolved: bool,
) -> Result<(Vec<ErrorRow>, Option<Timestamp>), Fault> {
    let ask = Ask {
        client,
        catalog,
        floor: None,
        error_floor: None,
    };
    if catalog.lacks_open_index() {
        return newest_by_key(&ask, limit, resolved).await;
    }
    let parameters: [Parameter<'_>; 2] = [(&limit, Type::INT8), (&resolved, Type::BOOL)];
    let rows = ask.rows(files::ERRORS_NEWEST, &parameters).await?;
    Ok((decode::all(&rows, decode::error)?, None))
}

async fn newest_by_key(
    ask: &Ask<'_>,
    limit: i64,
    resolved: bool,
) -> Result<(Vec<ErrorRow>, Option<Timestamp>), Fault> {
    let most = usize::try_from(limit).unwrap_or(0);
    let mut found: Vec<ErrorRow> = Vec::new();
    let (mut before, mut since, mut looked) = (None, None, 0);
    while found.len() < most && looked < by_key::BRIEF {
        let mut stretch = by_key::below(ask, before, resolved).await?;
        let is_last = stretch.looked < by_key::ROWS;
        looked += stretch.looked;
        since = stretch.since.filter(|_| !is_last);
        before = stretch.ends.map(|(low, _)| low);
        stretch.cut(most - found.len());
        let ids: Vec<RowId> = stretch.keys.into_iter().map(RowId::from).collect();
        let rows = look::rows(ask, &ids).await?.into_iter();
        found.extend(
            rows.filter(|noted| noted.resolved == resolved)
                .map(|noted| noted.row),
        );
        if is_last {
            break;
        }
    }
    found.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
    let is_enough = found.len() >= most;
    Ok((found, since.filter(|_| !is_enough)))
}
