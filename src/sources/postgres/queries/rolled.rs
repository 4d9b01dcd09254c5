//! Latency as the roll-ups of the site have it: a week and a month, and what is usual for an hour and a day.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;
use tokio_postgres::{Error, Row, types::Type};

use super::{
    super::{fault_of, relation::Relation},
    Ask, Parameter, files,
};
use crate::{
    domain::{
        Timestamp,
        event::EventType,
        latency::window::{Cell, LatencyWindow, Origin, Span, StageWindow, Usual},
        window::histogram::{self, Histogram},
    },
    msg::Fault,
};

/// What a site without roll-ups is told of a week and of a month.
const NO_ROLL_UPS: &str = "a week and a month are told from roll-ups, never by reading all their events; \
     outpost migrate makes the tables, outpost rollup keeps them";

/// Later than any of them, s since 1970.
const END: f64 = 1e11;

/// Six hours, s.
const SIX_HOURS: i64 = 6 * 3_600;

/// A stage as it is added up.
#[derive(Default)]
struct Stage {
    spread: BTreeMap<(u16, u16), u64>,
    sum_ms: f64,
    max_ms: f64,
    in_flight: BTreeMap<u16, u64>,
}

/// Some hours of one stage, as the roll-ups have them: how many in which of our bins.
#[derive(Debug)]
struct Hours {
    spread: Vec<(u16, u64)>,
    sum_ms: f64,
    max_ms: f64,
}

/// The newest six hours, as many as two days have, are looked at in each read;
const RECENT: usize = 8;

/// of the others, which hardly change, so many parts in turn.
const PARTS: usize = 4;

/// What the six hours of a span held when they were read, by their begin, s since 1970, and stage; and what the last reads saw, so many
/// that the first of them looked at the part whose turn it is.
#[derive(Debug, Default)]
pub(super) struct SixHours {
    snapshots: VecDeque<String>,
    known: BTreeMap<(i64, EventType), Hours>,
    /// How many reads there were.
    reads: usize,
}

/// The six hours of each span.
pub(super) type SixHoursKept = BTreeMap<Span, SixHours>;

/// Every stage over `span`. Of the six hours only what changed is read again.
pub(super) async fn window(
    ask: &Ask<'_>,
    span: Span,
    kept: &mut SixHoursKept,
) -> Result<LatencyWindow, Fault> {
    let mut six = kept.remove(&span).unwrap_or_default();
    let mut rows = hours(ask, span, &six).await?;
    let is_whole = six.take(&rows).map_err(|error| fault_of(&error))?;
    if !is_whole {
        // Some of those that were known are gone.
        six = SixHours::default();
        rows = hours(ask, span, &six).await?;
        six.take(&rows).map_err(|error| fault_of(&error))?;
    }
    let window = over(span, &six, &rows).map_err(|error| fault_of(&error))?;
    // A view has no versions of rows; a standby does not tell which transactions were running.
    let table = ask.catalog.relation("event_six_hours");
    if table.is_some_and(Relation::has_versions) && !ask.catalog.standby {
        kept.insert(span, six);
    }
    Ok(window)
}

async fn hours(ask: &Ask<'_>, span: Span, six: &SixHours) -> Result<Vec<Row>, Fault> {
    let seconds = span.seconds() as f64;
    let (lows, highs): (Vec<f64>, Vec<f64>) = six.ranges().into_iter().unzip();
    let parameters: [Parameter<'_>; 4] = [
        (&seconds, Type::FLOAT8),
        (&six.snapshots.front(), Type::TEXT),
        (&lows, Type::FLOAT8_ARRAY),
        (&highs, Type::FLOAT8_ARRAY),
    ];
    match ask.rows(files::LATENCY_HOURS, &parameters).await {
        Err(Fault::Missing(_)) => Err(Fault::Unsupported(NO_ROLL_UPS.to_owned())),
        answer => answer,
    }
}

