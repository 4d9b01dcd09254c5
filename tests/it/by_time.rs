//! The ledger where keys have no order: rows are followed by time, counted by the server, and never called lost while they
//! are there.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use outpost::domain::ledger::Balance;
use tokio::time::sleep;

use crate::{
    chaos::Watcher,
    connect::settings,
    database::{self, Db},
};

/// A table with UUIDs; some rows are older than any overlap.
async fn uuids() -> Db {
    let db = database::empty().await;
    let sql = "CREATE SCHEMA marketing;
        CREATE TABLE marketing.pipeline_events
          (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), event_type text NOT NULL, payload jsonb,
           status text DEFAULT 'pending', created_at timestamptz DEFAULT now(), processed_at timestamptz);
        INSERT INTO marketing.pipeline_events (event_type, created_at)
          SELECT 'company_created', now() - interval '1 hour' - n * interval '1 s' FROM generate_series(1, 20) AS n";
    db.client.batch_execute(sql).await.unwrap();
    db
}

async fn rows(db: &Db) -> u64 {
    let sql = "SELECT count(*) FROM marketing.pipeline_events";
    let row = db.client.query_one(sql, &[]).await.unwrap();
    row.get::<_, i64>(0).unsigned_abs()
}

async fn watched(db: &Db) -> Watcher {
    let mut watcher = Watcher::start(&settings(&db.url));
    let balance = watcher.until(20, |b| b.count.is_approximate()).await;
    assert_eq!(balance.table(), 20, "{balance:?}");
    watcher
}

/// What the ledger says, beside what the database says.
async fn agrees(db: &Db, balance: &Balance) {
    assert_eq!(balance.table(), rows(db).await, "{balance:?}");
    assert_eq!(balance.count.lost, 0, "{balance:?}");
    let count = &balance.count;
    assert_eq!(
        balance.kept + balance.evicted + balance.backfilled(),
        balance.table() + count.removed + count.older,
        "{balance:?}"
    );
    let recount = count.sql.display();
    let row = db.client.query_one(&recount, &[]).await.unwrap();
    let by_hand = row.get::<_, i64>(0).unsigned_abs();
    assert_eq!(by_hand, count.rows, "{recount}");
    let said = balance.lines(0).join("\n");
    assert!(said.contains("APPROXIMATE"), "{said}");
    assert_eq!(balance.json()["approximate"], true);
}

