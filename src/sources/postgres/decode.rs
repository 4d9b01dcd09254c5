//! From rows to the words of the domain.

mod drops;

use tokio_postgres::{Error, Row};

pub(super) use self::drops::{About, Clock, Events, about, newest_seen, turn_seen};

use super::{catalog::Catalog, fault_of};
use crate::{
    domain::{
        Timestamp,
        as_of::AsOf,
        campaign::{Attribution, Campaign},
        error_group::{ErrorRow, ErrorStage, Noted, Retried, Severity},
        event::{EventRow, EventStatus, EventType, RowId},
        latency::{Latency, Quantile},
        outcomes::{BounceReason, Share},
        past::StagePast,
        scorecard::MetricReading,
        stage::{MinuteBucket, StageReading, Totals},
        untrusted::Untrusted,
    },
    msg::Fault,
};

/// Decodes every row; what one of them is not able to say is a fault of the feed.
pub(super) fn all<T>(
    rows: &[Row],
    decode: impl Fn(&Row) -> Result<T, Wrong>,
) -> Result<Vec<T>, Fault> {
    rows.iter()
        .map(|row| decode(row).map_err(Fault::from))
        .collect()
}

/// Decodes the one row of an answer.
pub(super) fn one<T>(rows: &[Row], decode: impl Fn(&Row) -> Result<T, Wrong>) -> Result<T, Fault> {
    match rows.first() {
        Some(row) => decode(row).map_err(Fault::from),
        None => Err(Fault::Decode("no row came back".into())),
    }
}

/// Why a row cannot be decoded.
#[derive(Debug)]
pub(super) enum Wrong {
    /// A column is not what the query promises.
    Column(Error),
    /// A key holds characters that keys do not have.
    Key(Untrusted),
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Self::Column(error)
    }
}

impl From<Wrong> for Fault {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Column(error) => fault_of(&error),
            Wrong::Key(key) => Self::Decode(Untrusted::from(format!(
                "a key no row should have: {}",
                key.display_cut(80)
            ))),
        }
    }
}

fn count(row: &Row, column: &str) -> Result<u64, Error> {
    Ok(row.try_get::<_, Option<i64>>(column)?.unwrap_or(0).max(0) as u64)
}

/// The text in a column, where there is one.
pub(super) fn text(row: &Row, column: &str) -> Result<Option<Untrusted>, Error> {
    Ok(row
        .try_get::<_, Option<&str>>(column)?
        .filter(|text| !text.is_empty())
        .map(Untrusted::from))
}

fn whole(row: &Row, column: &str) -> Result<Untrusted, Error> {
    Ok(text(row, column)?.unwrap_or_default())
}

fn stage(row: &Row) -> Result<EventType, Error> {
    Ok(EventType::from(row.try_get::<_, &str>("event_type")?))
}

/// The key of a row.
pub(super) fn key(row: &Row) -> Result<RowId, Wrong> {
    let key: &str = row.try_get("id")?;
    RowId::parse(key).ok_or_else(|| Wrong::Key(key.into()))
}

fn millis(row: &Row, column: &str) -> Result<Option<u64>, Error> {
    let ms: Option<f64> = row.try_get(column)?;
    Ok(ms.map(|ms| ms.max(0.0).round() as u64))
}

/// A stage, without its errors.
pub(super) fn stage_reading(row: &Row) -> Result<StageReading, Wrong> {
    let quantiles: Option<Vec<Option<i64>>> = row.try_get("quantiles")?;
    // The last bit says whether the event at that rank is still in flight.
    let quantile = |rank: usize| {
        let coded = (*quantiles.as_ref()?.get(rank)?)?;
        Some(Quantile {
            ms: (coded / 2).unsigned_abs(),
            at_least: coded % 2 == 1,
        })
    };
    Ok(StageReading {
        stage: stage(row)?,
        pending: count(row, "pending")?,
        pending_capped: row.try_get("pending_capped")?,
        stuck: count(row, "stuck")?,
        processing: count(row, "processing")?,
        oldest_pending: row.try_get("oldest_pending")?,
        created_5m: count(row, "created_5m")?,
        processed_5m: count(row, "processed_5m")?,
        created_1h: count(row, "created_1h")?,
        processed_1h: count(row, "processed_1h")?,
        errors_1h: 0,
        last_processed: row.try_get("last_processed")?,
        latency: Latency {
            n: count(row, "n")?,
            avg_ms: millis(row, "avg_ms")?,
            max_ms: millis(row, "max_ms")?,
            p50: quantile(0),
            p95: quantile(1),
            p99: quantile(2),
        },
        known_since: None,
    })
}

