use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;

use super::*;
use crate::domain::{
    alert::{Alert, RuleId},
    event::EventType,
    zone::Zone,
};

fn at(seconds: i64) -> Timestamp {
    DateTime::from_timestamp(1_772_445_600 + seconds, 0).unwrap()
}

fn ignoring(until: Until) -> Ignored {
    Ignored {
        until,
        since: at(0),
        by: Untrusted::from("anna@ops"),
    }
}

#[test]
fn what_is_typed_is_a_time_a_number_or_a_rate() {
    // 10:00 UTC, 11:00 here.
    let now = at(0);
    let cases = [
        ("1h", Until::Time(at(3_600))),
        ("2d4h", Until::Time(at(187_200))),
        ("tomorrow 9:00", Until::Time(at(22 * 3_600))),
        ("Tomorrow", Until::Time(at(22 * 3_600))),
        ("11:30", Until::Time(at(1_800))),
        ("until 11:30", Until::Time(at(1_800))),
        ("10:30", Until::Time(at(84_600))),
        ("2026-03-03 11:00", Until::Time(at(86_400))),
        ("2026-03-03", Until::Time(at(22 * 3_600))),
        ("2026-03-03T11:00Z", Until::Time(at(90_000))),
        ("2026-03-03T11:00:30Z", Until::Time(at(90_030))),
        ("2026-03-03T12:00:00+01:00", Until::Time(at(90_000))),
        ("50 more", Until::More(50)),
        ("+1", Until::More(1)),
        ("20/h", Until::Rate(20)),
        ("3 per hour", Until::Rate(3)),
    ];
    for (text, expected) in cases {
        assert_eq!(
            until(text, now, &Zone::fixed(3_600)),
            Ok((expected, Change::Keep)),
            "{text}"
        );
    }
    for text in [
        "",
        "0 more",
        "-1/h",
        "5",
        "soon",
        "2020-01-01",
        "800d",
        "25:00",
    ] {
        until(text, now, &Zone::fixed(3_600)).unwrap_err();
    }
    let (_, note) = until("4h; waits for the vendor", now, &Zone::default()).unwrap();
    assert_eq!(note, Change::To(Untrusted::from("waits for the vendor")));
}

#[test]
fn tomorrow_at_nine_is_at_nine_also_where_clocks_change_tonight() {
    let moment = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
    let (spring, autumn) = (
        moment("2026-03-29T01:00:00Z"),
        moment("2026-10-25T01:00:00Z"),
    );
    let ahead = |at| {
        if at >= spring && at < autumn {
            7_200
        } else {
            3_600
        }
    };
    let berlin = Zone::of(moment("2026-01-01T00:00:00Z"), 400, ahead);
    for (now, text, expected) in [
        (
            "2026-03-28T20:00:00Z",
            "tomorrow 9:00",
            "2026-03-29T07:00:00Z",
        ),
        (
            "2026-10-24T20:00:00Z",
            "tomorrow 9:00",
            "2026-10-25T08:00:00Z",
        ),
        ("2026-10-24T20:00:00Z", "9:00", "2026-10-25T08:00:00Z"),
        (
            "2026-03-01T20:00:00Z",
            "2026-07-01 9:00",
            "2026-07-01T07:00:00Z",
        ),
        // A span is a span.
        ("2026-03-28T20:00:00Z", "24h", "2026-03-29T20:00:00Z"),
    ] {
        let expected = Until::Time(moment(expected));
        let (read, _) = until(text, moment(now), &berlin).unwrap();
        assert_eq!(read, expected, "{text} at {now}");
    }
}

#[test]
fn what_may_be_typed_is_understood() {
    for (text, _) in UNTIL {
        until(text, at(0), &Zone::default()).unwrap();
    }
}

#[test]
fn an_owner_is_me_a_name_or_nobody_and_a_note_stands_behind_a_semicolon() {
    let name = |name: &str| Change::To(Untrusted::from(name));
    let cases = [
        ("", name("ben@ops"), Change::Keep),
        ("me", name("ben@ops"), Change::Keep),
        ("anna", name("anna"), Change::Keep),
        ("-", Change::Clear, Change::Keep),
        ("nobody", Change::Clear, Change::Keep),
        ("anna; rotates it", name("anna"), name("rotates it")),
        ("; rotates it", Change::Keep, name("rotates it")),
        (";", Change::Keep, Change::Clear),
    ];
    for (text, owner, note) in cases {
        assert_eq!(whose(text, "ben@ops"), Ok(Whose { owner, note }), "{text}");
    }
    whose("anna ben", "ben@ops").unwrap_err();
}

