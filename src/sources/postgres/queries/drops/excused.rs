//! Which errors excuse an event without child.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use tokio_postgres::types::Type;

use super::{
    super::{
        super::{decode, fault_of},
        Ask, Parameter, files,
        near::{self, ROWS},
        where_possible,
    },
    Suspect,
};
use crate::{
    domain::{Timestamp, drops::Dropped, pipeline::Stage, untrusted::Untrusted},
    msg::Fault,
};

/// Errors that excuse: which events and records they name.
#[derive(Debug, Default)]
pub(super) struct Excuses {
    events: BTreeSet<String>,
    /// Stages and records.
    records: BTreeSet<(String, String)>,
    /// When the first of those looked at came, where there are more.
    since: Option<Timestamp>,
}

impl Excuses {
    /// Whether one of them names what ended in `stage`.
    pub(super) fn are_for(&self, stage: &Stage, it: &Dropped) -> bool {
        let named = it.record.as_ref().is_some_and(|record| {
            let key = (stage.event.clone(), record.raw().to_owned());
            self.records.contains(&key)
        });
        named || self.events.contains(it.id.as_str())
    }

    /// What is not known of those that are `left`.
    pub(super) fn blind<'a>(&self, mut left: impl Iterator<Item = &'a Suspect>) -> Option<String> {
        let since = self.since?;
        let is_before = left.any(|it| it.record.ended_at < since);
        let since = since.format("%Y-%m-%d %H:%MZ");
        is_before.then(|| format!("only errors since {since} were looked at"))
    }
}

/// Those that excuse one of `suspects`, which are of these `stages`. Where no index finds those of a record in a large table, the
/// newest that came since the first of the events that were looked at, as many as are looked at.
pub(super) async fn excuses(
    ask: &Ask<'_>,
    suspects: &[&Suspect],
    stages: &[&str],
    since: Option<Timestamp>,
) -> Result<Excuses, Fault> {
    let mut excuses = Excuses::default();
    if suspects.is_empty() {
        return Ok(excuses);
    }
    let ids: Vec<&str> = suspects.iter().map(|it| it.record.id.as_str()).collect();
    let named = suspects.iter().filter_map(|it| it.record.record.as_ref());
    let records: Vec<&str> = named.map(Untrusted::raw).collect();
    let is_near = ask.catalog.lacks_record_index();
    let rows = if is_near {
        // A writer's clock may be behind by as much.
        let from = since.unwrap_or_default() - TimeDelta::minutes(2);
        let first = near::first(ask, files::FIRST_ERROR_AT, from).await?;
        let parameters: [Parameter<'_>; 4] = [
            (&ids, Type::TEXT_ARRAY),
            (&records, Type::TEXT_ARRAY),
            (&first, Type::INT8),
            (&ROWS, Type::INT8),
        ];
        ask.rows(files::DROP_ERRORS_NEAR, &parameters).await?
    } else {
        let parameters: [Parameter<'_>; 3] = [
            (&ids, Type::TEXT_ARRAY),
            (&records, Type::TEXT_ARRAY),
            (&stages, Type::TEXT_ARRAY),
        ];
        let answer = ask.rows(files::DROP_ERRORS, &parameters).await;
        // A site that keeps no errors has none that could excuse anything.
        where_possible(answer)?.unwrap_or_default()
    };
    for row in &rows {
        let text = |column| -> Result<Option<String>, Fault> {
            row.try_get(column).map_err(|error| fault_of(&error))
        };
        excuses.events.extend(text("event_id")?);
        excuses
            .records
            .extend(text("event_type")?.zip(text("record_id")?));
    }
    if is_near {
        excuses.since = decode::one(&rows, |row| {
            let looked: i64 = row.try_get("looked")?;
            Ok(decode::moment(row, "since")?.filter(|_| looked >= ROWS))
        })?;
    }
    Ok(excuses)
}
