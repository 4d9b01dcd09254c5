use chrono::DateTime;
use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::domain::{
    alert::{Look, Reading, State},
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
        alert.step(value(*read), Look::at_once(at(*second)));
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
    alert.step(value(GOOD), Look::at_once(at(20)));
    alert.step(value(BAD), Look::at_once(at(40)));
    assert_eq!(holds(&mut alert, 9, 40), Some(true));
    alert.step(value(GOOD), Look::at_once(at(50)));
    alert.step(value(GOOD), Look::at_once(at(110)));
    assert_eq!(alert.state, State::Ok);
    assert_eq!(holds(&mut alert, 9, 111), None);
    assert_eq!(alert.said, Said::default());
    alert.step(value(BAD), Look::at_once(at(115)));
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
        alert.step(value(GOOD), Look::at_once(at(second)));
    }
    alert.step(value(BAD), Look::at_once(at(200)));
    assert_eq!(holds(&mut alert, 90, 201), None);
}

#[test]
fn what_only_waits_to_fire_after_a_restart_was_not_seen_to_be_good() {
    let mut alert = Alert::new(*RuleId::ReplyRateDrop.rule(), at(0));
    for second in [0, 30, 60] {
        alert.step(value(0.01), Look::at_once(at(second)));
    }
    assert!(alert.is_firing());
    assert_eq!(holds(&mut alert, -20, 61), Some(false));
    // Another console has waited for longer, and saw it fire before: it never was good since.
    assert_eq!(holds(&mut alert, 20, 61), Some(true));
}

/// Judges `reads`, each the second at which an answer came and what it says, once a second until `end`, as a console does that
/// asks every 30 s.
fn ticked(rule: RuleId, reads: &[(i64, f64)], end: i64) -> Alert {
    let mut alert = Alert::new(*rule.rule(), at(0));
    let first = reads.first().map_or(0, |(second, _)| *second);
    for second in first..=end {
        let come = reads.iter().rev().find(|(read, _)| *read <= second);
        let (read, says) = come.unwrap();
        let look = Look {
            now: at(second),
            at: at(*read),
            due: TimeDelta::seconds(63),
        };
        alert.step(value(*says), look);
    }
    alert
}

#[test]
fn an_ack_counts_where_another_console_has_seen_the_firing_up_to_an_answer_before() {
    let (good, bad) = (0.0, 0.5);
    let mut alert = ticked(RuleId::DeliverabilityDrop, &[(-1, good), (29, bad)], 29);
    assert_eq!(holds(&mut alert, 5, 30), Some(true));
    assert_eq!(holds(&mut alert, -2, 30), None);
    // So with one that waits before it fires.
    let (good, bad) = (0.5, 0.01);
    let reads = [(-1, good), (29, bad), (59, bad), (89, bad)];
    let mut alert = ticked(RuleId::ReplyRateDrop, &reads, 89);
    assert!(alert.is_firing());
    assert_eq!(holds(&mut alert, 65, 90), Some(true));
    assert_eq!(holds(&mut alert, -2, 90), None);
}

#[test]
fn an_alert_that_ended_by_the_time_alone_takes_its_ack_with_it() {
    let (good, bad) = (0.0, 0.5);
    let reads = [(0, good), (30, bad), (60, good), (90, good), (121, bad)];
    let mut alert = ticked(RuleId::DeliverabilityDrop, &reads, 119);
    assert_eq!(holds(&mut alert, 100, 119), Some(true));
    let mut alert = ticked(RuleId::DeliverabilityDrop, &reads, 121);
    assert_eq!(alert.state, State::Firing(at(121)));
    assert_eq!(holds(&mut alert, 100, 121), None);
    assert_eq!(holds(&mut alert, 121, 122), Some(true));
}

