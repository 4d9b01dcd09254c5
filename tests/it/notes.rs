//! Notes of what happened outside, such as a deployment: written down by a plan, seen by every console, and set among the errors.

use outpost::{
    domain::{
        audit::{
            Answer, Counts, Entry, EntryId, Page, Question,
            about::{Kind, Source, Subject, note},
        },
        plan::{Mutation, Outcome, Plan},
        untrusted::Untrusted,
    },
    effect::Effect,
    model::{Options, Overlay},
    msg::{Fact, Msg},
    sources::postgres::{mutations::Writer, queries},
};
use pretty_assertions::assert_eq;

use crate::{
    audit::page,
    connect, database,
    mutations::shown,
    scenario::Scenario,
    screen::{paint, text},
    worlds,
};

fn deploy() -> Mutation {
    Mutation::Note {
        note: "deploy billing 1.4".to_owned(),
    }
}

/// What the plan on top would do, which nobody has looked into yet.
fn planned(script: &Scenario) -> &Plan {
    match script.model.overlays.last() {
        Some(Overlay::Plan { plan, .. }) => plan,
        other => panic!("no plan: {other:?}: {}", script.notice()),
    }
}

#[tokio::test]
async fn a_note_stands_in_the_table_and_is_told_among_what_was_done_about_any_record() {
    let db = database::fresh().await;
    let plan = shown(&db.client, deploy()).await;
    let mut ben = Writer::new(connect::settings(&db.url), "ben@host".to_owned());
    let outcome = ben.carry_out(&plan).await.unwrap();
    assert!(outcome.audited_in_database && outcome.remarks.is_empty());
    let entries = page(&db.client, None, 9).await.entries;
    let [entry] = entries.as_slice() else {
        panic!("{entries:#?}");
    };
    assert!(entry.is_note() && !entry.is_undoable && entry.has_ended);
    assert_eq!(entry.note, Some(Untrusted::from("deploy billing 1.4")));
    assert_eq!(entry.actor, Untrusted::from("ben@host"));

    let catalog = database::catalog(&db.client, "marketing").await;
    let subject = Subject {
        named: vec![(Kind::Note, note())],
        since: entry.at - chrono::TimeDelta::minutes(1),
    };
    let question = Question::About(Source::Table, Box::new(subject));
    let answer = queries::audit(&db.client, &catalog, question).await;
    let Ok(Answer::Deeds(deeds)) = answer else {
        panic!("{answer:?}");
    };
    let [deed] = deeds.all.as_slice() else {
        panic!("{deeds:#?}");
    };
    assert_eq!(deed.note, Some(Untrusted::from("deploy billing 1.4")));
}

#[tokio::test]
async fn without_the_table_a_note_says_before_and_after_that_no_other_console_sees_it() {
    let db = database::fresh().await;
    let gone = "DROP TABLE outpost.audit";
    db.client.batch_execute(gone).await.unwrap();
    let plan = shown(&db.client, deploy()).await;
    let examined = plan.examined.as_ref().unwrap();
    assert!(examined.unknown[0].starts_with("no other console sees it"));
    let mut ben = Writer::new(connect::settings(&db.url), "ben@host".to_owned());
    let outcome = ben.carry_out(&plan).await.unwrap();
    assert!(!outcome.audited_in_database);
    assert!(outcome.remarks[0].1.contains("the file of this machine"));
}

#[test]
fn a_note_is_typed_or_commanded_shown_as_a_plan_and_confirmed_by_another_key() {
    let script = Scenario::start().links_up().wait(1);
    let typed = script.keys(";deploy billing 1.4⏎");
    assert_eq!(planned(&typed).mutation, deploy());
    assert!(
        matches!(typed.effects.as_slice(), [Effect::Examine(_)]),
        "{:?}",
        typed.effects
    );
    let script = Scenario::start().links_up().wait(1);
    let script = script.keys(":note deploy billing 1.4⏎");
    let plan = planned(&script).clone();
    assert_eq!(plan.mutation, deploy());
    let script = script.keys("y");
    assert!(
        !script
            .effects
            .iter()
            .any(|it| matches!(it, Effect::Mutate(_)))
    );
    let examined = outpost::domain::plan::Examination {
        eligible: vec![outpost::domain::plan::Version {
            id: note(),
            xmin: None,
        }],
        ..Default::default()
    };
    let script = script
        .tell(Msg::Examined(plan, Ok(Box::new(examined))))
        .keys("y");
    let [Effect::Mutate(plan)] = script.effects.as_slice() else {
        panic!("{:?}", script.effects);
    };
    let done = Outcome {
        done: vec![note()],
        audited_in_database: true,
        ..Outcome::default()
    };
    let plan = plan.clone();
    let script = script.tell(Msg::Mutated(plan, Ok(done)));
    assert_eq!(script.notice(), "noted: deploy billing 1.4");
    // Nothing typed is nothing noted.
    let script = script.keys(";  ⏎");
    assert!(
        script.notice().starts_with("what happened?"),
        "{}",
        script.notice()
    );
}

#[test]
fn a_read_only_console_writes_no_note() {
    let options = Options {
        read_only: true,
        ..Options::default()
    };
    for keys in [";", ":note deploy⏎"] {
        let script = Scenario::with(options.clone()).links_up().wait(1);
        let script = script.keys(keys);
        let notice = script.notice().to_owned();
        assert!(notice.starts_with("read-only: "), "{keys}: {notice}");
        assert!(!matches!(
            script.model.overlays.last(),
            Some(Overlay::Plan { .. })
        ));
    }
}

#[test]
fn the_chart_of_errors_marks_when_it_was() {
    let all = charted("deploy billing 1.4");
    assert!(all.contains(" deploy billing 1.4"), "{all}");
    // An address that is cut is masked all the same.
    let long = "a".repeat(42);
    let all = charted(&format!("{long}@x.example jane.doe@umbrella.example"));
    assert!(
        all.contains(" a***@x.example j***@") && !all.contains("jane"),
        "{all}"
    );
}

/// The screen of errors, where this was noted 40 minutes ago.
fn charted(note: &str) -> String {
    let size = (200, 60);
    let mut script = Scenario::start().links_up();
    script.now = worlds::now();
    script.model.size = size;
    let entry = Entry {
        id: EntryId::Row(9),
        at: worlds::now() - chrono::TimeDelta::minutes(40),
        actor: Untrusted::from("ben@ops"),
        database: None,
        role: None,
        action: Untrusted::from("note"),
        targets: 1,
        counts: Counts {
            done: 1,
            ..Counts::default()
        },
        note: Some(Untrusted::from(note)),
        fault: None,
        has_ended: true,
        is_undoable: false,
        undo_key: None,
        takes_back: None,
        taken_back: None,
        is_in_both: false,
        batch: None,
        is_of_unknown_schema: false,
    };
    let page = Page {
        entries: vec![entry],
        is_last: true,
        missing: None,
    };
    let script = script
        .fact(Fact::Errors(worlds::stall_errors()))
        .keys("4")
        .wait(1)
        .tell(Msg::Audited(Question::Page(None), Ok(Answer::Page(page))));
    text(&paint(&script.model, size)).join("\n")
}
