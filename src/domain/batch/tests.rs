//! The machine by itself, in a time that is made up.

mod crashes;

use chrono::{DateTime, TimeDelta};

use super::*;
use crate::domain::{
    event::EventStatus,
    pipeline::SideEffect,
    plan::{EventTarget, Examination, Mutation, Version},
    untrusted::Untrusted,
};

fn at(seconds: i64) -> Timestamp {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn print(text: &str) -> Fingerprint {
    Fingerprint::of(&Untrusted::from(text))
}

/// A batch of these rows: the stage of each, and what it failed with.
fn batch(rows: &[(&str, Option<&str>)], pacing: Pacing) -> Batch {
    let id = |n: usize| RowId::from(n as i64 + 1);
    let target = |(n, (stage, _)): (usize, &(&str, Option<&str>))| EventTarget {
        id: id(n),
        stage: EventType::from(*stage),
        side_effect: SideEffect::Internal,
        raw_status: Untrusted::from("failed"),
        retries: 0,
    };
    let version = |n: usize| Version {
        id: id(n),
        xmin: None,
    };
    let causes = rows.iter().enumerate();
    let examined = Examination {
        eligible: (0..rows.len()).map(version).collect(),
        causes: causes
            .filter_map(|(n, (_, cause))| Some((id(n), print((*cause)?))))
            .collect(),
        ..Examination::default()
    };
    let targets: Vec<EventTarget> = rows.iter().enumerate().map(target).collect();
    let plan = Plan {
        examined: Some(examined),
        pacing: Some(pacing),
        ..Plan::new(Mutation::RetryEvents(targets.into()), at(0))
    };
    Batch::new(Head {
        batch: BatchId::new(at(0), 7),
        at: at(0),
        who: "ann@host".to_owned(),
        place: "db".to_owned(),
        plan,
    })
}

fn two_groups(n: usize) -> Vec<(&'static str, Option<&'static str>)> {
    let of = |n: usize| {
        (
            "slots_created",
            Some(if n.is_multiple_of(2) {
                "HTTP 429"
            } else {
                "refused"
            }),
        )
    };
    (0..n).map(of).collect()
}

fn sighting(id: &RowId, status: EventStatus, cause: Option<&str>) -> Sighting {
    Sighting {
        id: id.clone(),
        status: Some(status),
        version: None,
        cause: cause.map(print),
    }
}

/// Sends what is to be sent next, at `now`.
#[track_caller]
fn send(batch: &mut Batch, now: Timestamp) -> RowId {
    let Step::Send(id) = batch.next(now) else {
        panic!("{:?}", batch.next(now));
    };
    batch.add(&Record::Begun {
        id: id.clone(),
        at: now,
        xid: "1".to_owned(),
        skip: None,
        clone: None,
    });
    batch.add(&Record::Sent {
        id: id.clone(),
        at: now,
        clone: None,
    });
    id
}

#[test]
fn one_canary_of_each_stage_and_cause_comes_first_and_is_waited_for() {
    let mut batch = batch(&two_groups(6), Pacing::default());
    assert_eq!(batch.head.plan.canaries(), 2);
    let one = send(&mut batch, at(0));
    assert_eq!(batch.next(at(1)), Step::Wait(at(3)));
    let two = send(&mut batch, at(3));
    assert_eq!([one.as_str(), two.as_str()], ["1", "2"]);
    assert_eq!(batch.next(at(60)), Step::Watch);
    let ok = |id: &RowId| sighting(id, EventStatus::Processed, None);
    assert_eq!(batch.see(at(61), &[ok(&one)]).len(), 1);
    assert_eq!(
        batch.next(at(62)),
        Step::Watch,
        "the other canary has not ended"
    );
    batch.see(at(63), &[ok(&two)]);
    assert_eq!(batch.next(at(64)), Step::Send(RowId::from(3)));
}

#[test]
fn a_canary_that_fails_stops_all_others_until_somebody_resumes() {
    let mut batch = batch(&two_groups(6), Pacing::default());
    let one = send(&mut batch, at(0));
    let failed = sighting(&one, EventStatus::Failed, Some("HTTP 429"));
    let records = batch.see(at(1), &[failed]);
    let Some(Record::Paused { why, .. }) = records.last() else {
        panic!("{records:?}");
    };
    assert_eq!(why.sentence(), "canary 1 failed with HTTP 429");
    assert_eq!(batch.next(at(100)), Step::Rest);
    batch.add(&Record::Resumed {
        at: at(200),
        who: "ann".to_owned(),
    });
    assert_eq!(batch.next(at(200)), Step::Send(RowId::from(2)));
}

#[test]
fn two_equal_failures_in_a_row_stop_it_and_two_unlike_ones_do_not() {
    let pacing = Pacing {
        canary: 0,
        ..Pacing::default()
    };
    let mut batch = batch(&two_groups(9), pacing);
    let mut fail = |now: i64, with: &str| {
        let id = send(&mut batch, at(now));
        batch.see(
            at(now + 1),
            &[sighting(&id, EventStatus::Failed, Some(with))],
        );
        batch.mode.clone()
    };
    assert_eq!(fail(0, "HTTP 429"), Mode::Running);
    assert_eq!(fail(10, "something else"), Mode::Running);
    assert_eq!(fail(20, "HTTP 429"), Mode::Running);
    let stopped = fail(30, "HTTP 429");
    let Mode::Paused(why) = stopped else {
        panic!("{stopped:?}");
    };
    assert_eq!(why.sentence(), "2 in a row failed with HTTP 429");
    assert_eq!(
        batch.report().to_string(),
        "9: ok 0, failed 4 (same 2, new 2), pending 0, skipped 0, not tried 5"
    );
}

#[test]
fn rows_that_nobody_takes_stop_it_and_are_counted_by_how_they_end_after_all() {
    let pacing = Pacing {
        canary: 0,
        ..Pacing::default()
    };
    let mut batch = batch(&two_groups(9), pacing);
    let ids: Vec<RowId> = (0..5).map(|n| send(&mut batch, at(3 * n))).collect();
    assert_eq!(batch.next(at(100)), Step::Watch, "five are under way");
    let pending: Vec<Sighting> = ids
        .iter()
        .map(|id| sighting(id, EventStatus::Pending, None))
        .collect();
    assert_eq!(batch.see(at(299), &pending), []);
    let records = batch.see(at(303), &pending);
    assert_eq!(batch.mode, Mode::Paused(Halt::Untaken(2)), "{records:?}");
    let late = sighting(&ids[0], EventStatus::Processed, None);
    batch.see(at(400), &[late]);
    assert_eq!((batch.report().ok, batch.report().pending), (1, 1));
    assert_eq!(batch.see(at(401), &pending[..2]), [], "it is said once");
}

#[test]
fn a_queue_that_grows_by_the_events_of_others_stops_it() {
    let mut batch = batch(&two_groups(9), Pacing::default());
    let stage = EventType::from("slots_created");
    let queue = |n: u64| [(stage.clone(), n)];
    assert_eq!(batch.crowded(at(0), &queue(100)), None);
    send(&mut batch, at(1));
    assert_eq!(
        batch.crowded(at(2), &queue(151)),
        None,
        "one of them is ours"
    );
    let stopped = batch.crowded(at(3), &queue(152));
    assert!(
        matches!(stopped, Some(Record::Paused { .. })),
        "{stopped:?}"
    );
    let Mode::Paused(why) = &batch.mode else {
        panic!("{:?}", batch.mode);
    };
    assert_eq!(
        why.sentence(),
        "slots_created has 51 more in its queue than before"
    );
}

#[test]
fn what_is_in_doubt_is_looked_up_before_anything_else() {
    let mut batch = batch(&two_groups(3), Pacing::default());
    let begun = Record::Begun {
        id: RowId::from(1),
        at: at(0),
        xid: "771".to_owned(),
        skip: None,
        clone: None,
    };
    batch.add(&begun);
    let look_up = Step::LookUp(RowId::from(1), "771".to_owned());
    assert_eq!(batch.next(at(9)), look_up);
    let mut taken_back = batch.clone();
    taken_back.add(&Record::TakenBack {
        id: RowId::from(1),
        at: at(9),
    });
    assert_eq!(taken_back.next(at(9)), Step::Send(RowId::from(1)));
    batch.add(&Record::Unknown {
        id: RowId::from(1),
        at: at(9),
        why: "the server has forgotten it".to_owned(),
    });
    assert_eq!(
        batch.next(at(9)),
        Step::Send(RowId::from(2)),
        "never a second time"
    );
}

#[test]
fn the_end_of_a_clone_is_the_end_of_its_row() {
    let mut batch = batch(&two_groups(2), Pacing::default());
    batch.add(&Record::Sent {
        id: RowId::from(1),
        at: at(0),
        clone: Some(RowId::from(501)),
    });
    assert_eq!(batch.watched(), (vec![RowId::from(501)], Some(at(0))));
    let ok = sighting(&RowId::from(501), EventStatus::Processed, None);
    batch.see(at(1), &[ok]);
    assert_eq!(batch.row(&RowId::from(1)).unwrap().standing, Standing::Ok);
}

#[test]
fn a_pace_is_typed_as_it_is_shown() {
    let pacing = Pacing::default();
    assert_eq!(pacing.take(&pacing.typed()), Ok(pacing));
    let taken = pacing.take(" 40  canary=3").unwrap();
    assert_eq!((taken.per_minute, taken.canary, taken.brake), (40, 3, 2));
    for wrong in ["0", "pace=fast", "canary=101", "brake=0", "speed=2", "-1"] {
        pacing.take(wrong).unwrap_err();
    }
}

#[test]
fn the_least_of_what_is_known_is_the_pace_and_it_says_which() {
    let pacing = Pacing {
        n8n_runs: 20,
        canary: 0,
        ..Pacing::default()
    };
    let mut batch = batch(&two_groups(9), pacing);
    let rate = |batch: &Batch| batch.rate().to_string();
    assert_eq!(rate(&batch), "20/min, as set");
    assert_eq!(batch.unknown_room(), Some("n8n's room is not known"));
    let runs = |running: u32, queued: u32| Some(Load { running, queued });
    batch.limits.n8n = runs(18, 0);
    assert_eq!(rate(&batch), "12/min, limited by n8n: 2 of 20 free");
    assert_eq!(batch.unknown_room(), None);
    send(&mut batch, at(0));
    assert_eq!(batch.next(at(1)), Step::Wait(at(5)), "every 5 s by now");
    batch.limits.n8n = runs(20, 3);
    assert_eq!(rate(&batch), "0/min, limited by n8n: none free, 3 queued");
    assert_eq!(batch.next(at(60)), Step::Watch, "nothing is sent");
    batch.limits.n8n = runs(0, 0);
    let stage = EventType::from("slots_created");
    batch.limits.usual = Usual::from_iter([(stage.clone(), 12)]);
    let label = stage.label();
    let usual = format!("12/min, limited by {label}: its usual minute");
    assert_eq!(rate(&batch), usual);
    batch.limits.usual = Usual::from_iter([(stage.clone(), 3)]);
    let quiet =
        format!("10/min, limited by {label}: 3 in its usual minute, and no slower than least=10");
    assert_eq!(rate(&batch), quiet);
    let waiting = batch.report().waiting as u64;
    assert_eq!(batch.seconds_left(), (waiting - 1) * 6, "every 6 s");
    let order = batch.take_pace("least=2").unwrap();
    let Order::Pace {
        per_minute,
        brake,
        least,
    } = order
    else {
        panic!("{order:?}");
    };
    batch.add(&Record::Paced {
        at: at(61),
        per_minute,
        brake: Some(brake),
        least: Some(least),
    });
    let asked = format!("3/min, limited by {label}: its usual minute");
    assert_eq!(rate(&batch), asked, "as slow as somebody asks for");
    batch.limits.n8n = runs(30, 0);
    assert_eq!(rate(&batch), "0/min, limited by n8n: 0 of 20 free");
}

#[test]
fn n8n_is_left_alone_for_as_long_as_it_asks_and_not_asked_for_ever() {
    let mut batch = batch(&two_groups(3), Pacing::default());
    let id = RowId::from(1);
    for n in 1..=10 {
        let now = at(100 * n);
        assert_eq!(batch.next(now), Step::Send(id.clone()));
        let begun = Record::Begun {
            id: id.clone(),
            at: now,
            xid: "4294967299".to_owned(),
            skip: None,
            clone: None,
        };
        batch.add(&begun);
        batch.add(&Record::Deferred {
            id: id.clone(),
            at: now,
            until: now + TimeDelta::seconds(30),
            version: Some("5".to_owned()),
        });
        assert_eq!(batch.next(now), Step::Wait(now + TimeDelta::seconds(30)));
        let xmin = |batch: &Batch| {
            batch
                .plan_of(&id)
                .examined
                .as_ref()?
                .version(&id)?
                .xmin
                .clone()
        };
        assert_eq!(xmin(&batch).as_deref(), Some("5"), "as it was put back");
        assert_eq!(batch.deferred_too_often(now).is_some(), n == 10);
    }
    let Mode::Paused(why) = &batch.mode else {
        panic!("{:?}", batch.mode);
    };
    assert_eq!(
        why.sentence(),
        "n8n asked to be called later 10 times in a row"
    );
}

#[test]
fn a_state_that_nobody_has_written_since_the_call_says_nothing() {
    let mut batch = batch(&two_groups(3), Pacing::default());
    let id = RowId::from(1);
    let (xid, untouched) = ("4294967299", "3");
    batch.add(&Record::Begun {
        id: id.clone(),
        at: at(0),
        xid: xid.to_owned(),
        skip: None,
        clone: None,
    });
    batch.add(&Record::Sent {
        id: id.clone(),
        at: at(0),
        clone: None,
    });
    let seen = |version: &str| Sighting {
        version: Some(version.to_owned()),
        ..sighting(&id, EventStatus::Failed, Some("HTTP 429"))
    };
    assert_eq!(batch.see(at(1), &[seen(untouched)]), []);
    assert_ne!(batch.see(at(2), &[seen("4")]), []);
    assert_eq!(batch.report().failed(), 1);
}
