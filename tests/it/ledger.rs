//! What a stream without gaps has to find although nothing tells of it, and how soon; and what the ledger says of it.

use std::time::Duration;

use outpost::{
    domain::event::{EventStatus, RowId},
    sources::postgres::catalog::Catalog,
};
use tokio::time::Instant;

use crate::{
    chaos::Watcher,
    connect::settings,
    database::{self, Db},
};

const INSERT: &str =
    "INSERT INTO marketing.pipeline_events (event_type, payload) VALUES ('company_created', '{}')";

/// A console that has read what is there, of a table that tells nobody of its rows.
async fn untold(db: &Db) -> Watcher {
    let sql = "ALTER TABLE marketing.pipeline_events DISABLE TRIGGER USER";
    db.client.batch_execute(sql).await.unwrap();
    let mut watcher = Watcher::start(&settings(&db.url));
    let has_read = |watcher: &Watcher| watcher.store.ledger.value().is_some();
    soon(&mut watcher, Duration::from_secs(10), has_read).await;
    watcher
}

/// Watches until it is so; how long that took.
async fn soon(
    watcher: &mut Watcher,
    limit: Duration,
    is_so: impl Fn(&Watcher) -> bool,
) -> Duration {
    let begun = Instant::now();
    while !is_so(watcher) {
        assert!(begun.elapsed() < limit, "not so after {limit:?}");
        watcher.watch_for(Duration::from_millis(50)).await;
    }
    begun.elapsed()
}

fn status(watcher: &Watcher, id: &str) -> Option<EventStatus> {
    let row = watcher.store.stream.get(&RowId::parse(id).unwrap());
    row.map(|row| row.status.clone())
}

/// The tail is read every 2 s; a little more for the way and a busy machine.
const TAIL: Duration = Duration::from_secs(4);

#[tokio::test]
async fn rows_and_changes_that_nothing_tells_of_are_found_within_two_seconds_and_the_way() {
    let db = database::fresh().await;
    db.client.batch_execute(INSERT).await.unwrap();
    let mut watcher = untold(&db).await;
    db.client.batch_execute(INSERT).await.unwrap();
    let pending = Some(EventStatus::Pending);
    soon(&mut watcher, TAIL, |w| status(w, "2") == pending).await;
    let fail = "UPDATE marketing.pipeline_events SET status = 'failed' WHERE id = 1";
    db.client.batch_execute(fail).await.unwrap();
    let failed = Some(EventStatus::Failed);
    soon(&mut watcher, TAIL, |w| status(w, "1") == failed).await;
    assert_eq!(watcher.store.notifications, 0);
}

#[tokio::test]
async fn a_key_that_commits_after_higher_ones_is_found_within_two_seconds_of_its_commit() {
    let db = database::fresh().await;
    let mut watcher = untold(&db).await;
    let late = db.connect().await;
    late.batch_execute(&format!("BEGIN; {INSERT}"))
        .await
        .unwrap();
    for _ in 0..3 {
        db.client.batch_execute(INSERT).await.unwrap();
    }
    soon(&mut watcher, TAIL, |w| status(w, "4").is_some()).await;
    assert_eq!(status(&watcher, "1"), None);
    late.batch_execute("COMMIT").await.unwrap();
    soon(&mut watcher, TAIL, |w| status(w, "1").is_some()).await;
}

#[tokio::test]
async fn a_row_kept_in_the_stream_is_read_again_when_it_changes_though_two_thousand_keys_are_newer()
{
    let db = database::fresh().await;
    let future = "INSERT INTO marketing.pipeline_events (event_type, created_at)
                  SELECT 'company_created', now() + interval '1 hour' FROM generate_series(1, 10)";
    db.client.batch_execute(future).await.unwrap();
    let mut watcher = untold(&db).await;
    let many = "INSERT INTO marketing.pipeline_events (event_type) SELECT 'company_created' FROM generate_series(1, 2500)";
    db.client.batch_execute(many).await.unwrap();
    soon(&mut watcher, TAIL, |w| status(w, "2510").is_some()).await;
    assert_eq!(status(&watcher, "5"), Some(EventStatus::Pending));
    let fail = "UPDATE marketing.pipeline_events SET status = 'failed' WHERE id = 5";
    db.client.batch_execute(fail).await.unwrap();
    let failed = Some(EventStatus::Failed);
    soon(&mut watcher, TAIL, |w| status(w, "5") == failed).await;
}