/// A stage at a moment that is past, without its errors; nothing of a row of none.
pub(super) fn stage_past(row: &Row) -> Result<Option<StagePast>, Wrong> {
    let Some(stage) = of_stage(row)? else {
        return Ok(None);
    };
    Ok(Some(StagePast {
        waiting: count(row, "waiting")?,
        retried: count(row, "retried")?,
        oldest: row.try_get("oldest")?,
        arrived: count(row, "arrived")?,
        done: count(row, "done")?,
        failed: count(row, "failed")?,
        avg_ms: millis(row, "avg_ms")?,
        max_ms: millis(row, "max_ms")?,
        ..StagePast::none(stage)
    }))
}

/// The same, with nothing but its errors.
pub(super) fn errors_past(row: &Row) -> Result<Option<StagePast>, Wrong> {
    let Some(stage) = of_stage(row)? else {
        return Ok(None);
    };
    Ok(Some(StagePast {
        errors_open: count(row, "open")?,
        errors_untimed: count(row, "untimed")?,
        errors_hour: count(row, "of_hour")?,
        ..StagePast::none(stage)
    }))
}

/// The stage of a row that may be of none.
fn of_stage(row: &Row) -> Result<Option<EventType>, Wrong> {
    let name: Option<&str> = row.try_get("event_type")?;
    Ok(name.map(EventType::from))
}

/// A stage, and its errors.
pub(super) fn stage_errors(row: &Row) -> Result<(EventType, u64), Wrong> {
    Ok((stage(row)?, count(row, "errors")?))
}

/// A minute of a stage.
pub(super) fn minute(row: &Row) -> Result<MinuteBucket, Wrong> {
    Ok(MinuteBucket {
        stage: stage(row)?,
        minute: row.try_get("minute")?,
        created: count(row, "created")?,
        processed: count(row, "processed")?,
    })
}

/// The totals, without the errors.
pub(super) fn totals(row: &Row) -> Result<Totals, Wrong> {
    Ok(Totals {
        events: count(row, "events")?,
        processed: count(row, "processed")?,
        failed: count(row, "failed")?,
        processed_5m: count(row, "processed_5m")?,
        avg_latency_ms: millis(row, "avg_latency_ms")?,
        unresolved_errors: 0,
        errors_since: None,
        errors_counted: None,
        since: None,
        is_unordered: false,
    })
}

/// The number in a column.
pub(super) fn number(row: &Row, column: &str) -> Result<u64, Wrong> {
    Ok(count(row, column)?)
}

/// An event of the database of `catalog`.
pub(super) fn event(row: &Row, catalog: &Catalog) -> Result<EventRow, Wrong> {
    let word: &str = row.try_get("status")?;
    Ok(EventRow {
        id: key(row)?,
        stage: stage(row)?,
        status: catalog.status_of(word),
        raw_status: Untrusted::from(word),
        created_at: row.try_get("created_at")?,
        processed_at: row.try_get("processed_at")?,
        retries: u32::try_from(count(row, "retry_count")?).unwrap_or(u32::MAX),
        record: text(row, "record")?,
        subject: text(row, "subject")?,
        error: text(row, "error_message")?,
        execution: text(row, "execution")?,
    })
}

/// The payload of an event.
pub(super) fn payload(row: &Row) -> Result<Untrusted, Wrong> {
    Ok(whole(row, "payload")?)
}

