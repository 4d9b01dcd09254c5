//! What goes wrong around a batch: others in its way, no room on the disk for its journal, a pooler that lets it have no lock.

use std::{
    io::Read as _,
    process::{Command, Stdio},
};

use outpost::domain::{batch::Batch, event::RowId};
use serde_json::Value;

use super::{
    Desk, FAST, PATIENCE, Pacing, SENDS, WORK, begun, one, plan,
    program::{FORTY, Shell, sends, sent},
    run, workflow,
};
use crate::{
    database::{self, Db},
    proxy::{Line, Proxy},
    sources::through,
    terminal::program,
};

const NO_CANARY: Pacing = Pacing { canary: 0, ..FAST };

/// To put a row back takes a lock that others have as well; and how often that was tried.
const GATE: &str = "
    CREATE TABLE marketing.gate (n int); INSERT INTO marketing.gate VALUES (0);
    CREATE SEQUENCE marketing.tries;
    CREATE FUNCTION marketing.through_the_gate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM nextval('marketing.tries');
      UPDATE marketing.gate SET n = n + 1;
      RETURN NEW;
    END $$;
    CREATE TRIGGER gate BEFORE UPDATE ON marketing.pipeline_events FOR EACH ROW
    WHEN (OLD.status = 'failed' AND NEW.status = 'pending') EXECUTE FUNCTION marketing.through_the_gate();";

/// How often rows went through, and how often that was tried.
const THROUGH: &str = "SELECT n || ' ' || (last_value > n) FROM marketing.gate, marketing.tries";

/// Waits until somebody waits for a lock.
async fn waited_for(db: &Db) {
    let waits = "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'outpost ann@host' AND wait_event_type = 'Lock'";
    let waiting = async {
        while one(&db.client, waits).await == "0" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}

/// Says that each of the five rows was sent once, though a try of one was lost.
async fn lost_one_try_and_was_done(db: &Db, batch: Batch) {
    assert_eq!(
        batch.report().to_string(),
        "5: ok 5, failed 0, pending 0, skipped 0"
    );
    assert_eq!(one(&db.client, SENDS).await, "1x1 2x1 3x1 4x1 5x1");
    assert_eq!(one(&db.client, THROUGH).await, "5 true", "one try was lost");
}

#[tokio::test]
async fn a_row_that_loses_a_deadlock_is_tried_again_and_done_once() {
    let db = database::fresh().await;
    db.client.batch_execute(WORK).await.unwrap();
    db.client.batch_execute(GATE).await.unwrap();
    let _workflow = workflow(&db, "false").await;
    let mut other = db.connect().await;
    // The other one is patient: ours is the one that the server lets fall.
    other
        .batch_execute("SET deadlock_timeout = '20s'")
        .await
        .unwrap();
    let transaction = other.transaction().await.unwrap();
    transaction
        .batch_execute("SELECT FROM marketing.gate FOR UPDATE")
        .await
        .unwrap();
    let desk = Desk::on(&db);
    let plan = plan(&db.client, 1..=5, NO_CANARY).await;
    let (runner, _orders) = begun(&desk.means("ann@host"), plan).await;
    let runs = tokio::spawn(run(runner));
    waited_for(&db).await;
    transaction
        .batch_execute("SELECT FROM marketing.pipeline_events WHERE id = 1 FOR SHARE")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    lost_one_try_and_was_done(&db, runs.await.unwrap()).await;
}

#[tokio::test]
async fn a_row_that_cannot_be_serialized_is_tried_again_and_done_once() {
    let db = database::fresh().await;
    db.client.batch_execute(WORK).await.unwrap();
    db.client.batch_execute(GATE).await.unwrap();
    let name = one(&db.client, "SELECT current_database()").await;
    let isolation =
        format!("ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'");
    db.client.batch_execute(&isolation).await.unwrap();
    let mut other = db.connect().await;
    let transaction = other.transaction().await.unwrap();
    transaction
        .batch_execute("UPDATE marketing.gate SET n = n")
        .await
        .unwrap();
    let desk = Desk::on(&db);
    let plan = plan(&db.client, 1..=5, NO_CANARY).await;
    let (runner, _orders) = begun(&desk.means("ann@host"), plan).await;
    let runs = tokio::spawn(run(runner));
    waited_for(&db).await;
    // Ours has seen the gate as it was before this.
    transaction.commit().await.unwrap();
    let _workflow = workflow(&db, "false").await;
    lost_one_try_and_was_done(&db, runs.await.unwrap()).await;
}

#[tokio::test]
async fn through_a_pooler_there_is_no_lock_and_it_is_said_and_the_guard_of_each_row_holds() {
    let db = database::fresh().await;
    db.client.batch_execute(WORK).await.unwrap();
    let _workflow = workflow(&db, "false").await;
    let proxy = Proxy::start(&db.url, Line::RefusesOptions).await;
    let desk = Desk::on(&db);
    let (ann, mut messages) = desk.over(through(&proxy, &db), "ann@host");
    let (ben, _told) = desk.over(through(&proxy, &db), "ben@host");
    let shown = plan(&db.client, 1..=6, NO_CANARY).await;
    let again = plan(&db.client, 1..=6, NO_CANARY).await;
    let (first, _orders) = begun(&ann, shown).await;
    // Nothing keeps a second one out of the same stage, and it is shown all the while.
    let (second, _more) = begun(&ben, again).await;
    let (first, second) = tokio::join!(run(first), run(second));
    let (first, second) = (first.report(), second.report());
    assert_eq!(first.ok + second.ok, 6, "{first}; {second}");
    assert_eq!(first.skipped + second.skipped, 6, "{first}; {second}");
    assert_eq!(one(&db.client, SENDS).await, "1x1 2x1 3x1 4x1 5x1 6x1");
    let mut held = Vec::new();
    while let Ok(Some((_, msg))) =
        tokio::time::timeout(std::time::Duration::ZERO, messages.recv()).await
    {
        if let outpost::msg::Msg::Batch(outpost::msg::Told::Held(_, said)) = msg {
            held.push(said);
        }
    }
    let last = held.pop().flatten().unwrap_or_default();
    assert!(
        last.starts_with("no lock: a pooler stands between"),
        "{last}"
    );
}

/// Goes on with the batch `id` where no file may grow beyond `blocks` of 512 bytes: exit code, and what was printed.
async fn within(shell: &Shell, id: &str, blocks: u64) -> (i32, Value) {
    let script = "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"";
    let mut child = Command::new("sh")
        .args(["-c", script, &blocks.to_string()])
        .arg(program())
        .args(["--config", &shell.config(), "batches", "resume", id])
        .env_clear()
        .env("HOME", shell.home())
        .env("DATABASE_URL", &shell.url)
        .env("USER", "ann")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let run = move || {
        let mut out = String::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut out)
            .unwrap();
        (child.wait().unwrap().code().unwrap(), out)
    };
    let (code, out) = tokio::task::spawn_blocking(run).await.unwrap();
    let printed = serde_json::from_str(&out);
    (
        code,
        printed.unwrap_or_else(|error| panic!("{error}: {out}")),
    )
}

