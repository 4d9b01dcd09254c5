//! What is asked when somebody looks: an error whole, the events behind some, those that match, the A/B tests of a campaign.

mod paging;

use std::collections::HashMap;

use tokio_postgres::{Row, types::Type};

use super::{
    super::{Client, catalog::Catalog, decode},
    Ask, COUNT_CAP, Memory, Parameter, ab_tests, behind, files, near,
    past::past,
    tail,
};
use crate::{
    domain::{
        error_group::{self, ErrorDetail, ErrorRow, Found, Look, Noted, Seen, Values, Wanted},
        event::{EventRow, RowId},
        reach::Reach,
        timeline::Join,
        untrusted::Untrusted,
        why::Probe,
    },
    msg::Fault,
};

/// Errors whose events are looked for at once.
const BEHIND: usize = 2_000;

/// Characters of a payload that are read for a filter; of a longer one nothing is told.
const PAYLOAD: i32 = 16 * 1024;

/// Answers `look`.
///
/// # Errors
/// What the database lacks for it, or what the server answered instead.
pub async fn look(
    client: &Client,
    catalog: &Catalog,
    memory: &mut Memory,
    look: &Look,
) -> Result<Seen, Fault> {
    let ask = Ask::once(client, catalog);
    match look {
        Look::Error(id) => whole(&ask, id).await.map(Box::new).map(Seen::Error),
        Look::Behind(wanted, ids, groups) => {
            let book = memory.errors.book();
            let members = groups.iter().flat_map(|group| book.members(*group));
            let mut errors: Vec<RowId> = ids.iter().cloned().chain(members).collect();
            errors.sort();
            errors.dedup();
            let most = match wanted {
                Wanted::Errors => COUNT_CAP as usize,
                Wanted::Events => BEHIND,
            };
            let is_cut = errors.len() > most;
            errors.truncate(most);
            let (events, beyond) = match wanted {
                Wanted::Errors => (Vec::new(), 0),
                Wanted::Events => events(&ask, &errors).await?,
            };
            Ok(Seen::Found(Found {
                errors,
                is_cut,
                events,
                beyond,
            }))
        }
        Look::Past(at) => {
            let past = past(client, catalog, *at).await?;
            Ok(Seen::Past(Box::new(past)))
        }
        Look::Why(_) => probe(&ask).await.map(Seen::Probe),
        Look::Matching(text) => paging::matching(&ask, memory, text).await.map(Seen::Found),
        Look::Page(place, filter) => {
            let page = paging::page(&ask, memory, place, filter);
            page.await.map(Seen::Page)
        }
        Look::Still(from, to) => Ok(Seen::Still(paging::still(memory, from, to))),
        Look::Payloads(fields, ids) => {
            let values = payloads(&ask, fields, ids);
            values.await.map(Seen::Payloads)
        }
        Look::Tests(campaign) => {
            let tests = ab_tests(client, catalog, campaign);
            tests.await.map(Seen::Tests)
        }
    }
}

