use chrono::DateTime;
use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::domain::{
    alert::{Reading, State},
    error_group::Fingerprint,
    event::EventType,
    triage::Ignored,
};

fn at(second: i64) -> Timestamp {
    DateTime::from_timestamp(1_772_445_600 + second, 0).unwrap()
}

fn stalled() -> Alert {
    Alert::new(*RuleId::PipelineStalled.rule(), at(0))
}

fn value(value: f64) -> Reading {
    Reading::Value {
        value,
        n: 500,
        stage: None,
    }
}

const BAD: f64 = 400.0;
const GOOD: f64 = 0.0;

/// An alert that was judged so at these seconds.
fn judged(looks: &[(i64, f64)]) -> Alert {
    let mut alert = stalled();
    for (second, read) in looks {
        alert.step(value(*read), at(*second));
    }
    alert
}

fn acked(second: i64) -> Standing {
    Standing {
        owner: Some(Untrusted::from("anna@ops")),
        owned_at: Some(at(second)),
        note: Some(Untrusted::from("rotates the token")),
        ignored: None,
    }
}

/// What holds of an ack of that second: `Some(true)` that it counts, `Some(false)` that it may be of another firing.
fn holds(alert: &mut Alert, second: i64, now: i64) -> Option<bool> {
    alert.hear(Some(&acked(second)), (at(now), TimeDelta::zero()));
    let acked = alert.said.acked.as_ref().map(|acked| acked.is_sure);
    assert_eq!(alert.is_unacked(), alert.is_firing() && acked != Some(true));
    acked
}

#[test]
fn an_ack_is_of_one_firing_and_lapses_once_that_has_ended() {
    let mut alert = judged(&[(0, GOOD), (5, BAD)]);
    assert_eq!(holds(&mut alert, 9, 10), Some(true));
    // Another console may have seen it begin a little earlier.
    assert_eq!(holds(&mut alert, 3, 10), Some(true));
    assert_eq!(holds(&mut alert, -1, 10), None);
    // Good again, but not for long enough: it goes on.
    alert.step(value(GOOD), at(20));
    alert.step(value(BAD), at(40));
    assert_eq!(holds(&mut alert, 9, 40), Some(true));
    alert.step(value(GOOD), at(50));
    alert.step(value(GOOD), at(110));
    assert_eq!(alert.state, State::Ok);
    assert_eq!(holds(&mut alert, 9, 111), None);
    assert_eq!(alert.said, Said::default());
    alert.step(value(BAD), at(115));
    assert_eq!(holds(&mut alert, 9, 116), None);
    assert!(alert.is_unacked());
}

#[test]
fn after_a_restart_an_ack_of_before_is_told_and_does_not_count() {
    let mut alert = judged(&[(100, BAD)]);
    assert_eq!(holds(&mut alert, 90, 101), Some(false));
    assert_eq!(alert.said.words_at(at(101)), "acked anna 10:01Z?");
    assert_eq!(alert.said.note, Some(Untrusted::from("rotates the token")));
    // One given since is of this firing, whenever that began.
    assert_eq!(holds(&mut alert, 103, 105), Some(true));
    // Once it was seen to end, nobody is in doubt any more.
    for second in [110, 180] {
        alert.step(value(GOOD), at(second));
    }
    alert.step(value(BAD), at(200));
    assert_eq!(holds(&mut alert, 90, 201), None);
}

#[test]
fn what_only_waits_to_fire_after_a_restart_was_not_seen_to_be_good() {
    let mut alert = Alert::new(*RuleId::ReplyRateDrop.rule(), at(0));
    for second in [0, 30, 60] {
        alert.step(value(0.01), at(second));
    }
    assert!(alert.is_firing());
    assert_eq!(holds(&mut alert, -20, 61), Some(false));
}

#[test]
fn where_nobody_looked_for_long_an_ack_of_before_does_not_count() {
    for (gap, expected) in [(30, Some(true)), (600, Some(false))] {
        let mut alert = judged(&[(0, GOOD), (5, BAD)]);
        alert.step(Reading::Unknown("no answer".to_owned()), at(20));
        assert_eq!(holds(&mut alert, 9, 21), Some(true));
        alert.step(value(BAD), at(20 + gap));
        assert_eq!(holds(&mut alert, 9, 21 + gap), expected, "{gap}");
    }
    // Nor where it was good before, and it fires when somebody looks again.
    let mut alert = judged(&[(0, GOOD)]);
    alert.step(Reading::Unknown("no answer".to_owned()), at(20));
    alert.step(value(BAD), at(620));
    assert_eq!(holds(&mut alert, 300, 621), None);
}

