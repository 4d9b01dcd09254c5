//! Everything outside that can be wrong from the start: what the operator reads, the next step with it, the exit code
//! of every command, and a console that goes on.

use std::{process::Output, time::Duration};

use tokio::task::spawn_blocking;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::{
    connect::{at, free_port, guarded, role},
    database,
    proxy::{Line, Proxy},
    terminal::{Terminal, program},
};

/// One thing that is wrong.
struct Case {
    /// What, for the test's own messages.
    name: &'static str,
    env: Vec<(&'static str, String)>,
    /// What is said of it, everywhere.
    said: String,
    /// The next step, in the screen, in `check` and in `status`.
    step: &'static str,
    /// The same for `doctor`, which may say it more exactly.
    mend: &'static str,
    /// Exit codes of `check`, `status` and `doctor`.
    codes: [i32; 3],
    /// The key of the screen that says it whole.
    key: &'static str,
}

fn run(args: &[&str], env: &[(&str, String)]) -> Output {
    let home = tempfile::tempdir().unwrap();
    std::process::Command::new(program())
        .args(args)
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", std::env::var("PATH").unwrap_or_default())
        .envs(env.iter().map(|(name, value)| (*name, value)))
        .output()
        .unwrap()
}

/// The words of `text` without the lines that frame them, so that a sentence is one however it was wrapped.
fn words(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| {
            if ('\u{2500}'..='\u{257f}').contains(&c) {
                ' '
            } else {
                c
            }
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What `command` prints about it, and its exit code.
fn command_tells(case: &Case, command: &str, code: i32) {
    let output = run(&[command], &case.env);
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    let place = format!("{}, {command}:\n{text}{errors}", case.name);
    let step = if command == "doctor" {
        case.mend
    } else {
        case.step
    };
    for wanted in [case.said.as_str(), step] {
        assert!(text.contains(wanted), "{wanted:?} is not said by {place}");
    }
    assert_eq!(output.status.code(), Some(code), "{place}");
    assert_eq!(errors, "", "{place}");
    for secret in ["hunter2", "open sesame", "key-of-n8n"] {
        assert!(!text.contains(secret), "{place}");
    }
    assert!(
        !text.chars().any(|c| c.is_control() && c != '\n'),
        "{place}"
    );
    assert!(command != "check" || text.lines().count() == 1, "{place}");
}

/// The console shows it, goes on, and leaves when told to.
fn console_tells(case: &Case) {
    let env: Vec<(&str, &str)> = case
        .env
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let mut terminal = Terminal::start(program(), &[], &env, (120, 40));
    terminal.wait_for("outpost");
    terminal.send(case.key);
    terminal.wait_until(
        &format!("{}: {:?} and {:?}", case.name, case.said, case.step),
        |text| {
            let words = words(text);
            words.contains(&case.said) && words.contains(case.step)
        },
    );
    terminal.look_at_help();
    terminal.send("q");
    assert!(terminal.wait().0.success(), "{}", case.name);
    terminal.assert_restored();
}

/// Looks at each of `cases` in every way, some at a time.
async fn look(cases: Vec<Case>) {
    let mut waiting = Vec::new();
    for case in cases {
        waiting.push(spawn_blocking(move || {
            std::thread::scope(|scope| {
                for (command, code) in ["check", "status", "doctor"].into_iter().zip(case.codes) {
                    let case = &case;
                    scope.spawn(move || command_tells(case, command, code));
                }
                console_tells(&case);
            });
        }));
    }
    for case in waiting {
        case.await.unwrap();
    }
}

/// A case about the database at `url`.
fn database_case(
    name: &'static str,
    url: String,
    said: impl Into<String>,
    step: &'static str,
) -> Case {
    Case {
        name,
        env: vec![("DATABASE_URL", url)],
        said: said.into(),
        step,
        mend: step,
        codes: [3, 3, 2],
        key: "4",
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_does_not_let_us_in_is_told_whole_everywhere() {
    let ca = guarded().ca();
    let db = database::empty().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hung = silent.local_addr().unwrap().port();
    let closed = free_port();
    let full = role(&db, "CONNECTION LIMIT 0").await;
    let nowhere = db.url.replace("/outpost_test", "/nowhere_test");
    look(vec![
        database_case(
            "a wrong password",
            at(
                "localhost",
                "hunter2",
                &format!("sslmode=require&sslrootcert={ca}"),
            ),
            "password authentication failed for user \"ops\"",
            "Correct the role and its password",
        ),
        database_case(
            "no such database",
            nowhere,
            "does not exist",
            "Correct the database's name",
        ),
        database_case(
            "refused",
            format!("postgresql://ann:hunter2@127.0.0.1:{closed}/x"),
            format!("ann@127.0.0.1:{closed}/x: connection refused"),
            "Check the host and port",
        ),
        database_case(
            "an unknown host",
            "postgresql://ann:hunter2@no-such-host.invalid/x".to_owned(),
            "no-such-host.invalid:5432/x: unknown host",
            "Check the host and port",
        ),
        database_case(
            "half-open",
            format!("postgresql://ann@127.0.0.1:{hung}/x?connect_timeout=2"),
            format!("no answer within 2 s from ann@127.0.0.1:{hung}/x"),
            "Check network, firewall and load",
        ),
        database_case(
            "no room",
            db.url.replace("postgres@", &format!("{full}@")),
            "too many connections for role",
            "free connections on the server",
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_cannot_be_encrypted_as_asked_is_told_whole_everywhere() {
    let db = database::empty().await;
    let proxy = Proxy::start(&db.url, Line::Sound).await;
    let port = proxy.port;
    look(vec![
        database_case(
            "TLS that is not offered",
            format!("postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=require"),
            "the server does not offer it",
            "sslmode=disable",
        ),
        database_case(
            "an unknown CA",
            at("localhost", "open%20sesame", "sslmode=require"),
            "signed by a CA that is not known here",
            "sslrootcert",
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_without_the_tables_or_without_the_right_to_read_them_is_told_whole_everywhere()
{
    let bare = database::empty().await;
    let db = database::fresh().await;
    let nobody = role(&db, "").await;
    let missing = database_case(
        "missing tables",
        bare.url.clone(),
        "schema marketing",
        "outpost doctor",
    );
    let barred = database_case(
        "no grants",
        db.url.replace("postgres@", &format!("{nobody}@")),
        "USAGE on schema marketing",
        "outpost doctor",
    );
    look(vec![
        Case {
            mend: "outpost migrate",
            ..missing
        },
        Case {
            mend: "GRANT USAGE ON SCHEMA",
            ..barred
        },
    ])
    .await;
}

/// A case about n8n at `url`, with a database that is well.
fn n8n_case(
    name: &'static str,
    database: &str,
    url: String,
    said: impl Into<String>,
    step: &'static str,
) -> Case {
    Case {
        name,
        env: vec![
            ("DATABASE_URL", database.to_owned()),
            ("N8N_BASE_URL", url),
            ("N8N_API_KEY", "key-of-n8n".to_owned()),
        ],
        said: said.into(),
        step,
        mend: step,
        codes: [1, 1, 2],
        key: "6",
    }
}

async fn answers(status: u16, kind: &str, body: &str, delay: Duration) -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(status)
        .set_body_raw(body, kind)
        .insert_header("retry-after", "30")
        .set_delay(delay);
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

const JSON: &str = "application/json";
const PAGE: &str = "text/html";
const NOW: Duration = Duration::ZERO;
const HANG: Duration = Duration::from_mins(2);

/// What n8n answers everything with: status, type and when; what is said of it, and the next step.
type Answer = (
    &'static str,
    u16,
    &'static str,
    Duration,
    &'static str,
    &'static str,
);

#[rustfmt::skip]
const ANSWERS: [Answer; 8] = [
    ("401", 401, JSON, NOW, "the key is wrong, expired or deleted", "Make a new key in n8n"),
    ("403", 403, JSON, NOW, "not allowed: the key needs the scope", "the missing scope"),
    ("404", 404, PAGE, NOW, "HTTP 404", "the address is that of n8n itself"),
    ("429", 429, JSON, NOW, "rate limited, next try in", "Wait"),
    ("500", 500, JSON, NOW, "the server failed", "look into the log of n8n"),
    ("502", 502, PAGE, NOW, "does not reach it", "look into the log of n8n"),
    ("a page", 200, PAGE, NOW, "a page of type text/html instead of JSON", "a login page"),
    ("a hang", 200, JSON, HANG, "no answer within 10 s from http://127.0.0.1", "Check network, firewall and load"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_n8n_that_does_not_answer_as_it_should_is_told_whole_everywhere() {
    let db = database::fresh().await;
    let said = "{\"message\":\"said\"}";
    let mut servers = Vec::new();
    let mut cases = Vec::new();
    for (name, status, kind, delay, told, step) in ANSWERS {
        let server = answers(status, kind, said, delay).await;
        cases.push(n8n_case(name, &db.url, server.uri(), told, step));
        servers.push(server);
    }
    let closed = format!("http://127.0.0.1:{}", free_port());
    let refused = format!("unreachable: {closed}: connection refused");
    cases.push(n8n_case(
        "refused",
        &db.url,
        closed,
        refused,
        "Check the host and port",
    ));
    look(cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_that_cannot_be_read_is_told_and_the_terminal_is_not_taken() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    std::fs::write(&path, "[ui]\ntheme = 'drak'\n").unwrap();
    let path = path.display().to_string();
    let said = format!("{path}:2:");
    for (command, code) in [("check", 3), ("status", 1), ("doctor", 1)] {
        let output = run(&[command, "--config", &path], &[]);
        assert_eq!(output.status.code(), Some(code), "{command}");
        let told = if command == "check" {
            output.stdout
        } else {
            output.stderr
        };
        let told = String::from_utf8(told).unwrap();
        assert!(told.contains(&said) && told.contains("dark"), "{told}");
    }
    let mut terminal = Terminal::start(program(), &["--config", &path], &[], (200, 40));
    let (status, _) = terminal.wait();
    assert_eq!(status.code(), Some(1));
    assert!(
        words(&terminal.text()).contains(&said),
        "{}",
        terminal.text()
    );
    let taken = b"\x1b[?1049h";
    let took = terminal.written.windows(taken.len()).any(|it| it == taken);
    assert!(!took, "the terminal was taken for nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_dies_without_a_word_is_told_and_what_came_meanwhile_is_shown_when_it_is_back()
{
    let db = database::fresh().await;
    let proxy = Proxy::start(&db.url, Line::Sound).await;
    let name = db.url.split('/').nth(3).unwrap().split('?').next().unwrap();
    let target = format!("postgres@127.0.0.1:{}/{name}", proxy.port);
    let url = format!("postgresql://{target}?connect_timeout=2");
    let mut terminal = Terminal::start(program(), &[], &[("DATABASE_URL", &url)], (160, 40));
    let shown = spawn_blocking(move || {
        terminal.send("2");
        terminal.wait_for("pipeline_events holds no event yet");
        terminal
    });
    let mut terminal = shown.await.unwrap();
    proxy.set(Line::Swallows);
    let insert = "INSERT INTO marketing.pipeline_events (event_type, payload) VALUES ('slots_created', '{}')";
    db.client.batch_execute(insert).await.unwrap();
    let told = spawn_blocking(move || {
        terminal.wait_for("STALE");
        terminal.send("1");
        terminal.wait_until("the target of what hangs", |text| {
            text.contains(&target) && text.contains("no answer within")
        });
        terminal
    });
    let mut terminal = told.await.unwrap();
    proxy.set(Line::Sound);
    let back = spawn_blocking(move || {
        terminal.send("2");
        terminal.wait_for("slots_created");
        terminal.send("q");
        assert!(terminal.wait().0.success());
        terminal.assert_restored();
    });
    back.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_of_what_n8n_needs_is_told_by_every_command_and_by_the_screen() {
    let db = database::fresh().await;
    for (name, value, said) in [
        (
            "N8N_BASE_URL",
            "http://127.0.0.1:5678",
            "its address is set, its key is not",
        ),
        (
            "N8N_API_KEY",
            "key-of-n8n",
            "its key is set, its address is not",
        ),
    ] {
        let env = [("DATABASE_URL", db.url.clone()), (name, value.to_owned())];
        let shown = spawn_blocking(move || {
            for command in ["check", "status", "config"] {
                let text = String::from_utf8(run(&[command], &env).stdout).unwrap();
                assert!(text.contains(said), "{command}: {text}");
                assert!(!text.contains("key-of-n8n"), "{command}: {text}");
            }
            let output = run(&["doctor"], &env);
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(text.contains("n8n has a"), "{text}");
            assert_eq!(output.status.code(), Some(1), "{text}");
            let env: Vec<(&str, &str)> = env.iter().map(|(k, v)| (*k, v.as_str())).collect();
            let mut terminal = Terminal::start(program(), &[], &env, (120, 40));
            terminal.wait_for(said);
            terminal.send("6");
            terminal.wait_until("the n8n screen", |text| {
                text.contains("not set up") && words(text).contains(said)
            });
            terminal.send("q");
            assert!(terminal.wait().0.success());
        });
        shown.await.unwrap();
    }
}

#[test]
fn an_address_that_makes_no_sense_is_a_finding_of_the_doctor_in_its_json_too() {
    let env = [
        ("DATABASE_URL", "hunter2 is no address".to_owned()),
        ("N8N_BASE_URL", "ftp://n8n.example".to_owned()),
        ("N8N_API_KEY", "key-of-n8n".to_owned()),
    ];
    let output = run(&["doctor", "--json"], &env);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let findings = json["findings"].as_array().unwrap();
    let of = |n: usize, field: &str| findings[n][field].as_str().unwrap().to_owned();
    assert!(of(0, "what").contains("neither postgresql://"), "{text}");
    assert!(of(0, "mend").contains("set DATABASE_URL"), "{text}");
    assert!(of(1, "what").contains("must begin with https://"), "{text}");
    assert!(of(1, "mend").contains("outpost config"), "{text}");
    assert!(!text.contains("hunter2") && !text.contains("key-of-n8n"));
}
