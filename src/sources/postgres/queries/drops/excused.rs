//! Which of the newest errors excuse an event without child, where no index finds those of a record.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use tokio_postgres::types::Type;

use super::{
    super::{
        super::{decode, fault_of},
        Ask, Parameter, files,
        near::{self, ROWS},
    },
    Suspect,
};
use crate::{
    domain::{Timestamp, drops::Dropped, pipeline::Stage, untrusted::Untrusted},
    msg::Fault,
};

/// The newest errors, where no index finds those of a record in a large table: which events and records they name.
#[derive(Debug, Default)]
pub(super) struct Near {
    events: BTreeSet<String>,
    /// Stages and records.
    records: BTreeSet<(String, String)>,
    /// When the first of them came, where there are more.
    since: Option<Timestamp>,
}

impl Near {
    /// Whether one of them names what ended in `stage`.
    pub(super) fn excuses(&self, stage: &Stage, it: &Dropped) -> bool {
        let named = it.record.as_ref().is_some_and(|record| {
            let key = (stage.event.clone(), record.raw().to_owned());
            self.records.contains(&key)
        });
        named || self.events.contains(it.id.as_str())
    }

    /// What is not known of those that are `left`.
    pub(super) fn blind(&self, left: &[Suspect]) -> Option<String> {
        let since = self.since?;
        let is_before = left.iter().any(|it| it.record.ended_at < since);
        let since = since.format("%Y-%m-%d %H:%MZ");
        is_before.then(|| format!("only errors since {since} were looked at"))
    }
}

/// Those that came since the first of the events that were looked at, as many as are looked at; `None` where an index finds
/// what is wanted, or nothing is.
pub(super) async fn near(
    ask: &Ask<'_>,
    suspects: Vec<&Suspect>,
    since: Option<Timestamp>,
) -> Option<Result<Near, Fault>> {
    if suspects.is_empty() || !ask.catalog.lacks_record_index() {
        return None;
    }
    Some(read_near(ask, &suspects, since.unwrap_or_default()).await)
}

async fn read_near(ask: &Ask<'_>, suspects: &[&Suspect], since: Timestamp) -> Result<Near, Fault> {
    // A writer's clock may be behind by as much.
    let from = since - TimeDelta::minutes(2);
    let first = near::first(ask, files::FIRST_ERROR_AT, from).await?;
    let ids: Vec<&str> = suspects.iter().map(|it| it.record.id.as_str()).collect();
    let named = suspects.iter().filter_map(|it| it.record.record.as_ref());
    let records: Vec<&str> = named.map(Untrusted::raw).collect();
    let parameters: [Parameter<'_>; 4] = [
        (&ids, Type::TEXT_ARRAY),
        (&records, Type::TEXT_ARRAY),
        (&first, Type::INT8),
        (&ROWS, Type::INT8),
    ];
    let rows = ask.rows(files::DROP_ERRORS_NEAR, &parameters).await?;
    let mut near = Near::default();
    for row in &rows {
        let text = |column| -> Result<Option<String>, Fault> {
            row.try_get(column).map_err(|error| fault_of(&error))
        };
        near.events.extend(text("event_id")?);
        near.records
            .extend(text("event_type")?.zip(text("record_id")?));
    }
    near.since = decode::one(&rows, |row| {
        let looked: i64 = row.try_get("looked")?;
        Ok(decode::moment(row, "since")?.filter(|_| looked >= ROWS))
    })?;
    Ok(near)
}
