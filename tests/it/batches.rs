//! Retries that go row by row: each named row exactly once and no other, whatever dies meanwhile; one replay a stage; a
//! brake; and the journal that tells of it.

mod console;
mod doubt;
mod history;
mod program;
mod quiet;
mod trouble;
mod webhook;

use std::{path::Path, time::Duration};

use outpost::{
    domain::{
        batch::{Batch, Halt, Mode, Order, Pacing, Standing},
        event::{EventType, RowId},
        pipeline::SideEffect,
        plan::{EventTarget, Mutation, Plan, Strategy},
        untrusted::Untrusted,
    },
    msg::Fault,
    shell::{
        audit::Audit,
        batches::{Means, Runner, journal::Journals},
        tasks::Targets,
        triage::Local,
    },
    sources::{
        Inbox, Messages,
        postgres::{Client, Settings},
    },
};
use tempfile::TempDir;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    connect,
    database::{self, Db},
    mutations::shown,
    shapes::CLASSIC,
};

/// How long a batch of a test may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// As fast as it goes.
const FAST: Pacing = Pacing {
    canary: 1,
    per_minute: 6_000,
    brake: 2,
    backlog: 50,
    patience_s: 30,
    n8n_runs: 0,
    budget: 0,
    least: 10,
};

/// Rows 1 to 12 that failed, two ways; and a count of how often each is put back into the queue.
const WORK: &str = "
    INSERT INTO marketing.pipeline_events (id, event_type, payload, status, error_message, retry_count)
    SELECT n, 'slots_created', jsonb_build_object('record_id', 'r' || n), 'failed', CASE WHEN n % 2 = 0 THEN 'HTTP 429' ELSE 'HTTP 503' END, 0
    FROM generate_series(1, 12) AS n;
    SELECT setval(pg_get_serial_sequence('marketing.pipeline_events', 'id'), 100);
    CREATE TABLE marketing.sends (id int);
    CREATE FUNCTION marketing.note_send() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO marketing.sends VALUES (NEW.id); RETURN NULL; END $$;
    CREATE TRIGGER note_send AFTER UPDATE ON marketing.pipeline_events FOR EACH ROW
    WHEN (OLD.status = 'failed' AND NEW.status = 'pending') EXECUTE FUNCTION marketing.note_send();";

/// A workflow that takes what is pending; ends when it is dropped.
struct Workflow(JoinHandle<()>);

impl Drop for Workflow {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts one that fails the rows for which `fails` is true, and writes down why.
async fn workflow(db: &Db, fails: &str) -> Workflow {
    let client = db.connect().await;
    let sql = format!(
        "WITH taken AS (
           UPDATE marketing.pipeline_events SET status = CASE WHEN {fails} THEN 'failed' ELSE 'processed' END, processed_at = now()
           WHERE status = 'pending' RETURNING id, event_type, payload, status
         )
         INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message)
         SELECT event_type, payload->>'record_id', 'HTTP 401 for row ' || id FROM taken WHERE status = 'failed'"
    );
    Workflow(tokio::spawn(async move {
        loop {
            // Who is ended in the middle goes on.
            drop(client.batch_execute(&sql).await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }))
}

/// What drives batches over one database, with a home of its own.
struct Desk {
    home: TempDir,
    url: String,
}

impl Desk {
    fn on(db: &Db) -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            url: db.url.clone(),
        }
    }

    /// What drives them, as `who`. Nobody listens to what is told.
    fn means(&self, who: &str) -> Means {
        let (means, mut messages) = self.over(connect::settings(&self.url), who);
        tokio::spawn(async move { while messages.recv().await.is_some() {} });
        means
    }

    /// What drives them over a database that is reached like this, as `who`; and what is told.
    fn over(&self, mut settings: Settings, who: &str) -> (Means, Messages) {
        who.clone_into(&mut settings.who);
        let (inbox, messages) = Inbox::new();
        let means = Means {
            targets: Targets {
                local: Local::new(self.home.path(), &settings),
                audit: Audit::new(self.home.path(), who.to_owned(), settings.place()),
                database: settings,
                n8n: None,
                webhooks: None,
            },
            journals: self.journals(),
            inbox,
            cancel: CancellationToken::new(),
        };
        (means, messages)
    }

    fn journals(&self) -> Journals {
        Journals::below(self.home.path())
    }
}

