//! Which events may be tried again.

use chrono::TimeDelta;

use super::{
    Timestamp,
    event::{EventRow, EventStatus},
    pipeline::Pipeline,
    plan::EventTarget,
};

/// An event that nobody has ended for so long may be tried again; a younger one may still be under way. The
/// guide's own measure of a stalled pipeline.
pub const STUCK_AFTER: TimeDelta = TimeDelta::minutes(5);

/// Why one event may not be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objection {
    /// The table no longer has it.
    Gone,
    /// A second run would do everything a second time.
    Processed,
    /// Nobody has taken it, but it is young.
    Pending,
    /// Somebody has taken it, and it is young.
    Processing,
    /// Its status is a word of the site's own.
    Unknown,
}

impl Objection {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Gone,
        Self::Processed,
        Self::Pending,
        Self::Processing,
        Self::Unknown,
    ];

    /// A sentence for one event.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Gone => "it no longer exists: somebody deleted it from the table",
            Self::Processed => "already processed: a retry would do its work a second time",
            Self::Pending => "pending for less than 5 min: its workflow may still take it",
            Self::Processing => "in work for less than 5 min: wait until it ends or is stuck",
            Self::Unknown => "its status is a word that outpost does not know, so it is left alone",
        }
    }

    /// A few words behind a count of events.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Gone => "no longer existing",
            Self::Processed => "already processed",
            Self::Pending => "pending under 5 min",
            Self::Processing => "in work under 5 min",
            Self::Unknown => "of unknown status",
        }
    }
}

/// Whether `row` was written so long before `at` that its workflow will hardly come any more.
pub fn is_stuck(row: &EventRow, at: Option<Timestamp>) -> bool {
    at.is_some_and(|at| at - row.created_at > STUCK_AFTER)
}

impl EventTarget {
    /// `row` as it stood `at` in `pipeline`, to be tried again; or why it may not be.
    pub fn of(
        pipeline: &Pipeline,
        row: &EventRow,
        at: Option<Timestamp>,
    ) -> Result<Self, Objection> {
        match row.status {
            EventStatus::Processed => return Err(Objection::Processed),
            EventStatus::Pending if !is_stuck(row, at) => return Err(Objection::Pending),
            EventStatus::Processing if !is_stuck(row, at) => return Err(Objection::Processing),
            EventStatus::Other(_) => return Err(Objection::Unknown),
            EventStatus::Failed | EventStatus::Pending | EventStatus::Processing => {}
        }
        Ok(Self {
            id: row.id.clone(),
            stage: row.stage.clone(),
            side_effect: pipeline.side_effect(&row.stage),
            raw_status: row.raw_status.clone(),
            retries: row.retries,
        })
    }
}
