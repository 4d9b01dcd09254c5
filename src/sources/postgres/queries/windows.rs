//! The windows of time over a large table of events: kept in memory, and brought up to the present by a bounded read.

use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::{Error, Row, types::Type};

use super::{
    super::fault_of,
    Ask, Parameter, backlog, files, first,
    memory::{DAY_HOURS, FIRST_EVENT, Memory},
};
use crate::{
    domain::{
        Timestamp,
        event::{EventRow, EventStatus},
        stage::Totals,
        window::{
            Backlog, Check, Found, Part, Plan, Windows,
            count::{self, State},
        },
    },
    msg::Fault,
};

/// What is known is taken as the present for this long by feeds that come less often than the first of them.
const FRESH: Duration = Duration::from_secs(5);

/// What is known of the events of the last day, and of the backlog.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) windows: Windows,
    pub(super) backlog: Backlog,
    /// Whether there may be more of the day below the keys that are read, since they are in no order.
    is_unordered: bool,
    read_at: Instant,
}

impl Known {
    /// The totals of the last day, as far as they are known.
    pub(super) fn totals(&self) -> Totals {
        Totals {
            is_unordered: self.is_unordered,
            ..self.windows.totals()
        }
    }
}

/// Brings the windows up to the present; what they then know.
pub(super) async fn refresh<'m>(ask: &Ask<'_>, memory: &'m mut Memory) -> Result<&'m Known, Fault> {
    let before = memory.known.as_ref().map(|known| known.backlog.pending());
    let (mut windows, is_unordered) = match memory.known.take() {
        Some(known) if !known.windows.is_lost() => (known.windows, known.is_unordered),
        Some(_) | None => {
            let first = first::of_window(ask, FIRST_EVENT, DAY_HOURS).await?;
            // Of an empty table any key is the first of the day.
            let key = first.key.unwrap_or(i64::MIN);
            (Windows::new(key), first.is_unordered)
        }
    };
    let backlog = async {
        if ask.catalog.lacks_status_index() {
            return Ok(None);
        }
        backlog::backlog(ask, before).await.map(Some)
    };
    let (turn, backlog) = tokio::join!(turn(ask, &mut windows), backlog);
    let backlog = match turn.and(backlog) {
        Ok(Some(backlog)) => backlog,
        Ok(None) => windows.backlog(),
        Err(fault) => {
            // What was read stands; the next turn goes on from it.
            memory.known = Some(Known {
                windows,
                backlog: Backlog::default(),
                is_unordered,
                read_at: Instant::now() - FRESH,
            });
            return Err(fault);
        }
    };
    Ok(memory.known.insert(Known {
        windows,
        backlog,
        is_unordered,
        read_at: Instant::now(),
    }))
}

/// What the windows know, brought up to the present unless that was done a moment ago.
pub(super) async fn known<'m>(ask: &Ask<'_>, memory: &'m mut Memory) -> Result<&'m Known, Fault> {
    let is_fresh = memory
        .known
        .as_ref()
        .is_some_and(|known| known.read_at.elapsed() < FRESH);
    if !is_fresh {
        return refresh(ask, memory).await;
    }
    memory
        .known
        .as_ref()
        .ok_or_else(|| Fault::Missing("windows of time".into()))
}

/// Tells the windows of rows that the stream saw.
pub(super) fn heard(memory: &mut Memory, rows: &[EventRow]) {
    let Some(known) = &mut memory.known else {
        return;
    };
    for row in rows {
        let running = match row.status {
            EventStatus::Pending => Some(false),
            EventStatus::Processing => Some(true),
            EventStatus::Processed | EventStatus::Failed | EventStatus::Other(_) => None,
        };
        if let Some(id) = row.id.number() {
            known.windows.heard(id, running);
        }
    }
}

/// One turn of the windows, of a few statements at most.
async fn turn(ask: &Ask<'_>, windows: &mut Windows) -> Result<(), Fault> {
    let mut statements = 0;
    loop {
        let plan = windows.plan(statements);
        let found = read(ask, &plan).await?;
        windows.take(&plan, found);
        statements += 1;
        if !windows.wants_more(statements) {
            return Ok(());
        }
    }
}