/// An error.
pub(super) fn error(row: &Row) -> Result<ErrorRow, Wrong> {
    Ok(ErrorRow {
        id: key(row)?,
        stage: stage(row)?,
        record: text(row, "record")?,
        message: whole(row, "error_message")?,
        severity: Severity::of(row.try_get("severity")?),
        created_at: row.try_get("created_at")?,
        event: row
            .try_get::<_, Option<&str>>("event_id")?
            .and_then(RowId::parse),
        execution: text(row, "execution")?,
        details: whole(row, "details")?,
    })
}

/// An error, and whether it is resolved.
pub(super) fn noted(row: &Row) -> Result<Noted, Wrong> {
    Ok(Noted {
        row: error(row)?,
        resolved: row.try_get("resolved")?,
        resolved_at: row.try_get("resolved_at")?,
    })
}

/// An event that was tried again and ended; `None` of an event without a record.
pub(super) fn retried(row: &Row, catalog: &Catalog) -> Result<Option<Retried>, Wrong> {
    let ok = match catalog.status_of(row.try_get("status")?) {
        EventStatus::Processed => true,
        EventStatus::Failed => false,
        EventStatus::Pending | EventStatus::Processing | EventStatus::Other(_) => return Ok(None),
    };
    let stage = stage(row)?;
    let record = text(row, "record")?;
    Ok(record.map(|record| Retried { stage, record, ok }))
}

/// The errors of one stage and severity.
pub(super) fn errors_by_stage(row: &Row) -> Result<(ErrorStage, Severity), Wrong> {
    let severity = Severity::of(row.try_get("severity")?);
    let errors_24h = count(row, "errors_24h")?;
    let stage = ErrorStage {
        stage: stage(row)?,
        errors_24h,
        critical_24h: if severity == Severity::Critical {
            errors_24h
        } else {
            0
        },
        unresolved: count(row, "unresolved")?,
    };
    Ok((stage, severity))
}

/// A part of a whole.
pub(super) fn share(row: &Row) -> Result<Share, Wrong> {
    Ok(Share {
        part: count(row, "part")?,
        of: count(row, "whole")?,
    })
}

/// A moment that may not have come.
pub(super) fn moment(row: &Row, column: &str) -> Result<Option<Timestamp>, Wrong> {
    Ok(row.try_get(column)?)
}

/// When a roll-up counted it, for a row of one.
fn as_of(row: &Row) -> Option<AsOf> {
    let kept: Option<Timestamp> = row.try_get("as_of").ok().flatten();
    kept.map(AsOf::server)
}

/// A campaign.
pub(super) fn campaign(row: &Row, attribution: Attribution) -> Result<Campaign, Wrong> {
    Ok(Campaign {
        id: key(row)?,
        name: whole(row, "campaign_name")?,
        status: text(row, "status")?,
        created_at: row.try_get("created_at")?,
        contacts: count(row, "contacts")?,
        queued: count(row, "queued")?,
        delivered: count(row, "delivered")?,
        bounced: count(row, "bounced")?,
        opened: count(row, "opened")?,
        clicked: count(row, "clicked")?,
        replied: count(row, "replied")?,
        unsubscribed: count(row, "unsubscribed")?,
        attribution,
        as_of: as_of(row),
    })
}

/// A reason why messages bounced.
pub(super) fn bounce_reason(row: &Row) -> Result<BounceReason, Wrong> {
    Ok(BounceReason {
        reason: Untrusted::from(row.try_get::<_, &str>("reason")?),
        share: share(row)?,
    })
}

/// A reading of the scorecard; `None` for a metric nobody knows.
pub(super) fn metric(row: &Row) -> Result<Option<MetricReading>, Wrong> {
    let name: &str = row.try_get("metric")?;
    let Ok(id) = serde_json::from_value(serde_json::Value::from(name)) else {
        return Ok(None);
    };
    let n = count(row, "n")?;
    let value: Option<f64> = row.try_get("value")?;
    Ok(Some(MetricReading {
        id,
        value: value.filter(|_| n > 0),
        n,
        is_slow: false,
        as_of: as_of(row),
        newest: None,
    }))
}
