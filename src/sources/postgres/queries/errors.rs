//! The errors: by stage, and by group. The groups are kept in a [`Book`], which is fed with what is new and what changed:
//! rows after the newest key, the past in chunks from the newest on, and in rounds the keys of what is unresolved, so that
//! what was resolved elsewhere is noticed. No refresh reads more than so many chunks, however much there is. Where no index
//! finds what is unresolved in a large table, it is looked for by key.

pub(super) mod by_key;
mod counts;
mod day;
mod newer;
mod retried;

use std::ops::RangeInclusive;

use tokio::time::Instant;
use tokio_postgres::{Row, types::Type};

pub(super) use self::counts::unresolved;
use super::{
    super::decode, Ask, COUNT_CAP, Parameter, files, files::Query, rest::Rest, triage::Heard,
};
use crate::{
    domain::{
        Timestamp,
        alert::RuleId,
        error_group::{Book, Errors, Noted},
        event::RowId,
        triage::Triage,
    },
    msg::Fault,
};

/// Errors read at once.
pub(super) const CHUNK: i64 = 5_000;

/// Chunks of the past, and of what is new, that one refresh reads.
const CHUNKS: usize = 4;

/// The newest resolved and unresolved errors that are read as the past.
const PAST: i64 = 20_000;

/// Keys checked in one round, and rounds in one refresh where the server counts other than we do.
const ROUND: i64 = 10_000;
const ROUNDS: usize = 4;

/// Where the server counts as many as we hold, the keys are checked in so many refreshes once: one that was resolved while
/// another was opened again is noticed then, any other change at once.
const EVEN: u32 = 11;

/// Rows that differ and are read again in one refresh.
const AGAIN: usize = 5_000;

/// How far the errors have been read.
#[derive(Debug, Default)]
pub(super) struct ErrorReading {
    book: Book,
    /// The highest key that was read, and what is known of the keys below it.
    newest: Option<i64>,
    overlap: newer::Overlap,
    /// The lowest key of the past, and of what is unresolved.
    oldest: Option<i64>,
    /// Rows of the past that were read.
    past: i64,
    has_past: bool,
    /// When the first of those was written, where there are older ones.
    past_since: Option<Timestamp>,
    /// How many errors of the last day the server counted.
    day: Option<day::Day>,
    /// Whether no more of what is unresolved is to be read.
    has_all_open: bool,
    /// Whether that is because there are too many.
    is_capped: bool,
    /// When the first of those was written that were looked at, where only a part was, and how many were.
    since: Option<Timestamp>,
    looked: i64,
    /// Where the next round of checks begins, and the next one of those that are known.
    check_before: Option<i64>,
    /// Refreshes since the last check, and the server's clock then.
    unchecked: u32,
    clock: Option<(Timestamp, Instant)>,
    known_before: Option<i64>,
    /// How many rows are looked at where there is but one look.
    limit: Option<i64>,
    /// How many unresolved errors the server counted, and when.
    counted: Option<(u64, Instant)>,
    /// When events that were tried again are looked for next.
    retried_at: Option<Instant>,
    /// What operators said of groups.
    heard: Heard,
}

impl ErrorReading {
    /// For one look at everything.
    pub(super) fn brief() -> Self {
        Self {
            limit: Some(by_key::BRIEF),
            ..Self::default()
        }
    }

    /// Since when errors were looked at for what is unresolved, where older ones were not.
    fn since(&self) -> Option<Timestamp> {
        let floor = self.book.floor().and_then(|key| self.book.at(key));
        floor.or(self.since.filter(|_| self.reaches() != Some(i64::MIN)))
    }

    /// The errors by group, as far as they have been read.
    pub(super) const fn book(&self) -> &Book {
        &self.book
    }

    /// Takes in what is said of groups on this machine alone.
    pub(super) fn hear(&mut self, local: Vec<Triage>) {
        self.heard.local = local;
    }

    /// Whether it holds as many unresolved errors as the server counted, and no more are to be read.
    const fn is_even(&self, total: u64) -> bool {
        total == self.book.open() && self.has_all_open
    }

    /// The key from which on every unresolved error is in the book; `None` while that is not known of any.
    pub(super) fn reaches(&self) -> Option<i64> {
        if self.has_all_open && !self.is_capped {
            return Some(self.book.floor().unwrap_or(i64::MIN));
        }
        self.oldest.max(self.book.floor())
    }
}

