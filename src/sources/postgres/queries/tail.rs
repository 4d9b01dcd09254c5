//! The live stream, and one event in detail.

mod kept;

use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::types::Type;

use self::kept::Kept;
use super::{
    super::{Client, catalog::Catalog, decode},
    Ask, files,
    memory::Memory,
    near, windows,
};
use crate::{
    domain::event::{EventDetail, EventRow, GONE, RowId},
    msg::Fault,
};

/// Events read at first.
const FIRST: i64 = 500;

/// The newest events, among which changes are looked for: as many as the stream keeps.
const WATCHED: i64 = 2_000;

/// Rows written inside a savepoint are looked for this often: whether a snapshot saw them cannot be told, so all
/// that are younger than the oldest transaction of then come again.
const DEEP: Duration = Duration::from_secs(2);

/// How far the stream has been read.
#[derive(Debug, Default)]
pub(super) struct TailCursor {
    /// What the last read saw, as `pg_snapshot`.
    snapshot: Option<String>,
    /// What the last deep read saw, and when.
    deep: Option<(String, Instant)>,
    /// What the stream keeps of what was read.
    kept: Kept,
}

impl TailCursor {
    /// The keys of some of the rows that the stream keeps, each in its turn.
    pub(super) fn in_turn(&mut self) -> Vec<String> {
        self.kept.in_turn()
    }

    /// The table has these rows no more.
    pub(super) fn forget(&mut self, keys: &[RowId]) {
        self.kept.forget(keys);
    }
}

/// The events that are new or changed since the cursor.
pub(super) async fn fetch(ask: &Ask<'_>, memory: &mut Memory) -> Result<Vec<EventRow>, Fault> {
    let cursor = &mut memory.tail;
    let limit = if cursor.snapshot.is_some() {
        WATCHED
    } else {
        FIRST
    };
    // A view has no versions of rows; a standby does not tell which transactions were running.
    let by_time = ask.catalog.standby
        || ask
            .catalog
            .relation("pipeline_events")
            .is_some_and(|events| !events.has_versions());
    let is_deep = cursor
        .deep
        .as_ref()
        .is_none_or(|(_, at)| at.elapsed() >= DEEP);
    let deep = cursor
        .deep
        .as_ref()
        .filter(|_| is_deep)
        .map(|(snapshot, _)| snapshot);
    // By time they are the newest as well.
    let is_by_key = is_deep && ask.catalog.is_ordered_by_key();
    let kept = is_by_key.then(|| cursor.kept.older());
    let kept = kept.filter(|keys| !keys.is_empty());
    let rows = ask
        .rows(
            files::TAIL,
            &[
                (&cursor.snapshot, Type::TEXT),
                (&limit, Type::INT8),
                (&by_time, Type::BOOL),
                (&deep, Type::TEXT),
                (&kept, Type::TEXT_ARRAY),
            ],
        )
        .await?;
    let snapshot: String = decode::one(&rows, |row| Ok(row.try_get("snapshot")?))?;
    // A look that finds nothing still has its one row, with the snapshot alone.
    let has_event = |row: &&tokio_postgres::Row| {
        row.try_get::<_, Option<&str>>("id")
            .is_ok_and(|id| id.is_some())
    };
    let events = rows
        .iter()
        .filter(has_event)
        .map(|row| decode::event(row, ask.catalog).map_err(Fault::from))
        .collect::<Result<Vec<EventRow>, Fault>>()?;
    windows::heard(memory, &events);
    account(ask, memory, &events, (events.len() as i64) < limit);
    let cursor = &mut memory.tail;
    cursor.kept.take(&events);
    if is_deep {
        cursor.deep = Some((snapshot.clone(), Instant::now()));
    }
    cursor.snapshot = Some(snapshot);
    Ok(events)
}

/// Tells the account of rows that were read; `is_whole`: the table has no others.
fn account(ask: &Ask<'_>, memory: &mut Memory, events: &[EventRow], is_whole: bool) {
    if ask.catalog.is_ordered_by_key() {
        let keys: Vec<i64> = events.iter().filter_map(|row| row.id.number()).collect();
        memory.account.take(&keys, is_whole);
        return;
    }
    let marks = events.iter().map(|row| {
        let at = row.created_at.timestamp_micros();
        (at, row.id.as_str())
    });
    // What bears no time is nowhere in it.
    let timed = marks.filter(|(at, _)| *at > 0);
    memory.by_time.take(timed, is_whole);
}

/// One event with its payload, its errors and the other events of its record.
///
/// # Errors
/// What the database lacks for it, [`Fault::Missing`] when the event is gone, or what the server answered.
pub async fn event(client: &Client, catalog: &Catalog, id: &RowId) -> Result<EventDetail, Fault> {
    let ask = Ask::once(client, catalog);
    let key = id.as_str();
    let rows = ask.rows(files::EVENT, &[(&key, Type::TEXT)]).await?;
    let Some(found) = rows.first() else {
        return Err(Fault::Missing(format!("event {id}: {GONE}").into()));
    };
    let row = decode::event(found, catalog)?;
    let (errors, siblings) = tokio::join!(near::errors(&ask, &row), near::siblings(&ask, &row));
    let (errors, of_errors) = errors?;
    let (siblings, of_siblings) = siblings?;
    Ok(EventDetail {
        payload: decode::payload(found)?,
        errors,
        siblings,
        reach: Box::new((of_errors, of_siblings)),
        row,
    })
}
