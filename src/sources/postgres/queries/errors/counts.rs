//! How many errors there are: by stage and severity, and in all.

use tokio_postgres::types::Type;

use super::{
    super::{super::decode, Ask, COUNT_CAP, Parameter, files, rest::Rest},
    ErrorReading, read_on,
};
use crate::{
    domain::{
        Timestamp,
        error_group::{ErrorStage, Errors, Severity},
    },
    msg::Fault,
};

/// How many are unresolved, and since when, where only a part of them was looked at.
pub(in super::super) async fn unresolved(
    ask: &Ask<'_>,
    reading: &mut ErrorReading,
    rest: &mut Rest,
) -> Result<(u64, Option<Timestamp>), Fault> {
    if ask.catalog.lacks_open_index() {
        // What every refresh of the errors goes on from.
        if reading.newest.is_none() {
            read_on(ask, reading).await?;
        }
        return Ok((reading.book.open(), reading.since()));
    }
    let cap = COUNT_CAP as i64;
    let parameters: [Parameter<'_>; 1] = [(&cap, Type::INT8)];
    let rows = rest.errors(ask, files::UNRESOLVED_ERRORS, &parameters);
    let n = decode::one(&rows.await?, |row| decode::number(row, "unresolved"))?;
    Ok((n, None))
}

/// How many there were in the last day and are unresolved, by stage and severity.
pub(super) async fn by_stage(
    ask: &Ask<'_>,
    rest: &mut Rest,
) -> Result<Vec<(ErrorStage, Severity)>, Fault> {
    // One more than are told, so that it is seen that there are more.
    let cap = COUNT_CAP as i64 + 1;
    let rows = rest
        .errors(ask, files::ERRORS_BY_STAGE, &[(&cap, Type::INT8)])
        .await?;
    decode::all(&rows, decode::errors_by_stage)
}

/// Counts by stage and severity, by each of both.
pub(super) fn summed(parts: Vec<(ErrorStage, Severity)>) -> Errors {
    let mut unresolved: Vec<(Severity, u64)> = Vec::new();
    let mut stages: Vec<ErrorStage> = Vec::new();
    for (part, severity) in parts {
        match unresolved.iter_mut().find(|(known, _)| *known == severity) {
            Some((_, n)) => *n += part.unresolved,
            None => unresolved.push((severity, part.unresolved)),
        }
        match stages.iter_mut().find(|known| known.stage == part.stage) {
            Some(stage) => {
                stage.errors_24h += part.errors_24h;
                stage.critical_24h += part.critical_24h;
                stage.unresolved += part.unresolved;
            }
            None => stages.push(part),
        }
    }
    unresolved.retain(|(_, n)| *n > 0);
    unresolved.sort();
    stages.sort_by(|a, b| {
        (b.errors_24h, b.unresolved)
            .cmp(&(a.errors_24h, a.unresolved))
            .then_with(|| a.stage.cmp(&b.stage))
    });
    Errors {
        stages,
        unresolved,
        ..Errors::default()
    }
}
