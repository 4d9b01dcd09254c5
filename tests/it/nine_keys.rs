//! From page to mended in nine keys, as an operator's hand does it: the real program in a real terminal, over the demo's
//! world in which the quota of the enrichment provider has run out. A line that is typed and taken counts as one key.

use std::time::{Duration, Instant};

use outpost::demo::{self, scenario::Scenario};
use regex::Regex;
use tokio_postgres::Client;

use crate::{
    database,
    terminal::{Terminal, program},
};

/// Errors that are left of the incident: few enough to resolve them with one key, so many that a retry, which helps two of
/// three, mends some of them and not all.
const LEFT: i64 = 20;

/// As if colleagues had seen to all errors of the incident but the newest, each as it came, and to all others.
const ALMOST_MENDED: &str = "DELETE FROM marketing.pipeline_errors WHERE NOT resolved AND event_type <> 'slots_created';
   DELETE FROM marketing.pipeline_errors WHERE NOT resolved AND error_message NOT LIKE 'Apify: 429%';
   UPDATE marketing.pipeline_errors SET resolved = true, resolved_at = created_at, resolved_by = 'mira'
   WHERE NOT resolved AND id NOT IN
     (SELECT id FROM marketing.pipeline_errors WHERE NOT resolved ORDER BY id DESC LIMIT 20)";

/// A hand's pause between two keys.
const PAUSE: Duration = Duration::from_millis(350);

struct Hand {
    terminal: Terminal,
    keys: usize,
    pictures: Vec<String>,
}

impl Hand {
    /// Presses `key`, or types a line, and waits for what it brings; keeps a picture of that.
    fn press(&mut self, key: &str, what: &str, holds: impl Fn(&str) -> bool) {
        for letter in key.chars() {
            // Slower than a paste, and than a screen that has just changed.
            self.pause();
            self.terminal.send(&letter.to_string());
        }
        self.terminal.wait_until(what, holds);
        self.keys += 1;
        let shown = masked(&self.terminal.text());
        self.pictures
            .push(format!("=== {}: {what}\n{shown}", self.keys));
    }

