//! What a look for silent drops answers.

use tokio_postgres::Row;

use super::{Wrong, count, fault_of, key, text};
use crate::{
    domain::{
        Timestamp,
        drops::{Count, Dropped},
        event::EventType,
    },
    msg::Fault,
};

/// The oldest event that was looked at, whether there are older ones of the day, and now.
pub(in super::super) fn reach(row: &Row) -> Result<(Option<Timestamp>, bool, Timestamp), Fault> {
    let read = || -> Result<_, tokio_postgres::Error> {
        Ok((
            row.try_get("since")?,
            row.try_get("is_cut")?,
            row.try_get("now")?,
        ))
    };
    read().map_err(|error| fault_of(&error))
}

/// What was counted of a link; its stages are the caller's to name.
pub(in super::super) fn drop_count(row: &Row) -> Result<Count, Fault> {
    let read = || -> Result<Count, tokio_postgres::Error> {
        let ms = |column: &str| -> Result<Option<u64>, tokio_postgres::Error> {
            let seconds: Option<f64> = row.try_get(column)?;
            Ok(seconds.map(|s| (s.max(0.0) * 1_000.0).round() as u64))
        };
        Ok(Count {
            stage: EventType::from(""),
            child: EventType::from(""),
            children_due: String::new(),
            parents: count(row, "parents")?,
            keyless: count(row, "keyless")?,
            checked: count(row, "checked")?,
            children: count(row, "children")?,
            nameless: count(row, "nameless")?,
            pairs: count(row, "pairs")?,
            p99_ms: ms("p99_s")?,
            gap_s: ms("gap_s")?.unwrap_or_default().div_ceil(1_000),
            ended: 0,
            dropped: Vec::new(),
            blind: None,
        })
    };
    read().map_err(|error| fault_of(&error))
}

/// The parent without child in this row, if there is one.
pub(in super::super) fn dropped(row: &Row) -> Result<Option<Dropped>, Fault> {
    let read = || -> Result<Option<Dropped>, Wrong> {
        if row.try_get::<_, Option<&str>>("id")?.is_none() {
            return Ok(None);
        }
        Ok(Some(Dropped {
            id: key(row)?,
            record: text(row, "record")?,
            subject: text(row, "subject")?,
            ended_at: row.try_get("ended_at")?,
        }))
    };
    read().map_err(Fault::from)
}