#[test]
fn moments_are_those_of_the_database_where_our_clock_is_wrong() {
    let mut alert = judged(&[(0, GOOD), (5, BAD)]);
    for (ahead, second, expected) in [
        (3_600, 3_609, true),
        (3_600, 60, false),
        (-3_600, -3_590, true),
    ] {
        let ahead = TimeDelta::seconds(ahead);
        alert.hear(Some(&acked(second)), (at(10) + ahead, ahead));
        assert_eq!(alert.acked_by().is_some(), expected, "{second}");
    }
}

#[test]
fn a_silence_ends_by_the_clock_whatever_fires_and_has_an_end_always() {
    let until = |until| Standing {
        ignored: Some(Ignored {
            until,
            since: at(0),
            by: Untrusted::from("ben@ops"),
        }),
        ..Standing::default()
    };
    let mut alert = judged(&[(0, BAD)]);
    let hour = until(Until::Time(at(3_600)));
    for (second, expected) in [(1, true), (3_599, true), (3_600, false), (9_000, false)] {
        alert.hear(Some(&hour), (at(second), TimeDelta::zero()));
        assert_eq!(alert.is_silenced(), expected, "{second}");
        assert_eq!(alert.is_unacked(), !expected, "{second}");
        let words = alert.said.words_at(at(second));
        assert_eq!(words == "silenced until 11:00Z by ben", expected);
    }
    for endless in [Until::More(3), Until::Rate(3)] {
        alert.hear(Some(&until(endless)), (at(1), TimeDelta::zero()));
        assert!(!alert.is_silenced());
    }
}

#[test]
fn a_name_from_outside_cannot_do_anything_to_a_terminal() {
    let mut alert = judged(&[(0, GOOD), (5, BAD)]);
    for name in [
        "\u{1b}]52;c;AAAA\u{7}",
        "anna\u{202e}@ops",
        "a\nb",
        "\u{9b}31m",
        &"x".repeat(4_000),
    ] {
        let standing = Standing {
            owner: Some(Untrusted::from(name)),
            ..acked(9)
        };
        alert.hear(Some(&standing), (at(10), TimeDelta::zero()));
        let words = alert.said.words_at(at(10));
        assert!(words.chars().all(|c| !c.is_control() && c != '\u{202e}'));
        assert!(words.chars().count() < 64, "{words}");
    }
}

#[test]
fn the_key_of_a_rule_is_its_own_and_that_of_no_group() {
    let keys: Vec<GroupId> = RULES.iter().map(|rule| rule.id.key()).collect();
    for (rule, key) in RULES.iter().zip(&keys) {
        assert_eq!(RuleId::of_key(*key), Some(rule.id));
        assert_eq!(keys.iter().filter(|other| *other == key).count(), 1);
        let group = GroupId::of(
            &EventType::from("alert"),
            &Fingerprint::of(&Untrusted::from(rule.name)),
            Some(&Untrusted::from(rule.name)),
        );
        assert_eq!(RuleId::of_key(group), None);
    }
    // It is kept under this in tables of today: it never changes.
    let key = RuleId::PipelineStalled.key().key();
    assert_eq!(key.as_str(), "6c56c57f7f1ba819");
}

proptest! {
    /// However it goes: an ack that counts is no older than the last look at which the alert did not fire.
    #[test]
    fn no_ack_of_before_it_ended_counts(
        looks in prop::collection::vec((1_i64..90, prop::sample::select(vec![BAD, GOOD, 75.0, -1.0])), 1..40),
        ack in 0_i64..2_000,
    ) {
        let mut alert = stalled();
        let (mut now, mut ended) = (0, i64::MIN);
        for (gap, read) in looks {
            now += gap;
            let reading = if read < 0.0 { Reading::Unknown("none".to_owned()) } else { value(read) };
            let is_blind = matches!(reading, Reading::Unknown(_));
            alert.step(reading, at(now));
            if !is_blind && !alert.is_firing() {
                ended = now;
            }
            if holds(&mut alert, ack, now) == Some(true) {
                prop_assert!(ack > ended, "{ack} {ended} {now}");
            }
        }
    }
}
