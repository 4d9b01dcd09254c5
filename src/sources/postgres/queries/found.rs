//! Rows that a command of the command line looks at.

use tokio_postgres::types::Type;

use super::{super::decode, Ask, Parameter, Query, behind, errors::by_key, files, look};
use crate::{
    domain::{
        Timestamp,
        error_group::{ErrorRow, Payloads},
        event::{EventRow, EventStatus, RowId},
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

/// The clock of the server, and how far it is ahead of ours.
///
/// # Errors
/// As [`clock`].
pub async fn clocks(client: &Client) -> Result<(Timestamp, chrono::TimeDelta), Fault> {
    let at = clock(client).await?;
    Ok((at, at - chrono::Utc::now()))
}

/// The newest events, newest first, at most `limit`; where `open`, only those that nobody has ended well. No index finds these in a
/// large table: so many of the newest rows are looked at; then since when those were written is told.
///
/// # Errors
/// What the database lacks for it, or what the server or the connection answered.
pub async fn newest_events(
    client: &Client,
    catalog: &Catalog,
    limit: i64,
    open: bool,
) -> Result<(Vec<EventRow>, Option<Timestamp>), Fault> {
    if open && catalog.counts_by_key() {
        return open_by_key(client, catalog, limit).await;
    }
    let query = if open {
        files::EVENTS_OPEN
    } else {
        files::EVENTS_NEWEST
    };
    let events = events(client, catalog, query, &[(&limit, Type::INT8)]).await?;
    Ok((events, None))
}

async fn open_by_key(
    client: &Client,
    catalog: &Catalog,
    limit: i64,
) -> Result<(Vec<EventRow>, Option<Timestamp>), Fault> {
    let ask = Ask::once(client, catalog);
    let mut found: Vec<EventRow> = Vec::new();
    let (mut before, mut since, mut looked): (Option<i64>, _, i64) = (None, None, 0);
    while (found.len() as i64) < limit && looked < by_key::BRIEF {
        let most = limit - found.len() as i64;
        let parameters: [Parameter<'_>; 3] = [
            (&before, Type::INT8),
            (&by_key::ROWS, Type::INT8),
            (&most, Type::INT8),
        ];
        let rows = ask.rows(files::EVENTS_OPEN_BELOW, &parameters).await?;
        let (lowest, n, at) = decode::one(&rows, |row| {
            let lowest: Option<i64> = row.try_get("lowest")?;
            let n: i64 = row.try_get("looked")?;
            Ok((lowest, n, decode::moment(row, "since")?))
        })?;
        // A stretch without any has one row all the same, with its reach alone.
        let has_event = |row: &&tokio_postgres::Row| {
            let id = row.try_get::<_, Option<&str>>("id");
            id.is_ok_and(|id| id.is_some())
        };
        let events = rows.iter().filter(has_event);
        let events = events.map(|row| decode::event(row, catalog).map_err(Fault::from));
        found.extend(events.collect::<Result<Vec<EventRow>, Fault>>()?);
        looked += n;
        before = lowest;
        let is_last = n < by_key::ROWS;
        since = at.filter(|_| !is_last);
        if is_last {
            break;
        }
    }
    let is_enough = found.len() as i64 >= limit;
    Ok((found, since.filter(|_| !is_enough)))
}

/// The events that `errors` are about, each once, those that can be found; and of how many errors the event may lie farther back
/// than was looked.
///
/// # Errors
/// As [`newest_events`].
pub async fn events_of_errors(
    client: &Client,
    catalog: &Catalog,
    errors: &[ErrorRow],
) -> Result<(Vec<EventRow>, u64), Fault> {
    if catalog.needs_floor() {
        let ask = Ask::once(client, catalog);
        let behind = behind::of(&ask, errors).await?;
        let mut events = behind::events(&ask, &behind).await?;
        events.retain(|event| event.status != EventStatus::Processed);
        return Ok((events, behind.beyond.len() as u64));
    }
    let ids: Vec<&str> = errors.iter().map(|row| row.id.as_str()).collect();
    let parameters: [Parameter<'_>; 1] = [(&ids, Type::TEXT_ARRAY)];
    let events = events(client, catalog, files::EVENTS_OF_ERRORS, &parameters).await?;
    Ok((events, 0))
}

async fn events(
    client: &Client,
    catalog: &Catalog,
    query: Query,
    parameters: &[Parameter<'_>],
) -> Result<Vec<EventRow>, Fault> {
    let ask = Ask::once(client, catalog);
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
        let ask = Ask::once(client, catalog);
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
    let ask = Ask::once(client, catalog);
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
