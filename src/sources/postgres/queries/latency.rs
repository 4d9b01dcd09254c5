//! Latency by stage over a window of time.

use tokio_postgres::{Error, Row, types::Type};

use super::{super::fault_of, Ask, COUNT_CAP, Parameter, files, memory::Memory, rolled, windows};
use crate::{
    domain::{
        Timestamp,
        event::EventType,
        latency::window::{Cell, LatencyWindow, Origin, Span, StageWindow},
    },
    msg::Fault,
};

/// Every stage over `span`.
pub(super) async fn fetch(
    ask: &Ask<'_>,
    span: Span,
    memory: &mut Memory,
) -> Result<LatencyWindow, Fault> {
    if span.needs_roll_ups() {
        return rolled::window(ask, span, &mut memory.six_hours).await;
    }
    let mut window = if memory.keeps_windows(ask.catalog) {
        remembered(ask, span, memory).await?
    } else {
        let seconds = span.seconds() as f64;
        let slot = span.slot_seconds() as f64;
        let cap = COUNT_CAP as i64;
        let parameters: [Parameter<'_>; 3] = [
            (&seconds, Type::FLOAT8),
            (&slot, Type::FLOAT8),
            (&cap, Type::INT8),
        ];
        match ask.rows(files::LATENCY_RECENT, &parameters).await {
            Err(Fault::TooSlow(_)) if ask.catalog.counts_by_key() => {
                remembered(ask, span, memory).await?
            }
            answer => read(&answer?, span)?,
        }
    };
    let usual = rolled::usual(ask, span, &mut memory.usual).await?;
    window.has_baseline = usual.is_some();
    for (stage, usual) in usual.into_iter().flatten() {
        if let Some(of) = window.stages.iter_mut().find(|of| of.stage == stage) {
            of.usual = Some(usual);
        }
    }
    Ok(window)
}

async fn remembered(
    ask: &Ask<'_>,
    span: Span,
    memory: &mut Memory,
) -> Result<LatencyWindow, Fault> {
    let known = windows::known(ask, memory).await?;
    let until = known.windows.now();
    let begin = until - chrono::TimeDelta::seconds(span.seconds());
    Ok(LatencyWindow {
        span,
        origin: Origin::Memory,
        until: Some(until),
        since: known.windows.since().filter(|since| *since > begin),
        has_baseline: false,
        stages: known.windows.latencies(span, &known.backlog),
    })
}

fn read(rows: &[Row], span: Span) -> Result<LatencyWindow, Fault> {
    let mut window = LatencyWindow {
        span,
        origin: Origin::Table,
        until: None,
        since: None,
        has_baseline: false,
        stages: Vec::new(),
    };
    for row in rows {
        take(row, &mut window).map_err(|error| fault_of(&error))?;
    }
    Ok(window)
}

fn take(row: &Row, window: &mut LatencyWindow) -> Result<(), Error> {
    let number = |column| -> Result<u64, Error> {
        Ok(row.try_get::<_, Option<i64>>(column)?.unwrap_or(0).max(0) as u64)
    };
    let small = |column| -> Result<u16, Error> {
        let value: Option<i32> = row.try_get(column)?;
        Ok(value.unwrap_or(0).clamp(0, 1_000) as u16)
    };
    let ms = |column| row.try_get::<_, Option<f64>>(column);
    let kind: i32 = row.try_get("kind")?;
    if kind == 0 {
        let seconds = ms("sum_ms")?;
        window.until = seconds
            .and_then(|seconds| Timestamp::from_timestamp_millis((seconds * 1_000.0) as i64));
        return Ok(());
    }
    let stage = EventType::from(row.try_get::<_, &str>("event_type")?);
    let at = window.stages.iter().position(|of| of.stage == stage);
    let at = at.unwrap_or_else(|| {
        window.stages.push(StageWindow::empty(stage));
        window.stages.len() - 1
    });
    let Some(of) = window.stages.get_mut(at) else {
        return Ok(());
    };
    let n = number("n")?;
    match kind {
        1 => of.cells.push(Cell {
            slot: small("slot")?,
            bin: small("bin")?,
            n,
        }),
        2 => {
            let whole = |ms: f64| ms.max(0.0).round() as u64;
            of.n = n;
            of.avg_ms = ms("sum_ms")?
                .filter(|_| n > 0)
                .map(|sum| whole(sum / n as f64));
            of.max_ms = ms("max_ms")?.filter(|_| n > 0).map(whole);
        }
        _ => of.in_flight.push((small("bin")?, n)),
    }
    Ok(())
}
