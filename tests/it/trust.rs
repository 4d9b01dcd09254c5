//! The trust line: what it says of the connections, and that it calls nothing well that nobody has proven.

use chrono::TimeDelta;
use outpost::{
    action::ScreenId,
    domain::{
        Timestamp,
        cost::{Bill, Spent},
        event::RowId,
        server::{Following, Replay, Server},
    },
    effect::FeedId,
    model::Model,
    msg::{Fact, Fault, Link, LinkId, Msg},
    update::update,
};

use crate::{
    screen::{paint, text},
    worlds,
};

const SIZE: (u16, u16) = (200, 60);

fn watching(size: (u16, u16)) -> Model {
    worlds::stall().model(size, ScreenId::Overview)
}

fn take(model: &mut Model, at: Timestamp, msg: Msg) {
    let _effects = update(model, at, msg);
}

/// The line, `seconds` after the world began.
fn trust(model: &mut Model, seconds: i64) -> String {
    let at = worlds::now() + TimeDelta::seconds(seconds);
    take(model, at, Msg::Tick);
    let size = model.size;
    let shown = text(&paint(model, size));
    let line = shown.into_iter().find(|line| line.starts_with(" TRUST"));
    line.unwrap()
}

#[test]
fn a_listener_is_well_for_as_long_as_a_round_trip_proves_it_and_unproven_after() {
    let mut model = watching(SIZE);
    take(&mut model, worlds::now(), Msg::Proven(420));
    for (seconds, said) in [
        (3, "listen ok 3s, round trip 0.4ms |"),
        (25, "listen ok 25s, round trip 0.4ms |"),
        (26, "listen unproven 26s, round trip 0.4ms |"),
        (600, "listen unproven 10m, round trip 0.4ms |"),
    ] {
        let line = trust(&mut model, seconds);
        assert!(line.contains(said), "{line}");
    }
    let mut narrow = watching((80, 24));
    take(&mut narrow, worlds::now(), Msg::Proven(420));
    let line = trust(&mut narrow, 3);
    assert!(line.contains("listen ok 3s | db"), "{line}");
    let down = Link::Deaf(worlds::now(), "a pooler stands between".to_owned());
    take(
        &mut model,
        worlds::now(),
        Msg::Linked(LinkId::Listener, down),
    );
    let line = trust(&mut model, 5);
    assert!(
        line.contains("listen DEAF 5s a pooler stands between |"),
        "{line}"
    );
}

#[test]
fn data_that_has_not_come_in_time_is_stale_though_the_line_is_up_and_a_lost_line_says_when_it_is_tried()
 {
    let mut model = watching(SIZE);
    assert!(trust(&mut model, 1).contains("| db ok 1s old"));
    let line = trust(&mut model, 9);
    assert!(line.contains("| db STALE 9s old"), "{line}");
    let next = worlds::now() + TimeDelta::seconds(20);
    let lost = Link::Down {
        since: worlds::now(),
        fault: Fault::timed_out(5),
        tries: 3,
        next_try: next,
    };
    take(&mut model, worlds::now(), Msg::Linked(LinkId::Reader, lost));
    let line = trust(&mut model, 9);
    assert!(
        line.contains("| db DOWN 9s no answer, try 4 in 11s"),
        "{line}"
    );
    let line = trust(&mut model, 21);
    assert!(
        line.contains("| db DOWN 21s no answer, try 4 now"),
        "{line}"
    );
    model.size = (80, 24);
    let line = trust(&mut model, 9);
    assert!(line.contains("| db DOWN 9s, try in 11s"), "{line}");
}

#[test]
fn a_standby_is_named_and_pointed_out_where_it_does_not_follow() {
    let mut model = watching(SIZE);
    let committed_at = Some(worlds::now() - TimeDelta::seconds(40));
    for (state, said) in [
        (Following::CaughtUp, ", standby caught up"),
        (Following::Behind, ", standby up to 42s behind"),
        (Following::Paused, ", standby PAUSED, up to 42s behind"),
        (Following::CutOff, ", standby CUT OFF, up to 42s behind"),
    ] {
        let server = Server {
            standby: true,
            skew_ms: 0,
            replay: Some(Replay {
                state,
                committed_at,
            }),
            ..worlds::server()
        };
        let feed = FeedId::Server;
        let told = Msg::Fetched(feed, Ok(Fact::Server(server)), 1.into());
        take(&mut model, worlds::now(), told);
        let line = trust(&mut model, 2);
        assert!(line.contains(said), "{line}");
    }
}

#[test]
fn ages_go_by_the_clock_of_the_database_and_what_is_stale_by_our_own() {
    let mut model = worlds::stall().model(SIZE, ScreenId::Stream);
    let server = Server {
        skew_ms: 3_600_000,
        ..worlds::server()
    };
    let told = Msg::Fetched(FeedId::Server, Ok(Fact::Server(server)), 1.into());
    take(&mut model, worlds::now(), told);
    let mut row = model.store.stream.newest().next().unwrap().clone();
    row.id = RowId::from(9_999_999);
    row.created_at = worlds::now() + TimeDelta::seconds(3_600);
    let told = Msg::Fetched(FeedId::Tail, Ok(Fact::Tail(vec![row])), 1.into());
    take(&mut model, worlds::now(), told);
    let line = trust(&mut model, 2);
    assert!(line.contains("db ok 2s old"), "{line}");
    let shown = text(&paint(&model, SIZE));
    let row = shown.iter().find(|line| line.contains("9999999"));
    assert!(
        row.is_some_and(|row| row.contains(" 2s 9999999")),
        "{shown:#?}"
    );
}

