//! One shot without a screen: the same words, the right exit code, no escapes, and a next step for whatever is wrong.

use std::{
    path::Path,
    process::{Command, Output},
};

use crate::{database, terminal::program};

/// 150 events that have waited for ten minutes.
const STUCK: &str =
    "INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at)
     SELECT 'slots_created', jsonb_build_object('record_id', n), 'pending', now() - interval '10 min'
     FROM generate_series(1, 150) n";

/// Runs the program with nothing of our environment but what is given.
fn run(args: &[&str], env: &[(&str, &str)]) -> Output {
    let home = tempfile::tempdir().unwrap();
    run_in(home.path(), args, env)
}

/// The same, at home in `home`.
pub(crate) fn run_in(home: &Path, args: &[&str], env: &[(&str, &str)]) -> Output {
    Command::new(program())
        .args(args)
        .env_clear()
        .env("HOME", home)
        .env("PATH", std::env::var("PATH").unwrap_or_default())
        .envs(env.iter().copied())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(
        !text.chars().any(|c| c.is_control() && c != '\n'),
        "{text:?}"
    );
    text
}

/// Runs the program off the test's own thread: the database's answers must not wait for it.
async fn shoot(args: &'static [&'static str], url: String) -> (i32, String, String) {
    let output = tokio::task::spawn_blocking(move || run(args, &[("DATABASE_URL", &url)]))
        .await
        .unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[tokio::test]
async fn check_is_one_line_with_figures_and_the_code_of_its_word() {
    let db = database::fresh().await;
    let (code, line, _) = shoot(&["check"], db.url.clone()).await;
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.starts_with("OUTPOST OK - "), "{line}");
    assert!(line.contains(" | pending=0;;;0 stuck=0;;100;0 "), "{line}");
    assert_eq!(code, 0);
    db.client.batch_execute(STUCK).await.unwrap();
    let (code, line, _) = shoot(&["check"], db.url.clone()).await;
    assert!(line.starts_with("OUTPOST CRITICAL - "), "{line}");
    assert!(
        line.contains("slots_created") && line.contains("stuck=150;"),
        "{line}"
    );
    assert_eq!(code, 2);
}

/// Runs `what` on the database at `url` with the text of a configuration file.
async fn configured(what: &'static str, url: &str, config: &str) -> (i32, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), config).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let url = url.to_owned();
    let run = move || run(&[what, "--config", &path], &[("DATABASE_URL", &url)]);
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    (output.status.code().unwrap(), text(&output.stdout))
}

#[tokio::test]
async fn a_limit_of_the_configuration_decides_what_check_and_status_say() {
    let db = database::fresh().await;
    db.client.batch_execute(STUCK).await.unwrap();
    let shoot = async |what, config: &str| configured(what, &db.url, config).await;
    let rule = |fire: u32, clear: u32| {
        format!("[alerts.pipeline_stalled]\nfire = {fire}\nclear = {clear}\n")
    };
    let (code, line) = shoot("check", &rule(149, 20)).await;
    assert!(line.contains("stuck=150;;149;0"), "{line}");
    assert_eq!(code, 2, "{line}");
    let (code, line) = shoot("check", &rule(150, 20)).await;
    assert!(line.contains("alerts_firing=0"), "{line}");
    assert_eq!(code, 1, "old events are still worth a warning: {line}");
    let off = "[alerts.pipeline_stalled]\nenabled = false\n";
    let (code, line) = shoot("check", off).await;
    assert!(line.contains("stuck=150;;;0"), "{line}");
    assert_eq!(code, 1, "{line}");
    let (_, told) = shoot("status", &rule(150, 20)).await;
    assert!(!told.contains("FIRING"), "{told}");
    let (_, told) = shoot("config", &rule(149, 20)).await;
    assert!(told.contains("149  (file, line 2)"), "{told}");
}

#[tokio::test]
async fn a_word_of_the_sites_own_for_a_state_counts_as_what_the_configuration_says() {
    let db = database::fresh().await;
    db.client
        .batch_execute(
            "ALTER TABLE marketing.pipeline_events DROP CONSTRAINT pipeline_events_status;
             INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at)
             SELECT 'slots_created', jsonb_build_object('record_id', n), 'wartet', now() - interval '10 min'
             FROM generate_series(1, 150) n",
        )
        .await
        .unwrap();
    let (_, line) = configured("check", &db.url, "").await;
    assert!(line.contains("stuck=0;"), "{line}");
    let (_, told) = configured("doctor", &db.url, "").await;
    assert!(told.contains("unknown status wartet"), "{told}");
    assert!(told.contains("`status.pending`"), "{told}");
    let own = "[status]\npending = 'wartet'\n";
    let (code, line) = configured("check", &db.url, own).await;
    assert!(line.contains("stuck=150;"), "{line}");
    assert_eq!(code, 2, "{line}");
    let (_, told) = configured("doctor", &db.url, own).await;
    assert!(!told.contains("unknown status"), "{told}");
}

