//! Batches on the screen: what the plan says, how it goes, what may be told to it, and that nobody leaves one by accident.

mod undo;

use chrono::TimeDelta;
use outpost::{
    domain::{
        Timestamp,
        batch::{BatchId, Driver, End, Halt, Head, Order, Pacing, Record},
        error_group::Fingerprint,
        event::{EventStatus, EventType, RowId},
        pipeline::SideEffect,
        plan::{Chance, EventTarget, Examination, Leaf, Mutation, Plan, Version},
        untrusted::Untrusted,
    },
    effect::Effect,
    model::{Options, Overlay},
    msg::{Fact, Msg, Told},
};

use crate::{
    scenario::{Scenario, event, start},
    snapshots::{snapshot, under},
    worlds,
};

fn print(text: &str) -> Fingerprint {
    Fingerprint::of(&Untrusted::from(text))
}

fn id() -> BatchId {
    BatchId::parse("20251124-142207-beef").unwrap()
}

/// A plan to retry 47 events of two stages, each with an error of its own.
fn plan(at: Timestamp) -> Plan {
    let stage = |n: i64| {
        if n < 40 {
            "message_queued"
        } else {
            "slots_created"
        }
    };
    let target = |n: i64| EventTarget {
        id: RowId::from(90_400 + n),
        stage: EventType::from(stage(n)),
        side_effect: if n < 40 {
            SideEffect::PersonFacing
        } else {
            SideEffect::PaidApi
        },
        raw_status: Untrusted::from("failed"),
        retries: 0,
    };
    let cause = |n: i64| {
        let text = if n < 40 {
            "SMTP 451 greylisted"
        } else {
            "HTTP 429 from apify"
        };
        (RowId::from(90_400 + n), print(text))
    };
    let version = |n: i64| Version {
        id: RowId::from(90_400 + n),
        xmin: None,
    };
    Plan {
        examined: Some(Examination {
            eligible: (0..47).map(version).collect(),
            chance: Some(Chance { ok: 11, of: 12 }),
            blocked: (47..55)
                .map(|n| {
                    let why = if n < 53 {
                        "already in the delivery log"
                    } else {
                        "unsubscribed"
                    };
                    (RowId::from(90_400 + n), why.to_owned())
                })
                .collect(),
            people: 40,
            campaigns: 2,
            causes: (0..47).map(cause).collect(),
            ..Examination::default()
        }),
        pacing: Some(Pacing::default()),
        reason: Some("the relay is back".to_owned()),
        ..Plan::new(
            Mutation::RetryEvents((0..47).map(target).collect::<Vec<_>>().into()),
            at,
        )
    }
}

fn head(at: Timestamp) -> Head {
    Head {
        batch: id(),
        at,
        who: "ann@host".to_owned(),
        place: "db:5432/app marketing".to_owned(),
        plan: plan(at),
    }
}

/// 47 rows of which 41 are done, 3 of them badly, the last a minute after the first.
fn records(at: Timestamp) -> Vec<Record> {
    let row = |n: i64| RowId::from(90_400 + n);
    let order = [0, 40].into_iter().chain(1..40);
    let mut records = Vec::new();
    for (nth, n) in order.enumerate() {
        let at = at + TimeDelta::seconds(3 * nth as i64);
        records.push(Record::Sent {
            id: row(n),
            at,
            clone: None,
        });
        let (id, at) = (row(n), at + TimeDelta::seconds(2));
        let how = match n {
            7 | 21 => End::Failed {
                cause: Some(print("SMTP 451 greylisted")),
                same: true,
            },
            30 => End::Failed {
                cause: Some(print("SMTP 550 no such user")),
                same: false,
            },
            33 => End::Pending,
            _ => End::Ok,
        };
        records.push(Record::Ended { id, at, how });
    }
    records
}

fn known(at: Timestamp, records: Vec<Record>, driver: Driver) -> Msg {
    Msg::Batch(Told::Known(Box::new(head(at)), records, driver))
}

fn ago(seconds: i64) -> Timestamp {
    worlds::now() - TimeDelta::seconds(seconds)
}

#[test]
fn a_batch_under_way_and_one_that_stands_are_as_they_were_reviewed() {
    for size in [(80, 24), (120, 40)] {
        let begun = ago(600);
        let world = worlds::stall().then([known(begun, records(begun), Driver::Here)]);
        let model = world.model(size, outpost::action::ScreenId::Batches);
        snapshot("batches_under_way", &model, size);
        let stands = Msg::Batch(Told::Noted(
            id(),
            Record::Paused {
                at: ago(20),
                why: Halt::Equal(2, Some(print("SMTP 451 greylisted"))),
            },
        ));
        let world = world.then([stands, Msg::Tick]);
        let mut model = world.model(size, outpost::action::ScreenId::Batches);
        model.notice = None;
        snapshot("batches_braked", &model, size);
        let world = worlds::stall();
        let model = world.model(size, outpost::action::ScreenId::Batches);
        snapshot("batches_none", &model, size);
        let plan = Overlay::Plan {
            plan: Box::new(plan(ago(30))),
            scroll: 0,
            leaf: Leaf::Facts,
        };
        snapshot("plan_batch", &under(&worlds::stall(), plan, size), size);
    }
}