impl SixHours {
    /// What is looked at next, s since 1970: all of it while nothing is known.
    fn ranges(&self) -> Vec<(f64, f64)> {
        let mut buckets: Vec<i64> = self.known.keys().map(|(bucket, _)| *bucket).collect();
        buckets.dedup();
        let recent = buckets.split_off(buckets.len().saturating_sub(RECENT));
        let begin = recent
            .first()
            .map_or(0, |at| if buckets.is_empty() { 0 } else { *at });
        // By its moment each has its turn, however many come and go meanwhile.
        let turn = (self.reads % PARTS) as i64;
        let is_due = |at: &&i64| (**at / SIX_HOURS).rem_euclid(PARTS as i64) == turn;
        let due = buckets.iter().filter(is_due);
        let due = due.map(|at| (*at as f64, (*at + SIX_HOURS) as f64));
        [(begin as f64, END)].into_iter().chain(due).collect()
    }

    /// Takes in what a read found; whether these are now all that the server has.
    fn take(&mut self, rows: &[Row]) -> Result<bool, Error> {
        let is_first = self.snapshots.is_empty();
        let (mut told, mut is_another) = (0, false);
        for row in rows {
            let begin: Option<f64> = row.try_get("bucket")?;
            match row.try_get("kind")? {
                0 => {
                    self.saw(row.try_get("snapshot")?);
                    let begin = begin.unwrap_or(0.0) as i64;
                    self.known.retain(|(bucket, _), _| *bucket >= begin);
                    if let [n, is_all] = row.try_get::<_, Vec<i64>>("counts")?[..] {
                        (told, is_another) = (n, is_all != 0 && !is_first);
                    }
                }
                1 => {
                    let key = (begin.unwrap_or(0.0) as i64, stage(row)?);
                    self.known.insert(key, Hours::of(row)?);
                }
                _ => {}
            }
        }
        Ok(self.known.len() as i64 == told && !is_another)
    }

    fn saw(&mut self, snapshot: Option<String>) {
        self.snapshots.extend(snapshot);
        while self.snapshots.len() > PARTS {
            self.snapshots.pop_front();
        }
        self.reads += 1;
    }
}

impl Hours {
    fn of(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            spread: spread(row)?,
            sum_ms: number(row, "sum_ms")?,
            max_ms: number(row, "max_ms")?,
        })
    }
}

impl Stage {
    fn add(&mut self, slot: u16, hours: &Hours) {
        for (bin, n) in &hours.spread {
            *self.spread.entry((slot, *bin)).or_default() += n;
        }
        self.sum_ms += hours.sum_ms;
        self.max_ms = self.max_ms.max(hours.max_ms);
    }
}

/// What the window comes to: the six hours that are known, and what of `rows` is none of them.
fn over(span: Span, six: &SixHours, rows: &[Row]) -> Result<LatencyWindow, Error> {
    let mut window = LatencyWindow {
        span,
        origin: Origin::RollUps,
        until: None,
        since: None,
        has_baseline: false,
        stages: Vec::new(),
    };
    let mut stages: BTreeMap<EventType, Stage> = BTreeMap::new();
    let mut now = 0.0;
    for row in rows {
        match row.try_get("kind")? {
            0 => {
                now = number(row, "clock")?;
                let until: Option<f64> = row.try_get("until")?;
                let millis = until.map(|seconds| (seconds * 1_000.0) as i64);
                window.until = millis.and_then(Timestamp::from_timestamp_millis);
            }
            // At the edge of the window.
            2 => stages
                .entry(stage(row)?)
                .or_default()
                .add(0, &Hours::of(row)?),
            3 => {
                let counts: Vec<i64> = row.try_get("counts")?;
                let open = counts.first().copied().unwrap_or(0).max(0);
                let age = histogram::bin(number(row, "max_ms")?);
                let of = stages.entry(stage(row)?).or_default();
                *of.in_flight.entry(age).or_default() += open.unsigned_abs();
            }
            _ => {}
        }
    }
    for ((begin, name), hours) in &six.known {
        // Where their middle lies.
        let into = now as i64 - begin - SIX_HOURS / 2;
        let slot = (span.seconds() - into).div_euclid(span.slot_seconds());
        let slot = slot.clamp(0, i64::from(span.slots()) - 1) as u16;
        stages.entry(name.clone()).or_default().add(slot, hours);
    }
    window.stages = stages
        .into_iter()
        .map(|(stage, of)| summed(stage, of))
        .collect();
    Ok(window)
}

fn stage(row: &Row) -> Result<EventType, Error> {
    Ok(EventType::from(row.try_get::<_, &str>("event_type")?))
}

fn number(row: &Row, column: &str) -> Result<f64, Error> {
    Ok(row.try_get::<_, Option<f64>>(column)?.unwrap_or(0.0))
}