#[tokio::test]
async fn status_says_the_same_in_words_and_in_json() {
    let db = database::fresh().await;
    db.client
        .batch_execute(
            "INSERT INTO marketing.pipeline_events (event_type, payload)
             SELECT 'company_created', jsonb_build_object('record_id', n) FROM generate_series(1, 3) n",
        )
        .await
        .unwrap();
    let (_, words, _) = shoot(&["status"], db.url.clone()).await;
    let (_, json, _) = shoot(&["status", "--json"], db.url.clone()).await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["latency"]["window_s"], 3_600);
    let (_, day, _) = shoot(&["status", "--json", "--window", "day"], db.url.clone()).await;
    let day: serde_json::Value = serde_json::from_str(&day).unwrap();
    assert_eq!(day["latency"]["window_s"], 86_400);
    assert_eq!(day["latency"]["stages"][0]["stage"], "company_created");
    let (_, month, _) = shoot(&["status", "--window", "month"], db.url.clone()).await;
    assert!(month.contains("\nlatency, last 30 d:\n"), "{month}");
    assert_eq!(json["stages"].as_array().unwrap().len(), 15);
    assert_eq!(json["stages"][0]["stage"], "company_created");
    assert_eq!(json["stages"][0]["pending"], 3);
    assert_eq!(json["alerts"].as_array().unwrap().len(), 7);
    assert_eq!(json["scorecard"].as_array().unwrap().len(), 12);
    assert_eq!(json["links"]["n8n"]["state"], "off");
    assert!(
        words.starts_with(&json["verdict"]["health"].as_str().unwrap().to_uppercase()[..2]),
        "{words}"
    );
    // The oldest event grows older between the two.
    let but_for_numbers = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
    let headline = json["verdict"]["headline"].as_str().unwrap();
    assert!(
        but_for_numbers(&words).contains(&but_for_numbers(headline)),
        "{words}"
    );
}

#[tokio::test]
async fn what_cannot_be_reached_is_unknown_and_says_what_to_do() {
    let db = database::fresh().await;
    let nowhere = db.url.replace(
        db.url.split('/').nth(3).unwrap().split('?').next().unwrap(),
        "no_such_database",
    );
    for (url, said) in [
        (nowhere, "no_such_database"),
        (
            "postgresql://ann:hunter2@127.0.0.1:1/x".to_owned(),
            "127.0.0.1",
        ),
        (
            "postgresql://ann:hunter2@no-such-host.invalid/x".to_owned(),
            "no-such-host.invalid",
        ),
    ] {
        let (code, line, errors) = shoot(&["check"], url).await;
        assert_eq!(code, 3, "{line}");
        assert!(
            line.starts_with("OUTPOST UNKNOWN - ") && line.contains(said),
            "{line}"
        );
        assert!(
            !line.contains("hunter2") && !errors.contains("hunter2"),
            "{line}{errors}"
        );
        assert_eq!(line.lines().count(), 1, "{line}");
    }
}

#[tokio::test]
async fn a_database_without_the_tables_is_not_well() {
    let db = database::empty().await;
    let (code, line, _) = shoot(&["check"], db.url.clone()).await;
    assert_eq!(code, 3, "{line}");
    assert!(line.contains("missing: schema marketing"), "{line}");
}

#[test]
fn without_any_address_it_says_how_to_give_one() {
    let output = run(&["status"], &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains("DATABASE_URL") && said.contains("outpost demo"),
        "{said}"
    );
}

#[test]
fn a_configuration_with_mistakes_is_told_whole_and_nothing_else_is_done() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("c.toml");
    std::fs::write(&path, "[ui]\ntheme = 'drak'\n[databse]\n").unwrap();
    let path = path.display().to_string();
    let output = run(&["config", "--config", &path], &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("2 mistakes"), "{said}");
    assert!(
        said.contains(&format!("{path}:2:")) && said.contains("did you mean `database`?"),
        "{said}"
    );
    let output = run(&["config", "--config", "/no/such/file.toml"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("/no/such/file.toml"));
}

