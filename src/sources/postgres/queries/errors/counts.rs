//! How many errors there are: by stage and severity, and in all.

use std::time::Duration;

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

/// What a refresh of the errors counted is taken as the present for this long.
const FRESH: Duration = Duration::from_secs(10);

/// The unresolved errors of any age.
#[derive(Debug, Default)]
pub(in super::super) struct Unresolved {
    pub(in super::super) n: u64,
    pub(in super::super) since: Option<Timestamp>,
    pub(in super::super) counted: Option<Timestamp>,
}

/// How many are unresolved; since when, where only a part of them was looked at; and when they were counted, if that was before.
pub(in super::super) async fn unresolved(
    ask: &Ask<'_>,
    reading: &mut ErrorReading,
    rest: &mut Rest,
) -> Result<Unresolved, Fault> {
    if ask.catalog.lacks_open_index() {
        // What every refresh of the errors goes on from.
        if reading.newest.is_none() {
            read_on(ask, reading).await?;
        }
        return Ok(Unresolved {
            n: reading.book.open(),
            since: reading.since(),
            counted: None,
        });
    }
    if let Some((n, at)) = reading.counted
        && at.elapsed() < FRESH
    {
        return Ok(Unresolved {
            n,
            ..Unresolved::default()
        });
    }
    let (n, counted) = total(ask, rest).await?;
    Ok(Unresolved {
        n,
        since: None,
        counted,
    })
}

/// How many the server counts, up to the cap, and when it did if that was before.
pub(super) async fn total(
    ask: &Ask<'_>,
    rest: &mut Rest,
) -> Result<(u64, Option<Timestamp>), Fault> {
    let cap = COUNT_CAP as i64;
    let parameters: [Parameter<'_>; 1] = [(&cap, Type::INT8)];
    let asked = rest.errors(ask, files::UNRESOLVED_ERRORS, &parameters);
    let (rows, counted) = asked.await?;
    let n = decode::one(&rows, |row| decode::number(row, "unresolved"))?;
    Ok((n, counted))
}

/// How many there were in the last day and are unresolved, by stage and severity, and when they were counted if that was before.
pub(super) async fn by_stage(
    ask: &Ask<'_>,
    rest: &mut Rest,
) -> Result<(Vec<(ErrorStage, Severity)>, Option<Timestamp>), Fault> {
    // One more than are told, so that it is seen that there are more.
    let cap = COUNT_CAP as i64 + 1;
    let (rows, counted) = rest
        .errors(ask, files::ERRORS_BY_STAGE, &[(&cap, Type::INT8)])
        .await?;
    Ok((decode::all(&rows, decode::errors_by_stage)?, counted))
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
