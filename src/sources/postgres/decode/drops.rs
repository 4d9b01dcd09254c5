//! What a look for silent drops answers.

use std::collections::{BTreeMap, HashMap};

use tokio_postgres::{Error, Row};

use super::{Wrong, fault_of, key, text};
use crate::{
    domain::{
        drops::{Cascade, Found, Seen, State, Tally},
        event::RowId,
        untrusted::Untrusted,
    },
    msg::Fault,
};

/// The server's clock and when it was started, µs since 1970.
pub(in super::super) type Clock = (i64, i64);

/// Events by their keys.
pub(in super::super) type Events = HashMap<RowId, Seen>;

/// The newest events as `cascade` sees them.
pub(in super::super) fn newest_seen(
    rows: &[Row],
    cascade: &Cascade,
) -> Result<(Clock, Events), Fault> {
    let read = || -> Result<_, Wrong> {
        let mut clock = (0, 0);
        let mut events = Events::new();
        for row in rows {
            clock = (micros(row, "now")?, micros(row, "started")?);
            if row.try_get::<_, Option<&str>>("id")?.is_none() {
                continue;
            }
            match events.entry(key(row)?) {
                std::collections::hash_map::Entry::Occupied(mut known) => {
                    fill(known.get_mut(), row, cascade)?;
                }
                std::collections::hash_map::Entry::Vacant(empty) => {
                    fill(empty.insert(seen(row)?), row, cascade)?;
                }
            }
        }
        Ok((clock, events))
    };
    read().map_err(Fault::from)
}

/// What was found of so many ranges and stretches.
pub(in super::super) fn turn_seen(
    rows: &[Row],
    cascade: &Cascade,
    (ranges, counted): (usize, usize),
) -> Result<Found, Fault> {
    let read = || -> Result<Found, Error> {
        let mut found = Found {
            counted: vec![Tally::default(); counted],
            ..Found::default()
        };
        let mut events: Vec<BTreeMap<i64, Seen>> = vec![BTreeMap::new(); ranges];
        for row in rows {
            let Some(range) = row.try_get::<_, Option<i64>>("range")? else {
                found.now = micros(row, "created")?;
                found.started = micros(row, "ended")?;
                continue;
            };
            let at = (range.unsigned_abs() as usize).saturating_sub(1);
            if range < 0 {
                if let Some(tally) = found.counted.get_mut(at) {
                    tally.rows = super::count(row, "version")?;
                    tally.versions = row.try_get::<_, Option<i64>>("value")?.unwrap_or(0);
                }
            } else if let Some(events) = events.get_mut(at) {
                let id: i64 = row.try_get("id")?;
                if let Some(known) = events.get_mut(&id) {
                    fill(known, row, cascade)?;
                } else {
                    fill(events.entry(id).or_insert(seen(row)?), row, cascade)?;
                }
            }
        }
        found.ranges = events.into_iter().map(Vec::from_iter).collect();
        Ok(found)
    };
    read().map_err(|error| fault_of(&error))
}

/// A moment, µs since 1970; one without is before all others.
fn micros(row: &Row, column: &str) -> Result<i64, Error> {
    let at: Option<f64> = row.try_get(column)?;
    Ok(at.map_or(i64::MIN, |at| (at * 1e6).round() as i64))
}

fn seen(row: &Row) -> Result<Seen, Error> {
    let state = match row.try_get::<_, Option<i32>>("state")? {
        Some(0) => State::Open,
        Some(1) => State::Done,
        _ => State::Other,
    };
    let version: Option<i64> = row.try_get("version")?;
    let version = u32::try_from(version.unwrap_or(0)).unwrap_or(0);
    let times = (micros(row, "created")?, micros(row, "ended")?);
    Ok(Seen::new(times, state, version))
}

fn fill(seen: &mut Seen, row: &Row, cascade: &Cascade) -> Result<(), Error> {
    // The server counts from 1.
    let field: Option<i64> = row.try_get("field")?;
    let column = field.and_then(|n| usize::try_from(n - 1).ok());
    if let Some(column) = column {
        seen.fill(cascade, column, row.try_get("value")?);
    }
    Ok(())
}

/// What an event is about: its record, whom, and the texts of the fields that were wanted.
#[derive(Debug, Clone)]
pub(in super::super) struct About {
    pub(in super::super) record: Option<Untrusted>,
    pub(in super::super) subject: Option<Untrusted>,
    pub(in super::super) fields: BTreeMap<String, String>,
}

/// Which event this is, and what it is about.
pub(in super::super) fn about(row: &Row, wanted: &[&str]) -> Result<(RowId, About), Wrong> {
    let texts: Vec<Option<String>> = row.try_get("fields")?;
    let named = wanted.iter().zip(texts);
    let fields = named.filter_map(|(name, text)| Some(((*name).to_owned(), text?)));
    let about = About {
        record: text(row, "record")?,
        subject: text(row, "subject")?,
        fields: fields.collect(),
    };
    Ok((key(row)?, about))
}
