//! Latency as the roll-ups of the site have it: a week and a month, and what is usual for an hour and a day.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;
use tokio_postgres::{Error, Row, types::Type};

use super::{super::fault_of, Ask, Parameter, files};
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

/// A stage as it is added up.
#[derive(Default)]
struct Stage {
    spread: BTreeMap<(u16, u16), u64>,
    sum_ms: f64,
    max_ms: f64,
    in_flight: BTreeMap<u16, u64>,
}

/// Every stage over `span`.
pub(super) async fn window(ask: &Ask<'_>, span: Span) -> Result<LatencyWindow, Fault> {
    let (seconds, slot) = (span.seconds() as f64, span.slot_seconds() as f64);
    let parameters: [Parameter<'_>; 2] = [(&seconds, Type::FLOAT8), (&slot, Type::FLOAT8)];
    let rows = match ask.rows(files::LATENCY_HOURS, &parameters).await {
        Err(Fault::Missing(_)) => return Err(Fault::Unsupported(NO_ROLL_UPS.to_owned())),
        answer => answer?,
    };
    let mut window = LatencyWindow {
        span,
        origin: Origin::RollUps,
        until: None,
        since: None,
        has_baseline: false,
        stages: Vec::new(),
    };
    let mut stages: BTreeMap<EventType, Stage> = BTreeMap::new();
    for row in &rows {
        take(row, &mut window, &mut stages).map_err(|error| fault_of(&error))?;
    }
    window.stages = stages
        .into_iter()
        .map(|(stage, of)| summed(stage, of))
        .collect();
    Ok(window)
}

fn take(
    row: &Row,
    window: &mut LatencyWindow,
    stages: &mut BTreeMap<EventType, Stage>,
) -> Result<(), Error> {
    let number = |column| -> Result<f64, Error> {
        Ok(row.try_get::<_, Option<f64>>(column)?.unwrap_or(0.0))
    };
    let kind: i32 = row.try_get("kind")?;
    if kind == 0 {
        let seconds: Option<f64> = row.try_get("sum_ms")?;
        let millis = seconds.map(|seconds| (seconds * 1_000.0) as i64);
        window.until = millis.and_then(Timestamp::from_timestamp_millis);
        return Ok(());
    }
    let stage = EventType::from(row.try_get::<_, &str>("event_type")?);
    let of = stages.entry(stage).or_default();
    if kind == 3 {
        let counts: Vec<i64> = row.try_get("counts")?;
        let open = counts.first().copied().unwrap_or(0).max(0);
        let age = histogram::bin(number("max_ms")?);
        *of.in_flight.entry(age).or_default() += open.unsigned_abs();
        return Ok(());
    }
    let slot: Option<i32> = row.try_get("slot")?;
    let slot = slot.unwrap_or(0).clamp(0, 1_000) as u16;
    for (bin, n) in spread(row)? {
        *of.spread.entry((slot, bin)).or_default() += n;
    }
    of.sum_ms += number("sum_ms")?;
    of.max_ms = of.max_ms.max(number("max_ms")?);
    Ok(())
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