#[test]
fn a_second_of_the_database_a_second_is_not_told_in_thousands_of_milliseconds() {
    let mut model = watching(SIZE);
    let spent = |busy_us| Bill {
        spent: Spent {
            queries: 20,
            rows: 0,
            busy_us,
        },
        ..Bill::default()
    };
    take(&mut model, worlds::now(), Msg::Cost(spent(0)));
    let later = worlds::now() + TimeDelta::seconds(1);
    take(&mut model, later, Msg::Cost(spent(16_000_000)));
    let line = trust(&mut model, 1);
    assert!(line.contains(" 2q/s 1.6s/s"), "{line}");
}

#[test]
fn a_slow_link_to_the_terminal_is_told_with_how_seldom_data_repaints_until_it_is_none() {
    for (size, said, sooner) in [
        (SIZE, "| frames 0.04/s (slow link)", "frames 0.5/s"),
        ((80, 24), "| slow link 0.04/s", "slow link 0.5/s"),
    ] {
        let mut model = watching(size);
        assert!(!trust(&mut model, 1).contains("slow link"));
        take(&mut model, worlds::now(), Msg::SlowLink(Some(4)));
        let line = trust(&mut model, 2);
        assert!(line.contains("| db ok") && line.contains(said), "{line}");
        take(&mut model, worlds::now(), Msg::SlowLink(Some(50)));
        assert!(trust(&mut model, 3).contains(sooner));
        take(&mut model, worlds::now(), Msg::SlowLink(None));
        assert!(!trust(&mut model, 4).contains("slow link"));
    }
}

#[test]
fn a_server_that_wakes_is_told_so_with_how_long_and_nothing_is_advised_but_to_wait() {
    for size in [SIZE, (80, 24)] {
        let mut model = watching(size);
        let waking = Link::Down {
            since: worlds::now(),
            fault: Fault::Waking("the database system is starting up".into()),
            tries: 3,
            next_try: worlds::now(),
        };
        take(
            &mut model,
            worlds::now(),
            Msg::Linked(LinkId::Reader, waking),
        );
        let line = trust(&mut model, 12);
        assert!(line.contains("| db waking 12s"), "{line}");
        assert!(!line.contains("DOWN"), "{line}");
        let is_told = line.contains("the database system is starting up");
        assert_eq!(is_told, size == SIZE, "{line}");
        let verdict = &model.store.verdict;
        let headline = "PostgreSQL is waking, no data for 12s; last known: CRIT";
        assert!(
            verdict.headline.starts_with(headline),
            "{}",
            verdict.headline
        );
        assert!(verdict.steps.is_empty(), "{:?}", verdict.steps);
    }
    // Before anything came.
    let mut model = Model::new(worlds::now(), SIZE, outpost::model::Options::default());
    let waking = Link::Down {
        since: worlds::now(),
        fault: Fault::Waking("it takes connections, and does not answer yet".into()),
        tries: 0,
        next_try: worlds::now(),
    };
    take(
        &mut model,
        worlds::now(),
        Msg::Linked(LinkId::Reader, waking),
    );
    trust(&mut model, 15);
    assert_eq!(
        model.store.verdict.headline,
        "cannot tell yet: PostgreSQL is waking, 15s"
    );
}

#[test]
fn the_help_says_which_proof_of_the_listener_is_in_use_and_whether_the_database_may_sleep() {
    let help = |canary: &str, rest_after| {
        let options = outpost::model::Options {
            canary: Some(canary.to_owned()),
            rest_after,
            ..outpost::model::Options::default()
        };
        let mut model = Model::new(worlds::now(), SIZE, options);
        let key = outpost::keymap::Chord {
            key: outpost::keymap::Key::Char('?'),
            ctrl: false,
        };
        take(&mut model, worlds::now(), Msg::Key(key));
        text(&paint(&model, SIZE)).join("\n")
    };
    for canary in ["always", "when-active", "off"] {
        let shown = help(canary, None);
        for other in ["always", "when-active", "off"] {
            let is_used = shown.contains(&format!(">{other} "));
            assert_eq!(is_used, other == canary, "{canary}: {shown}");
        }
        assert!(shown.contains("Reading every 2 s keeps it awake, whatever stands above;"));
        assert!(shown.contains("database.rest_after = 10m would let it sleep (now 0s)."));
    }
    let shown = help("off", Some(std::time::Duration::from_mins(10)));
    assert!(
        shown.contains("It may sleep: 10m after the last key or new event"),
        "{shown}"
    );
    assert!(!shown.contains("keeps it awake, whatever"), "{shown}");
}
