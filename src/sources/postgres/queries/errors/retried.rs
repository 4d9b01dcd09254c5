//! How events went that were tried again.

use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::types::Type;

use super::{
    super::{super::decode, Ask, Parameter, files, pace::Pace, where_possible},
    ErrorReading,
};
use crate::{domain::error_group::RETRIED_OF, msg::Fault};

/// How often they are looked for, and how long after that took too long.
const EVERY: (Duration, Duration) = (Duration::from_mins(1), Duration::from_mins(30));

/// They are looked for once in so many times of what that takes.
const PACE: u32 = 20_000;

/// Looks for them, if it is time.
pub(super) async fn refresh(ask: &Ask<'_>, reading: &mut ErrorReading) -> Result<(), Fault> {
    let now = Instant::now();
    if reading.retried_at.is_some_and(|at| now < at) {
        return Ok(());
    }
    let limit = 2_000_i64;
    let newest = RETRIED_OF as i64;
    let parameters: [Parameter<'_>; 2] = [(&limit, Type::INT8), (&newest, Type::INT8)];
    let asked = ask.rows(files::ERRORS_RETRIED, &parameters);
    let (answer, pace) = Pace::of(ask, asked).await;
    let (wait, answer) = match answer {
        Err(Fault::TooSlow(_)) => (EVERY.1, None),
        // It reads many events: the dearer that is, the less often.
        answer => (
            (pace.cost() * PACE).clamp(EVERY.0, EVERY.1),
            where_possible(answer)?,
        ),
    };
    reading.retried_at = Some(now + wait);
    if let Some(rows) = answer {
        let rows = decode::all(&rows, |row| decode::retried(row, ask.catalog))?;
        let rows: Vec<_> = rows.into_iter().flatten().collect();
        reading.book.retried(&rows);
    }
    Ok(())
}
