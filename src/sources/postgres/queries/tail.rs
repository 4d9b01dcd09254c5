//! The live stream, and one event in detail.

mod kept;

use std::{collections::HashSet, time::Duration};

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

/// A look in between takes the newest alone, and those of the rest that have not ended well: others hardly change.
const NEAR: i64 = 200;

/// How often all that the stream keeps are looked at.
const WIDE: Duration = Duration::from_secs(10);

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
    /// What the last look at all that the stream keeps saw, and when.
    wide: Option<(String, Instant)>,
    /// How many rows the last look found.
    found: usize,
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

    /// The next look; `by_key`: rows are told by their keys, and by their versions whether they are new.
    fn next(&self, by_key: bool) -> Look {
        let is_due = |(_, at): &(String, Instant)| at.elapsed() >= WIDE;
        let is_wide = !by_key || self.is_busy() || self.wide.as_ref().is_none_or(is_due);
        let snapshot = |(snapshot, _): &(String, Instant)| snapshot.clone();
        let wide = self.wide.as_ref().map(snapshot);
        if is_wide && wide != self.snapshot {
            // What the looks in between left out is new since the last one at all.
            return Look {
                limit: WATCHED,
                is_wide,
                is_deep: true,
                last: wide.clone(),
                deep: wide,
            };
        }
        let deep = self.deep.as_ref();
        let is_deep = deep.is_none_or(|(_, at)| at.elapsed() >= DEEP);
        Look {
            limit: match self.snapshot {
                None => FIRST,
                Some(_) if is_wide => WATCHED,
                Some(_) => NEAR,
            },
            is_wide,
            is_deep,
            last: self.snapshot.clone(),
            deep: deep.filter(|_| is_deep).map(snapshot),
        }
    }

    /// Whether so many come that the newest may be less than what is new.
    const fn is_busy(&self) -> bool {
        self.found as i64 >= NEAR / 2
    }
}

/// A look at the newest events.
#[derive(Debug)]
struct Look {
    /// How many of them.
    limit: i64,
    /// Whether these are all that the stream keeps.
    is_wide: bool,
    /// Whether what was written inside a savepoint is looked for.
    is_deep: bool,
    /// The snapshot since which they are new, and the one for those written inside a savepoint.
    last: Option<String>,
    deep: Option<String>,
}

/// The events that are new or changed since the cursor.
pub(super) async fn fetch(ask: &Ask<'_>, memory: &mut Memory) -> Result<Vec<EventRow>, Fault> {
    let (mut events, is_wide) = look(ask, memory).await?;
    if !is_wide && memory.tail.is_busy() {
        let (all, _) = look(ask, memory).await?;
        let again: HashSet<&RowId> = all.iter().map(|row| &row.id).collect();
        events.retain(|row| !again.contains(&row.id));
        events.extend(all);
    }
    Ok(events)
}

/// One look at them, and whether it took all that the stream keeps.
async fn look(ask: &Ask<'_>, memory: &mut Memory) -> Result<(Vec<EventRow>, bool), Fault> {
    let cursor = &mut memory.tail;
    // A view has no versions of rows; a standby does not tell which transactions were running.
    let by_time = ask.catalog.standby
        || ask
            .catalog
            .relation("pipeline_events")
            .is_some_and(|events| !events.has_versions());
    // By time they are the newest as well.
    let is_by_key = ask.catalog.is_ordered_by_key();
    let look = cursor.next(is_by_key && !by_time);
    let newest = look.limit.unsigned_abs() as usize;
    let kept = (look.is_deep && is_by_key).then(|| cursor.kept.besides(newest));
    let kept = kept.filter(|keys| !keys.is_empty());
    let rows = ask
        .rows(
            files::TAIL,
            &[
                (&look.last, Type::TEXT),
                (&look.limit, Type::INT8),
                (&by_time, Type::BOOL),
                (&look.deep, Type::TEXT),
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
    account(ask, memory, &events, (events.len() as i64) < look.limit);
    let cursor = &mut memory.tail;
    cursor.kept.take(&events);
    cursor.found = events.len();
    if look.is_wide {
        cursor.wide = Some((snapshot.clone(), Instant::now()));
    }
    if look.is_deep {
        cursor.deep = Some((snapshot.clone(), Instant::now()));
    }
    cursor.snapshot = Some(snapshot);
    Ok((events, look.is_wide))
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
