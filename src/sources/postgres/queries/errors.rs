//! The errors: the newest, and how many there are of which kind.

use tokio_postgres::types::Type;

use super::{super::decode, Ask, Parameter, files};
use crate::{
    domain::error_group::{ErrorStage, Errors, Severity},
    msg::Fault,
};

/// Errors shown.
const RECENT: i64 = 500;

/// What is known of the errors.
pub(super) async fn fetch(ask: &Ask<'_>) -> Result<Errors, Fault> {
    let parameters: [Parameter<'_>; 1] = [(&RECENT, Type::INT8)];
    let (recent, groups) = tokio::join!(
        ask.rows(files::ERRORS_RECENT, &parameters),
        ask.rows(files::ERRORS_BY_STAGE, &[])
    );
    let groups = decode::all(&groups?, decode::errors_by_stage)?;
    let mut unresolved: Vec<(Severity, u64)> = Vec::new();
    let mut stages: Vec<ErrorStage> = Vec::new();
    for (part, severity) in groups {
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
    Ok(Errors {
        recent: decode::all(&recent?, decode::error)?,
        stages,
        unresolved,
    })
}