const INSERT: &str = "INSERT INTO marketing.pipeline_events (event_type)
                      SELECT 'company_created' FROM generate_series(1, ";

/// One writer: single rows, batches, rollbacks, and transactions that commit seconds after the time their rows bear.
async fn write(db: &Db, writer: usize) {
    let client = db.connect().await;
    for turn in 0..60 {
        let n = 1 + (turn * 7 + writer) % 9;
        let sql = match (turn + writer) % 6 {
            0 => format!("BEGIN; {INSERT}{n}); ROLLBACK"),
            1 => format!("BEGIN; {INSERT}{n}); SELECT pg_sleep(0.4); COMMIT"),
            _ => format!("{INSERT}{n})"),
        };
        client.batch_execute(&sql).await.unwrap();
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_uuids_several_writers_rollbacks_and_a_killed_connection_lose_nothing() {
    let db = uuids().await;
    let mut watcher = watched(&db).await;
    let writing = futures_util::future::join_all((0..4).map(|writer| write(&db, writer)));
    let held = db.connect().await;
    held.batch_execute(&format!("BEGIN; {INSERT}5)"))
        .await
        .unwrap();
    let killing = async {
        for _ in 0..3 {
            sleep(Duration::from_millis(900)).await;
            let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                        WHERE datname = current_database() AND application_name LIKE 'outpost%'";
            db.client.query_one(kill, &[]).await.unwrap();
        }
    };
    tokio::select! {
        _done = async { tokio::join!(writing, killing) } => {}
        () = watcher.watch_for(Duration::from_mins(5)) => {}
    }
    // It commits after all the others, within the overlap.
    held.batch_execute("COMMIT").await.unwrap();
    let all = rows(&db).await;
    let is_counted = |b: &Balance| {
        let stretches = &b.count.stretches;
        b.count.lost == 0 && !stretches.is_empty() && stretches.iter().all(|it| it.is_recounted)
    };
    let balance = watcher.until(all, is_counted).await;
    agrees(&db, &balance).await;
    assert_eq!(
        (balance.count.late, balance.count.removed),
        (0, 0),
        "{balance:?}"
    );
    watcher.came_once();
    for over in watcher.store.reconnects.iter() {
        let said = over.sentence("now");
        assert!(said.contains(": about "), "{said}");
        assert!(said.ends_with("backfilled, 0 lost"), "{said}");
    }
}

#[tokio::test]
async fn with_uuids_a_row_that_comes_after_the_overlap_is_counted_as_late_and_one_within_it_is_not()
{
    let db = uuids().await;
    let mut watcher = watched(&db).await;
    let at = |ago: &str| {
        format!(
            "INSERT INTO marketing.pipeline_events (event_type, created_at) VALUES ('company_created', now() - interval '{ago}')"
        )
    };
    db.client.batch_execute(&at("0 s")).await.unwrap();
    watcher.until(21, |b| b.count.ahead == 0).await;
    db.client.batch_execute(&at("20 s")).await.unwrap();
    let balance = watcher.until(22, |b| b.count.lost == 0).await;
    agrees(&db, &balance).await;
    assert_eq!(balance.count.late, 0, "{balance:?}");
    db.client.batch_execute(&at("30 min")).await.unwrap();
    let balance = watcher.until(23, |b| b.count.late == 1).await;
    agrees(&db, &balance).await;
    assert_eq!(balance.count.late, 1, "{balance:?}");
}

#[tokio::test]
async fn with_uuids_rows_that_are_removed_are_told_and_more_of_one_instant_than_are_read_at_once_are_counted()
 {
    let db = uuids().await;
    let mut watcher = watched(&db).await;
    db.client
        .batch_execute(&format!("{INSERT}120000)"))
        .await
        .unwrap();
    let balance = watcher.until(120_020, |b| b.count.ahead == 0).await;
    agrees(&db, &balance).await;
    assert_eq!(watcher.store.stream.len(), outpost::store::ring::CAPACITY);
    let delete = "DELETE FROM marketing.pipeline_events WHERE id IN
                    (SELECT id FROM marketing.pipeline_events WHERE created_at > now() - interval '10 min' LIMIT 10)";
    db.client.batch_execute(delete).await.unwrap();
    let balance = watcher.until(120_010, |b| b.count.removed == 10).await;
    agrees(&db, &balance).await;
    assert_eq!(
        (balance.count.removed, balance.count.late),
        (10, 0),
        "{balance:?}"
    );
}

/// One from before the watch and one of it, both shown: found gone by the sweeps, as keys with an order are, and no other.
#[tokio::test]
async fn with_uuids_shown_rows_that_anybody_deletes_are_struck_out_and_the_sum_still_holds() {
    let db = uuids().await;
    let mut watcher = watched(&db).await;
    db.client
        .batch_execute(&format!("{INSERT}700)"))
        .await
        .unwrap();
    watcher.until(720, |b| b.kept == 720).await;
    let delete = "DELETE FROM marketing.pipeline_events WHERE id IN
        ((SELECT id FROM marketing.pipeline_events ORDER BY created_at LIMIT 1), (SELECT id FROM marketing.pipeline_events ORDER BY created_at DESC LIMIT 1))
        RETURNING id::text";
    let rows = db.client.query_typed(delete, &[]).await.unwrap();
    let deleted: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let deadline = Instant::now() + Duration::from_mins(1);
    let struck = |watcher: &Watcher| -> BTreeSet<String> {
        let stream = &watcher.store.stream;
        let ids = stream.newest().map(|row| &row.id);
        ids.filter(|id| stream.is_gone(id))
            .map(ToString::to_string)
            .collect()
    };
    while struck(&watcher).len() < 2 {
        assert!(Instant::now() < deadline, "not struck out: {deleted:?}");
        watcher.watch_for(Duration::from_millis(50)).await;
    }
    assert_eq!(struck(&watcher), deleted);
    let balance = watcher.until(718, |b| b.count.removed == 2).await;
    assert_eq!((balance.kept, balance.evicted), (720, 0));
    agrees(&db, &balance).await;
    assert_eq!(struck(&watcher), deleted);
}
