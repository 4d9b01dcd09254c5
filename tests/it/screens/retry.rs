//! Which events may be tried again, and exactly what is proposed.

use outpost::{
    action::{Action, ScreenId},
    domain::{
        event::{EventType, RowId},
        pipeline::SideEffect,
        plan::{EventTarget, Mutation},
        untrusted::Untrusted,
    },
    effect::FeedId,
    msg::Fact,
    screens::Answer,
};
use pretty_assertions::assert_eq;

use super::{Console, world};

fn stream(rows: &[(i64, &str, i64)]) -> Console {
    let mut console = Console::over(world::empty(), ScreenId::Stream);
    let rows = rows
        .iter()
        .map(|(id, status, age)| world::event(*id, "message_queued", status, *age));
    console.tell(FeedId::Tail, Fact::Tail(rows.collect()));
    console
}

fn target(id: i64, raw_status: &str, retries: u32) -> EventTarget {
    EventTarget {
        id: RowId::from(id),
        stage: EventType::from("message_queued"),
        side_effect: SideEffect::PersonFacing,
        raw_status: Untrusted::from(raw_status),
        retries,
    }
}

#[test]
fn a_failed_event_is_proposed_in_the_state_it_was_shown_in() {
    let mut console = stream(&[(1, "FAILED", 20)]);
    let mutation = Mutation::RetryEvents(vec![target(1, "FAILED", 1)].into());
    assert_eq!(console.press(Action::Retry), [Answer::Propose(mutation)]);
}

#[test]
fn an_event_that_is_done_young_or_unknown_is_refused_with_its_reason() {
    for (status, age, reason) in [
        ("processed", 20, "already processed"),
        ("pending", 299, "pending for less than 5 min"),
        ("running", 299, "in work for less than 5 min"),
        ("skipped", 9_000, "a word that outpost does not know"),
    ] {
        let words = stream(&[(1, status, age)]).said(Action::Retry);
        assert!(words.contains(reason), "{status}: {words}");
    }
    assert_eq!(stream(&[]).said(Action::Retry), "no event is selected");
}

#[test]
fn an_event_nobody_ended_for_more_than_five_minutes_may_be_tried_again() {
    for status in ["pending", "processing"] {
        let mutation = Mutation::RetryEvents(vec![target(1, status, 0)].into());
        assert_eq!(
            stream(&[(1, status, 301)]).press(Action::Retry),
            [Answer::Propose(mutation)]
        );
    }
}

#[test]
fn of_marked_events_those_that_may_be_are_proposed_and_the_others_are_counted() {
    let mut console = stream(&[
        (1, "failed", 90),
        (2, "processed", 80),
        (3, "processed", 70),
        (4, "pending", 60),
        (5, "failed", 50),
    ]);
    console.press(Action::MarkAll);
    let left_out = "left out 3 of 5: 2 already processed, 1 pending under 5 min";
    let mutation =
        Mutation::RetryEvents(vec![target(1, "failed", 1), target(5, "failed", 1)].into());
    assert_eq!(
        console.press(Action::Retry),
        [Answer::Say(left_out.to_owned()), Answer::Propose(mutation)]
    );
}
