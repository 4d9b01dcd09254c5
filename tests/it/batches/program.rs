//! The real program: killed in the middle of a batch, and what the next one makes of it.

use std::{
    io::Read as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{PATIENCE, one, workflow};
use crate::{
    database::{self, Db},
    headless::run_in,
    terminal::program,
};

pub(super) const FORTY: &str = "
    INSERT INTO marketing.pipeline_events (id, event_type, payload, status, error_message, retry_count)
    SELECT n, 'email_opened', jsonb_build_object('record_id', 'r' || n), 'failed', 'HTTP 429', 0 FROM generate_series(1, 40) AS n;
    CREATE TABLE marketing.sends (id int);
    CREATE FUNCTION marketing.note_send() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO marketing.sends VALUES (NEW.id); RETURN NULL; END $$;
    CREATE TRIGGER note_send AFTER UPDATE ON marketing.pipeline_events FOR EACH ROW
    WHEN (OLD.status = 'failed' AND NEW.status = 'pending') EXECUTE FUNCTION marketing.note_send();";

/// The program with a home of its own.
pub(super) struct Shell {
    home: tempfile::TempDir,
    pub(super) url: String,
}

impl Shell {
    pub(super) fn on(db: &Db, pace: u32) -> Self {
        let home = tempfile::tempdir().unwrap();
        let text = format!("[retry]\npace = {pace}\n");
        std::fs::write(home.path().join("config.toml"), text).unwrap();
        Self {
            home,
            url: db.url.clone(),
        }
    }

    pub(super) fn config(&self) -> String {
        self.home.path().join("config.toml").display().to_string()
    }

    /// Exit code, output, complaints.
    async fn run(&self, args: &[&str]) -> (i32, String, String) {
        let (home, url) = (self.home.path().to_owned(), self.url.clone());
        let config = self.config();
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let run = move || {
            let mut all = vec!["--config", &config];
            all.extend(args.iter().map(String::as_str));
            run_in(&home, &all, &[("DATABASE_URL", &url), ("USER", "ann")])
        };
        let output = tokio::task::spawn_blocking(run).await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (
            output.status.code().unwrap(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    pub(super) async fn json(&self, args: &[&str]) -> Value {
        let (code, out, err) = self.run(args).await;
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{code} {error}: {out} {err}"))
    }

    /// Starts it, with nobody at the other end of its standard error.
    pub(super) fn start(&self, args: &[&str]) -> Child {
        let mut child = Command::new(program())
            .args(["--config", &self.config()])
            .args(args)
            .env_clear()
            .env("HOME", self.home.path())
            .env("DATABASE_URL", &self.url)
            .env("USER", "ann")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stderr.take());
        child
    }

    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }
}

pub(super) async fn sends(db: &Db) -> u32 {
    let sql = "SELECT count(*)::text FROM marketing.sends";
    one(&db.client, sql).await.parse().unwrap()
}

/// Waits until so many rows were sent, or the program has ended.
pub(super) async fn sent(db: &Db, n: u32, child: &mut Child) {
    let until = Instant::now() + PATIENCE;
    while sends(db).await < n && child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until, "{n} rows were not sent");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_batch_that_is_killed_again_and_again_does_each_row_exactly_once() {
    let db = database::fresh().await;
    db.client.batch_execute(FORTY).await.unwrap();
    let _workflow = workflow(&db, "false").await;
    let shell = Shell::on(&db, 3_000);
    let retry = ["events", "retry", "--filter", "stage:email_opened"];
    let plan = shell.json(&[&retry[..], &["--plan"]].concat()).await;
    assert_eq!(plan["batch"]["canaries"], 1, "{plan:#}");
    let hash = plan["hash"].as_str().unwrap();
    let mut child = shell.start(&[&retry[..], &["--apply", hash]].concat());
    sent(&db, 7, &mut child).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let list = shell.json(&["batches", "list", "--json"]).await;
    assert_eq!(list.as_array().unwrap().len(), 1, "{list:#}");
    assert_eq!(list[0]["state"], "unfinished", "{list:#}");
    let (_, listed, err) = shell.run(&["audit", "list", "--json"]).await;
    let entry: Value = serde_json::from_str(&listed).unwrap_or_else(|_| panic!("{listed} {err}"));
    assert_eq!(entry["ended"], false, "its outpost was killed: {entry:#}");
    let id = list[0]["batch"].as_str().unwrap().to_owned();
    for until in [15, 24] {
        let mut child = shell.start(&["batches", "resume", &id]);
        sent(&db, until, &mut child).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(sends(&db).await < 40, "it was killed too late to tell");
    let mut child = shell.start(&["batches", "resume", &id]);
    let mut out = String::new();
    let mut pipe = child.stdout.take().unwrap();
    let (status, out) = tokio::task::spawn_blocking(move || {
        pipe.read_to_string(&mut out).unwrap();
        (child.wait().unwrap(), out)
    })
    .await
    .unwrap();
    assert!(status.success(), "{status} {out}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        report["report"], "40: ok 40, failed 0, pending 0, skipped 0",
        "{report:#}"
    );
    let twice = "SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || (SELECT sum(retry_count) FROM marketing.pipeline_events) FROM marketing.sends";
    assert_eq!(one(&db.client, twice).await, "40 40 40");
    let (_, listed, err) = shell.run(&["audit", "list", "--json"]).await;
    assert_eq!(listed.lines().count(), 1, "{listed} {err}");
    let (_, exported, _) = shell.run(&["audit", "export"]).await;
    let entry: Value = serde_json::from_str(&exported).unwrap();
    assert_eq!(
        (&entry["batch"], &entry["done"]),
        (&Value::from(id.clone()), &Value::from(40))
    );
    assert_eq!(entry["rows"].as_array().unwrap().len(), 40, "{entry:#}");
    let shown = shell.run(&["batches", "show", &id]).await;
    assert!(shown.1.contains("ok (canary)"), "{}", shown.1);
    let (code, out, err) = shell.run(&["batches", "resume", &id]).await;
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("this batch is over"), "{err}");
    assert!(shell.home().join(".local/state/outpost/batches").is_dir());
}

#[tokio::test]
async fn a_signal_leaves_a_batch_as_it_stands_and_it_can_be_ended() {
    let db = database::fresh().await;
    db.client.batch_execute(FORTY).await.unwrap();
    // Nobody takes the canary.
    let shell = Shell::on(&db, 20);
    let retry = ["events", "retry", "--filter", "stage:email_opened"];
    let plan = shell.json(&[&retry[..], &["--plan"]].concat()).await;
    let hash = plan["hash"].as_str().unwrap();
    let mut child = shell.start(&[&retry[..], &["--apply", hash]].concat());
    sent(&db, 1, &mut child).await;
    let (code, _, err) = shell.run(&[&retry[..], &["--apply", hash]].concat()).await;
    assert_eq!(code, 2, "the plan is another one by now: {err}");
    let list = shell.json(&["batches", "list", "--json"]).await;
    assert_eq!(list[0]["state"], "running", "{list:#}");
    let id = list[0]["batch"].as_str().unwrap().to_owned();
    let (code, _, err) = shell.run(&["batches", "stop", &id]).await;
    assert_eq!(code, 2, "{err}");
    assert!(
        err.contains("another outpost on this machine drives"),
        "{err}"
    );
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap());
    let status = tokio::time::timeout(PATIENCE, status)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(status.code(), Some(143));
    let (code, out, err) = shell.run(&["batches", "stop", &id]).await;
    assert_eq!(code, 0, "{err}");
    let ended: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(ended["waiting"].as_array().unwrap().len(), 39, "{ended:#}");
    assert_eq!(
        ended["pending"],
        serde_json::json!(["40"]),
        "the newest comes first"
    );
    assert_eq!(sends(&db).await, 1);
}
