//! The errors screen with all there is to know of a group: a sample that was read, a past, what operators said of it, retries, an
//! alert, and errors outside it to set it against.

use chrono::TimeDelta;
use outpost::{
    action::{Action, ScreenId},
    domain::{
        error_group::{ErrorDetail, ErrorGroup, ErrorRow, Errors, Past, Retries, Severity, Usual},
        event::{EventType, RowId},
        reach::Reach,
        timeline::Join,
        triage::Standing,
        untrusted::Untrusted,
    },
    effect::FeedId,
    msg::Fact,
};
use pretty_assertions::assert_eq;

use super::super::{
    Console,
    painting::paint,
    world::{self, ago, event},
};

fn row(id: i64, stage: &str, message: &str, age: i64, details: &str) -> ErrorRow {
    ErrorRow {
        id: RowId::from(id),
        stage: EventType::from(stage),
        record: Some(Untrusted::from((2_200 + id).to_string())),
        message: Untrusted::from(message),
        severity: Severity::of(if stage == "lead_qualified" {
            "critical"
        } else {
            "error"
        }),
        created_at: ago(age),
        event: None,
        execution: Some(Untrusted::from("88118")),
        details: Untrusted::from(details),
    }
}

/// Nine of the CRM, of one node and one answer, of two campaigns and as many domains as there are; and three of a mail server.
fn errors() -> Errors {
    let crm = |at: i64| {
        let campaign = if at % 3 == 0 {
            "HR-Midmarket"
        } else {
            "Q4-CFO-DACH"
        };
        let details = format!(
            r#"{{"node": "HubSpot Upsert", "http": 401, "campaign": "{campaign}", "email": "a@d{at}.example", "segment": "CFO", "workflow_version": "a41"}}"#
        );
        let says = "401 Unauthorized: {\"error\":\"invalid_grant\",\"hint\":\"token revoked\"}";
        row(900 - at, "lead_qualified", says, 19 + at * 252, &details)
    };
    let smtp = |at: i64| {
        let details = r#"{"node": "Send Email", "http": 451, "campaign": "Q4-CFO-DACH", "segment": "CFO", "workflow_version": "a40"}"#;
        row(
            800 - at,
            "message_queued",
            "smtp 451 greylisted",
            540 + at * 60,
            details,
        )
    };
    let rows = (0..9).map(crm).chain((0..3).map(smtp)).collect();
    let mut errors = Errors::of(rows, world::now());
    for group in &mut errors.groups {
        told(group);
    }
    errors.unresolved = vec![(Severity::Critical, 9), (Severity::Error, 3)];
    errors.usual = Usual {
        weeks: vec![2, 6, 1, 3],
        resolved_24h: 57,
        is_bound: false,
    };
    errors
}

fn told(group: &mut ErrorGroup) {
    if group.stage == EventType::from("message_queued") {
        group.retries = Retries { tried: 12, ok: 12 };
        return;
    }
    group.retries = Retries { tried: 9, ok: 0 };
    group.past = Past {
        times: 2,
        last: Some((ago(97 * 86_400), ago(97 * 86_400 - 3_600))),
    };
    group.resolved = 14;
    group.resolved_at = Some(ago(96 * 86_400));
    group.standing = Standing {
        owner: Some(Untrusted::from("anna@ops")),
        owned_at: Some(ago(356)),
        note: Some(Untrusted::from("rotating the token")),
        ignored: None,
    };
}

/// The newest of them, read whole.
fn sample(errors: &Errors) -> ErrorDetail {
    let error = errors.recent[0].clone();
    let mut own = event(90_394, "lead_qualified", "failed", 20);
    own.record.clone_from(&error.record);
    ErrorDetail {
        errors: vec![error.clone()],
        error,
        resolved: false,
        resolved_at: None,
        payload: Untrusted::from(
            r#"{"record_id": 2201, "score": 82, "owner": null, "email": "jane@umbrella.example", "note": "hi \u001b[2J"}"#,
        ),
        last_ok: Some((
            RowId::from(87_011),
            Untrusted::from(
                r#"{"record_id": 7, "score": 71, "owner": "mira", "email": "x@y.example"}"#,
            ),
        )),
        events: vec![own.clone()],
        event: Some((own, Join::Strong)),
        reach: Box::new((Reach::Whole, Reach::Whole)),
    }
}

