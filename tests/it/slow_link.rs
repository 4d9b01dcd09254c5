//! Over a link that is slower than the console paints, and that hides so by taking all bytes at once as ssh does: no queue of
//! old frames stands before a key's, the console says how seldom it paints, and paints as before once the link is fast.

use std::sync::{Arc, atomic::Ordering};

use outpost::demo::{self, scenario::Scenario};

use crate::terminal::{FRAME_END, Link, Terminal, count, program};

/// Bytes a second of a link that is slower than what data may repaint over a fast one.
const SLOW: u64 = 2_000;

async fn storm() -> demo::Demo {
    let options = demo::Options {
        scenario: Scenario::Storm,
        speed: 4.0,
        ..demo::Options::default()
    };
    demo::start(options).await.unwrap()
}

/// Frames that came between a key and what it asked for.
fn frames_until(terminal: &mut Terminal, key: &str, shows: &str, is_there: bool) -> usize {
    let before = count(&terminal.written, FRAME_END);
    terminal.send(key);
    terminal.wait_until(shows, |text| text.contains(shows) == is_there);
    count(&terminal.written, FRAME_END) - before
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_slow_link_keys_stand_behind_one_frame_at_most_and_it_says_so_until_it_is_fast() {
    let demo = storm().await;
    let link = Link::of(0);
    let env = [("DATABASE_URL", demo.database_url.as_str())];
    let mut terminal = Terminal::over(Some(Arc::clone(&link)), program(), &[], &env, (120, 40));
    terminal.wait_for("company_validated");
    assert!(
        !terminal.text().contains("slow link"),
        "{}",
        terminal.text()
    );

    link.carries.store(SLOW, Ordering::Relaxed);
    terminal.wait_for("slow link");
    link.most.store(0, Ordering::Relaxed);
    for _ in 0..2 {
        let opened = frames_until(&mut terminal, "?", " HELP ", true);
        // What was on its way, the key's own, and one that data asked for before the key.
        assert!(opened <= 3, "{opened} frames before the help");
        let closed = frames_until(&mut terminal, "\u{1b}", " HELP ", false);
        assert!(closed <= 3, "{closed} frames before it was closed");
    }
    // Keys that come faster than they can be shown are shown together.
    let before = count(&terminal.written, FRAME_END);
    for _ in 0..10 {
        terminal.send("2");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    terminal.wait_for("p pause");
    terminal.send("1");
    terminal.wait_for("1 STAGES");
    let frames = count(&terminal.written, FRAME_END) - before;
    assert!(frames <= 8, "{frames} frames for eleven keys");
    let most = link.most.load(Ordering::Relaxed);
    assert!(most <= 2, "{most} frames on their way at once");
    assert!(terminal.text().contains("slow link"), "{}", terminal.text());

    link.carries.store(0, Ordering::Relaxed);
    terminal.wait_until("the word gone", |text| !text.contains("slow link"));
    terminal.send("q");
    assert!(terminal.wait().0.success());
    terminal.assert_restored();
    // The last answer was waited for: nothing of it is left for what comes after.
    demo.stop().await;
}
