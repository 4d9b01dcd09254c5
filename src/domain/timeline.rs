//! What happened to one record, in order: its events, its errors, its executions, and what should have happened and did
//! not. Each with how sure it is that it belongs here.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{
    Timestamp,
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
}

/// How long the next event of a record may take before it is missing.
const DUE: TimeDelta = TimeDelta::minutes(5);

/// How far apart an execution and its event may begin where nothing but time joins them.
const NEAR: TimeDelta = TimeDelta::seconds(5);

/// What happened to the record of `detail`, oldest first.
pub fn of<'a>(
    detail: &'a ErrorDetail,
    executions: &'a [Execution],
    pipeline: &Pipeline,
    now: Timestamp,
) -> Vec<Moment<'a>> {
    let events = detail.events.iter().map(|event| Moment {
        at: event.created_at,
        what: Happening::Event(event),
        join: if event.record == detail.error.record {
            Join::Exact
        } else {
            Join::Strong
        },
    });
    let errors = detail.errors.iter().map(|error| Moment {
        at: error.created_at,
        what: Happening::Error(error),
        join: Join::Exact,
    });
    let mut moments: Vec<Moment<'a>> = events.chain(errors).collect();
    moments.extend(
        executions
            .iter()
            .filter_map(|execution| ran(detail, execution)),
    );
    moments.extend(
        detail
            .events
            .iter()
            .filter_map(|event| missing(detail, event, pipeline, now)),
    );
    moments.sort_by_key(|moment| moment.at);
    moments
}

/// `execution`, if it is one of the record's: an event or an error names it, or it began with the event.
fn ran<'a>(detail: &'a ErrorDetail, execution: &'a Execution) -> Option<Moment<'a>> {
    let id = execution.id.as_str();
    let named = detail
        .events
        .iter()
        .filter_map(|event| event.execution.as_ref());
    let named = named.chain(
        detail
            .errors
            .iter()
            .filter_map(|error| error.execution.as_ref()),
    );
    let is_named = named.into_iter().any(|name| name.raw() == id);
    let at = execution.started_at?;
    let is_near = || {
        let event = detail.event.as_ref().map(|(event, _)| event);
        event
            .is_some_and(|event| event.execution.is_none() && (at - event.created_at).abs() <= NEAR)
    };
    let join = if is_named {
        Join::Exact
    } else if is_near() {
        Join::Weak
    } else {
        return None;
    };
    Some(Moment {
        at,
        what: Happening::Execution(execution),
        join,
    })
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
    (!came && due <= now && reach.holds(due)).then(|| Moment {
        at: due,
        what: Happening::Missing(next.event.clone(), &event.id),
        join: Join::Strong,
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::{
        error_group::Severity, event::EventType, reach::Reach, untrusted::Untrusted,
        workflow::ExecutionStatus,
    };

    fn at(second: i64) -> Timestamp {
        DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    fn event(id: i64, stage: &str, status: EventStatus, second: i64) -> EventRow {
        EventRow {
            id: RowId::from(id),
            stage: EventType::from(stage),
            raw_status: Untrusted::from(status.label()),
            processed_at: (status != EventStatus::Pending).then(|| at(second + 2)),
            status,
            created_at: at(second),
            retries: 0,
            record: Some(Untrusted::from("7")),
            subject: None,
            error: None,
            execution: None,
        }
    }

    fn run(id: i64, second: i64) -> Execution {
        Execution {
            id: RowId::from(id),
            workflow: RowId::from(1),
            status: ExecutionStatus::Error,
            mode: Untrusted::from("webhook"),
            started_at: Some(at(second)),
            stopped_at: None,
            retry_of: None,
            retry_success: None,
        }
    }

    fn told(events: Vec<EventRow>, executions: &[Execution]) -> Vec<String> {
        let own = events.last().unwrap().clone();
        let error = ErrorRow {
            id: RowId::from(900),
            stage: own.stage.clone(),
            record: own.record.clone(),
            message: Untrusted::from("crm 401"),
            severity: Severity::Critical,
            created_at: own.created_at + TimeDelta::seconds(2),
            event: None,
            execution: Some(Untrusted::from("31")),
            details: Untrusted::default(),
        };
        let detail = ErrorDetail {
            event: Some((own.clone(), ErrorDetail::join(&error, &own))),
            errors: vec![error.clone()],
            error,
            resolved: false,
            resolved_at: None,
            payload: Untrusted::default(),
            events,
            reach: Box::new((Reach::Whole, Reach::Whole)),
        };
        let moments = of(&detail, executions, Pipeline::guide(), at(10_000));
        let said = |moment: &Moment<'_>| {
            let what = match &moment.what {
                Happening::Event(event) => format!("event {}", event.id),
                Happening::Error(error) => format!("error {}", error.id),
                Happening::Execution(run) => format!("run {}", run.id),
                Happening::Missing(stage, after) => format!("no {stage} after {after}"),
            };
            format!("{what} {}", moment.join.name())
        };
        moments.iter().map(said).collect()
    }

    #[test]
    fn a_failed_event_its_error_its_run_and_the_stage_that_never_came_stand_in_order() {
        let events = vec![
            event(1, "message_queued", EventStatus::Processed, 0),
            event(2, "message_queued", EventStatus::Failed, 60),
        ];
        let told = told(events, &[run(31, 61), run(32, 63), run(33, 900)]);
        assert_eq!(
            told,
            [
                "event 1 exact",
                "event 2 exact",
                "run 31 exact",
                "error 900 exact",
                "no message_sent after 2 strong",
                "run 32 weak",
            ]
        );
    }

    #[test]
    fn what_came_is_not_missing_and_what_keeps_no_key_cannot_be_told() {
        let done = |id, stage, second| event(id, stage, EventStatus::Processed, second);
        let first = done(1, "company_created", 0);
        assert_eq!(
            told(vec![first.clone()], &[]).last().unwrap(),
            "no company_validated after 1 strong"
        );
        let both = told(vec![first, done(2, "company_validated", 9)], &[]);
        assert!(both.iter().all(|line| !line.starts_with("no ")), "{both:?}");
    }

    #[test]
    fn an_event_is_joined_by_its_name_by_its_record_or_weakly() {
        let failed = event(2, "crm", EventStatus::Failed, 60);
        let mut error = ErrorRow {
            id: RowId::from(9),
            stage: EventType::from("crm"),
            record: Some(Untrusted::from("7")),
            message: Untrusted::default(),
            severity: Severity::Error,
            created_at: at(70),
            event: None,
            execution: None,
            details: Untrusted::default(),
        };
        assert_eq!(ErrorDetail::join(&error, &failed), Join::Strong);
        assert_eq!(
            ErrorDetail::join(&error, &event(2, "crm", EventStatus::Pending, 60)),
            Join::Weak
        );
        assert_eq!(
            ErrorDetail::join(&error, &event(2, "crm", EventStatus::Failed, 80)),
            Join::Weak
        );
        error.event = Some(RowId::from(2));
        assert_eq!(
            ErrorDetail::join(&error, &event(2, "crm", EventStatus::Pending, 80)),
            Join::Exact
        );
    }
}
