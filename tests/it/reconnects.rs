//! A time without a connection is a line of the stream: how long, what came, what is proven of it.

use chrono::TimeDelta;
use outpost::{
    domain::{
        event::EventRow,
        ledger::{Count, Stretch},
        untrusted::Untrusted,
    },
    effect::{Effect, FeedId},
    keymap::Chord,
    model::{Model, Options},
    msg::{Fact, Fault, Link, LinkId, Msg},
    update::update,
};

use crate::{
    scenario::{Scenario, start},
    screen::{paint, text},
    screens::world::event,
};

/// An event written so many seconds after the start.
fn row(id: i64, second: i64) -> EventRow {
    EventRow {
        created_at: start() + TimeDelta::seconds(second),
        ..event(id, "message_sent", "pending", 0)
    }
}

fn down(script: &Scenario) -> Link {
    Link::Down {
        since: script.now,
        fault: Fault::Unreachable("the server closed the connection".into()),
        tries: 1,
        next_try: script.now + TimeDelta::seconds(1),
    }
}

/// An account with what it says of one stretch.
fn swept(stretches: Vec<Stretch>) -> Fact {
    Fact::Ledger(Count {
        after: 0,
        reach: 60,
        rows: 60,
        ahead: 0,
        closed: 0,
        removed: 0,
        older: 0,
        proven: 0,
        waiting: 0,
        aside: 0,
        cache: 1,
        unproven: 0,
        late: 0,
        lost: 0,
        stretches,
        overlap_s: None,
        gone: Vec::new(),
        struck: Vec::new(),
        sql: Untrusted::from("SELECT 1;"),
    })
}

const FOUND: Stretch = Stretch {
    number: 1,
    after: 20,
    up_to: 35,
    rows: 12,
    proven: 2,
    waiting: 1,
    aside: 0,
    lost: 0,
    is_recounted: false,
    is_approximate: false,
};

/// Rows 1 to 20 have come; then the listener is away for 3 s.
fn away() -> Scenario {
    let script = Scenario::with(Options::default()).links_up().wait(20);
    let rows: Vec<EventRow> = (1..=20).map(|id| row(id, id)).collect();
    let script = script.fact(Fact::Tail(rows)).press("2");
    let link = down(&script);
    script.link(LinkId::Listener, link).wait(3)
}

fn back(script: Scenario) -> Scenario {
    let link = Link::Up(script.now, None);
    script.link(LinkId::Listener, link)
}

fn shown(script: &Scenario) -> Vec<String> {
    text(&paint(&script.model, (120, 40)))
}

fn line(script: &Scenario) -> Option<String> {
    let lines = shown(script);
    lines.into_iter().find(|line| line.contains("-- reconnect"))
}

#[test]
fn a_reconnect_is_a_line_between_the_events_before_and_after_it_and_says_what_is_proven() {
    let script = away();
    assert_eq!(line(&script), None);
    let script = back(script);
    assert_eq!(
        script.effects,
        [
            Effect::Fetch(FeedId::Tail),
            Effect::Account {
                number: 1,
                after: 20
            }
        ]
    );
    let said = line(&script).unwrap();
    assert!(
        said.contains(", 3.0s deaf: rows not counted yet --"),
        "{said}"
    );
    let script = script
        .wait(1)
        .fact(Fact::Tail(vec![row(36, 24), row(30, 22)]));
    let script = script.fact(swept(vec![FOUND]));
    let said = line(&script).unwrap();
    assert!(
        said.contains(
            "12 rows backfilled, loss not counted yet, 1 id open, 2 id holes proven rollbacks"
        ),
        "{said}"
    );
    let proven = Stretch {
        rows: 13,
        waiting: 0,
        is_recounted: true,
        ..FOUND
    };
    let script = script.fact(swept(vec![proven]));
    let said = line(&script).unwrap();
    let whole = "-- reconnect 22:14:23Z, 3.0s deaf: 13 rows backfilled, 0 lost, 2 id holes proven rollbacks --";
    assert!(said.contains(whole), "{said}");
    let lines = shown(&script);
    let place = |what: &str| lines.iter().position(|line| line.contains(what));
    let (newer, older) = (place("36 message_sent"), place("30 message_sent"));
    assert!(
        newer < place("-- reconnect") && place("-- reconnect") < older,
        "{lines:#?}"
    );
    let overview = script.press("1");
    assert!(line(&overview).is_some_and(|said| said.contains("13 rows backfilled")));
}

