//! Promises about the terminal: it is given back on every path, and taken again after a stop.

use std::time::Duration;

use outpost::{
    demo::{self, scenario::Scenario},
    domain::pipeline::Pipeline,
};
use rustix::process::Signal;

use crate::{
    database,
    terminal::{Terminal, program},
};

async fn console(size: (u16, u16)) -> Terminal {
    let db = database::fresh().await;
    Terminal::start(program(), &[], &[("DATABASE_URL", &db.url)], size)
}

#[tokio::test]
async fn it_starts_shows_the_help_and_leaves_the_terminal_as_it_was() {
    let mut terminal = console((120, 40)).await;
    terminal.wait_for("outpost");
    assert!(terminal.screen().alternate_screen());
    terminal.look_at_help();
    terminal.send("q");
    let (status, _) = terminal.wait();
    assert!(status.success(), "{status}");
    terminal.assert_restored();
}

#[tokio::test]
async fn data_of_a_real_database_reaches_the_screen() {
    let db = database::fresh().await;
    db.client
        .batch_execute(
            "INSERT INTO marketing.pipeline_events (event_type, payload, status)
             SELECT 'company_created', jsonb_build_object('record_id', n), 'pending' FROM generate_series(1, 7) n",
        )
        .await
        .unwrap();
    let mut terminal = Terminal::start(program(), &[], &[("DATABASE_URL", &db.url)], (120, 40));
    terminal.wait_for("company_created");
    terminal.wait_until("seven pending", |text| {
        text.lines().any(|line| {
            line.contains("company_created") && line.split_whitespace().any(|word| word == "7")
        })
    });
    terminal.send("2");
    terminal.wait_until("seven events", |text| {
        text.matches("company_created").count() >= 7
    });
}

/// The rows of the stream: their ids and stages, without the ages that change by themselves.
fn events(text: &str) -> Vec<(&str, &str)> {
    let stages = &Pipeline::guide().stages;
    let event = |line| {
        let words: Vec<&str> = str::split_whitespace(line).collect();
        let is_stage = |word: &&str| stages.iter().any(|stage| stage.event == *word);
        let at = words.iter().position(is_stage)?;
        Some((*words.get(at.checked_sub(1)?)?, *words.get(at)?))
    };
    text.lines().skip(5).filter_map(event).collect()
}

/// Several keys at once are taken for a paste.
async fn at_hand_pace() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_storm_the_stream_moves_and_keys_scrolling_and_the_filter_work() {
    let options = demo::Options {
        scenario: Scenario::Storm,
        speed: 4.0,
        ..demo::Options::default()
    };
    let demo = demo::start(options).await.unwrap();
    let env = [("DATABASE_URL", demo.database_url.as_str())];
    let mut terminal = Terminal::start(program(), &[], &env, (120, 40));
    terminal.wait_for("company_validated");
    terminal.send("2");
    terminal.wait_until("a screen of events", |text| events(text).len() > 20);
    let text = terminal.text();
    let first = events(&text)[0];
    terminal.wait_until("newer events", |text| {
        events(text).first().is_some_and(|newest| *newest != first)
    });
    terminal.look_at_help();
    // To the oldest event that is kept, a page up from there, and back to the newest.
    let newest = terminal.text();
    terminal.send("G");
    terminal.wait_until("the end of the list", |text| {
        !events(text).is_empty() && !events(text).contains(&events(&newest)[0])
    });
    let end = terminal.text();
    at_hand_pace().await;
    terminal.send("\u{1b}[5~");
    terminal.wait_until("another page", |text| {
        events(text).first() != events(&end).first()
    });
    let page = terminal.text();
    at_hand_pace().await;
    terminal.send("g");
    terminal.wait_until("the newest", |text| {
        events(text).first() != events(&page).first()
    });
    at_hand_pace().await;
    terminal.send("/");
    terminal.wait_for("enter take");
    terminal.send("stage=slots_created");
    terminal.wait_until("slots_created alone", |text| {
        let shown = events(text);
        shown.len() > 5 && shown.iter().all(|(_, stage)| *stage == "slots_created")
    });
    at_hand_pace().await;
    terminal.send("\r");
    terminal.wait_until("the filter taken", |text| !text.contains("enter take"));
    for (key, screen) in [("1", "1 STAGES"), ("3", "┌ QUEUE"), ("4", "┌ ERRORS")] {
        at_hand_pace().await;
        terminal.send(key);
        terminal.wait_for(screen);
    }
    terminal.send("q");
    let (status, _) = terminal.wait();
    assert!(status.success(), "{status}");
    terminal.assert_restored();
    demo.stop().await;
}

