use chrono::DateTime;
use pretty_assertions::assert_eq;

use super::*;
use crate::domain::{
    error_group::{ErrorDetail, ErrorRow, Errors, Retries, Severity},
    event::{EventType, RowId},
    flow,
    pipeline::Pipeline,
    stage::StageReading,
    untrusted::Untrusted,
};

fn group(message: &str) -> ErrorGroup {
    let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let row = |id: i64| ErrorRow {
        id: RowId::from(id),
        stage: EventType::from("lead_qualified"),
        record: Some(Untrusted::from("7")),
        message: Untrusted::from(message),
        severity: Severity::Critical,
        created_at: at,
        event: None,
        execution: None,
        details: Untrusted::default(),
    };
    let errors = Errors::of(vec![row(1), row(2), row(3)], at);
    errors.groups.into_iter().next().unwrap()
}

fn workflow(active: bool) -> Workflow {
    Workflow {
        id: RowId::from(1),
        name: Untrusted::from("CRM Syncer"),
        active,
        archived: false,
        updated_at: None,
        webhooks: Vec::new(),
    }
}

fn case(group: Option<&ErrorGroup>) -> Case<'_> {
    let missing = || "not asked yet".to_owned();
    Case {
        stage: Pipeline::guide().find(&EventType::from("lead_qualified")),
        line: None,
        upstream: None,
        group,
        sample: None,
        workflows: Err(missing()),
        executions: Err(missing()),
        probe: Err(missing()),
        rows: None,
        skew_ms: None,
    }
}

/// Name, clues for, against and unknown.
fn told(case: &Case<'_>) -> Vec<(&'static str, usize, usize, usize)> {
    let n = |hypothesis: &Hypothesis, weight| hypothesis.count(weight);
    let told = explain(case).into_iter().map(|h| {
        let (yes, no) = (n(&h, Weight::Supports), n(&h, Weight::Contradicts));
        (h.name, yes, no, n(&h, Weight::Unknown))
    });
    told.collect()
}

fn of(case: &Case<'_>, name: &str) -> (usize, usize, usize) {
    let told = told(case);
    let found = told.iter().find(|told| told.0 == name).unwrap();
    (found.1, found.2, found.3)
}

#[test]
fn the_class_of_the_errors_and_how_retries_went_decide_what_comes_first() {
    let cases = [
        ("401 Unauthorized", (9, 0), "credential not accepted"),
        ("HTTP 429 for 7", (4, 0), "rate limited or quota used up"),
        ("null value in column \"x\"", (0, 0), "bad data"),
        (
            "TypeError: x is not a function",
            (0, 0),
            "fault of the workflow's code",
        ),
        (
            "connect ECONNREFUSED",
            (12, 12),
            "a service that fails now and then",
        ),
    ];
    for (message, (tried, ok), name) in cases {
        let mut group = group(message);
        group.retries = Retries { tried, ok };
        assert_eq!(told(&case(Some(&group)))[0].0, name, "{message}");
    }
}

#[test]
fn what_is_missing_is_said_to_be_missing_and_decides_nothing() {
    let told = told(&case(None));
    assert!(
        told.iter()
            .all(|(_, yes, no, unknown)| (*yes, *no) == (0, 0) && *unknown > 0),
        "{told:?}"
    );
    let says = explain(&case(None))
        .into_iter()
        .flat_map(|hypothesis| hypothesis.clues);
    assert!(says.into_iter().all(|clue| !clue.says.is_empty()));
}

#[test]
fn an_inactive_workflow_a_full_queue_a_lock_and_a_disabled_trigger_each_speak_for_themselves() {
    let (off, on) = (vec![workflow(false)], vec![workflow(true)]);
    let full = Executions {
        queued: 9,
        ..Executions::default()
    };
    let bad = Probe {
        switched_off: vec!["company_master.emit".to_owned()],
        notifies: false,
        waiting: 3,
        longest_s: 61,
    };
    let good = Probe {
        notifies: true,
        ..Probe::default()
    };
    let mut ill = case(None);
    (ill.workflows, ill.executions, ill.probe, ill.skew_ms) =
        (Ok(&off), Ok(&full), Ok(&bad), Some(-90_000));
    let mut well = case(None);
    let calm = Executions::default();
    (well.workflows, well.executions, well.probe, well.skew_ms) =
        (Ok(&on), Ok(&calm), Ok(&good), Some(12));
    for name in [
        "workflow inactive",
        "n8n queue full",
        "trigger disabled",
        "nothing notifies",
        "database lock",
        "clock skew",
    ] {
        assert_eq!(of(&ill, name), (1, 0, 0), "{name}");
        assert_eq!(of(&well, name), (0, 1, 0), "{name}");
    }
}

#[test]
fn a_payload_that_a_notification_hardly_holds_is_named_and_a_small_one_speaks_against_that() {
    let group = group("canceling statement due to statement timeout");
    let sample = |bytes: usize| ErrorDetail {
        last_ok: None,
        error: ErrorRow {
            id: RowId::from(1),
            stage: EventType::from("lead_qualified"),
            record: None,
            message: Untrusted::from("x"),
            severity: Severity::Error,
            created_at: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
            event: None,
            execution: None,
            details: Untrusted::default(),
        },
        resolved: false,
        resolved_at: None,
        event: None,
        payload: Untrusted::from("x".repeat(bytes)),
        events: Vec::new(),
        errors: Vec::new(),
        reach: Box::default(),
    };
    let name = "payload near the limit";
    let (small, large) = (sample(221), sample(7_200));
    let mut found = case(Some(&group));
    found.sample = Some(&small);
    assert_eq!(of(&found, name), (0, 1, 0));
    found.sample = Some(&large);
    assert_eq!(of(&found, name), (0, 0, 1));
}

