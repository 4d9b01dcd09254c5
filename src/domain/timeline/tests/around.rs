//! What operators did and what changed, in its place among the rows.

use pretty_assertions::assert_eq;

use super::*;
use crate::domain::{
    alert::RuleId,
    audit::{EntryId, Fate, about::Kind},
    change::{Changed, Edit},
};

fn deed(second: i64, action: &str, about: (Kind, &str)) -> Deed {
    Deed {
        id: EntryId::Row(second),
        at: at(second),
        actor: Untrusted::from("ann@host"),
        action: Untrusted::from(action),
        about: (about.0, RowId::parse(about.1).unwrap()),
        fate: Some(Fate::Done),
        why: None,
        note: None,
        is_in_both: false,
    }
}

fn alert(second: i64, stage: &str) -> Change {
    Change {
        at: at(second),
        what: Changed::Alert {
            rule: RuleId::HighErrorRate,
            fires: true,
            stage: Some(EventType::from(stage)),
        },
    }
}

fn workflow(second: i64, id: i64) -> Change {
    Change {
        at: at(second),
        what: Changed::Workflow {
            id: RowId::from(id),
            name: Untrusted::from("wf"),
            how: Edit::Saved,
        },
    }
}

#[test]
fn what_operators_did_and_what_changed_of_the_stages_stands_between_the_rows() {
    let stage = Pipeline::guide()
        .find(&EventType::from("message_queued"))
        .unwrap();
    let own = Workflow {
        id: RowId::from(4),
        name: Untrusted::from(stage.workflow.as_str()),
        active: true,
        archived: false,
        updated_at: None,
        webhooks: Vec::new(),
    };
    let deeds = [
        deed(90, "retry_events", (Kind::Event, "2")),
        deed(95, "note_groups", (Kind::Group, "6aa3")),
        deed(96, "ack_alerts", (Kind::Alert, "a1e7")),
        deed(99, "purge", (Kind::Table, "pipeline_events")),
    ];
    let changes = [
        alert(70, "message_queued"),
        alert(71, "lead_qualified"),
        alert(-700, "message_queued"),
        workflow(80, 4),
        workflow(81, 5),
    ];
    let workflows = [own];
    let around = Around {
        workflows: &workflows,
        deeds: deeds.iter().collect(),
        changes: changes.iter().collect(),
        ..Around::default()
    };
    let events = vec![event(2, "message_queued", EventStatus::Failed, 60)];
    let told = told_with(events, &around);
    let words: Vec<&str> = told.iter().map(String::as_str).collect();
    assert_eq!(
        words,
        [
            "event 2 exact",
            "error 900 exact",
            "no message_sent after 2 strong",
            "alert true weak",
            "wf changed in n8n weak",
            "retry_events 2 exact",
            "note_groups 6aa3 strong",
            "ack_alerts a1e7 weak",
            "purge pipeline_events weak",
        ]
    );
}

#[test]
fn a_run_after_a_retry_is_the_records_where_no_other_event_may_have_started_it() {
    let stage = Pipeline::guide()
        .find(&EventType::from("message_queued"))
        .unwrap();
    let workflows = [Workflow {
        id: RowId::from(1),
        name: Untrusted::from(stage.workflow.as_str()),
        active: true,
        archived: false,
        updated_at: None,
        webhooks: Vec::new(),
    }];
    let executions = [run(40, 601)];
    let own = event(2, "message_queued", EventStatus::Failed, 60);
    let other = event(3, "message_queued", EventStatus::Failed, 599);
    let retry = deed(600, "retry_events", (Kind::Event, "2"));
    let with = |deeds: Vec<&'static Deed>, others: Vec<&'static EventRow>| {
        let around = Around {
            executions: &executions,
            workflows: &workflows,
            others: Some((at(0), others)),
            deeds,
            ..Around::default()
        };
        let told = told_with(vec![own.clone()], &around);
        told.into_iter().find(|line| line.starts_with("run 40"))
    };
    let (retry, other) = (&*Box::leak(Box::new(retry)), &*Box::leak(Box::new(other)));
    assert_eq!(with(vec![], vec![]), None);
    assert_eq!(with(vec![retry], vec![]).unwrap(), "run 40 strong");
    assert_eq!(with(vec![retry], vec![other]).unwrap(), "run 40 weak of 2");
}

#[test]
fn what_an_execution_says_itself_settles_whose_it_is() {
    let stage = Pipeline::guide()
        .find(&EventType::from("message_queued"))
        .unwrap();
    let workflows = [Workflow {
        id: RowId::from(1),
        name: Untrusted::from(stage.workflow.as_str()),
        active: true,
        archived: false,
        updated_at: None,
        webhooks: Vec::new(),
    }];
    // Both begin when the event was written, and nothing but time tells them apart.
    let executions = [run(40, 60), run(41, 61)];
    let own = event(2, "message_queued", EventStatus::Failed, 60);
    let ids = [RowId::from(40), RowId::from(41)];
    let with = |told: &[(usize, i64)]| -> Vec<String> {
        let told = told
            .iter()
            .map(|(at, event)| (&ids[*at], RowId::from(*event)));
        let around = Around {
            executions: &executions,
            workflows: &workflows,
            others: Some((at(0), Vec::new())),
            told: told.collect(),
            ..Around::default()
        };
        let told = told_with(vec![own.clone()], &around);
        let runs = told.into_iter().filter(|line| line.starts_with("run "));
        runs.collect()
    };
    assert_eq!(with(&[]), ["run 40 weak of 2", "run 41 weak of 2"]);
    assert_eq!(with(&[(1, 2)]), ["run 40 weak of 2", "run 41 exact"]);
    // What is of another event is no candidate any more.
    assert_eq!(with(&[(0, 9)]), ["run 41 strong"]);
    assert_eq!(with(&[(0, 9), (1, 2)]), ["run 41 exact"]);
}
