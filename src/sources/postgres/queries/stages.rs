//! How the stages stand: now, over the last hour, over the last day.

use tokio_postgres::types::Type;

use super::{
    super::decode, Ask, COUNT_CAP, Parameter, errors, files, memory::Memory, where_possible,
    windows,
};
use crate::{
    domain::{
        event::EventType,
        stage::{MinuteBucket, StageReading, Totals},
    },
    msg::Fault,
};

/// One reading a stage that has events or errors.
pub(super) async fn readings(
    ask: &Ask<'_>,
    memory: &mut Memory,
) -> Result<Vec<StageReading>, Fault> {
    if memory.keeps_windows(ask.catalog) {
        return kept(ask, memory).await;
    }
    let cap = COUNT_CAP as i64;
    let parameters: [Parameter<'_>; 1] = [(&cap, Type::INT8)];
    let (rows, errors) = tokio::join!(ask.rows(files::STAGES, &parameters), of_hour(ask));
    if is_too_much(ask, &rows) {
        return kept(ask, memory).await;
    }
    let readings = decode::all(&rows?, decode::stage_reading)?;
    Ok(with_errors(readings, errors?))
}

/// Whether the table took too long to answer as a whole, and can be read in parts.
fn is_too_much<T>(ask: &Ask<'_>, answer: &Result<T, Fault>) -> bool {
    matches!(answer, Err(Fault::TooSlow(_))) && ask.catalog.counts_by_key()
}

/// The same, from the windows in memory.
async fn kept(ask: &Ask<'_>, memory: &mut Memory) -> Result<Vec<StageReading>, Fault> {
    let (known, errors) = tokio::join!(
        windows::refresh(ask, memory),
        ask.rows(files::STAGE_ERRORS, &[])
    );
    let known = known?;
    let errors = match where_possible(errors)? {
        Some(rows) => decode::all(&rows, decode::stage_errors)?,
        None => known.windows.failures(),
    };
    let readings = known.windows.readings(&known.backlog);
    Ok(with_errors(readings, errors))
}

fn with_errors(
    mut readings: Vec<StageReading>,
    errors: Vec<(EventType, u64)>,
) -> Vec<StageReading> {
    for (stage, errors) in errors {
        match readings.iter_mut().find(|reading| reading.stage == stage) {
            Some(reading) => reading.errors_1h = errors,
            None => readings.push(StageReading {
                errors_1h: errors,
                ..StageReading::empty(stage)
            }),
        }
    }
    readings
}

/// Errors of the last hour by stage; failed events where errors are not kept, or not for us.
async fn of_hour(ask: &Ask<'_>) -> Result<Vec<(EventType, u64)>, Fault> {
    let rows = match where_possible(ask.rows(files::STAGE_ERRORS, &[]).await)? {
        Some(rows) => rows,
        None => ask.rows(files::STAGE_FAILURES, &[]).await?,
    };
    decode::all(&rows, decode::stage_errors)
}

/// The minutes of the last hour.
pub(super) async fn trend(ask: &Ask<'_>, memory: &mut Memory) -> Result<Vec<MinuteBucket>, Fault> {
    if memory.keeps_windows(ask.catalog) {
        return Ok(windows::known(ask, memory).await?.windows.trend());
    }
    let rows = ask.rows(files::TREND, &[]).await;
    if is_too_much(ask, &rows) {
        return Ok(windows::known(ask, memory).await?.windows.trend());
    }
    decode::all(&rows?, decode::minute)
}

/// The totals of the last day.
pub(super) async fn totals(ask: &Ask<'_>, memory: &mut Memory) -> Result<Totals, Fault> {
    let totals = async {
        if memory.keeps_windows(ask.catalog) {
            return Ok(windows::known(ask, memory).await?.totals());
        }
        let rows = ask.rows(files::TOTALS, &[]).await;
        if is_too_much(ask, &rows) {
            return Ok(windows::known(ask, memory).await?.totals());
        }
        let is_unordered = memory.is_unordered();
        decode::one(&rows?, decode::totals).map(|totals| Totals {
            is_unordered,
            ..totals
        })
    };
    let totals = totals.await;
    let unresolved = errors::unresolved(ask, &mut memory.errors, &mut memory.rest);
    let unresolved = where_possible(unresolved.await)?.unwrap_or_default();
    Ok(Totals {
        unresolved_errors: unresolved.n,
        errors_since: unresolved.since,
        errors_counted: unresolved.counted,
        ..totals?
    })
}
