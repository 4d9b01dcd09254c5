//! What belongs to one row, found by key around it: where no index finds it in a large table, so many rows before and after it
//! are looked at, and how far that reaches is told.

use chrono::TimeDelta;
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};

use super::{super::decode, Ask, Parameter, Query, files, first, where_possible};
use crate::{
    domain::{
        Timestamp,
        error_group::ErrorRow,
        event::{EventRow, RowId},
        reach::Reach,
        untrusted::Untrusted,
    },
    msg::Fault,
};

/// Rows that are looked at to each side: some 10 ms of the server.
pub(super) const ROWS: i64 = 20_000;

/// The other events of the record of `row` within a day, newest first, and how far was looked for them.
pub(super) async fn siblings(
    ask: &Ask<'_>,
    row: &EventRow,
) -> Result<(Vec<EventRow>, Reach), Fault> {
    let record = row.record.as_ref().map(Untrusted::raw);
    let around = row.created_at;
    let decoded = |rows: &[Row]| decode::all(rows, |row| decode::event(row, ask.catalog));
    let Some(key) = row.id.number().filter(|_| ask.catalog.needs_floor()) else {
        let id = row.id.as_str();
        let parameters: [Parameter<'_>; 3] = [
            (&record, Type::TEXT),
            (&id, Type::TEXT),
            (&around, Type::TIMESTAMPTZ),
        ];
        let rows = ask.rows(files::EVENT_SIBLINGS, &parameters).await;
        let (rows, reach) = told(rows)?;
        return Ok((decoded(&rows)?, reach));
    };
    let near: [Parameter<'_>; 4] = [
        (&record, Type::TEXT),
        (&key, Type::INT8),
        (&around, Type::TIMESTAMPTZ),
        (&ROWS, Type::INT8),
    ];
    let (rows, reach) = told(ask.rows(files::EVENT_SIBLINGS_NEAR, &near).await)?;
    let reach = if reach == Reach::Whole {
        let ends = ends(ask, files::EVENTS_REACH, key);
        let (since, until) = decode::one(&ends.await?, |row| {
            Ok((decode::moment(row, "since")?, decode::moment(row, "until")?))
        })?;
        let day = TimeDelta::days(1);
        Reach::between(
            since.filter(|at| *at > around - day),
            until.filter(|at| *at < around + day),
        )
    } else {
        reach
    };
    Ok((decoded(&rows)?, reach))
}

/// Events before one that are looked at for the last of its stage that ended well: the same was done just before, or it tells
/// little.
const BEFORE: i64 = 2_000;

/// The last event of the stage of `row` before it that ended well, with its payload, where keys have an order and it is near.
pub(super) async fn last_ok(
    ask: &Ask<'_>,
    row: &EventRow,
) -> Result<Option<(RowId, Untrusted)>, Fault> {
    let Some(key) = row.id.number() else {
        return Ok(None);
    };
    let stage = row.stage.raw();
    let parameters: [Parameter<'_>; 3] = [
        (&stage, Type::TEXT),
        (&key, Type::INT8),
        (&BEFORE, Type::INT8),
    ];
    let rows = match ask.rows(files::EVENT_BEFORE, &parameters).await {
        Err(Fault::TooSlow(_)) => None,
        answer => where_possible(answer)?,
    };
    let found = |row: &Row| {
        let id = RowId::parse(row.try_get("id")?);
        Ok(id.zip(Some(decode::payload(row)?)))
    };
    let rows = rows.unwrap_or_default();
    Ok(decode::all(&rows, found)?.into_iter().flatten().next())
}

