//! The errors of the last day by stage and severity: from those that are held, where these are all of the day; now and then, and
//! where they are not, as the server counts them.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::Instant;

use super::ErrorReading;
use crate::domain::{
    Timestamp,
    error_group::{ErrorStage, Severity},
};

/// How often the server counts, to see whether what is held is the same: rows that were removed are still held, and rows with
/// low keys and new times never were.
const COUNTED: Duration = Duration::from_mins(10);

/// Both may differ by so many, and a hundredth: errors come, and grow old, between the one and the other.
const SLACK: u64 = 2;

/// What the server counted last.
#[derive(Debug)]
pub(super) struct Day {
    at: Instant,
    /// Whether as many are held.
    is_held: bool,
}

/// Errors by stage and severity.
type Parts = Vec<(ErrorStage, Severity)>;

/// Whether those that are held are told, and the server is not asked.
pub(super) fn is_held(reading: &ErrorReading) -> bool {
    let day = reading.day.as_ref();
    day.is_some_and(|day| day.is_held && day.at.elapsed() < COUNTED)
        && reading
            .clock
            .is_some_and(|(clock, at)| is_whole(reading, clock + at.elapsed()))
}

/// Those that are held.
pub(super) fn held(
    reading: &ErrorReading,
    now: Timestamp,
) -> impl Iterator<Item = (ErrorStage, Severity)> {
    let counts = reading
        .book
        .since_by_stage(now - TimeDelta::days(1))
        .into_iter();
    counts.map(|((stage, severity), errors_24h)| {
        let stage = ErrorStage {
            stage,
            errors_24h,
            critical_24h: if severity == Severity::Critical {
                errors_24h
            } else {
                0
            },
            unresolved: 0,
        };
        (stage, severity)
    })
}

/// Holds what the server `counted` against what is held.
pub(super) fn counted(reading: &mut ErrorReading, counted: &Parts, now: Timestamp) {
    let sum = |parts: &mut dyn Iterator<Item = u64>| parts.sum::<u64>();
    let there = sum(&mut counted.iter().map(|(part, _)| part.errors_24h));
    let here = sum(&mut held(reading, now).map(|(part, _)| part.errors_24h));
    reading.day = Some(Day {
        at: Instant::now(),
        is_held: is_whole(reading, now) && here.abs_diff(there) <= SLACK + there / 100,
    });
}

/// Whether the past was read beyond the day, and none of the day had to make way since.
fn is_whole(reading: &ErrorReading, now: Timestamp) -> bool {
    let day = now - TimeDelta::days(1);
    let is_before = |at: Option<Timestamp>| at.is_none_or(|at| at < day);
    reading.has_past
        && reading.book.floor().is_none()
        && is_before(reading.past_since)
        && is_before(reading.book.made_way())
}