fn summed(stage: EventType, of: Stage) -> StageWindow {
    let n: u64 = of.spread.values().sum();
    let whole = |ms: f64| (n > 0).then(|| ms.max(0.0).round() as u64);
    StageWindow {
        n,
        avg_ms: whole(of.sum_ms / n as f64),
        max_ms: whole(of.max_ms),
        cells: of
            .spread
            .into_iter()
            .map(|((slot, bin), n)| Cell { slot, bin, n })
            .collect(),
        in_flight: of.in_flight.into_iter().collect(),
        ..StageWindow::empty(stage)
    }
}

/// Our bins and how many are in each: of the bins that are named, or else of all of them in their order. A bin of the
/// roll-ups, 4 an octave from 10 ms, falls into the one of its middle.
fn spread(row: &Row) -> Result<Vec<(u16, u64)>, Error> {
    let bins: Option<Vec<i32>> = row.try_get("bins")?;
    let counts: Vec<i64> = row.try_get("counts")?;
    let bins = bins.unwrap_or_else(|| (1..).take(counts.len()).collect());
    let middle = |bin: i32| histogram::bin(10.0 * ((f64::from(bin) - 0.5) / 4.0).exp2());
    let filled = bins.into_iter().zip(counts).filter(|(_, n)| *n > 0);
    Ok(filled
        .map(|(bin, n)| (middle(bin), n.unsigned_abs()))
        .collect())
}

/// What is usual over each span, and when that was asked.
pub(super) type UsualKept = BTreeMap<Span, (Instant, Vec<(EventType, Usual)>)>;

/// What is usual is believed for so small a part of its span: a day's changes little in ten minutes.
const BELIEVED: i64 = 144;

/// What is usual for each stage that was seen often enough; `None` where there are no roll-ups to tell it.
pub(super) async fn usual(
    ask: &Ask<'_>,
    span: Span,
    kept: &mut UsualKept,
) -> Result<Option<Vec<(EventType, Usual)>>, Fault> {
    let believed = Duration::from_secs((span.seconds() / BELIEVED).unsigned_abs());
    if let Some((asked, usual)) = kept.get(&span)
        && asked.elapsed() < believed
    {
        return Ok(Some(usual.clone()));
    }
    kept.remove(&span);
    let usual = asked_usual(ask, span).await?;
    if let Some(usual) = usual.as_ref().filter(|usual| !usual.is_empty()) {
        kept.insert(span, (Instant::now(), usual.clone()));
    }
    Ok(usual)
}

async fn asked_usual(ask: &Ask<'_>, span: Span) -> Result<Option<Vec<(EventType, Usual)>>, Fault> {
    let seconds = span.seconds() as f64;
    let parameters: [Parameter<'_>; 1] = [(&seconds, Type::FLOAT8)];
    let rows = match ask.rows(files::LATENCY_USUAL, &parameters).await {
        // Without a baseline the window itself is as good.
        Err(Fault::Missing(_) | Fault::Forbidden(_) | Fault::TooSlow(_)) => return Ok(None),
        answer => answer?,
    };
    let mut weeks: BTreeMap<(EventType, i32), Histogram> = BTreeMap::new();
    for row in &rows {
        add_week(row, &mut weeks).map_err(|error| fault_of(&error))?;
    }
    let mut stages: BTreeMap<EventType, Vec<(u64, u64)>> = BTreeMap::new();
    for ((stage, _), of) in weeks {
        if let (Some(p50), Some(p95)) = (of.quantile(0.5), of.quantile(0.95)) {
            stages.entry(stage).or_default().push((p50.ms, p95.ms));
        }
    }
    let usual = stages
        .into_iter()
        .filter_map(|(stage, weeks)| Some((stage, Usual::of(&weeks)?)));
    Ok(Some(usual.collect()))
}

fn add_week(row: &Row, weeks: &mut BTreeMap<(EventType, i32), Histogram>) -> Result<(), Error> {
    let stage = EventType::from(row.try_get::<_, &str>("event_type")?);
    let week: i32 = row.try_get("week")?;
    let minutes: i32 = row.try_get("minutes")?;
    let of = weeks.entry((stage, week)).or_default();
    for (bin, n) in spread(row)? {
        of.add_ended(bin, n * u64::from(minutes.unsigned_abs()));
    }
    Ok(())
}
