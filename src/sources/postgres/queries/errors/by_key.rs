//! The unresolved errors of a large table without an index that finds them: known by key alone. So many rows are looked at
//! before a key, the newest first, until all of them were, a few stretches a refresh; those that are known to be unresolved are
//! asked for by their keys, in turn, and so is one stretch of the rest, so that what was reopened is found when all have had
//! their turn. Until the oldest was looked at, how far back that is is told: counts are lower bounds.

use tokio_postgres::{Row, types::Type};

use super::{
    super::{super::decode, Ask, COUNT_CAP, Parameter, Query, files, rest::Rest},
    CHUNK, ErrorReading, again,
};
use crate::{
    domain::{
        Timestamp,
        error_group::{ErrorStage, Severity},
        event::RowId,
    },
    msg::Fault,
};

/// Rows of a stretch: some 5 ms of the server.
pub(in super::super) const ROWS: i64 = 10_000;

/// Rows that a look without a second one looks at.
pub(in super::super) const BRIEF: i64 = 100_000;

/// Unresolved errors asked for by key in one refresh: the newest, and as many again in turn.
const KNOWN: usize = 250;

/// What is unresolved, or resolved, of the rows that were looked at.
#[derive(Debug)]
pub(in super::super) struct Stretch {
    /// Their keys, the nearest first.
    pub(in super::super) keys: Vec<i64>,
    /// The lowest and the highest key of all that were looked at.
    pub(in super::super) ends: Option<(i64, i64)>,
    /// How many were looked at.
    pub(in super::super) looked: i64,
    /// When the first of them was written.
    pub(in super::super) since: Option<Timestamp>,
}

impl Stretch {
    /// Leaves `most` keys at most; whether there were more.
    pub(in super::super) fn cut(&mut self, most: usize) -> bool {
        let is_cut = self.keys.len() > most;
        self.keys.truncate(most);
        is_cut
    }
}

/// So many rows before the key: which of them are `resolved`, or are not.
pub(in super::super) async fn below(
    ask: &Ask<'_>,
    before: Option<i64>,
    resolved: bool,
) -> Result<Stretch, Fault> {
    stretch(ask, files::ERRORS_BELOW, before, resolved).await
}

/// So many rows after it: which of them are unresolved.
pub(in super::super) async fn above(ask: &Ask<'_>, after: i64) -> Result<Stretch, Fault> {
    stretch(ask, files::ERRORS_ABOVE, Some(after), false).await
}

async fn stretch(
    ask: &Ask<'_>,
    query: Query,
    key: Option<i64>,
    resolved: bool,
) -> Result<Stretch, Fault> {
    let parameters: [Parameter<'_>; 3] = [
        (&key, Type::INT8),
        (&ROWS, Type::INT8),
        (&resolved, Type::BOOL),
    ];
    let rows = ask.rows(query, &parameters).await?;
    decode::one(&rows, |row: &Row| {
        let low: Option<i64> = row.try_get("lowest")?;
        Ok(Stretch {
            keys: row.try_get("keys")?,
            ends: low.zip(row.try_get("highest")?),
            looked: row.try_get("looked")?,
            since: row.try_get("since")?,
        })
    })
}

/// The errors of the last day by stage and severity, and when they were counted if that was before.
pub(super) async fn of_day(
    ask: &Ask<'_>,
    rest: &mut Rest,
) -> Result<(Vec<(ErrorStage, Severity)>, Option<Timestamp>), Fault> {
    let cap = COUNT_CAP as i64 + 1;
    let parameters: [Parameter<'_>; 1] = [(&cap, Type::INT8)];
    let asked = rest.errors(ask, files::ERRORS_OF_DAY, &parameters);
    let (rows, counted) = asked.await?;
    Ok((decode::all(&rows, decode::errors_by_stage)?, counted))
}

/// Those that are held as unresolved, likewise.
pub(super) fn open(reading: &ErrorReading) -> impl Iterator<Item = (ErrorStage, Severity)> {
    let counts = reading.book.open_by_stage().into_iter();
    counts.map(|((stage, severity), unresolved)| {
        let stage = ErrorStage {
            stage,
            errors_24h: 0,
            critical_24h: 0,
            unresolved,
        };
        (stage, severity)
    })
}

/// Looks at one stretch more, before all that were looked at.
pub(super) async fn earlier(ask: &Ask<'_>, reading: &mut ErrorReading) -> Result<(), Fault> {
    let mut stretch = below(ask, reading.oldest, false).await?;
    let is_cut = stretch.cut(CHUNK as usize);
    let is_end = stretch.looked < ROWS && !is_cut;
    again(ask, reading, &stretch.keys).await?;
    let lowest = stretch.ends.map(|(low, _)| low);
    let reached = if is_cut {
        stretch.keys.last().copied()
    } else {
        lowest
    };
    reading.oldest = reached.or(reading.oldest);
    if !is_cut {
        reading.since = stretch.since.or(reading.since);
    }
    reading.looked += stretch.looked;
    reading.is_capped = !is_end && reading.book.open() >= COUNT_CAP;
    reading.has_all_open = is_end || reading.is_capped;
    Ok(())
}

/// Asks for those that are known, and looks at one stretch again. The server's clock.
pub(super) async fn check(ask: &Ask<'_>, reading: &mut ErrorReading) -> Result<Timestamp, Fault> {
    let newest = reading.book.open_before(i64::MAX, KNOWN);
    let next = reading
        .book
        .open_before(reading.known_before.unwrap_or(i64::MAX), KNOWN);
    let last = next.last().and_then(RowId::number);
    reading.known_before = last.filter(|_| next.len() >= KNOWN);
    let numbers = newest.iter().chain(&next).filter_map(RowId::number);
    let keys: std::collections::BTreeSet<i64> = numbers.collect();
    let keys: Vec<i64> = keys.into_iter().collect();
    let parameters: [Parameter<'_>; 1] = [(&keys, Type::INT8_ARRAY)];
    let rows = ask.rows(files::ERRORS_ENDED, &parameters).await?;
    let (ended, now) = decode::one(&rows, |row: &Row| {
        Ok((row.try_get::<_, Vec<i64>>("keys")?, row.try_get("now")?))
    })?;
    reading.clock = Some((now, tokio::time::Instant::now()));
    again(ask, reading, &ended).await?;
    // While older ones are looked at for the first time, that is enough.
    if reading.has_all_open && reading.limit.is_none() {
        lap(ask, reading).await?;
    }
    Ok(now)
}

/// Looks at the next stretch again.
async fn lap(ask: &Ask<'_>, reading: &mut ErrorReading) -> Result<(), Fault> {
    let before = reading.check_before;
    let mut stretch = below(ask, before, false).await?;
    let is_cut = stretch.cut(CHUNK as usize);
    let reaches = reading.reaches().unwrap_or(i64::MIN);
    let low = match stretch.ends {
        _ if is_cut => stretch.keys.last().copied(),
        Some((low, _)) if stretch.looked >= ROWS => Some(low),
        Some(_) | None => None,
    };
    let low = low.unwrap_or(i64::MIN);
    reading.check_before = (low > reaches).then_some(low);
    let range = low.max(reaches)..=before.map_or(i64::MAX, |before| before - 1);
    stretch.keys.retain(|key| range.contains(key));
    let differing = reading.book.differing(range, &stretch.keys);
    again(ask, reading, &differing).await
}