    fn pause(&mut self) {
        let begun = Instant::now();
        while begun.elapsed() < PAUSE {
            self.terminal.drain();
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The picture without what moves: numbers, ages, moments and trends, how wide they stand, what the group is called, rows
/// that are not selected, how often the same is said one line after another.
fn masked(text: &str) -> String {
    let mask = |text: &str, what: &str, with: &str| {
        let what = Regex::new(what).unwrap();
        what.replace_all(text, with).into_owned()
    };
    let left_out = [
        r"^│ ([A-Z]{3,}|err|warn) #",
        r"^ (why|do|TRUST) ",
        r"^[│ ]*$",
        // Where a plan ends, which is as long as its rows are many, over a border or not.
        r"^[│┌└┐┘ ]*[└┘][│┌└┐┘ ]*$",
        r"^│ *\{",
        r"# more ",
        // Retries that ended well resolve errors meanwhile, also the one that is the sample: another is asked for then.
        "^│ sample ",
        // Whether the execution of that is among the newest, and whether the alert fires yet; the room that is left for more of
        // the message hangs on both.
        r"^│ (exec|alert|msg|reached|limit|\(request|#\))",
        "│ BLOCKED ",
        "SEV N PPL",
        // What stands below the groups where there is a row to spare, which hangs on how many there are.
        "^│ (resolved|counts|ADVICE|retry first|retry one|do not retry|read a sample)",
    ];
    let left_out = Regex::new(&left_out.join("|")).unwrap();
    let shown = text.lines().map(|line| {
        // Whether the headline is held at that moment.
        let line = mask(line, r"^( CRIT)[ ~]", "$1 ");
        let line = mask(&line, r"[+-]?\d[\d,.:]*(?:ms|[smhdk%Z])?(?:\d+[sm])?", "#");
        let line = mask(&line, "[─▁▂▃▄▅▆▇█ ]{2,}", " ");
        let line = mask(&line, r"groups? .*", "groups ┐");
        let line = mask(&line, r" (new|regressed|open) (CRIT|error) ", " ");
        let line = mask(&line, ">(CRIT|REGR|NEW|err)", ">SEV");
        let line = mask(&line, r"rec \S+", "rec #");
        // Whether the headline is held for calm just then.
        let line = mask(&line, "^ CRIT ~", " CRIT ");
        // So does what is resolved between the key and the plan.
        let line = mask(&line, " b blocked ", " ");
        // What lies under a plan, which grows by a line for what is blocked.
        let line = mask(&line, "^[┌└]│", "││");
        let line = mask(&line, "│[┐┘]$", "││");
        mask(&line, "#( #)+", "#").trim_end().to_owned()
    });
    let mut shown: Vec<String> = shown.filter(|line| !left_out.is_match(line)).collect();
    shown.dedup();
    let shown = shown.join("\n");
    let title = "(?m)^(?:┌ ERRORS .*\n)?[│┌└ ]*┌ PLAN (.*?)[│┐┘ ]*$";
    mask(&shown, title, "┌ PLAN $1")
}

async fn one(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Waits until `sql` counts `n`.
async fn until(client: &Client, sql: &str, n: i64) {
    let begun = Instant::now();
    while one(client, sql).await != n {
        assert!(begun.elapsed() < Duration::from_secs(90), "not {n}: {sql}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The incident: its errors and their events.
struct Incident {
    errors: Vec<i64>,
    events: Vec<i64>,
}

async fn incident(client: &Client) -> Incident {
    client.batch_execute(ALMOST_MENDED).await.unwrap();
    let left = client
        .query(
            "SELECT id, event_id FROM marketing.pipeline_errors WHERE NOT resolved AND event_type = 'slots_created'
               AND error_message LIKE 'Apify: 429%' ORDER BY id LIMIT $1",
            &[&LEFT],
        )
        .await
        .unwrap();
    assert_eq!(left.len() as i64, LEFT);
    Incident {
        errors: left.iter().map(|row| row.get(0)).collect(),
        events: left.iter().map(|row| row.get(1)).collect(),
    }
}

/// The first six keys: to the group, why, the plan, its count.
async fn retry(hand: &mut Hand, client: &Client) {
    hand.press(
        "4",
        "4: the groups, and what is known of the first",
        |text| {
            let parts = [
                ">CRIT",
                "QUOTA  retry now will fail (",
                "│ near ",
                "│ sample  1/",
            ];
            parts.iter().all(|part| text.contains(part))
        },
    );
    hand.press("n", "n: the next problem", |text| text.contains(">CRIT"));
    hand.press("x", "x: why they come", |text| {
        text.contains("rate limited or quota used up") && text.contains("every trigger is on")
    });
    hand.press("R", "R: the plan to retry, looked into", |text| {
        text.contains("PLAN retry") && text.contains("y run: type")
    });
    let n = LEFT.to_string();
    assert!(
        hand.terminal
            .text()
            .contains(&format!("type {n} and enter"))
    );
    hand.press("y", "y: the count to type", |text| text.contains("confirm"));
    assert_eq!(one(client, "SELECT count(*) FROM outpost.audit").await, 0);
    hand.press(
        &format!("{n}\r"),
        "the count, enter: them retried",
        |text| text.contains(&format!("retried {n} events")),
    );
}

/// Waits until each of the events was run by its workflow and ended: well, which mends its errors, or not. How many errors
/// were mended so.
async fn verified(incident: &Incident, client: &Client) -> i64 {
    let Incident { errors, events } = incident;
    let ended = format!(
        "SELECT count(*) FROM marketing.pipeline_events WHERE id = ANY (ARRAY{events:?}) AND status IN ('processed', 'failed')
           AND processed_at > (SELECT min(at) FROM outpost.audit)"
    );
    until(client, &ended, LEFT).await;
    let mended = format!(
        "SELECT count(*) FROM marketing.pipeline_errors WHERE id = ANY (ARRAY{errors:?}) AND resolved_by = 'auto-retry'"
    );
    one(client, &mended).await
}

/// As if colleagues had seen to what else failed while the retries ran; what the title of the errors says then.
async fn still_open(incident: &Incident, client: &Client) -> String {
    let errors = &incident.errors;
    let others = format!(
        "UPDATE marketing.pipeline_errors SET resolved = true, resolved_at = now(), resolved_by = 'mira'
         WHERE NOT resolved AND id <> ALL (ARRAY{errors:?})"
    );
    client.batch_execute(&others).await.unwrap();
    let open = "SELECT count(*) FROM marketing.pipeline_errors WHERE NOT resolved";
    format!("open {} in", one(client, open).await)
}

/// The last three keys: what the retry did not mend is resolved with a note.
fn resolve(hand: &mut Hand) {
    hand.press("X", "X: the note to write", |text| text.contains("note"));
    hand.press(
        "quota raised\r",
        "a note, enter: the plan to resolve, looked into",
        |text| text.contains("PLAN resolve") && text.contains("y run"),
    );
    hand.press("y", "y: the rest resolved", |text| {
        text.contains("resolved ") && text.contains("u takes it back")
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn from_page_to_mended_in_nine_keys() {
    let world = demo::start(demo::Options {
        scenario: Scenario::Errors,
        ..demo::Options::default()
    })
    .await
    .unwrap();
    let client = database::connect(&world.database_url).await;
    // It lives on only while it runs what is retried: what comes and ends meanwhile is up to chance.
    world.hold(true).await.unwrap();
    let incident = incident(&client).await;
    let env = [
        ("DATABASE_URL", world.database_url.as_str()),
        ("N8N_BASE_URL", &world.n8n_base_url),
        ("N8N_API_KEY", &world.n8n_api_key),
    ];
    let mut hand = Hand {
        terminal: Terminal::start(program(), &[], &env, (80, 24)),
        keys: 0,
        pictures: Vec::new(),
    };
    // The page said: errors.
    hand.terminal.wait_until("incident", |text| {
        text.contains("CRIT  ERRORS at slots_created")
    });
    retry(&mut hand, &client).await;
    world.hold(false).await.unwrap();
    let mended = verified(&incident, &client).await;
    world.hold(true).await.unwrap();
    assert!((1..LEFT).contains(&mended), "{mended} of {LEFT} mended");
    let open = still_open(&incident, &client).await;
    hand.terminal
        .wait_until("what is still open", |text| text.contains(&open));
    resolve(&mut hand);
    assert_eq!(hand.keys, 9);
    // What is left open by then is up to the living world.
    let last = hand.pictures.last_mut().unwrap();
    let said = last
        .lines()
        .filter(|line| !line.starts_with(['│', '┌', '└']));
    *last = said.collect::<Vec<_>>().join("\n");
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("nine_keys", hand.pictures.join("\n")));

    // Every error of the incident is mended: by the retry, or by hand with a note.
    let errors = &incident.errors;
    let by_hand = format!(
        "SELECT count(*) FROM marketing.pipeline_errors WHERE id = ANY (ARRAY{errors:?}) AND resolved
           AND resolved_by <> 'auto-retry' AND resolution_notes LIKE '%quota raised%'"
    );
    assert_eq!(one(&client, &by_hand).await, LEFT - mended);
    // And each plan is audited with the keys that were shown.
    let audited = "SELECT action, jsonb_array_length(targets) FROM outpost.audit ORDER BY id";
    let audited = client.query(audited, &[]).await.unwrap();
    let audited: Vec<(String, i32)> = audited.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(audited.len(), 2, "{audited:?}");
    assert_eq!(audited[0], ("retry_events".to_owned(), LEFT as i32));
    assert_eq!(audited[1].0, "resolve_errors");
    assert_eq!(i64::from(audited[1].1), LEFT - mended, "{audited:?}");

    hand.terminal.send("q");
    assert!(hand.terminal.wait().0.success());
    world.stop().await;
}