#[test]
fn a_rate_wakes_only_what_comes_fast_enough() {
    let hourly = |n: i64| (1..=n).map(|nth| at(nth * 3_600));
    let two = ignoring(Until::Rate(2));
    assert_eq!(two.woken(hourly(100), at(400_000)), (None, 100));
    let burst = hourly(100).chain([at(3_600 * 50 + 59)]);
    let (woken, _) = two.woken(burst, at(400_000));
    assert_eq!(woken, Some(at(3_600 * 50 + 59)));
    // What came before it was ignored counts for nothing.
    assert_eq!(two.woken([at(-2), at(-1), at(1)], at(9)), (None, 1));
}

#[test]
fn who_comes_second_is_told_what_stands_there() {
    let was = Standing::default();
    let target = |becomes: Standing| TriageTarget {
        id: GroupId::parse("00000000000000ab").unwrap(),
        of: Subject::Group {
            stage: EventType::from("x"),
            says: Untrusted::from("crm 401"),
        },
        was: was.clone(),
        becomes,
    };
    let ben = target(Standing {
        owner: Some(Untrusted::from("ben@ops")),
        ..Standing::default()
    });
    let anna = Standing {
        owner: Some(Untrusted::from("anna@ops")),
        owned_at: Some(at(12)),
        ..Standing::default()
    };
    assert_eq!(ben.objection(&was), None);
    let said = "anna@ops has it since 10:00:12Z".to_owned();
    assert_eq!(ben.objection(&anna), Some(said));
    // Another matter does not get in the way.
    let note = target(Standing {
        note: Some(Untrusted::from("token")),
        ..Standing::default()
    });
    assert_eq!(note.objection(&anna), None);
    let after = note.applied(&anna, at(20));
    assert_eq!((&after.owner, after.note), (&anna.owner, note.becomes.note));
    assert_eq!(ben.applied(&was, at(20)).owned_at, Some(at(20)));
}

#[test]
fn what_an_older_program_wrote_down_is_still_read_and_a_rule_beside_it() {
    let old = serde_json::json!({
        "id": GroupId::parse("00000000000000ab"), "stage": EventType::from("x"), "says": Untrusted::from("crm 401"),
        "was": Standing::default(), "becomes": Standing::default(),
    });
    let old: TriageTarget = serde_json::from_str(&old.to_string()).unwrap();
    assert_eq!((old.rule(), old.says()), (None, Untrusted::from("crm 401")));
    let rule = TriageTarget {
        id: RuleId::SlowProcessing.key(),
        of: Subject::Rule {
            rule: RuleId::SlowProcessing,
        },
        ..old.clone()
    };
    for target in [old, rule] {
        let written = serde_json::to_string(&target).unwrap();
        assert_eq!(
            serde_json::from_str::<TriageTarget>(&written).unwrap(),
            target
        );
    }
}

#[test]
fn a_rule_is_acknowledged_anew_by_the_same_one_and_a_later_ack_is_not_taken_back() {
    let said = |owned_at| Standing {
        owner: Some(Untrusted::from("anna@ops")),
        owned_at: Some(at(owned_at)),
        ..Standing::default()
    };
    let alert = Alert::new(*RuleId::SlowProcessing.rule(), at(0));
    let target = TriageTarget::of_alert(&alert, said(0));
    let whose = whose("", "anna@ops").unwrap();
    let (deed, targets) = acknowledged(vec![target], &whose, ("anna@ops", at(60))).unwrap();
    assert_eq!(deed, Deed::Acknowledge);
    let target = &targets[0];
    assert_eq!(target.applied(&said(0), at(61)), said(60));
    let back = target.back();
    assert_eq!(back.applied(&said(60), at(99)), said(0));
    assert_eq!(back.objection(&said(60)), None);
    let later = back.objection(&said(75)).unwrap();
    assert_eq!(later, "anna@ops has it acked since 10:01:15Z");
    // Of what is silenced by nobody nothing is left to wake.
    let nothing = TriageTarget::of_alert(&alert, Standing::default());
    woken(vec![nothing]).unwrap_err();
}

#[test]
fn an_ack_that_ends_leaves_a_note_only_to_a_silence_that_goes_on() {
    let alert = Alert::new(*RuleId::SlowProcessing.rule(), at(0));
    let note = Some(Untrusted::from("vendor"));
    for (until, kept) in [(60, false), (61, true)] {
        let was = Standing {
            owner: Some(Untrusted::from("anna@ops")),
            owned_at: Some(at(30)),
            note: note.clone(),
            ignored: Some(ignoring(Until::Time(at(until)))),
        };
        let mut target = TriageTarget::of_alert(&alert, was.clone());
        target.becomes = was;
        let (_, targets) = unacknowledged(vec![target], at(60)).unwrap();
        assert_eq!(targets[0].becomes.note.is_some(), kept, "{until}");
    }
    // What is left of what is over is nothing to wake.
    let noted = Standing {
        note,
        ..Standing::default()
    };
    let target = TriageTarget::of_alert(&alert, noted);
    assert_ne!(target.was, target.becomes);
    woken(vec![target]).unwrap_err();
}