/// What is known of the errors.
pub(super) async fn fetch(
    ask: &Ask<'_>,
    reading: &mut ErrorReading,
    rest: &mut Rest,
) -> Result<Errors, Fault> {
    let is_by_key = ask.catalog.lacks_open_index();
    // Where the book has all that is unresolved, it tells their stages as well.
    let is_known = !is_by_key && reading.has_all_open && !reading.is_capped;
    let is_held = (is_by_key || is_known) && day::is_held(reading);
    let (mut parts, counted) = if is_held {
        (Vec::new(), None)
    } else if is_by_key || is_known {
        by_key::of_day(ask, rest).await?
    } else {
        counts::by_stage(ask, rest).await?
    };
    let total = if is_known {
        counts::total(ask, rest).await?.0
    } else {
        parts.iter().map(|(part, _)| part.unresolved).sum()
    };
    reading.counted = (!is_by_key).then(|| (total.min(COUNT_CAP), Instant::now()));
    let now = if is_by_key {
        read_on(ask, reading).await?;
        by_key::check(ask, reading).await?
    } else if ask.catalog.has_whole_keys("pipeline_errors") {
        read_on(ask, reading).await?;
        check(ask, reading, total).await?
    } else {
        *reading = ErrorReading {
            heard: std::mem::take(&mut reading.heard),
            counted: reading.counted,
            ..ErrorReading::default()
        };
        newest(ask, reading).await?
    };
    if is_held {
        parts.extend(day::held(reading, now));
    } else if (is_by_key || is_known) && counted.is_none() {
        day::counted(reading, &parts, now);
    }
    if is_by_key || is_known && reading.is_even(total) {
        parts.extend(by_key::open(reading));
    } else if is_known {
        parts = counts::by_stage(ask, rest).await?.0;
    }
    let mut errors = counts::summed(parts);
    errors.since = reading.since().filter(|_| is_by_key);
    errors.counted = counted;
    retried::refresh(ask, reading).await?;
    let (said, place) = reading.heard.ask(ask).await?;
    let (alerts, groups) = said
        .into_iter()
        .partition(|triage| RuleId::of_key(triage.id).is_some());
    errors.alerts = alerts;
    reading.book.triaged(groups, now);
    errors.place = place;
    let is_whole = reading.has_all_open && reading.reaches() == Some(i64::MIN);
    let has_all = is_whole && errors.open() <= reading.book.open();
    reading.book.tell(&mut errors, now, has_all);
    Ok(errors)
}

/// Where keys have no order, the newest are all there is; they are read anew each time.
async fn newest(ask: &Ask<'_>, reading: &mut ErrorReading) -> Result<Timestamp, Fault> {
    let rows = ask
        .rows(files::ERRORS_RECENT, &[(&CHUNK, Type::INT8)])
        .await?;
    reading.book.take(decode::all(&rows, decode::noted)?);
    reading.has_all_open = (rows.len() as i64) < CHUNK;
    match rows.first() {
        Some(row) => row.try_get("now").map_err(|error| super::fault_of(&error)),
        None => Ok(Timestamp::default()),
    }
}

/// What is new, and the next part of the past.
async fn read_on(ask: &Ask<'_>, reading: &mut ErrorReading) -> Result<(), Fault> {
    newer::read(ask, reading).await?;
    let has_room = reading.book.open() + 2 * CHUNK as u64 <= COUNT_CAP;
    if has_room && (reading.is_capped || reading.book.floor().is_some()) {
        // So many were resolved that older ones have room again.
        reading.oldest = reading.oldest.max(reading.book.floor());
        reading.book.has_room();
        (reading.has_all_open, reading.is_capped) = (false, false);
    }
    let is_by_key = ask.catalog.lacks_open_index();
    for n in 0.. {
        let limit = reading.limit.filter(|_| is_by_key);
        let is_spent = limit.map_or(n >= CHUNKS, |most| reading.looked >= most);
        if is_spent || reading.has_past && reading.has_all_open {
            break;
        }
        let is_first = reading.newest.is_none();
        earlier(ask, reading).await?;
        // What is newest is shown before the rest is read.
        if is_first && limit.is_none() {
            break;
        }
    }
    if reading.book.kept_whole() < 500 && reading.book.open() > 500 {
        if is_by_key {
            let newest = reading.book.open_before(i64::MAX, 1_000);
            let keys: Vec<i64> = newest.iter().filter_map(RowId::number).collect();
            again(ask, reading, &keys).await?;
        } else {
            let (rows, _) = chunk(ask, files::ERRORS_OPEN, None).await?;
            reading.book.take(rows);
        }
    }
    Ok(())
}

