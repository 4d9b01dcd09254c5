mod around;
mod labelled;

use chrono::DateTime;
use pretty_assertions::assert_eq;

use super::*;
use crate::domain::{
    change::Changed,
    error_group::Severity,
    event::EventType,
    reach::Reach,
    untrusted::Untrusted,
    workflow::{ExecutionStatus, Workflow},
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
    let around = Around {
        executions,
        ..Around::default()
    };
    told_with(events, &around)
}

fn told_with(events: Vec<EventRow>, around: &Around<'_>) -> Vec<String> {
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
        last_ok: None,
        event: Some((own.clone(), ErrorDetail::join(&error, &own))),
        errors: vec![error.clone()],
        error,
        resolved: false,
        resolved_at: None,
        payload: Untrusted::default(),
        events,
        reach: Box::new((Reach::Whole, Reach::Whole)),
    };
    let moments = of(&detail, around, Pipeline::guide(), at(10_000));
    let said = |moment: &Moment<'_>| {
        let what = match &moment.what {
            Happening::Event(event) => format!("event {}", event.id),
            Happening::Error(error) => format!("error {}", error.id),
            Happening::Execution(run) => format!("run {}", run.id),
            Happening::Deed(deed) => format!("{} {}", deed.action.raw(), deed.about.1),
            Happening::Change(change) => match &change.what {
                Changed::Alert { fires, .. } => format!("alert {fires}"),
                Changed::Workflow { name, how, .. } => format!("{} {}", name.raw(), how.word()),
            },
            Happening::Missing(stage, after) => format!("no {stage} after {after}"),
        };
        match moment.candidates {
            1 => format!("{what} {}", moment.join.name()),
            n => format!("{what} {} of {n}", moment.join.name()),
        }
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
