//! A batch through the console, as an operator does it: the program in a terminal, killed, and opened again.

use std::{thread, time::Duration};

use rustix::process::Signal;

use super::{
    one,
    program::{FORTY, Shell, sends, sent},
    workflow,
};
use crate::{
    database,
    terminal::{Terminal, program},
};

/// A hand does not type faster; what does is taken for a paste.
const A_KEY: Duration = Duration::from_millis(100);

/// Opens the console, with what the last one left.
fn open(shell: &Shell) -> Terminal {
    let home = shell.home().to_str().unwrap();
    let config = shell.config();
    let env = [
        ("DATABASE_URL", shell.url.as_str()),
        ("XDG_STATE_HOME", home),
        ("USER", "ann"),
    ];
    let args = ["--config", &config];
    Terminal::start(program(), &args, &env, (160, 45))
}

/// Types like a hand.
fn types(terminal: &mut Terminal, keys: &str) {
    for key in keys.chars() {
        thread::sleep(A_KEY);
        terminal.send(key.encode_utf8(&mut [0; 4]));
        terminal.drain();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_begun_in_the_console_survives_its_death_and_is_gone_on_with_at_b() {
    let db = database::fresh().await;
    db.client.batch_execute(FORTY).await.unwrap();
    let shell = Shell::on(&db, 600);
    let mut terminal = open(&shell);
    terminal.wait_for("outpost");
    types(&mut terminal, "2/stage:email_opened\r");
    terminal.wait_for("r40");
    types(&mut terminal, "*R");
    terminal.wait_for("1 canary, its end awaited; then 600/min");
    assert_eq!(sends(&db).await, 0, "only shown");
    types(&mut terminal, "y40\r");
    terminal.wait_for("BATCH 0/40");
    types(&mut terminal, "B");
    terminal.wait_for("EVENTS OF ");
    terminal.wait_for("canary");
    types(&mut terminal, "q");
    terminal.wait_for("once more leaves");
    // Only the canary, which nobody takes.
    assert_eq!(sends(&db).await, 1);
    terminal.signal(Signal::KILL);
    terminal.wait();

    let _workflow = workflow(&db, "false").await;
    let mut terminal = open(&shell);
    terminal.wait_for("an unfinished batch waits");
    types(&mut terminal, "B");
    terminal.wait_for("EVENTS OF ");
    // Keys that write are ignored for a moment after the screen has changed.
    thread::sleep(4 * A_KEY);
    types(&mut terminal, "R39\r");
    terminal.wait_for("is done, 40: ok 40, failed 0, pending 0, skipped 0");
    let twice = "SELECT count(*) || ' ' || count(DISTINCT id) FROM marketing.sends";
    assert_eq!(one(&db.client, twice).await, "40 40");
    types(&mut terminal, "q");
    assert!(terminal.wait().0.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_follows_a_batch_of_another_process_and_offers_it_when_that_has_died() {
    let db = database::fresh().await;
    db.client.batch_execute(FORTY).await.unwrap();
    // Slow, so that it is not over before it is killed.
    let shell = Shell::on(&db, 1);
    let retry = ["events", "retry", "--filter", "stage:email_opened"];
    let plan = shell.json(&[&retry[..], &["--plan"]].concat()).await;
    let hash = plan["hash"].as_str().unwrap();
    let (home, config) = (shell.home().to_str().unwrap(), shell.config());
    let env = [
        ("DATABASE_URL", shell.url.as_str()),
        ("HOME", home),
        ("USER", "ann"),
    ];
    let mut terminal = Terminal::start(program(), &["--config", &config], &env, (160, 45));
    terminal.wait_for("outpost");
    types(&mut terminal, "B");
    terminal.wait_for("No batch was begun here.");
    let mut child = shell.start(&[&retry[..], &["--apply", hash]].concat());
    sent(&db, 1, &mut child).await;
    terminal.wait_for("another outpost on this machine drives it");
    terminal.wait_for("40: ok 0, failed 0, pending 0, skipped 0, under way 1, not tried 39");
    // What it does is seen without a key.
    let _workflow = workflow(&db, "false").await;
    terminal.wait_until("what it has done", |text| {
        text.contains("40: ok ") && !text.contains("40: ok 0,")
    });
    child.kill().unwrap();
    child.wait().unwrap();
    terminal.wait_for("its outpost has ended: R looks up what was begun, and goes on");
    thread::sleep(4 * A_KEY);
    types(&mut terminal, "R");
    terminal.wait_for("events are left to send");
    terminal.signal(Signal::TERM);
    terminal.wait();
}