#[tokio::test]
async fn a_polite_kill_and_a_hangup_give_the_terminal_back() {
    for (signal, number) in [(Signal::TERM, 15), (Signal::HUP, 1), (Signal::QUIT, 3)] {
        let mut terminal = console((80, 24)).await;
        terminal.wait_for("outpost");
        terminal.signal(signal);
        let (status, took) = terminal.wait();
        assert_eq!(status.code(), Some(128 + number));
        assert!(took < Duration::from_secs(5), "{took:?}");
        terminal.assert_restored();
    }
}

/// Takes the terminal as the program does, and hangs where no signal is looked at.
#[test]
#[ignore = "runs in a terminal of its own, by the next test"]
fn takes_the_terminal_and_hangs() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _terminal = runtime
        .block_on(async {
            outpost::shell::signals::insist().unwrap();
            outpost::shell::terminal::Tty::enter()
        })
        .unwrap();
    loop {
        std::thread::park();
    }
}

#[test]
fn a_program_that_hangs_is_ended_by_a_polite_kill_all_the_same() {
    let me = std::env::current_exe().unwrap();
    let args = ["--ignored", "--exact", "pty::takes_the_terminal_and_hangs"];
    let mut terminal = Terminal::start(me, &args, &[], (80, 24));
    // The last that entering writes.
    terminal.wait_for_bytes(b"\x1b[?1004h");
    terminal.signal(Signal::TERM);
    let (status, _) = terminal.wait();
    assert_eq!(status.code(), Some(128 + 15));
    terminal.assert_restored();
}

/// Takes the terminal as the program does, and panics.
#[test]
#[ignore = "runs in a terminal of its own, by the next test"]
fn takes_the_terminal_and_panics() {
    outpost::program::install_panic_hook();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let _terminal = runtime
        .block_on(async { outpost::shell::terminal::Tty::enter() })
        .unwrap();
    panic!("on purpose\u{1b}[2J");
}

#[test]
fn a_panic_gives_the_terminal_back_and_says_where_it_was() {
    let arguments = [
        "pty::takes_the_terminal_and_panics",
        "--exact",
        "--ignored",
        "--nocapture",
    ];
    let mut terminal = Terminal::start(std::env::current_exe().unwrap(), &arguments, &[], (80, 24));
    let (status, _) = terminal.wait();
    assert_eq!(status.code(), Some(2), "{}", terminal.text());
    terminal.assert_restored();
    assert!(
        terminal.text().contains("on purpose<ESC>[2J"),
        "{}",
        terminal.text()
    );
    assert!(terminal.text().contains("pty.rs"), "{}", terminal.text());
}

#[tokio::test]
async fn a_stop_from_within_and_from_outside_gives_the_terminal_back_and_takes_it_again() {
    let mut terminal = console((80, 24)).await;
    terminal.wait_for("outpost");
    for from_within in [true, false] {
        if from_within {
            terminal.send("\u{1a}");
        } else {
            terminal.signal(Signal::TSTP);
        }
        wait_for_state(&mut terminal, |state| state == 'T');
        terminal.assert_restored();
        terminal.signal(Signal::CONT);
        terminal.wait_for("outpost");
        wait_for_state(&mut terminal, |state| state != 'T');
        assert!(terminal.screen().alternate_screen());
    }
    terminal.send("q");
    assert!(terminal.wait().0.success());
    terminal.assert_restored();
}

#[track_caller]
fn wait_for_state(terminal: &mut Terminal, holds: impl Fn(char) -> bool) {
    for _ in 0..1_000 {
        terminal.drain();
        if holds(terminal.process_state()) {
            terminal.drain();
            return;
        }
    }
    panic!("the process is in state {}", terminal.process_state());
}

#[tokio::test]
async fn when_the_terminal_is_closed_it_is_gone() {
    let mut terminal = console((80, 24)).await;
    terminal.wait_for("outpost");
    terminal.close();
    let (_, took) = terminal.wait();
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test]
async fn no_size_is_refused() {
    let mut terminal = console((80, 24)).await;
    terminal.wait_for("outpost");
    for (columns, rows) in [(20, 5), (1, 1), (500, 200), (120, 40)] {
        terminal.resize(columns, rows);
        terminal.drain();
    }
    terminal.wait_for("outpost");
    terminal.send("q");
    assert!(terminal.wait().0.success());
}

#[tokio::test]
async fn without_a_terminal_the_console_says_what_to_use_instead() {
    let output = std::process::Command::new(program())
        .env_clear()
        .env("DATABASE_URL", "postgresql://nobody@localhost:1/none")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("outpost status"), "{said}");
    assert!(!said.contains('\u{1b}') && output.stdout.is_empty());
}
