//! The events behind errors, in a large table of events without an index on time: looked for by key, the newest errors first,
//! from each of them back. A bounded number of events is looked at, and the errors whose event may lie farther back are told.

use std::collections::{HashMap, HashSet, VecDeque};

use chrono::TimeDelta;
use tokio_postgres::{Row, types::Type};

use super::{super::decode, Ask, Parameter, files, near};
use crate::{
    domain::{
        error_group::{ErrorRow, LOOKED},
        event::{EventRow, RowId},
    },
    msg::Fault,
};

/// Events that one statement looks at: some 5 ms of the server. Mostly an event stands a few minutes before its error.
const STRETCH: i64 = 5_000;

/// What is known of the events behind some errors.
#[derive(Debug, Default)]
pub(super) struct Behind {
    /// An error and its event.
    pub(super) pairs: Vec<(RowId, RowId)>,
    /// The errors whose event may lie farther back than was looked.
    pub(super) beyond: Vec<RowId>,
}

/// Errors whose events were looked for down to a key.
struct Begun<'a> {
    errors: Vec<&'a ErrorRow>,
    lowest: i64,
}

/// The events behind `errors`: those they name, else the newest of the same stage and record within a day before.
pub(super) async fn of(ask: &Ask<'_>, errors: &[ErrorRow]) -> Result<Behind, Fault> {
    let mut behind = Behind::default();
    let mut waiting: Vec<&ErrorRow> = Vec::new();
    for error in errors {
        match &error.event {
            Some(event) => behind.pairs.push((error.id.clone(), event.clone())),
            // What is about no record cannot be joined.
            None if error.record.is_some() => waiting.push(error),
            None => {}
        }
    }
    let mut begun: VecDeque<Begun<'_>> = VecDeque::new();
    let mut looked = 0;
    // Each error has one stretch before any has two, so that one that is about nothing does not take them all.
    while looked < LOOKED {
        let newest = waiting.iter().map(|error| error.created_at).max();
        let (mut errors, before) = if let Some(newest) = newest {
            let after = newest + TimeDelta::seconds(2);
            let first = near::first(ask, files::FIRST_EVENT_AT, after).await?;
            (std::mem::take(&mut waiting), first)
        } else if let Some(next) = begun.pop_front() {
            (next.errors, next.lowest)
        } else {
            break;
        };
        let stretch = match stretch(ask, &errors, before).await {
            Err(Fault::TooSlow(_)) => {
                waiting = errors;
                break;
            }
            stretch => stretch?,
        };
        looked += stretch.looked.unsigned_abs();
        let found: HashSet<&RowId> = stretch.pairs.iter().map(|(error, _)| error).collect();
        errors.retain(|error| !found.contains(&error.id));
        if let (Some(lowest), Some(since)) = (stretch.lowest, stretch.since)
            && stretch.looked >= STRETCH
        {
            // Those that came before all of it have theirs still to come.
            let is_begun = |error: &&ErrorRow| error.created_at + TimeDelta::seconds(2) >= since;
            let (mut own, older): (Vec<_>, Vec<_>) = errors.into_iter().partition(is_begun);
            waiting = older;
            // An event is looked for a day back, and no farther.
            own.retain(|error| error.created_at - TimeDelta::days(1) < since);
            if !own.is_empty() {
                let errors = own;
                begun.push_back(Begun { errors, lowest });
            }
        }
        behind.pairs.extend(stretch.pairs);
    }
    let begun = begun.into_iter().flat_map(|begun| begun.errors);
    let left = waiting.into_iter().chain(begun);
    behind.beyond = left.map(|error| error.id.clone()).collect();
    Ok(behind)
}

/// What was found among the events before a key.
struct Stretch {
    pairs: Vec<(RowId, RowId)>,
    lowest: Option<i64>,
    looked: i64,
    since: Option<crate::domain::Timestamp>,
}

async fn stretch(ask: &Ask<'_>, missing: &[&ErrorRow], before: i64) -> Result<Stretch, Fault> {
    let keys: Vec<&str> = missing.iter().map(|error| error.id.as_str()).collect();
    let parameters: [Parameter<'_>; 3] = [
        (&keys, Type::TEXT_ARRAY),
        (&before, Type::INT8),
        (&STRETCH, Type::INT8),
    ];
    let rows = ask.rows(files::ERRORS_BEHIND, &parameters).await?;
    let pair = |row: &Row| {
        let error: Option<&str> = row.try_get("error")?;
        let event: Option<&str> = row.try_get("event")?;
        let parsed = error
            .and_then(RowId::parse)
            .zip(event.and_then(RowId::parse));
        Ok(parsed)
    };
    let pairs = decode::all(&rows, pair)?.into_iter().flatten().collect();
    let stretch = decode::one(&rows, |row: &Row| {
        Ok(Stretch {
            pairs: Vec::new(),
            lowest: row.try_get("lowest")?,
            looked: row.try_get("looked")?,
            since: row.try_get("since")?,
        })
    });
    Ok(Stretch { pairs, ..stretch? })
}

/// The events of `behind`, each with the error it is behind.
pub(super) async fn events_by_error(
    ask: &Ask<'_>,
    behind: &Behind,
) -> Result<Vec<(RowId, EventRow)>, Fault> {
    let events = events(ask, behind).await?;
    let by_id: HashMap<&RowId, &EventRow> = events.iter().map(|event| (&event.id, event)).collect();
    let pairs = behind.pairs.iter();
    let found = pairs.filter_map(|(error, id)| Some((error.clone(), (*by_id.get(id)?).clone())));
    Ok(found.collect())
}

/// The events of `behind`, each once.
pub(super) async fn events(ask: &Ask<'_>, behind: &Behind) -> Result<Vec<EventRow>, Fault> {
    let keys = keys(behind);
    let parameters: [Parameter<'_>; 1] = [(&keys, Type::TEXT_ARRAY)];
    let rows = ask.rows(files::EVENTS_KEYED, &parameters).await?;
    decode::all(&rows, |row| decode::event(row, ask.catalog))
}

/// The first `most` characters of what the events of `behind` hold, by error.
pub(super) async fn payloads(
    ask: &Ask<'_>,
    behind: &Behind,
    most: i32,
) -> Result<Vec<(RowId, String)>, Fault> {
    let keys = keys(behind);
    let parameters: [Parameter<'_>; 2] = [(&keys, Type::TEXT_ARRAY), (&most, Type::INT4)];
    let rows = ask.rows(files::EVENTS_PAYLOADS, &parameters).await?;
    let found = |row: &Row| {
        let payload: String = row.try_get("payload")?;
        Ok(RowId::parse(row.try_get("id")?).map(|id| (id, payload)))
    };
    let found = decode::all(&rows, found)?;
    let found: HashMap<RowId, String> = found.into_iter().flatten().collect();
    let pairs = behind.pairs.iter();
    let held = pairs.filter_map(|(error, event)| Some((error.clone(), found.get(event)?.clone())));
    Ok(held.collect())
}

fn keys(behind: &Behind) -> Vec<&str> {
    let keys: HashSet<&str> = behind
        .pairs
        .iter()
        .map(|(_, event)| event.as_str())
        .collect();
    keys.into_iter().collect()
}
