//! What stands around what is said of alerts: what programs are told of it, who comes second to the same alert, and which rows are read.

use outpost::{
    domain::{alert::State, latency::window::Span},
    effect::Effect,
    headless::{Snapshot, check, status},
    store::{Store, feed::Feed},
};
use pretty_assertions::assert_eq;

use super::*;

/// A console on which every rule is silenced by one plan, with a note, and the stalled pipeline fires.
fn hushed() -> Scenario {
    let (script, mut world) = stalled(ann());
    let until = Until::Time(script.now + TimeDelta::hours(1));
    let standing = Standing {
        note: Some(Untrusted::from("ask bo@vendor.example")),
        ..ignoring(until, script.now)
    };
    let rules = script.model.store.alerts.iter().map(|alert| alert.rule);
    world.errors.alerts = rules
        .map(|rule| Triage {
            id: rule.key(),
            standing: standing.clone(),
        })
        .collect();
    script.lasts(&world, 14)
}

/// What programs are told of `store`: the line of `check`, and the JSON of `status`.
fn told(store: Store, at: DateTime<Utc>) -> (String, Value) {
    let snapshot = Snapshot {
        store,
        span: Span::Hour,
        at,
        mistake: None,
    };
    let json = status::told(&snapshot, true);
    (check::line(&snapshot), serde_json::from_str(&json).unwrap())
}

#[test]
fn check_tells_of_each_that_fires_that_it_is_silenced_also_where_all_are_in_the_same_words() {
    let mut script = hushed();
    let last = script.model.store.alerts.last_mut().unwrap();
    last.state = State::Firing(script.now);
    let (line, json) = told(script.model.store, script.now);
    for (part, n) in [
        ("Pipeline stalled, which fires: silenced until ", 1),
        ("Pipeline stalled: silenced", 0),
        ("Reply rate drop: silenced until ", 1),
        (
            " alerts_firing=2;;;0 alerts_unack=0;;;0 alerts_silenced=7;;;0",
            1,
        ),
    ] {
        assert_eq!(line.matches(part).count(), n, "{part}: {line}");
    }
    assert_eq!(json["alerts"][0]["note"], "ask b***@vendor.example");
}

#[test]
fn where_the_errors_are_not_read_nobody_counts_what_is_silenced() {
    let mut script = hushed();
    script.model.store.errors = Feed::default();
    let (line, json) = told(script.model.store, script.now);
    assert!(line.contains("; silences not read | "), "{line}");
    assert!(line.contains(" alerts_firing=1;;;0"), "{line}");
    assert!(!line.contains("alerts_unack"), "{line}");
    assert!(!line.contains("alerts_silenced"), "{line}");
    assert_eq!(json["alerts_unack"], Value::Null);
    assert_eq!(json["alerts_silenced"], Value::Null);
}

#[test]
fn what_is_copied_of_an_alert_names_nobody_by_address() {
    let script = hushed().keys("y");
    let [Effect::Copy(copied)] = script.effects.as_slice() else {
        panic!("{:?} {}", script.effects, script.notice());
    };
    assert!(copied.contains("ask b***@vendor.example"), "{copied}");
}

#[test]
fn what_is_no_time_is_answered_by_times_alone_and_n_says_what_it_looks_for() {
    for keys in ["Zgibberish⏎", ":silence stall gibberish⏎"] {
        let (script, _) = stalled(ann());
        let script = script.keys(keys);
        let asked = "say until when: 1h, until 18:00, tomorrow 9:00";
        assert_eq!(script.notice(), asked, "{keys}");
    }
    let script = hushed().keys("n");
    let none = "no rule shown here fires, is about to, or is blind, and is not silenced";
    assert_eq!(script.notice(), none);
}

/// Anna's ack of the stalled pipeline `minutes` after the first.
fn later(acked: &Standing, minutes: i64) -> Standing {
    Standing {
        owned_at: acked.owned_at.map(|at| at + TimeDelta::minutes(minutes)),
        ..acked.clone()
    }
}

#[tokio::test]
async fn an_ack_is_not_taken_back_where_the_same_one_gave_another_since_the_plan_was_looked_into() {
    let db = database::fresh().await;
    let (_, acked) = acked_by_anna(&db).await;
    let unack = of_rule(
        Deed::Unacknowledge,
        acked.clone(),
        Standing::default(),
        &Place::Database,
    );
    let unack = shown(&db.client, unack).await;
    assert_eq!(unack.examined.as_ref().unwrap().blocked, []);
    // It fires anew, and she acknowledges that from another console.
    let anew = later(&acked, 60);
    let again = of_rule(Deed::Acknowledge, acked, anew.clone(), &Place::Database);
    let again = shown(&db.client, again).await;
    let outcome = writer(&db, "anna@ops").carry_out(&again).await.unwrap();
    assert_eq!(outcome.done.len(), 1);
    let outcome = writer(&db, "anna@ops").carry_out(&unack).await.unwrap();
    assert_eq!(outcome.done, []);
    let why = &outcome.skipped[0].1;
    assert!(why.starts_with("anna@ops has it acked since "), "{why}");
    assert_eq!(read_elsewhere(&db).await, anew);
}

#[tokio::test]
async fn what_is_said_of_a_rule_is_read_however_many_groups_were_spoken_of_since() {
    let db = database::fresh().await;
    let (_, acked) = acked_by_anna(&db).await;
    let groups = "INSERT INTO outpost.triage (id, stage, says, owner, owned_at, changed_at, changed_by)
         SELECT lpad(to_hex(n), 16, '0'), 'lead_qualified', 'x', 'ben@ops', now(), now() + interval '1 s', 'ben@ops'
         FROM generate_series(1, 2100) n";
    db.client.batch_execute(groups).await.unwrap();
    assert_eq!(read_elsewhere(&db).await, acked);
}