#[tokio::test]
async fn rows_with_uuids_and_changes_of_them_are_found_by_time() {
    let db = database::empty().await;
    let sql = "CREATE SCHEMA marketing; CREATE TABLE marketing.pipeline_events
                 (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), event_type text, payload jsonb,
                  status text DEFAULT 'pending', created_at timestamptz DEFAULT now())";
    db.client.batch_execute(sql).await.unwrap();
    let mut watcher = Watcher::start(&settings(&db.url));
    soon(&mut watcher, Duration::from_secs(10), |w| {
        w.store.tail.at().is_some()
    })
    .await;
    let insert = "INSERT INTO marketing.pipeline_events (event_type) VALUES ('company_created') RETURNING id::text";
    let id: String = db.client.query_one(insert, &[]).await.unwrap().get(0);
    soon(&mut watcher, TAIL, |w| status(w, &id).is_some()).await;
    let fail = "UPDATE marketing.pipeline_events SET status = 'failed'";
    db.client.batch_execute(fail).await.unwrap();
    soon(&mut watcher, TAIL, |w| {
        status(w, &id) == Some(EventStatus::Failed)
    })
    .await;
}

#[tokio::test]
async fn keys_that_sessions_put_aside_are_never_called_proven_and_their_rows_never_late() {
    let db = database::fresh().await;
    let sequence: String = db
        .client
        .query_one(
            "SELECT pg_get_serial_sequence('marketing.pipeline_events', 'id')",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    let cache = format!("ALTER SEQUENCE {sequence} CACHE 32");
    db.client.batch_execute(&cache).await.unwrap();
    let mut watcher = untold(&db).await;
    let (one, two) = (db.connect().await, db.connect().await);
    one.batch_execute(INSERT).await.unwrap();
    two.batch_execute(INSERT).await.unwrap();
    let balance = watcher
        .until(2, |b| b.count.waiting == 0 && b.count.aside > 0)
        .await;
    assert_eq!(
        (balance.count.aside, balance.count.proven),
        (31, 0),
        "{balance:?}"
    );
    assert_eq!(balance.count.cache, 32);
    assert!(balance.lines(0).iter().any(|line| {
        line.contains("31  keys without a row, unproven: the sequence caches 32 keys")
    }));
    one.batch_execute(INSERT).await.unwrap();
    let balance = watcher.until(3, |b| b.count.aside == 30).await;
    assert_eq!(
        (balance.count.late, balance.count.lost, balance.count.proven),
        (0, 0, 0),
        "{balance:?}"
    );
}

#[tokio::test]
async fn the_cache_of_a_sequence_is_known_whichever_way_it_fills_the_key() {
    for (column, cache) in [
        ("bigserial", 1),
        ("bigint GENERATED ALWAYS AS IDENTITY (CACHE 7)", 7),
        ("bigint DEFAULT nextval('marketing.shared')", 20),
        ("bigint", 1),
    ] {
        let db = database::empty().await;
        let sql = format!(
            "CREATE SCHEMA marketing; CREATE SEQUENCE marketing.shared CACHE 20;
             CREATE TABLE marketing.pipeline_events (id {column} PRIMARY KEY, event_type text, status text, created_at timestamptz)"
        );
        db.client.batch_execute(&sql).await.unwrap();
        let catalog: Catalog = database::catalog(&db.client, "marketing").await;
        assert_eq!(catalog.keys_aside(), cache, "{column}");
    }
}

#[tokio::test]
async fn a_row_that_anybody_deletes_is_struck_out_of_the_stream_and_the_sum_still_holds() {
    let db = database::fresh().await;
    db.client.batch_execute(INSERT).await.unwrap();
    let mut watcher = untold(&db).await;
    for _ in 0..4 {
        db.client.batch_execute(INSERT).await.unwrap();
    }
    soon(&mut watcher, TAIL, |w| status(w, "5").is_some()).await;
    // One in the middle, and the newest of all.
    let delete = "DELETE FROM marketing.pipeline_events WHERE id IN (3, 5)";
    db.client.batch_execute(delete).await.unwrap();
    let is_gone = |w: &Watcher, id: i64| w.store.stream.is_gone(&RowId::from(id));
    soon(&mut watcher, Duration::from_secs(30), |w| {
        is_gone(w, 3) && is_gone(w, 5)
    })
    .await;
    assert!([1, 2, 4].iter().all(|id| !is_gone(&watcher, *id)));
    let balance = watcher.until(3, |b| b.count.removed == 2).await;
    assert_eq!((balance.table(), balance.kept, balance.evicted), (3, 5, 0));
    assert_eq!((balance.backfilled(), balance.count.lost), (0, 0));
    db.client.batch_execute(INSERT).await.unwrap();
    let balance = watcher.until(4, |b| b.kept == 6).await;
    let (table, removed) = (balance.table(), balance.count.removed);
    assert_eq!(
        table + removed,
        balance.kept + balance.evicted + balance.backfilled()
    );
}

#[tokio::test]
async fn a_table_that_is_truncated_and_numbered_anew_is_accounted_for_from_its_first_new_row_on() {
    let db = database::fresh().await;
    let many = |n: u32| {
        format!(
            "INSERT INTO marketing.pipeline_events (event_type) SELECT 'company_created' FROM generate_series(1, {n})"
        )
    };
    db.client.batch_execute(&many(1_200)).await.unwrap();
    let mut watcher = untold(&db).await;
    let truncate = "TRUNCATE marketing.pipeline_events RESTART IDENTITY CASCADE";
    db.client.batch_execute(truncate).await.unwrap();
    db.client.batch_execute(&many(40)).await.unwrap();
    let balance = watcher.until(40, |_| true).await;
    let count = &balance.count;
    assert_eq!((balance.table(), count.lost, count.late), (40, 0, 0));
    db.client.batch_execute(&many(1_000)).await.unwrap();
    let balance = watcher.until(1_040, |_| true).await;
    let count = &balance.count;
    assert_eq!((balance.table(), count.lost, count.late), (1_040, 0, 0));
    let sql = balance.count.sql.display();
    let by_hand = db.client.query_one(&sql, &[]).await.unwrap();
    assert_eq!(by_hand.get::<_, i64>(0), 1_040);
    // The new row with an old key stands at the top, not where the old one stood.
    let newest = |w: &Watcher| w.store.stream.newest().next().map(|row| row.id.clone());
    let is_at_the_top = |w: &Watcher| newest(w) == Some(RowId::from(1_040));
    soon(&mut watcher, TAIL, is_at_the_top).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_fills_the_ring_and_not_the_memory_and_the_sweeps_catch_up_at_once() {
    let db = database::fresh().await;
    db.client.batch_execute(INSERT).await.unwrap();
    let mut watcher = untold(&db).await;
    let many = "INSERT INTO marketing.pipeline_events (event_type) SELECT 'company_created' FROM generate_series(1, 160000)";
    db.client.batch_execute(many).await.unwrap();
    // At 50,000 keys a turn and a turn every 5 s, four turns would take more than 15 s.
    let took = soon(&mut watcher, Duration::from_secs(12), |w| {
        w.store
            .ledger
            .value()
            .is_some_and(|b| b.table() == 160_001 && b.count.ahead == 0)
    })
    .await;
    let balance = watcher.store.ledger.value().unwrap();
    assert_eq!(watcher.store.stream.len(), outpost::store::ring::CAPACITY);
    assert_eq!(
        balance.kept + balance.evicted + balance.backfilled(),
        160_001,
        "{took:?}"
    );
    assert_eq!((balance.count.lost, balance.count.waiting), (0, 0));
    assert!(status(&watcher, "160001").is_some(), "the newest is shown");
}