/// A console with 30 failed events on the stream.
fn stream(bulk: usize) -> Scenario {
    let mut options = Options {
        actor: "ann@host".to_owned(),
        ..Options::default()
    };
    options.bulk.above = bulk;
    let rows = (1..=30).map(|id| event(id, "company_created", EventStatus::Failed));
    let script = Scenario::with(options).links_up();
    script.fact(Fact::Tail(rows.collect())).keys("2").wait(1)
}

/// Marks all, asks for the plan, and lets the guard answer.
fn planned(bulk: usize) -> Scenario {
    let script = stream(bulk).keys("*R");
    let Some(Effect::Examine(asked)) = script.effects.first().cloned() else {
        panic!("{:?}: {}", script.effects, script.notice());
    };
    let version = |target: &EventTarget| Version {
        id: target.id.clone(),
        xmin: None,
    };
    let examined = Examination {
        eligible: asked.targets().iter().map(version).collect(),
        ..Examination::default()
    };
    script.tell(Msg::Examined(asked, Ok(Box::new(examined))))
}

fn mutated(script: &Scenario) -> &Plan {
    match script.effects.as_slice() {
        [Effect::Mutate(plan)] => plan,
        other => panic!("{other:?}: {}", script.notice()),
    }
}

#[test]
fn a_retry_of_many_is_a_batch_whose_pace_can_be_typed() {
    let script = planned(25).keys("e");
    let script = script.press("ctrl-u").keys("pace=0⏎");
    assert_eq!(script.notice(), "pace is a number from 1 to 6000");
    let script = script.press("ctrl-u").keys("40 canary=3⏎y30⏎");
    let pacing = mutated(&script).pacing.unwrap();
    assert_eq!((pacing.per_minute, pacing.canary, pacing.brake), (40, 3, 2));
    // The other way keeps what was typed.
    let other = planned(25).keys("e").press("ctrl-u").keys("40 canary=3⏎v");
    let Some(Overlay::Plan { plan, .. }) = other.model.overlays.last() else {
        panic!("{:?}", other.model.overlays);
    };
    let pacing = plan.pacing.unwrap();
    assert_eq!((pacing.per_minute, pacing.canary), (40, 3));
    let few = planned(30).keys("e");
    assert_eq!(
        few.notice(),
        "this plan has no pace: all its rows are changed at once"
    );
    assert_eq!(mutated(&few.keys("y30⏎")).pacing, None);
}

fn under_way(driver: Driver) -> Scenario {
    let records = records(start());
    Scenario::start().tell(known(start(), records, driver))
}

#[test]
fn while_a_batch_is_under_way_leaving_takes_a_second_word() {
    for key in ["ctrl-c", "q"] {
        let script = under_way(Driver::Here).press(key);
        assert_eq!(script.effects, [], "{key}");
        assert!(
            script.notice().ends_with(
                "goes on only while outpost runs; the journal keeps it: once more leaves"
            ),
            "{}",
            script.notice()
        );
        // Asked again much later, it is said again.
        let later = script.wait(11).press(key);
        assert_eq!(later.effects, [], "{key}");
        assert_eq!(later.press(key).effects, [Effect::Quit], "{key}");
        let idle = under_way(Driver::Nobody).press(key);
        assert_eq!(idle.effects, [Effect::Quit], "{key}");
    }
}

#[test]
fn a_batch_is_paused_at_once_and_resumed_and_ended_by_what_is_typed() {
    let script = under_way(Driver::Here).keys("B").wait(1).keys("R");
    assert_eq!(script.notice(), "this batch is under way: p pauses it");
    let script = script.keys("p");
    assert_eq!(script.effects, [Effect::Batch(id(), Order::Pause)]);
    let paused = Record::Paused {
        at: script.now,
        why: Halt::ByHand("ann@host".to_owned()),
    };
    let script = script.tell(Msg::Batch(Told::Noted(id(), paused)));
    let script = script.keys("R5⏎");
    assert_eq!(script.effects, []);
    assert_eq!(script.notice(), "not resumed: type 6, exactly");
    let script = script.keys("⌫6⏎");
    assert_eq!(script.effects, [Effect::Batch(id(), Order::Resume)]);
    let script = script.keys("Kstopp⏎");
    assert_eq!(script.effects, []);
    let script = script.keys("⌫⏎");
    assert_eq!(script.effects, [Effect::Batch(id(), Order::Stop)]);
    let script = script.keys("e5 canary=2⏎");
    assert_eq!(script.effects, []);
    assert_eq!(
        script.notice(),
        "its canaries are done: pace, brake and least can be changed"
    );
    let script = script.press("ctrl-u").keys("5 brake=4⏎");
    let pace = Order::Pace {
        per_minute: 5,
        brake: 4,
        least: 10,
    };
    assert_eq!(script.effects, [Effect::Batch(id(), pace)]);
}