#[test]
fn the_configuration_in_force_is_printed_without_its_secrets() {
    let url = "postgresql://ann:hunter2@db.example/x";
    let output = run(
        &["config"],
        &[("DATABASE_URL", url), ("N8N_API_KEY", "eyJhbGci")],
    );
    let said = text(&output.stdout);
    assert!(
        said.contains("postgresql://ann:***@db.example/x  (environment, DATABASE_URL)"),
        "{said}"
    );
    assert!(!said.contains("eyJ"), "{said}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let status = Command::new("sh")
        .args(["-c", &format!("'{}' config | true", program().display())])
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap_or_default())
        .output()
        .unwrap();
    assert_eq!(text(&status.stderr), "");
}

/// A line of `outpost ledger --json`.
async fn ledger(url: &str) -> (i32, serde_json::Value) {
    let (code, out, _) = shoot(&["ledger", "--json"], url.to_owned()).await;
    (code, serde_json::from_str(&out).unwrap())
}

#[tokio::test]
async fn the_ledger_accounts_for_what_comes_and_what_is_rolled_back_while_it_watches() {
    for (db, insert) in [
        (
            database::fresh().await,
            "INSERT INTO marketing.pipeline_events (event_type) VALUES ('slots_created')",
        ),
        (
            database::classic().await,
            "INSERT INTO marketing.pipeline_events (event_type, payload, status) VALUES ('slots_created', '{}', 'pending')",
        ),
    ] {
        db.client.batch_execute(insert).await.unwrap();
        let watching = ledger(&db.url);
        let writing = async {
            for n in 0..40 {
                let end = if n % 4 == 0 { "ROLLBACK" } else { "COMMIT" };
                let sql = format!("BEGIN; {insert}; {end}");
                db.client.batch_execute(&sql).await.unwrap();
                if n == 20 {
                    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                                WHERE datname = current_database() AND application_name LIKE 'outpost%'";
                    db.client.batch_execute(kill).await.unwrap();
                }
                tokio::time::sleep(std::time::Duration::from_millis(60)).await;
            }
        };
        let ((code, told), ()) = tokio::join!(watching, writing);
        let n = |name: &str| told[name].as_i64().unwrap();
        assert_eq!((code, n("lost"), n("late")), (0, 0, 0), "{told}");
        assert_eq!(
            n("table") + n("removed") + n("older"),
            n("shown") + n("evicted") + n("backfilled"),
            "{told}"
        );
        assert!(n("holes_proven") > 0 && n("holes_waiting") == 0, "{told}");
        let reconnects = told["reconnects"].as_array().unwrap();
        let is_proven = |over: &&serde_json::Value| over["is_proven"] == true && over["lost"] == 0;
        assert!(!reconnects.is_empty(), "{told}");
        assert_eq!(reconnects.iter().find(|over| !is_proven(over)), None);
        let recount = told["sql"].as_str().unwrap();
        let row = db.client.query_one(recount, &[]).await.unwrap();
        assert_eq!(row.get::<_, i64>(0), n("table"), "{recount}");
    }
}

#[tokio::test]
async fn where_keys_have_no_order_the_ledger_is_called_approximate_and_without_times_there_is_none()
{
    let db = database::empty().await;
    let sql = "CREATE SCHEMA marketing; CREATE TABLE marketing.pipeline_events
                 (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), event_type text, payload jsonb, status text, created_at timestamptz)";
    db.client.batch_execute(sql).await.unwrap();
    let insert = "INSERT INTO marketing.pipeline_events (event_type, created_at)
                  SELECT 'company_created', now() - n * interval '1 s' FROM generate_series(1, 30) AS n";
    db.client.batch_execute(insert).await.unwrap();
    let (code, told) = ledger(&db.url).await;
    assert_eq!(code, 0, "{told}");
    assert_eq!(told["approximate"], true, "{told}");
    assert_eq!(
        (&told["table"], &told["lost"]),
        (&30.into(), &0.into()),
        "{told}"
    );
    let recount = told["sql"].as_str().unwrap();
    let row = db.client.query_one(recount, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 30, "{recount}");
    let sql = "ALTER TABLE marketing.pipeline_events DROP COLUMN created_at";
    db.client.batch_execute(sql).await.unwrap();
    let (code, told) = ledger(&db.url).await;
    let error = told["error"].as_str().unwrap();
    assert_eq!(code, 3, "{told}");
    assert!(error.contains("created_at"), "{error}");
    let (code, told) = ledger("postgresql://nobody@127.0.0.1:1/x?sslmode=disable").await;
    assert_eq!(code, 3, "{told}");
    assert!(
        told["error"].as_str().unwrap().contains("127.0.0.1"),
        "{told}"
    );
}