fn console() -> Console {
    let mut console = Console::over(world::busy(), ScreenId::Errors);
    let errors = errors();
    let sample = sample(&errors);
    console.tell(FeedId::Errors, Fact::Errors(errors));
    console.store.sample = Some((sample.error.id.clone(), Ok(sample)));
    console
}

#[test]
fn all_that_is_known_of_a_group_is_as_it_was_reviewed_at_three_sizes() {
    let console = console();
    for size in [(80, 18), (120, 34), (200, 54)] {
        let name = format!("errors_whole_{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, paint(&console, size, 0));
    }
}

#[test]
fn what_matters_least_goes_first_where_room_is_short() {
    let console = console();
    let lines = |height: u16| {
        let painted = paint(&console, (120, height), 0);
        let names = [
            "class", "retry", "exec", "alert", "near", "effect", "runbook", "history",
        ];
        let has = |name: &&str| painted.contains(&format!("│ {name} "));
        names.into_iter().filter(has).collect::<Vec<_>>()
    };
    let important = [
        "class", "retry", "exec", "alert", "near", "effect", "runbook",
    ];
    assert_eq!(lines(34), important);
    assert!(lines(26).starts_with(&["class", "retry"]));
    let all = lines(60);
    assert!(
        all.starts_with(&important) && all.contains(&"history"),
        "{all:?}"
    );
}

#[test]
fn a_step_is_checked_off_once_retries_went_well() {
    let mut console = console();
    let waits = paint(&console, (200, 54), 0);
    assert!(waits.contains("1 [ ] renew the credential"), "{waits}");
    let mut mended = errors();
    for group in &mut mended.groups {
        group.retries = Retries { tried: 2, ok: 2 };
    }
    console.tell(FeedId::Errors, Fact::Errors(mended));
    let done = paint(&console, (200, 54), 0);
    assert!(done.contains("retry   may help by now: 2 of 2"), "{done}");
    assert!(done.contains("1 [x] renew the credential"), "{done}");
    assert!(done.contains("2/2 tried again ok"), "{done}");
}

#[test]
fn what_is_usual_is_said_with_how_many_weeks_are_known() {
    let mut console = console();
    let says = |console: &Console, words: &str| {
        let painted = paint(console, (200, 54), 0);
        assert!(painted.contains(words), "{painted}");
    };
    says(&console, "same hour last 4 weeks: 2.5/h (p95 6)   now ");
    says(&console, "resolved in 24 h 57 ");
    let mut young = errors();
    young.usual.weeks = vec![7];
    young.usual.is_bound = true;
    console.tell(FeedId::Errors, Fact::Errors(young));
    says(&console, "same hour last week: 7/h (p95 7)");
    says(&console, "resolved in 24 h 57+ ");
    let mut new = errors();
    new.usual = Usual::default();
    console.tell(FeedId::Errors, Fact::Errors(new));
    says(&console, "baseline: no week of it is known yet");
}

#[test]
fn marked_groups_are_told_in_what_they_send_to_people() {
    let mut console = console();
    console.press(Action::MarkAll);
    let painted = paint(&console, (200, 54), 0);
    let words = "marked 2 groups = 12 errors, up to 12 people, 2 stages, 3 sends to people";
    assert!(painted.contains(words), "{painted}");
}

#[test]
fn a_workflow_that_changed_shortly_before_the_first_error_is_said_to_be_near() {
    let mut console = console();
    let mut workflows = console.store.workflows.value().unwrap().clone();
    let first = errors().groups[0].first_at;
    for workflow in &mut workflows {
        workflow.updated_at = Some(first - TimeDelta::minutes(12));
    }
    console.tell(FeedId::Workflows, Fact::Workflows(workflows));
    let painted = paint(&console, (200, 54), 0);
    assert!(
        painted.contains("workflow changed 12m before the first"),
        "{painted}"
    );
}