fn clue(case: &Case<'_>, name: &str, weight: Weight) -> Vec<String> {
    let found = explain(case)
        .into_iter()
        .find(|it| it.name == name)
        .unwrap();
    let clues = found.clues.into_iter().filter(|clue| clue.weight == weight);
    clues.map(|clue| clue.says).collect()
}

/// A hundred events ended, each by a run that it names, but for what `change` makes of that.
fn rows(change: impl Fn(&mut Unexplained)) -> Unexplained {
    let mut rows = Unexplained {
        ended: 100,
        ..Unexplained::default()
    };
    change(&mut rows);
    rows
}

fn ann() -> (Untrusted, Timestamp) {
    let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    (Untrusted::from("ann@host"), at)
}

const BY_HAND: &str = "purge or manual change";

#[test]
fn rows_that_are_gone_or_ended_without_a_run_speak_of_a_purge_or_a_hand() {
    let cases = [
        (rows(|_| {}), (0, 2, 0)),
        (rows(|rows| rows.gone = 3), (1, 1, 0)),
        (rows(|rows| rows.is_orphan = true), (1, 1, 0)),
        (rows(|rows| rows.unnamed = 4), (1, 1, 0)),
        // Where half of them name none, that says nothing of a hand.
        (rows(|rows| rows.unnamed = 50), (0, 1, 0)),
        (rows(|rows| rows.unnamed = 100), (0, 1, 1)),
        (rows(|rows| rows.purged = Some(ann())), (1, 1, 0)),
        (
            rows(|rows| rows.lack = Some("no table".to_owned())),
            (0, 1, 1),
        ),
    ];
    for (rows, expected) in cases {
        let mut found = case(None);
        found.rows = Some(rows.clone());
        assert_eq!(of(&found, BY_HAND), expected, "{rows:?}");
    }
}

#[test]
fn what_speaks_of_a_purge_says_who_purged_and_what_is_not_known_says_why() {
    let mut found = case(None);
    found.rows = Some(Unexplained {
        gone: 1,
        purged: Some(ann()),
        lack: Some("no table".to_owned()),
        ..Unexplained::default()
    });
    assert_eq!(
        clue(&found, BY_HAND, Weight::Supports),
        [
            "1 event of the stage is gone since the stream saw them",
            "ann@host purged at 2023-11-14 22:13Z",
        ]
    );
    let unknown = clue(&found, BY_HAND, Weight::Unknown);
    assert_eq!(unknown[1], "what operators did: no table");
}

#[test]
fn a_workflow_that_takes_nothing_is_deaf_and_a_stage_to_which_nothing_comes_is_dry() {
    let pipeline = Pipeline::guide();
    let lines = |stage: &str, (created, pending, done): (u64, u64, u64)| {
        let mut reading = StageReading::empty(EventType::from(stage));
        (reading.created_5m, reading.pending, reading.processed_5m) = (created, pending, done);
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let lines = flow::lines(pipeline, (&[reading], &[]), &[], None, at);
        let mut lines = lines.into_iter();
        lines.find(|line| line.stage.raw() == stage).unwrap()
    };
    let workflows = vec![workflow(true)];
    let nothing = Executions::default();
    let told = |line: &FlowLine, above: &FlowLine, name: &str| {
        let mut found = case(None);
        (found.workflows, found.executions) = (Ok(&workflows), Ok(&nothing));
        (found.line, found.upstream) = (Some(line), Some(above));
        of(&found, name)
    };
    let busy = lines("interest_detected", (9, 0, 9));
    let idle = lines("interest_detected", (0, 0, 0));
    let waits = lines("lead_qualified", (4, 40, 0));
    assert_eq!(told(&waits, &busy, "deaf webhook"), (2, 0, 0));
    assert_eq!(told(&waits, &busy, "upstream dry"), (0, 1, 0));
    let flows = lines("lead_qualified", (4, 4, 4));
    assert_eq!(told(&flows, &busy, "deaf webhook"), (1, 1, 0));
    let dry = lines("lead_qualified", (0, 0, 0));
    assert_eq!(told(&dry, &idle, "upstream dry"), (2, 0, 0));
    assert_eq!(told(&dry, &busy, "upstream dry"), (1, 1, 0));
}

#[test]
fn every_hypothesis_of_the_list_is_among_them() {
    let told: Vec<&str> = told(&case(None)).into_iter().map(|told| told.0).collect();
    // The others want a group, or a line of the flow.
    for name in [
        "workflow inactive",
        "deaf webhook",
        "n8n queue full",
        "trigger disabled",
        "nothing notifies",
        "database lock",
        "purge or manual change",
        "clock skew",
    ] {
        assert!(told.contains(&name), "{name}: {told:?}");
    }
    assert_eq!(rules::ALL.len(), 15);
}