#[test]
fn somebody_has_a_group_from_when_that_is_carried_out() {
    let was = Standing {
        owner: Some(Untrusted::from("anna@ops")),
        owned_at: Some(at(0)),
        ..Standing::default()
    };
    let target = TriageTarget {
        id: GroupId::parse("00000000000000ab").unwrap(),
        of: Subject::Group {
            stage: EventType::from("x"),
            says: Untrusted::default(),
        },
        was: was.clone(),
        becomes: was.clone(),
    };
    let (_, targets) = assigned(vec![target], &whose("ben", "zoe@ops").unwrap()).unwrap();
    assert_eq!(targets[0].becomes.owned_at, None);
    assert_eq!(targets[0].applied(&was, at(9)).owned_at, Some(at(9)));
}

fn untils() -> impl Strategy<Value = Until> {
    prop_oneof![
        (-100_i64..100_000).prop_map(|seconds| Until::Time(at(seconds))),
        (1_u64..40).prop_map(Until::More),
        (1_u64..40).prop_map(Until::Rate),
    ]
}

proptest! {
    #[test]
    fn what_is_woken_stays_woken_whatever_comes_after(
        until in untils(),
        came in prop::collection::vec(-5_000_i64..100_000, 0..60),
        cut in 0_i64..100_000,
    ) {
        let ignored = ignoring(until);
        let until_then: Vec<Timestamp> = came.iter().filter(|s| **s <= cut).map(|s| at(*s)).collect();
        let (then, n) = ignored.woken(until_then, at(cut));
        let (later, all) = ignored.woken(came.iter().map(|s| at(*s)), at(100_000));
        prop_assert!(all >= n);
        if let Some(then) = then {
            prop_assert_eq!(later, Some(then));
        }
        if let Some(later) = later {
            let is_past = matches!(until, Until::Time(_)) || later > ignored.since;
            prop_assert!(is_past, "nothing before it was ignored wakes it");
        }
    }

    #[test]
    fn the_order_in_which_errors_are_read_does_not_matter(
        until in untils(),
        came in prop::collection::vec(0_i64..20_000, 0..60),
    ) {
        let ignored = ignoring(until);
        let forth = ignored.woken(came.iter().map(|s| at(*s)), at(20_000));
        let back = ignored.woken(came.iter().rev().map(|s| at(*s)), at(20_000));
        prop_assert_eq!(forth, back);
    }

    #[test]
    fn a_count_wakes_with_the_nth_error_and_a_rate_never_before_it(n in 1_u64..30, came in prop::collection::vec(1_i64..20_000, 0..60)) {
        let mut sorted = came.clone();
        sorted.sort_unstable();
        let nth = sorted.get(n as usize - 1).map(|s| at(*s));
        let moments = || came.iter().map(|s| at(*s));
        prop_assert_eq!(ignoring(Until::More(n)).woken(moments(), at(20_000)).0, nth);
        let (by_rate, _) = ignoring(Until::Rate(n)).woken(moments(), at(20_000));
        if let Some(at) = by_rate {
            let within = sorted.iter().filter(|s| {
                let ago: TimeDelta = at - self::at(**s);
                ago >= TimeDelta::zero() && ago < TimeDelta::hours(1)
            });
            prop_assert!(within.count() as u64 >= n);
        } else {
            let windows = sorted.windows(n as usize);
            prop_assert!(windows.into_iter().all(|w| w[w.len() - 1] - w[0] >= 3_600));
        }
    }

    #[test]
    fn taking_back_leads_to_where_it_was(owner in prop::option::of("[a-z]{1,4}"), note in prop::option::of("[a-z]{1,4}")) {
        let was = Standing { owner: Some(Untrusted::from("zoe")), owned_at: Some(at(1)), ..Standing::default() };
        let becomes = Standing {
            owner: owner.map(Untrusted::from),
            note: note.map(Untrusted::from),
            ..was.clone()
        };
        let target = TriageTarget {
            id: GroupId::parse("00000000000000ab").unwrap(),
            of: Subject::Group { stage: EventType::from("x"), says: Untrusted::default() },
            was: was.clone(),
            becomes,
        };
        let done = target.applied(&was, at(5));
        prop_assert_eq!(target.back().objection(&done), None);
        let mut undone = target.back().applied(&done, at(9));
        undone.owned_at = was.owned_at;
        prop_assert_eq!(undone, was);
    }
}