#[test]
fn what_was_left_unfinished_is_said_at_the_start_and_read_only_resumes_nothing() {
    let script = under_way(Driver::Nobody);
    assert_eq!(
        script.notice(),
        "an unfinished batch waits, 20251124-142207-beef: B shows it"
    );
    let script = script.keys("B").wait(1).keys("p");
    assert_eq!(script.notice(), "nothing is sent as it is: R resumes it");
    let script = script.keys("R6⏎");
    assert_eq!(script.effects, [Effect::Batch(id(), Order::Resume)]);
    let options = Options {
        read_only: true,
        ..Options::default()
    };
    let told = known(start(), records(start()), Driver::Nobody);
    let barred = Scenario::with(options)
        .tell(told)
        .keys("B")
        .wait(1)
        .keys("R");
    assert!(
        barred.notice().starts_with("read-only"),
        "{}",
        barred.notice()
    );
    let other = under_way(Driver::Elsewhere).keys("B").wait(1).keys("R");
    assert_eq!(
        other.notice(),
        "another outpost on this machine drives this batch"
    );
}

#[test]
fn enter_leads_to_the_events_of_a_batch_and_to_one_of_them() {
    let script = under_way(Driver::Here).keys("B⏎n⏎");
    let first_bad = RowId::from(90_407);
    assert_eq!(script.effects, [Effect::FetchEvent(first_bad)]);
}

/// Whether the batches of other processes were looked at in the last step.
fn looks(script: &Scenario) -> bool {
    script.effects.contains(&Effect::LookAtBatches)
}

#[test]
fn the_batches_of_other_processes_are_looked_at_each_2_s_while_they_are_shown_or_one_is_not_over() {
    let script = Scenario::start().wait(9);
    assert!(!looks(&script), "none is known, and none is shown");
    let script = script.keys("B");
    assert!(looks(&script), "at once");
    let script = script.wait(1);
    assert!(!looks(&script));
    let script = script.wait(1);
    assert!(looks(&script));
    let script = script.press("1").wait(5);
    assert!(!looks(&script));
    let ours = under_way(Driver::Here).wait(5);
    assert!(!looks(&ours), "what we drive tells by itself");
    let foreign = under_way(Driver::Elsewhere).wait(2);
    assert!(looks(&foreign));
    let over = Record::Finished { at: start() };
    let all = [records(start()), vec![over]].concat();
    let foreign = foreign.tell(known(start(), all, Driver::Nobody));
    assert!(
        foreign.notice().contains("is done, 47: ok 37"),
        "{}",
        foreign.notice()
    );
    assert!(!looks(&foreign.wait(5)), "it is over");
}

#[test]
fn who_drove_a_batch_elsewhere_has_ended_and_it_is_said_once() {
    let left = known(start(), records(start()), Driver::Nobody);
    let script = under_way(Driver::Elsewhere).tell(left.clone());
    let waits = "an unfinished batch waits, 20251124-142207-beef: B shows it";
    assert_eq!(script.notice(), waits);
    let script = script.wait(30).tell(left);
    assert_eq!(script.notice(), "");
}

#[test]
fn why_a_batch_stands_that_its_journal_could_not_take_stays_on_the_screen() {
    let why =
        Halt::Fault("refused: the journal cannot be written: No space left on device".to_owned());
    let at = start();
    let script = under_way(Driver::Here)
        .tell(Msg::Batch(Told::Noted(id(), Record::Paused { at, why })))
        .tell(Msg::Batch(Told::Left(id())))
        .tell(known(at, records(at), Driver::Nobody));
    let known = script.model.store.batches.get(&id()).unwrap();
    assert_eq!(known.word(), "braked");
    // Who resumed it elsewhere knows more.
    let resumed = Record::Resumed {
        at,
        who: "ben@host".to_owned(),
    };
    let all = [records(at), vec![resumed]].concat();
    let script = script.tell(Msg::Batch(Told::Known(
        Box::new(head(at)),
        all,
        Driver::Elsewhere,
    )));
    let known = script.model.store.batches.get(&id()).unwrap();
    assert_eq!(known.word(), "elsewhere");
}
