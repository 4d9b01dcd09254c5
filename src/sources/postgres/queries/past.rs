//! How the pipeline stood at a moment that is past: of the newest events and errors before it, found by time, or in a large table
//! without an index on it by key.

use chrono::TimeDelta;
use tokio_postgres::{Row, types::Type};

use super::{
    super::{Client, catalog::Catalog, decode},
    Ask, Parameter, Query, files, first,
};
use crate::{
    domain::{
        Timestamp,
        past::{Past, StagePast, WINDOW},
    },
    msg::Fault,
};

/// Events before the moment that are looked at: some 200 ms of the server.
const EVENTS: i64 = 200_000;

/// Errors before it that are looked at.
const ERRORS: i64 = 50_000;

/// A row that was written by then may have a key that was handed out so long after it, by a clock that is behind.
const SKEW: TimeDelta = TimeDelta::minutes(2);

/// The pipeline as it stood at `at`, by the database's clock.
///
/// # Errors
/// What the database lacks for it, or what the server answered instead. That errors cannot be read is none.
pub async fn past(client: &Client, catalog: &Catalog, at: Timestamp) -> Result<Past, Fault> {
    let ask = Ask::once(client, catalog);
    let (rows, is_unordered) = stages(&ask, at).await?;
    let mut past = Past {
        stages: decode::all(&rows, decode::stage_past)?
            .into_iter()
            .flatten()
            .collect(),
        since: since(&rows)?,
        is_unordered,
        ..Past::nothing(at)
    };
    match errors(&ask, at).await {
        Ok((rows, is_unordered)) => {
            past.errors_since = since(&rows)?;
            past.is_unordered |= is_unordered;
            for errors in decode::all(&rows, decode::errors_past)?
                .into_iter()
                .flatten()
            {
                with_errors(&mut past, errors);
            }
        }
        Err(fault @ (Fault::Missing(_) | Fault::Forbidden(_) | Fault::TooSlow(_))) => {
            past.errors_lack = Some(fault.to_string());
        }
        Err(fault) => return Err(fault),
    }
    Ok(past)
}

/// Adds what `errors` says to its stage.
fn with_errors(past: &mut Past, errors: StagePast) {
    let known = past.stages.iter_mut().find(|it| it.stage == errors.stage);
    if let Some(it) = known {
        it.errors_open = errors.errors_open;
        it.errors_untimed = errors.errors_untimed;
        it.errors_hour = errors.errors_hour;
    } else {
        past.stages.push(errors);
    }
}

/// What a query found, and whether keys are in no order of time, so that there may be more.
type Rows = (Vec<Row>, bool);

async fn stages(ask: &Ask<'_>, at: Timestamp) -> Result<Rows, Fault> {
    let window = WINDOW as f64;
    let parameters: Vec<Parameter<'_>> = vec![
        (&at, Type::TIMESTAMPTZ),
        (&EVENTS, Type::INT8),
        (&window, Type::FLOAT8),
    ];
    let by_key = ask.catalog.needs_floor();
    if !by_key && ask.catalog.lacks_time_index() {
        return Err(Fault::TooSlow(0));
    }
    let queries = (files::PAST_STAGES, files::PAST_STAGES_BY_TIME);
    let first = by_key.then_some(files::FIRST_EVENT_AT);
    before(ask, at, (queries, first), parameters).await
}

async fn errors(ask: &Ask<'_>, at: Timestamp) -> Result<Rows, Fault> {
    let parameters: Vec<Parameter<'_>> = vec![(&at, Type::TIMESTAMPTZ), (&ERRORS, Type::INT8)];
    let by_key = ask.catalog.needs_error_floor();
    if !by_key
        && ask
            .catalog
            .is_large_without("pipeline_errors", "created_at")
    {
        return Err(Fault::TooSlow(0));
    }
    let queries = (files::PAST_ERRORS, files::PAST_ERRORS_BY_TIME);
    let first = by_key.then_some(files::FIRST_ERROR_AT);
    before(ask, at, (queries, first), parameters).await
}

/// What the second of two queries says of the time before `at`; or the first, of the keys below the one that `first` finds.
async fn before(
    ask: &Ask<'_>,
    at: Timestamp,
    ((by_key, by_time), first): ((Query, Query), Option<Query>),
    mut parameters: Vec<Parameter<'_>>,
) -> Result<Rows, Fault> {
    let Some(first) = first else {
        let rows = ask.rows(by_time, &parameters).await?;
        return Ok((rows, false));
    };
    let found = first::of(ask, first, (&(at + SKEW), Type::TIMESTAMPTZ)).await?;
    let below = found.key.unwrap_or(i64::MAX);
    parameters.push((&below, Type::INT8));
    let rows = ask.rows(by_key, &parameters).await?;
    Ok((rows, found.is_unordered))
}

/// The oldest that was looked at, where there were more.
fn since(rows: &[Row]) -> Result<Option<Timestamp>, Fault> {
    let since = decode::all(rows, |row| decode::moment(row, "since"))?;
    Ok(since.into_iter().next().flatten())
}