pub(super) async fn rows(ask: &Ask<'_>, ids: &[RowId]) -> Result<Vec<Noted>, Fault> {
    let keys: Vec<&str> = ids.iter().map(RowId::as_str).collect();
    let parameters: [Parameter<'_>; 1] = [(&keys, Type::TEXT_ARRAY)];
    let rows = ask.rows(files::ERRORS_KEYED, &parameters).await?;
    decode::all(&rows, decode::noted)
}

/// One error with its event and what else there is of its record.
async fn whole(ask: &Ask<'_>, id: &RowId) -> Result<ErrorDetail, Fault> {
    let found = rows(ask, std::slice::from_ref(id)).await?;
    let Some(Noted {
        row: error,
        resolved,
        resolved_at,
    }) = found.into_iter().next()
    else {
        return Err(Fault::Missing(format!("error {id}: it is gone").into()));
    };
    let (event, of_event) = match &error.event {
        Some(event) => (Some(event.clone()), Reach::Whole),
        None => near::event_of(ask, &error).await?,
    };
    let read = match event {
        Some(event) => match tail::event(ask.client, ask.catalog, &event).await {
            Ok(read) => Some(read),
            // The event was purged; the error is here.
            Err(Fault::Missing(_) | Fault::Forbidden(_) | Fault::TooSlow(_)) => None,
            Err(fault) => return Err(fault),
        },
        None => None,
    };
    let Some(read) = read else {
        return Ok(ErrorDetail {
            errors: vec![error.clone()],
            error,
            resolved,
            resolved_at,
            event: None,
            payload: Untrusted::default(),
            last_ok: None,
            events: Vec::new(),
            reach: Box::new((of_event, Reach::Untold)),
        });
    };
    let join = ErrorDetail::join(&error, &read.row);
    let last_ok = near::last_ok(ask, &read.row).await?;
    let (_, of_events) = *read.reach;
    let mut events = read.siblings;
    events.push(read.row.clone());
    events.sort_by_key(|event| event.created_at);
    let mut errors = read.errors;
    if errors.iter().all(|known| known.id != error.id) {
        errors.push(error.clone());
    }
    errors.sort_by_key(|error| error.created_at);
    Ok(ErrorDetail {
        error,
        resolved,
        resolved_at,
        event: Some((read.row, join)),
        payload: read.payload,
        last_ok,
        events,
        errors,
        reach: Box::new((of_event, of_events)),
    })
}

/// The events behind `errors`, each once, with how sure that is; and of how many errors the event may lie farther back than was
/// looked.
async fn events(ask: &Ask<'_>, errors: &[RowId]) -> Result<(Vec<(EventRow, Join)>, u64), Fault> {
    let errors = rows(ask, errors).await?.into_iter().map(|noted| noted.row);
    let errors: Vec<ErrorRow> = errors.collect();
    let (found, beyond) = if ask.catalog.needs_floor() {
        let behind = behind::of(ask, &errors).await?;
        let beyond = behind.beyond.len() as u64;
        (behind::events_by_error(ask, &behind).await?, beyond)
    } else {
        (events_joined(ask, &errors).await?, 0)
    };
    let by_id: HashMap<&RowId, &ErrorRow> = errors.iter().map(|row| (&row.id, row)).collect();
    let mut events: Vec<(EventRow, Join)> = Vec::new();
    let mut places: HashMap<RowId, usize> = HashMap::new();
    for (error, event) in found {
        let join = by_id
            .get(&error)
            .map_or(Join::Weak, |error| ErrorDetail::join(error, &event));
        let known = places
            .get(&event.id)
            .and_then(|place| events.get_mut(*place));
        if let Some((_, known)) = known {
            *known = (*known).min(join);
        } else {
            places.insert(event.id.clone(), events.len());
            events.push((event, join));
        }
    }
    Ok((events, beyond))
}

/// Errors and their events, where an index finds those.
async fn events_joined(
    ask: &Ask<'_>,
    errors: &[ErrorRow],
) -> Result<Vec<(RowId, EventRow)>, Fault> {
    let keys: Vec<&str> = errors.iter().map(|row| row.id.as_str()).collect();
    let parameters: [Parameter<'_>; 1] = [(&keys, Type::TEXT_ARRAY)];
    let rows = ask.rows(files::ERRORS_EVENTS, &parameters).await?;
    let found = |row: &Row| {
        let error = RowId::parse(row.try_get("error_id")?);
        Ok(error.zip(Some(decode::event(row, ask.catalog)?)))
    };
    Ok(decode::all(&rows, found)?.into_iter().flatten().collect())
}

/// What the events of `errors` hold in `fields`, of those that can be found.
pub(super) async fn payloads(
    ask: &Ask<'_>,
    fields: &[String],
    errors: &[RowId],
) -> Result<Values, Fault> {
    if ask.catalog.needs_floor() {
        return payloads_behind(ask, fields, errors).await;
    }
    let keys: Vec<&str> = errors.iter().map(RowId::as_str).collect();
    let parameters: [Parameter<'_>; 2] = [(&keys, Type::TEXT_ARRAY), (&PAYLOAD, Type::INT4)];
    let rows = ask.rows(files::ERRORS_PAYLOADS, &parameters).await?;
    let found = |row: &Row| {
        let id: &str = row.try_get("error_id")?;
        let payload = Untrusted::from(row.try_get::<_, &str>("payload")?);
        Ok(RowId::parse(id).map(|id| (id, error_group::values(&payload, fields))))
    };
    Ok(Values {
        found: decode::all(&rows, found)?.into_iter().flatten().collect(),
        beyond: Vec::new(),
    })
}

/// The same, where the events are looked for by key.
async fn payloads_behind(
    ask: &Ask<'_>,
    fields: &[String],
    errors: &[RowId],
) -> Result<Values, Fault> {
    let errors = rows(ask, errors).await?.into_iter().map(|noted| noted.row);
    let behind = behind::of(ask, &errors.collect::<Vec<_>>()).await?;
    let held = behind::payloads(ask, &behind, PAYLOAD).await?.into_iter();
    let found = held.map(|(error, payload)| {
        let payload = Untrusted::from(payload);
        (error, error_group::values(&payload, fields))
    });
    Ok(Values {
        found: found.collect(),
        beyond: behind.beyond,
    })
}

/// Triggers and locks.
async fn probe(ask: &Ask<'_>) -> Result<Probe, Fault> {
    let schema = ask.catalog.schema.as_str();
    let rows = ask.rows(files::WHY, &[(&schema, Type::TEXT)]).await?;
    decode::one(&rows, |row| {
        Ok(Probe {
            switched_off: row.try_get("switched_off")?,
            notifies: row.try_get("notifies")?,
            waiting: decode::number(row, "waiting")?,
            longest_s: decode::number(row, "longest_s")?,
        })
    })
}
