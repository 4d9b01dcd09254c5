//! The pending events, whatever their age, where an index finds them.

use tokio_postgres::{Error, Row, types::Type};

use super::{
    super::fault_of,
    Ask, COUNT_CAP, Parameter,
    files::{self, Query},
};
use crate::{
    domain::{
        Timestamp,
        event::EventType,
        window::{Backlog, StageBacklog},
    },
    msg::Fault,
};

/// So many are read one by one and added up here: the server would take longer for that than for the rows.
const FEW: u64 = 2_000;

/// All of them, of which there were `before` when they were last read.
pub(super) async fn backlog(ask: &Ask<'_>, before: Option<u64>) -> Result<Backlog, Fault> {
    if before.is_none_or(|pending| pending <= FEW) {
        let each = read(ask, files::BACKLOG_EACH, FEW + 1, add_each).await?;
        if each.pending() <= FEW {
            return Ok(each);
        }
    }
    read(ask, files::BACKLOG, COUNT_CAP, add_binned).await
}

async fn read(
    ask: &Ask<'_>,
    query: Query,
    limit: u64,
    add: fn(&Row, &mut Backlog) -> Result<(), Error>,
) -> Result<Backlog, Fault> {
    let limit = limit as i64;
    let parameters: [Parameter<'_>; 1] = [(&limit, Type::INT8)];
    let rows = ask.rows(query, &parameters).await?;
    let mut backlog = Backlog::default();
    for row in &rows {
        add(row, &mut backlog).map_err(|error| fault_of(&error))?;
    }
    Ok(backlog)
}

/// A stage, and when each of its events was written.
fn add_each(row: &Row, backlog: &mut Backlog) -> Result<(), Error> {
    let stage = EventType::from(row.try_get::<_, &str>("event_type")?);
    let now: f64 = row.try_get("now")?;
    let created: Vec<Option<f64>> = row.try_get("created")?;
    backlog.stages.push(StageBacklog::of(stage, now, &created));
    Ok(())
}

/// A stage, and how many of its events wait for about as long.
fn add_binned(row: &Row, backlog: &mut Backlog) -> Result<(), Error> {
    let stage = EventType::from(row.try_get::<_, &str>("event_type")?);
    let oldest: Option<Timestamp> = row.try_get("oldest")?;
    backlog.is_capped |= row.try_get::<_, bool>("is_capped")?;
    let known = backlog.stages.iter().position(|of| of.stage == stage);
    let at = known.unwrap_or_else(|| {
        backlog.stages.push(StageBacklog::empty(stage));
        backlog.stages.len() - 1
    });
    if let Some(of) = backlog.stages.get_mut(at) {
        let pending = number(row, "pending")?;
        of.pending += pending;
        of.stuck += number(row, "stuck")?;
        of.oldest = of.oldest.into_iter().chain(oldest).min();
        of.ages.push((bin(row)?, pending));
    }
    Ok(())
}

fn number(row: &Row, column: &str) -> Result<u64, Error> {
    Ok(row.try_get::<_, Option<i64>>(column)?.unwrap_or(0).max(0) as u64)
}

fn bin(row: &Row) -> Result<u16, Error> {
    let bin: Option<i32> = row.try_get("bin")?;
    Ok(bin.unwrap_or(0).clamp(0, 1_000) as u16)
}