#[test]
fn one_that_may_end_at_once_is_in_doubt_where_it_began_between_two_answers() {
    let (good, bad) = (60.0, 2_000.0);
    let reads = [(0, good), (30, bad), (60, bad), (90, bad)];
    let mut alert = ticked(RuleId::CrmSyncFailure, &reads, 90);
    assert_eq!(holds(&mut alert, 10, 91), Some(false));
    assert_eq!(holds(&mut alert, -1, 91), None);
    // What this console has seen from answer to answer is one firing.
    assert_eq!(holds(&mut alert, 31, 91), Some(true));
    alert.step(
        Reading::Unknown("its query is too slow".to_owned()),
        Look::at_once(at(92)),
    );
    alert.step(value(bad), Look::at_once(at(95)));
    assert_eq!(holds(&mut alert, 31, 96), Some(false));
    assert_eq!(holds(&mut alert, 96, 97), Some(true));
}

#[test]
fn a_console_that_slept_knows_no_more_than_one_that_was_blind() {
    let mut alert = judged(&[(0, GOOD), (5, BAD), (905, BAD)]);
    assert!(alert.is_firing());
    assert_eq!(holds(&mut alert, 9, 906), Some(false));
    assert_eq!(holds(&mut alert, 906, 907), Some(true));
    // It slept while it was good.
    let mut alert = judged(&[(0, GOOD), (900, BAD)]);
    assert_eq!(holds(&mut alert, 300, 901), Some(false));
}

#[test]
fn an_ack_that_is_dated_ahead_is_of_no_firing_for_sure() {
    let mut alert = judged(&[(0, GOOD), (5, BAD)]);
    assert_eq!(holds(&mut alert, 3_600, 10), Some(false));
    assert_eq!(holds(&mut alert, 70, 10), Some(true));
    assert_eq!(holds(&mut alert, 71, 10), Some(false));
}

#[test]
fn an_answer_that_says_the_same_leaves_an_alert_as_it_is() {
    for says in [GOOD, BAD] {
        let mut alert = judged(&[(0, GOOD), (5, says)]);
        let before = alert.clone();
        alert.step(value(says), Look::at_once(at(7)));
        assert_eq!(alert, before);
    }
}

#[test]
fn where_nobody_looked_for_long_an_ack_of_before_does_not_count() {
    for (gap, expected) in [(30, Some(true)), (600, Some(false))] {
        let mut alert = judged(&[(0, GOOD), (5, BAD)]);
        alert.step(
            Reading::Unknown("no answer".to_owned()),
            Look::at_once(at(20)),
        );
        assert_eq!(holds(&mut alert, 9, 21), Some(true));
        alert.step(value(BAD), Look::at_once(at(20 + gap)));
        assert_eq!(holds(&mut alert, 9, 21 + gap), expected, "{gap}");
    }
    // Nor where it was good before, and it fires when somebody looks again.
    let mut alert = judged(&[(0, GOOD)]);
    alert.step(
        Reading::Unknown("no answer".to_owned()),
        Look::at_once(at(20)),
    );
    alert.step(value(BAD), Look::at_once(at(620)));
    assert_eq!(holds(&mut alert, 300, 621), Some(false));
    assert_eq!(holds(&mut alert, -1, 621), None);
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
    /// However it goes: an ack that counts is no older than the last look at which the alert did not fire, nor than the moment at
    /// which it ended.
    #[test]
    fn no_ack_of_before_it_ended_counts(
        looks in prop::collection::vec((1_i64..90, 0_i64..70, prop::sample::select(vec![BAD, GOOD, 75.0, -1.0])), 1..40),
        ack in 0_i64..2_000,
    ) {
        let mut alert = stalled();
        let (mut now, mut ended) = (0, i64::MIN);
        for (gap, held, read) in looks {
            now += gap;
            let came = now;
            // It is judged when it comes, and once more before the next one comes.
            for second in [came, came + held] {
                now = second;
                let reading = if read < 0.0 { Reading::Unknown("none".to_owned()) } else { value(read) };
                let is_blind = matches!(reading, Reading::Unknown(_));
                let fired = alert.is_firing();
                alert.step(reading, Look { now: at(now), at: at(came), due: TimeDelta::seconds(7) });
                if !is_blind && !alert.is_firing() {
                    ended = ended.max(if fired { now } else { came });
                }
                if holds(&mut alert, ack, now) == Some(true) {
                    prop_assert!(ack > ended, "{ack} {ended} {now}");
                }
            }
        }
    }
}
