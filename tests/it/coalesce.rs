//! A console while the writers' hints are coalesced: what no hint told of is found all the same, and soon.

use std::{collections::BTreeMap, time::Duration};

use outpost::{
    domain::{
        event::{EventStatus, RowId},
        ledger::Balance,
    },
    msg::{Fact, Link, Msg},
    sources::postgres::{Settings, address::Address},
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use crate::{
    chaos::Watcher,
    database::{self, Db},
};

/// How late a row may be that no hint told of: the tail is read every 2 s; the rest is for a machine that is busy.
const LATE: Duration = Duration::from_secs(4);

async fn coalescing() -> Db {
    let db = database::fresh().await;
    let sql = "UPDATE outpost.settings SET value = 'coalesce' WHERE name = 'notify'";
    db.client.batch_execute(sql).await.unwrap();
    db
}

fn watcher(db: &Db) -> Watcher {
    Watcher::start(&Settings::new(
        Address::parse(Some(&db.url), |_| None).unwrap(),
    ))
}

/// Whether both connections stand, and the first of everything was read.
fn is_up(watcher: &Watcher, _: &Seen) -> bool {
    let store = &watcher.store;
    store.ledger.value().is_some() && matches!(store.listener, Link::Up(..))
}

/// When each row was first read.
type Seen = BTreeMap<RowId, Instant>;

/// Watches for `time`, or until all is as it should be.
async fn watch(
    watcher: &mut Watcher,
    seen: &mut Seen,
    time: Duration,
    is_done: impl Fn(&Watcher, &Seen) -> bool,
) {
    let until = Instant::now() + time;
    while !is_done(watcher, seen)
        && let Ok(Some((at, msg))) = timeout(
            until.saturating_duration_since(Instant::now()),
            watcher.messages.recv(),
        )
        .await
    {
        if let Msg::Fetched(_, Ok(Fact::Tail(rows)), _) = &msg {
            for row in rows {
                seen.entry(row.id.clone()).or_insert_with(Instant::now);
            }
        }
        watcher.take(at, msg);
    }
}

/// Writes rows, some of which are committed late, and processes each; says when each was committed.
async fn write(db: &Db, rows: u64, committed: mpsc::UnboundedSender<(RowId, Instant)>) {
    let client = db.connect().await;
    for turn in 0..rows {
        client.batch_execute("BEGIN").await.unwrap();
        let insert = "INSERT INTO marketing.pipeline_events (event_type) VALUES ('company_created') RETURNING id";
        let row = client.query_one(insert, &[]).await.unwrap();
        if turn % 4 == 0 {
            sleep(Duration::from_millis(turn % 40)).await;
        }
        client.batch_execute("COMMIT").await.unwrap();
        let id: i64 = row.get("id");
        committed.send((RowId::from(id), Instant::now())).unwrap();
        let update = "UPDATE marketing.pipeline_events SET status = 'processed', processed_at = now() WHERE id = $1";
        client.execute(update, &[&id]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_writers_every_row_is_found_in_time_and_none_is_lost() {
    const WRITERS: u64 = 8;
    const ROWS: u64 = 120;
    let db = coalescing().await;
    let mut watcher = watcher(&db);
    let mut seen = BTreeMap::new();
    watch(&mut watcher, &mut seen, LATE, is_up).await;
    let (_listening, mut heard) = db.listen().await;
    let (sender, mut committed) = mpsc::unbounded_channel();
    let writing = (0..WRITERS).map(|_| write(&db, ROWS, sender.clone()));
    tokio::select! {
        _done = futures_util::future::join_all(writing) => {}
        () = watch(&mut watcher, &mut seen, Duration::from_mins(5), |_, _| false) => {}
    }
    let rows = WRITERS * ROWS;
    watch(&mut watcher, &mut seen, LATE, |_, seen| {
        seen.len() as u64 == rows
    })
    .await;

    let hints = db.heard_so_far(&mut heard).await.len() as u64;
    assert!(0 < hints && hints < rows, "{hints} hints of {rows} rows");
    drop(sender);
    while let Some((id, at)) = committed.recv().await {
        let found = seen.get(&id);
        let late = found.map(|found| found.saturating_duration_since(at));
        assert!(late.is_some_and(|late| late < LATE), "{id}: {late:?}");
    }
    let balanced = |b: &Balance| b.count.waiting == 0 && b.count.ahead == 0;
    let balance = watcher.until(rows, balanced).await;
    assert_eq!(
        (balance.table(), balance.count.lost),
        (rows, 0),
        "{balance:?}"
    );
    let processed = |watcher: &Watcher, _: &Seen| {
        let mut kept = watcher.store.stream.newest();
        kept.all(|event| event.status == EventStatus::Processed)
    };
    watch(&mut watcher, &mut seen, LATE, processed).await;
    assert!(processed(&watcher, &seen), "a change of status was missed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_one_transaction_holds_its_hint_back_the_others_rows_are_found_by_looking() {
    let db = coalescing().await;
    let mut watcher = watcher(&db);
    let mut seen = BTreeMap::new();
    watch(&mut watcher, &mut seen, LATE, is_up).await;
    let mut holder = db.connect().await;
    let open = holder.transaction().await.unwrap();
    let insert = "INSERT INTO marketing.pipeline_events (id, event_type) VALUES ";
    open.batch_execute(&format!("{insert} (1, 'company_created')"))
        .await
        .unwrap();

    let (_listening, mut heard) = db.listen().await;
    db.client
        .batch_execute(&format!("{insert} (2, 'company_created')"))
        .await
        .unwrap();
    watch(&mut watcher, &mut seen, LATE, |_, seen| {
        seen.contains_key(&RowId::from(2))
    })
    .await;
    assert!(seen.contains_key(&RowId::from(2)), "{seen:?}");
    db.client
        .batch_execute("UPDATE marketing.pipeline_events SET status = 'failed' WHERE id = 2")
        .await
        .unwrap();
    let failed = |watcher: &Watcher, _: &Seen| {
        let kept = watcher.store.stream.get(&RowId::from(2));
        kept.is_some_and(|kept| kept.status == EventStatus::Failed)
    };
    watch(&mut watcher, &mut seen, LATE, failed).await;
    assert!(failed(&watcher, &seen), "a change of status was missed");
    assert_eq!(db.heard_so_far(&mut heard).await, [""; 0]);
    open.commit().await.unwrap();
    assert_eq!(db.heard_so_far(&mut heard).await.len(), 1);
}
