//! What happened to one record, in order: its events, its errors, its executions, what operators did about them, what changed
//! around them, and what should have happened and did not. Each with how sure it is that it belongs here.

mod around;
mod runs;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

pub use around::Around;

use self::runs::Runs;
use super::{
    Timestamp,
    audit::about::Deed,
    change::Change,
    error_group::{ErrorDetail, ErrorRow},
    event::{EventRow, EventStatus, RowId},
    pipeline::{Children, Parent, Pipeline},
    workflow::Execution,
};

/// How sure it is that two things belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// One names the other.
    Exact,
    /// The same record in the same stage, at a time that fits.
    Strong,
    /// Little speaks for it; never enough to act on.
    Weak,
}

impl Join {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Strong => "strong",
            Self::Weak => "weak",
        }
    }
}

/// Something that happened, or did not.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening<'a> {
    /// An event was written.
    Event(&'a EventRow),
    /// An error was logged.
    Error(&'a ErrorRow),
    /// An execution began.
    Execution(&'a Execution),
    /// An operator did something about a row.
    Deed(&'a Deed),
    /// Something changed around the record.
    Change(&'a Change),
    /// An event of this stage should have followed that event, and is not there.
    Missing(String, &'a RowId),
}

/// A line of a timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment<'a> {
    /// When; of what is missing, when it was due.
    pub at: Timestamp,
    /// What.
    pub what: Happening<'a>,
    /// How sure it is that it belongs to the record.
    pub join: Join,
    /// How many there are of which it may be this one, or of which this one may be: 1 where nothing else fits.
    pub candidates: usize,
}

impl<'a> Moment<'a> {
    const fn new(at: Timestamp, what: Happening<'a>, join: Join) -> Self {
        Self {
            at,
            what,
            join,
            candidates: 1,
        }
    }
}

/// How long the next event of a record may take before it is missing.
const DUE: TimeDelta = TimeDelta::minutes(5);

/// What happened to the record of `detail`, oldest first.
pub fn of<'a>(
    detail: &'a ErrorDetail,
    around: &Around<'a>,
    pipeline: &Pipeline,
    now: Timestamp,
) -> Vec<Moment<'a>> {
    let events = detail.events.iter().map(|event| {
        let join = if event.record == detail.error.record {
            Join::Exact
        } else {
            Join::Strong
        };
        Moment::new(event.created_at, Happening::Event(event), join)
    });
    let errors = detail.errors.iter();
    let errors =
        errors.map(|error| Moment::new(error.created_at, Happening::Error(error), Join::Exact));
    let mut moments: Vec<Moment<'a>> = events.chain(errors).collect();
    let first = moments.iter().map(|moment| moment.at).min();
    let runs = Runs {
        detail,
        around,
        pipeline,
    };
    moments.extend(runs.moments());
    moments.extend(around.deeds());
    moments.extend(around.changes(detail, pipeline, first.unwrap_or(now)));
    let events = detail.events.iter();
    moments.extend(events.filter_map(|event| missing(detail, event, pipeline, now)));
    moments.sort_by_key(|moment| moment.at);
    moments
}

/// What should have followed `event` and has not: of one that failed, its next stage; of one that ended well, where the
/// record keeps its key.
fn missing<'a>(
    detail: &'a ErrorDetail,
    event: &'a EventRow,
    pipeline: &Pipeline,
    now: Timestamp,
) -> Option<Moment<'a>> {
    let due = match event.status {
        EventStatus::Failed => event.processed_at.unwrap_or(event.created_at),
        EventStatus::Processed => event.processed_at? + DUE,
        EventStatus::Pending | EventStatus::Processing | EventStatus::Other(_) => return None,
    };
    let is_sure = |parent: &Parent| {
        let follows = matches!(parent.children, Children::One | Children::OneOrMore);
        let keeps = parent
            .keys
            .iter()
            .any(|key| key.parent == "record_id" && key.child == "record_id");
        follows && (keeps || event.status == EventStatus::Failed)
    };
    let mut next = pipeline.children(event.stage.raw());
    let next = next.find(|stage| stage.parent.as_ref().is_some_and(is_sure))?;
    let came = detail
        .events
        .iter()
        .any(|other| other.stage.raw() == next.event);
    // What is not there may be where nobody looked.
    let (_, reach) = *detail.reach;
    (!came && due <= now && reach.holds(due)).then(|| {
        let what = Happening::Missing(next.event.clone(), &event.id);
        Moment::new(due, what, Join::Strong)
    })
}

#[cfg(test)]
mod tests;