/// The plan to retry these rows like this.
async fn plan(client: &Client, ids: impl Iterator<Item = i64>, pacing: Pacing) -> Plan {
    let target = |id: i64| EventTarget {
        id: RowId::from(id),
        stage: EventType::from("slots_created"),
        side_effect: SideEffect::PaidApi,
        raw_status: Untrusted::from("failed"),
        retries: 0,
    };
    let retry = Mutation::RetryEvents(ids.map(target).collect::<Vec<_>>().into());
    Plan {
        pacing: Some(pacing),
        reason: Some("the quota is raised".to_owned()),
        ..shown(client, retry).await
    }
}

async fn run(mut runner: Runner) -> Batch {
    let ended = timeout(PATIENCE, Box::pin(runner.run())).await;
    ended.unwrap().unwrap().clone()
}

async fn begun(means: &Means, plan: Plan) -> (Runner, mpsc::Sender<Order>) {
    let (orders, given) = mpsc::channel(4);
    (means.begin(plan, given).await.unwrap(), orders)
}

async fn resumed(means: &Means, batch: &outpost::domain::batch::BatchId) -> Result<Runner, Fault> {
    means.resume(batch, mpsc::channel(1).1).await
}

async fn one(client: &Client, sql: &str) -> String {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// How often each row was put back into the queue.
const SENDS: &str = "SELECT coalesce(string_agg(id || 'x' || n, ' ' ORDER BY id), '') FROM (SELECT id, count(*) AS n FROM marketing.sends GROUP BY id) AS s";

/// The rows that nobody named.
const OTHERS: &str = "SELECT md5(string_agg(e::text, ',' ORDER BY id)) FROM marketing.pipeline_events AS e WHERE id NOT BETWEEN 3 AND 9";

async fn each_named_row_and_no_other(db: Db) {
    db.client.batch_execute(WORK).await.unwrap();
    let _workflow = workflow(&db, "false").await;
    let desk = Desk::on(&db);
    let others = one(&db.client, OTHERS).await;
    let plan = plan(&db.client, 3..=9, FAST).await;
    assert_eq!(plan.canaries(), 2, "two stages of failure");
    // Between the plan and its row, somebody mends one.
    db.client
        .batch_execute(
            "UPDATE marketing.pipeline_events SET status = 'processed' WHERE id = 8;
             DELETE FROM marketing.sends",
        )
        .await
        .unwrap();
    let (runner, _orders) = begun(&desk.means("ann@host"), plan).await;
    let batch = run(runner).await;
    assert!(batch.is_over(), "{:?}", batch.mode);
    assert_eq!(
        batch.report().to_string(),
        "7: ok 6, failed 0, pending 0, skipped 1"
    );
    let skipped = &batch.row(&RowId::from(8)).unwrap().standing;
    assert_eq!(
        *skipped,
        Standing::Skipped("it was failed, it is processed now".to_owned())
    );
    assert_eq!(one(&db.client, SENDS).await, "3x1 4x1 5x1 6x1 7x1 9x1");
    assert_eq!(one(&db.client, OTHERS).await, others);
    let canaries = batch.rows.iter().filter(|row| row.is_canary);
    let canaries: Vec<&str> = canaries.map(|row| row.id.as_str()).collect();
    assert_eq!(canaries, ["3", "4"]);
    let kept = desk.journals().read(&batch.head.batch).unwrap();
    assert_eq!(kept.batch().rows, batch.rows, "the journal tells the same");
}

#[tokio::test]
async fn a_batch_does_each_row_it_names_once_and_no_other() {
    let db = database::fresh().await;
    let client = db.connect().await;
    Box::pin(each_named_row_and_no_other(db)).await;
    let audit = "SELECT string_agg(DISTINCT action || ' ' || note || ' ' || (outcome->>'key' ~ '^[0-9]{8}-[0-9]{6}-[0-9a-f]{4}/[0-9]+$'), ',') || ' ' || count(DISTINCT outcome->>'key') FROM outpost.audit";
    assert_eq!(
        one(&client, audit).await,
        "retry_events the quota is raised true 7"
    );
}

#[tokio::test]
async fn a_batch_does_the_same_on_a_database_in_the_classic_shape() {
    let db = database::empty().await;
    CLASSIC.make(&db.client).await;
    Box::pin(each_named_row_and_no_other(db)).await;
}

#[tokio::test]
async fn a_batch_of_clones_watches_the_clones_and_leaves_the_rows_as_they_are() {
    let db = database::fresh().await;
    db.client.batch_execute(WORK).await.unwrap();
    let _workflow = workflow(&db, "payload->>'record_id' = 'r4'").await;
    let desk = Desk::on(&db);
    let mut plan = plan(&db.client, 3..=6, FAST).await;
    let Mutation::RetryEvents(retry) = &mut plan.mutation else {
        panic!("{plan:?}");
    };
    retry.strategy = Strategy::Clone;
    let (runner, _orders) = begun(&desk.means("ann@host"), plan).await;
    let batch = run(runner).await;
    // The canaries are 3 and 4, and the clone of 4 fails.
    let Mode::Paused(Halt::Canary(id, Some(cause))) = &batch.mode else {
        panic!("{:?}", batch.mode);
    };
    assert_eq!((id.as_str(), cause.as_str()), ("4", "HTTP 401 for row #"));
    let clones = "SELECT string_agg(payload->>'retry_of' || status, ' ' ORDER BY payload->>'retry_of') || ' '
        || (SELECT count(*) FROM marketing.pipeline_events WHERE status = 'failed' AND id <= 12)
        FROM marketing.pipeline_events WHERE payload ? 'retry_of'";
    assert_eq!(one(&db.client, clones).await, "3processed 4failed 12");
}

#[tokio::test]
async fn two_equal_failures_in_a_row_put_on_the_brake_and_a_new_one_is_told_from_the_old() {
    let db = database::fresh().await;
    db.client.batch_execute(WORK).await.unwrap();
    let _workflow = workflow(&db, "true").await;
    let desk = Desk::on(&db);
    let pacing = Pacing {
        canary: 0,
        per_minute: 60,
        ..FAST
    };
    let plan = plan(&db.client, 1..=12, pacing).await;
    let means = desk.means("ann@host");
    let (runner, _orders) = begun(&means, plan).await;
    let batch = run(runner).await;
    let Mode::Paused(Halt::Equal(2, Some(cause))) = &batch.mode else {
        panic!("{:?}", batch.mode);
    };
    assert_eq!(cause.as_str(), "HTTP 401 for row #");
    let report = batch.report();
    assert_eq!((report.same, report.new), (0, report.failed()), "{report}");
    assert!(report.waiting >= 9, "{report}");
    let sent = "SELECT count(*)::text FROM marketing.sends";
    assert_eq!(one(&db.client, sent).await, report.failed().to_string());
    // A canary stops the rest as well: it is the first row of those that are left.
    let runner = resumed(&means, &batch.head.batch).await.unwrap();
    let again = run(runner).await;
    assert!(matches!(again.mode, Mode::Paused(_)), "{:?}", again.mode);
    assert!(again.report().failed() >= report.failed() + 2);
}

#[tokio::test]
async fn a_canary_that_fails_leaves_all_others_alone() {
    let db = database::fresh().await;
    db.client.batch_execute(WORK).await.unwrap();
    let _workflow = workflow(&db, "true").await;
    let desk = Desk::on(&db);
    // Every other row has the same error as before; the first canary is one of them.
    let plan = plan(&db.client, (2..=12).step_by(2), FAST).await;
    let (runner, _orders) = begun(&desk.means("ann@host"), plan).await;
    let batch = run(runner).await;
    assert!(
        matches!(batch.mode, Mode::Paused(Halt::Canary(..))),
        "{:?}",
        batch.mode
    );
    assert_eq!(one(&db.client, SENDS).await, "2x1");
}

#[tokio::test]
async fn of_two_operators_one_has_the_lock_and_the_other_is_told_who() {
    let db = database::fresh().await;
    db.client.batch_execute(WORK).await.unwrap();
    let desk = Desk::on(&db);
    let ann = desk.means("ann@host");
    let (runner, _orders) = begun(&ann, plan(&db.client, 1..=6, FAST).await).await;
    let id = runner.id().clone();
    // Nobody takes its canaries: it waits for them.
    let waits = tokio::spawn(run(runner));
    let ben = desk.means("ben@host");
    let second = plan(&db.client, 7..=12, FAST).await;
    let told = ben.begin(second.clone(), mpsc::channel(1).1).await;
    let told = told.map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        told,
        "refused: outpost ann@host replays slots_created just now, and one replay a stage is the most: nothing was changed"
    );
    let told = resumed(&ben, &id).await.map(|_| ()).unwrap_err();
    assert_eq!(
        told.to_string(),
        "refused: another outpost on this machine drives this batch"
    );
    assert_eq!(desk.journals().all().unwrap().len(), 1, "no second journal");
    ann.cancel.cancel();
    let left = waits.await.unwrap();
    assert_eq!(left.mode, Mode::Running, "left as it stands");
    // The server frees the lock when it has seen the end of the session.
    let begins = async {
        loop {
            match ben.begin(second.clone(), mpsc::channel(1).1).await {
                Ok(runner) => break runner,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    drop(Box::pin(timeout(PATIENCE, begins)).await.unwrap());
}

#[tokio::test]
async fn a_batch_whose_sessions_are_ended_gets_its_lock_back_and_does_each_row_once() {
    let db = database::fresh().await;
    db.client.batch_execute(WORK).await.unwrap();
    let _workflow = workflow(&db, "false").await;
    let desk = Desk::on(&db);
    let pacing = Pacing {
        per_minute: 600,
        ..FAST
    };
    let (runner, _orders) = begun(
        &desk.means("ann@host"),
        plan(&db.client, 1..=12, pacing).await,
    )
    .await;
    let runs = tokio::spawn(run(runner));
    let end = "SELECT count(pg_terminate_backend(pid))::text FROM pg_stat_activity WHERE application_name = 'outpost ann@host' AND datname = current_database()";
    let mut ended = 0;
    while !runs.is_finished() && ended < 4 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        ended += one(&db.client, end).await.parse::<u32>().unwrap();
    }
    assert!(ended > 1, "nothing was ended");
    let batch = runs.await.unwrap();
    assert_eq!(
        batch.report().to_string(),
        "12: ok 12, failed 0, pending 0, skipped 0"
    );
    let once: Vec<String> = (1..=12).map(|n| format!("{n}x1")).collect();
    assert_eq!(one(&db.client, SENDS).await, once.join(" "));
}

#[tokio::test]
async fn a_batch_rests_when_it_is_told_to_and_goes_on_and_ends_when_it_is_told_to() {
    let db = database::fresh().await;
    db.client.batch_execute(WORK).await.unwrap();
    let _workflow = workflow(&db, "false").await;
    let desk = Desk::on(&db);
    let means = desk.means("ann@host");
    let (runner, orders) = begun(&means, plan(&db.client, 1..=12, FAST).await).await;
    let id = runner.id().clone();
    orders.send(Order::Pause).await.unwrap();
    let rests = run(runner).await;
    assert_eq!(
        rests.mode,
        Mode::Paused(Halt::ByHand("ann@host".to_owned()))
    );
    assert_eq!(rests.report().waiting, 12, "told before the first row");
    let stopped = means.stop(&id).await.unwrap();
    assert!(stopped.is_over());
    assert_eq!(one(&db.client, SENDS).await, "");
    let over = resumed(&means, &id).await.map(|_| ()).unwrap_err();
    assert!(over.to_string().contains("this batch is over"), "{over}");
    let audit = std::fs::read_to_string(Path::new(desk.home.path()).join("audit.jsonl")).unwrap();
    let phases: Vec<String> = audit
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| line["what"]["phase"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(phases, ["begin", "rest", "stop"]);
}