/// The errors of the event `row`, newest first, and how far was looked for them: from when it was written on.
pub(super) async fn errors(ask: &Ask<'_>, row: &EventRow) -> Result<(Vec<ErrorRow>, Reach), Fault> {
    let stage = row.stage.raw();
    let record = row.record.as_ref().map(Untrusted::raw);
    let id = row.id.as_str();
    if !ask.catalog.lacks_record_index() {
        let parameters: [Parameter<'_>; 3] = [
            (&stage, Type::TEXT),
            (&record, Type::TEXT),
            (&id, Type::TEXT),
        ];
        let (rows, reach) = told(ask.rows(files::EVENT_ERRORS, &parameters).await)?;
        return Ok((decode::all(&rows, decode::error)?, reach));
    }
    // A writer's clock may be behind by as much.
    let from = row.created_at - TimeDelta::minutes(2);
    let first = first(ask, files::FIRST_ERROR_AT, from).await?;
    let parameters: [Parameter<'_>; 5] = [
        (&stage, Type::TEXT),
        (&record, Type::TEXT),
        (&id, Type::TEXT),
        (&first, Type::INT8),
        (&ROWS, Type::INT8),
    ];
    let (rows, reach) = told(ask.rows(files::EVENT_ERRORS_NEAR, &parameters).await)?;
    let reach = if reach == Reach::Whole {
        let end = ends(ask, files::ERRORS_REACH, first);
        let until = decode::one(&end.await?, |row| decode::moment(row, "until"))?;
        Reach::between(None, until)
    } else {
        reach
    };
    Ok((decode::all(&rows, decode::error)?, reach))
}

/// The event that an error which names none most likely happened to, and how far was looked for it.
pub(super) async fn event_of(
    ask: &Ask<'_>,
    error: &ErrorRow,
) -> Result<(Option<RowId>, Reach), Fault> {
    let Some(record) = error.record.as_ref().map(Untrusted::raw) else {
        return Ok((None, Reach::Whole));
    };
    let stage = error.stage.raw();
    let at = error.created_at;
    let key: Option<i64>;
    let mut parameters: Vec<Parameter<'_>> = vec![
        (&stage as &(dyn ToSql + Sync), Type::TEXT),
        (&record, Type::TEXT),
        (&at, Type::TIMESTAMPTZ),
    ];
    let is_near = ask.catalog.needs_floor();
    let answer = if is_near {
        let after = at + TimeDelta::seconds(2);
        key = Some(first(ask, files::FIRST_EVENT_AT, after).await?);
        parameters.extend([
            (&key as &(dyn ToSql + Sync), Type::INT8),
            (&ROWS, Type::INT8),
        ]);
        ask.rows(files::ERROR_EVENT_NEAR, &parameters).await
    } else {
        key = None;
        ask.rows(files::ERROR_EVENT, &parameters).await
    };
    let (rows, reach) = told(answer)?;
    let id = rows
        .first()
        .and_then(|row| row.try_get::<_, &str>("id").ok())
        .and_then(RowId::parse);
    let Some(key) = key.filter(|_| id.is_none() && reach == Reach::Whole) else {
        return Ok((id, reach));
    };
    let ends = ends(ask, files::EVENTS_REACH, key);
    let since = decode::one(&ends.await?, |row| decode::moment(row, "since"))?;
    let since = since.filter(|since| *since > at - TimeDelta::days(1));
    Ok((None, Reach::between(since, None)))
}

/// The lowest key of what came at `at` or later; above all keys where nothing did.
pub(super) async fn first(ask: &Ask<'_>, query: Query, at: Timestamp) -> Result<i64, Fault> {
    let first = first::of(ask, query, (&at, Type::TIMESTAMPTZ)).await?;
    Ok(first.key.unwrap_or(i64::MAX))
}

/// When the rows were written that stand so many beside a key.
async fn ends(ask: &Ask<'_>, query: Query, key: i64) -> Result<Vec<Row>, Fault> {
    let parameters: [Parameter<'_>; 2] = [(&key, Type::INT8), (&ROWS, Type::INT8)];
    ask.rows(query, &parameters).await
}

/// The rows; that they were not looked for where it took too long.
fn told(answer: Result<Vec<Row>, Fault>) -> Result<(Vec<Row>, Reach), Fault> {
    match answer {
        Err(Fault::TooSlow(_)) => Ok((Vec::new(), Reach::Untold)),
        answer => Ok((where_possible(answer)?.unwrap_or_default(), Reach::Whole)),
    }
}