async fn read(ask: &Ask<'_>, plan: &Plan) -> Result<Found, Fault> {
    let lows: Vec<i64> = plan.ranges.iter().map(|range| range.low).collect();
    let highs: Vec<i64> = plan.ranges.iter().map(|range| range.high).collect();
    let limits: Vec<i64> = plan.ranges.iter().map(|range| range.rows as i64).collect();
    let (watched, running): (Vec<i64>, Vec<bool>) = plan.watched.iter().copied().unzip();
    let of_checks = |of: fn(&Check) -> i64| plan.checks.iter().map(of).collect::<Vec<i64>>();
    let [check_lows, check_highs, rows, versions] = [
        of_checks(|check| check.low),
        of_checks(|check| check.high),
        of_checks(|check| check.rows.cast_signed()),
        of_checks(|check| check.versions),
    ];
    let parameters: [Parameter<'_>; 9] = [
        (&lows, Type::INT8_ARRAY),
        (&highs, Type::INT8_ARRAY),
        (&limits, Type::INT8_ARRAY),
        (&watched, Type::INT8_ARRAY),
        (&running, Type::BOOL_ARRAY),
        (&check_lows, Type::INT8_ARRAY),
        (&check_highs, Type::INT8_ARRAY),
        (&rows, Type::INT8_ARRAY),
        (&versions, Type::INT8_ARRAY),
    ];
    let rows = ask.rows(files::WINDOWS, &parameters).await?;
    found(&rows, plan.ranges.len()).map_err(|error| fault_of(&error))
}

/// What the rows say: of one all that is not of a range, and one a range.
fn found(rows: &[Row], ranges: usize) -> Result<Found, Error> {
    let mut found = Found {
        ranges: vec![Vec::new(); ranges],
        ..Found::default()
    };
    let mut now = 0.0;
    for row in rows {
        if let Some(clock) = row.try_get::<_, Option<f64>>("now")? {
            now = clock;
            found.changed = row.try_get("ids")?;
        }
    }
    found.now =
        Timestamp::from_timestamp_millis((now * 1_000.0).floor() as i64).unwrap_or_default();
    for row in rows {
        let range: i32 = row.try_get("range")?;
        let parts = usize::try_from(range - 1)
            .ok()
            .and_then(|at| found.ranges.get_mut(at));
        if let Some(parts) = parts {
            *parts = counted(row, now)?;
        }
    }
    Ok(found)
}

/// What the rows of a range come to.
fn counted(row: &Row, now: f64) -> Result<Vec<Part>, Error> {
    let Some(ids) = row.try_get::<_, Option<Vec<i64>>>("ids")? else {
        return Ok(Vec::new());
    };
    let stages: Vec<&str> = row.try_get("stages")?;
    let created: Vec<Option<f64>> = row.try_get("created")?;
    let ended: Vec<Option<f64>> = row.try_get("ended")?;
    let standing: Vec<Option<i32>> = row.try_get("states")?;
    let times = created.into_iter().zip(ended);
    let versions: Vec<Option<i64>> = row.try_get("versions")?;
    let how = standing.into_iter().zip(versions);
    let rows = ids.into_iter().zip(stages).zip(times).zip(how);
    let mut rows: Vec<count::Row<'_>> = rows
        .map(
            |(((id, stage), (created, ended)), (state, version))| count::Row {
                id,
                stage,
                created,
                ended,
                state: state.and_then(state_of),
                version,
            },
        )
        .collect();
    rows.sort_unstable_by_key(|row| row.id);
    Ok(count::count(&rows, now))
}

/// What the file's numbers for states mean.
const fn state_of(number: i32) -> Option<State> {
    match number {
        0 => Some(State::Pending),
        1 => Some(State::Processing),
        2 => Some(State::Processed),
        3 => Some(State::Failed),
        _ => None,
    }
}