#[test]
fn a_reconnect_survives_a_filter_is_no_row_to_the_cursor_and_waits_behind_a_pause() {
    let script = back(away()).wait(1).fact(Fact::Tail(vec![row(36, 24)]));
    let selected = |script: &Scenario| {
        let lines = shown(script);
        let line = lines.into_iter().find(|line| line.contains("│>"));
        line.unwrap_or_default()
    };
    assert!(selected(&script).contains("36 message_sent"));
    let script = script.press("j");
    assert!(
        selected(&script).contains("20 message_sent"),
        "{}",
        selected(&script)
    );
    let script = script.keys("/id:36⏎");
    assert!(line(&script).is_some());
    let script = script.keys("⎋f").press("p");
    let link = down(&script);
    let script = back(script.link(LinkId::Listener, link).wait(2));
    let all = shown(&script);
    assert_eq!(
        all.iter()
            .filter(|line| line.contains("-- reconnect"))
            .count(),
        1
    );
    let script = script.press("p");
    let all = shown(&script);
    assert_eq!(
        all.iter()
            .filter(|line| line.contains("-- reconnect"))
            .count(),
        2
    );
}

#[test]
fn what_was_away_at_the_same_time_is_one_line_and_a_first_connect_is_none() {
    let script = Scenario::start();
    let link = down(&script);
    let script = script.link(LinkId::Reader, link).wait(2).links_up();
    let script = script.fact(Fact::Tail(vec![row(1, 1)])).press("2");
    assert_eq!(script.model.store.reconnects.count(), 0);
    let link = down(&script);
    let script = script.link(LinkId::Listener, link.clone()).wait(1);
    let script = back(script.link(LinkId::Reader, link).wait(1));
    assert_eq!(script.model.store.reconnects.count(), 0);
    let link = Link::Up(script.now, None);
    let script = script.link(LinkId::Reader, link);
    assert_eq!(
        script.effects,
        [Effect::Account {
            number: 1,
            after: 1
        }]
    );
    let said = line(&script).unwrap();
    assert!(said.contains("2.0s cut off:"), "{said}");
}

#[test]
fn the_listener_is_told_of_keys_and_at_most_twice_a_minute() {
    let mut model = Model::new(start(), (80, 24), Options::default());
    let mut told = 0;
    for second in 0..60 {
        let at = start() + TimeDelta::seconds(second);
        let effects = update(&mut model, at, Msg::Key(Chord::parse("j").unwrap()));
        told += effects.iter().filter(|it| **it == Effect::Attend).count();
        assert_eq!(update(&mut model, at, Msg::Tick), []);
    }
    assert_eq!(told, 2);
}

#[test]
fn a_listener_that_hears_nothing_is_said_to_be_deaf_and_not_up() {
    let script = away();
    let deaf = Link::Deaf(
        script.now,
        "notifications do not arrive: polling only".to_owned(),
    );
    let script = script.link(LinkId::Listener, deaf).wait(9);
    let script = script.fact(Fact::Tail(Vec::new()));
    let lines = shown(&script);
    assert!(
        lines.iter().any(|line| line.contains("listen DEAF 9s")),
        "{lines:#?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.contains("listener deaf 9s, polling")),
        "{lines:#?}"
    );
    assert_eq!(line(&script), None);
    assert!(line(&back(script)).is_some_and(|said| said.contains("12.0s deaf")));
}