/// The next chunk of the past; after that of what is unresolved and older.
async fn earlier(ask: &Ask<'_>, reading: &mut ErrorReading) -> Result<(), Fault> {
    if reading.has_past && ask.catalog.lacks_open_index() {
        return by_key::earlier(ask, reading).await;
    }
    let query = if reading.has_past {
        files::ERRORS_OPEN
    } else {
        files::ERRORS_OLDER
    };
    let (rows, lowest) = chunk(ask, query, reading.oldest).await?;
    let n = rows.len() as i64;
    if reading.newest.is_none() {
        // Of an empty table, what comes is after no key at all.
        let highest = rows.iter().filter_map(|noted| noted.row.id.number()).max();
        reading.newest = highest.or(Some(0));
    }
    reading.oldest = lowest.or(reading.oldest);
    let first = rows.iter().min_by_key(|noted| noted.row.id.number());
    reading.since = first.map(|noted| noted.row.created_at).or(reading.since);
    reading.looked += n;
    reading.book.take(rows);
    if reading.has_past {
        reading.is_capped = n >= CHUNK && reading.book.open() >= COUNT_CAP;
        reading.has_all_open = n < CHUNK || reading.is_capped;
    } else {
        reading.past += n;
        reading.has_all_open = n < CHUNK;
        if n < CHUNK || reading.past >= PAST {
            reading.has_past = true;
            reading.past_since = reading.since.filter(|_| n >= CHUNK);
            reading.book.has_past();
        }
    }
    Ok(())
}

/// A chunk of rows beside `key`, and the lowest key among them.
pub(super) async fn chunk(
    ask: &Ask<'_>,
    query: Query,
    key: Option<i64>,
) -> Result<(Vec<Noted>, Option<i64>), Fault> {
    part(ask, query, key, CHUNK).await
}

/// As [`chunk`], with at most `most` rows.
pub(super) async fn part(
    ask: &Ask<'_>,
    query: Query,
    key: Option<i64>,
    most: i64,
) -> Result<(Vec<Noted>, Option<i64>), Fault> {
    let rows = ask
        .rows(query, &[(&key, Type::INT8), (&most, Type::INT8)])
        .await?;
    let noted = decode::all(&rows, decode::noted)?;
    let lowest = noted.iter().filter_map(|noted| noted.row.id.number()).min();
    Ok((noted, lowest))
}

/// Checks which errors are unresolved: a round of keys, or several where the server counts another `total` than we
/// hold. The server's clock.
async fn check(ask: &Ask<'_>, reading: &mut ErrorReading, total: u64) -> Result<Timestamp, Fault> {
    if let Some((clock, at)) = reading.clock
        && reading.is_even(total)
        && reading.check_before.is_none()
        && reading.unchecked < EVEN
    {
        reading.unchecked += 1;
        return Ok(clock + at.elapsed());
    }
    let mut now = Timestamp::default();
    for _ in 0..ROUNDS {
        let before = reading.check_before;
        let rows = ask
            .rows(
                files::ERRORS_OPEN_KEYS,
                &[(&before, Type::INT8), (&ROUND, Type::INT8)],
            )
            .await?;
        let (keys, at) = decode::one(&rows, |row: &Row| {
            Ok((row.try_get::<_, Vec<i64>>("keys")?, row.try_get("now")?))
        })?;
        now = at;
        let range = checked(reading, before, &keys);
        let is_last = (keys.len() as i64) < ROUND || range.start() <= &reading.oldest.unwrap_or(0);
        reading.check_before = (!is_last).then_some(*range.start());
        let held: Vec<i64> = keys.into_iter().filter(|key| range.contains(key)).collect();
        let mut differing = reading.book.differing(range, &held);
        differing.truncate(AGAIN);
        again(ask, reading, &differing).await?;
        // Beyond the cap nothing tells how far apart the counts are.
        if is_last || reading.is_even(total) || total > COUNT_CAP || !reading.has_all_open {
            break;
        }
    }
    reading.clock = Some((now, Instant::now()));
    reading.unchecked = 0;
    Ok(now)
}

/// The range of keys of which `keys` before `before` are all that are unresolved, as far as it has been read.
fn checked(reading: &ErrorReading, before: Option<i64>, keys: &[i64]) -> RangeInclusive<i64> {
    let is_short = (keys.len() as i64) < ROUND;
    let lowest = keys
        .last()
        .copied()
        .filter(|_| !is_short)
        .unwrap_or(i64::MIN);
    let read = reading.reaches().unwrap_or(i64::MIN);
    lowest.max(read)..=before.map_or(i64::MAX, |before| before - 1)
}

/// Reads these rows again; those that do not come are gone.
async fn again(ask: &Ask<'_>, reading: &mut ErrorReading, keys: &[i64]) -> Result<(), Fault> {
    if keys.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
    let parameters: [Parameter<'_>; 1] = [(&names, Type::TEXT_ARRAY)];
    let rows = ask.rows(files::ERRORS_KEYED, &parameters).await?;
    let rows = decode::all(&rows, decode::noted)?;
    let there: std::collections::HashSet<i64> = rows
        .iter()
        .filter_map(|noted| noted.row.id.number())
        .collect();
    for key in keys.iter().filter(|key| !there.contains(key)) {
        reading.book.remove(&RowId::from(*key));
    }
    reading.book.take(rows);
    Ok(())
}
