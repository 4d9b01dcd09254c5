//! How the stages stand: now, over the last hour, over the last day.

use tokio_postgres::types::Type;

use super::{super::decode, Ask, COUNT_CAP, Parameter, files, where_possible};
use crate::{
    domain::{
        event::EventType,
        stage::{MinuteBucket, StageReading, Totals},
    },
    msg::Fault,
};

/// One reading a stage that has events or errors.
pub(super) async fn readings(ask: &Ask<'_>) -> Result<Vec<StageReading>, Fault> {
    let cap = COUNT_CAP as i64;
    let parameters: [Parameter<'_>; 1] = [(&cap, Type::INT8)];
    let (rows, errors) = tokio::join!(ask.rows(files::STAGES, &parameters), errors(ask));
    let mut readings = decode::all(&rows?, decode::stage_reading)?;
    for (stage, errors) in errors? {
        match readings.iter_mut().find(|reading| reading.stage == stage) {
            Some(reading) => reading.errors_1h = errors,
            None => readings.push(StageReading {
                errors_1h: errors,
                ..StageReading::empty(stage)
            }),
        }
    }
    Ok(readings)
}

/// Errors of the last hour by stage; failed events where errors are not kept, or not for us.
async fn errors(ask: &Ask<'_>) -> Result<Vec<(EventType, u64)>, Fault> {
    let rows = match where_possible(ask.rows(files::STAGE_ERRORS, &[]).await)? {
        Some(rows) => rows,
        None => ask.rows(files::STAGE_FAILURES, &[]).await?,
    };
    decode::all(&rows, decode::stage_errors)
}

/// The minutes of the last hour.
pub(super) async fn trend(ask: &Ask<'_>) -> Result<Vec<MinuteBucket>, Fault> {
    decode::all(&ask.rows(files::TREND, &[]).await?, decode::minute)
}

/// The totals of the last day.
pub(super) async fn totals(ask: &Ask<'_>) -> Result<Totals, Fault> {
    let cap = COUNT_CAP as i64;
    let parameters: [Parameter<'_>; 1] = [(&cap, Type::INT8)];
    let (totals, errors) = tokio::join!(
        ask.rows(files::TOTALS, &[]),
        ask.rows(files::UNRESOLVED_ERRORS, &parameters)
    );
    let unresolved = match where_possible(errors)? {
        Some(rows) => decode::one(&rows, |row| decode::number(row, "unresolved"))?,
        None => 0,
    };
    Ok(Totals {
        unresolved_errors: unresolved,
        ..decode::one(&totals?, decode::totals)?
    })
}