#[tokio::test]
async fn a_disk_without_room_for_the_journal_stops_a_batch_before_anything_is_sent_that_it_does_not_tell()
 {
    let db = database::fresh().await;
    db.client.batch_execute(FORTY).await.unwrap();
    let _workflow = workflow(&db, "false").await;
    let shell = Shell::on(&db, 3_000);
    let retry = ["events", "retry", "--filter", "stage:email_opened"];
    let plan = shell.json(&[&retry[..], &["--plan"]].concat()).await;
    let hash = plan["hash"].as_str().unwrap();
    let mut child = shell.start(&[&retry[..], &["--apply", hash]].concat());
    sent(&db, 3, &mut child).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let list = shell.json(&["batches", "list", "--json"]).await;
    let id = list[0]["batch"].as_str().unwrap().to_owned();
    let state = shell.home().join(".local/state/outpost");
    // The audit file is to have room.
    std::fs::remove_file(state.join("audit.jsonl")).unwrap();
    let journal = state.join("batches").join(format!("{id}.jsonl"));
    let len = std::fs::metadata(&journal).unwrap().len();
    let (code, ended) = within(&shell, &id, (len + 2_000).div_ceil(512)).await;
    // 3 where the disk was full between a commit and what came of it: one row is in doubt then.
    let is_told = matches!(code, 2 | 3) && ended["state"] == "paused";
    assert!(is_told, "{code} {ended:#}");
    let why = ended["why"].as_str().unwrap();
    assert!(why.contains("the journal cannot be written"), "{why}");
    assert!(why.contains("File too large"), "{why}");
    let n = sends(&db).await;
    assert!((4..40).contains(&n), "{n} were sent");
    let shown = shell.json(&["batches", "show", &id, "--json"]).await;
    let told = shown["rows"].as_array().unwrap().iter();
    let told = told.filter(|row| row["standing"] != "waiting").count();
    assert!(n as usize <= told, "{n} sent, {told} told: {shown:#}");
    // With room again it goes on where it was.
    let ended = shell.json(&["batches", "resume", &id]).await;
    assert_eq!(
        ended["report"], "40: ok 40, failed 0, pending 0, skipped 0",
        "{ended:#}"
    );
    let twice = "SELECT count(*) || ' ' || count(DISTINCT id) FROM marketing.sends";
    assert_eq!(one(&db.client, twice).await, "40 40");
    let first = RowId::from(40);
    assert_eq!(shown["rows"][0]["id"], first.as_str(), "the canary");
}
