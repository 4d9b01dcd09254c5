//! A listener that hears nothing more says so within two intervals of its proofs, whatever the reason, and outpost goes on
//! by sweeps alone.

use std::time::Duration;

use outpost::{
    domain::event::RowId,
    msg::Link,
    sources::postgres::{Canary, Settings},
};
use tokio::time::Instant;

use crate::{
    chaos::Watcher,
    connect::settings,
    database::{self, Db},
    proxy::{Line, Proxy},
    sources::through,
};

/// Between two proofs; what answers within half of it is in time, as with 10 s and 5 s by default.
const INTERVAL: Duration = Duration::from_secs(2);

/// The tail is read every 2 s; as much again for a busy machine.
const TAIL: Duration = Duration::from_secs(4);

/// At the proxy, proven always.
fn listening(proxy: &Proxy, db: &Db) -> Settings {
    let mut settings = through(proxy, db);
    settings.heartbeat = INTERVAL;
    settings.patience = INTERVAL / 2;
    settings.canary = Canary::Always;
    settings
}

/// Watches until it is so; how long that took.
async fn until(watcher: &mut Watcher, is_so: impl Fn(&Watcher) -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so(watcher) {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{:?}",
            watcher.store.listener
        );
        watcher.watch_for(Duration::from_millis(20)).await;
    }
    begun.elapsed()
}

const fn is_up(watcher: &Watcher) -> bool {
    watcher.store.listener.is_up()
}

async fn insert(db: &Db) -> RowId {
    let sql = "INSERT INTO marketing.pipeline_events (event_type) VALUES ('company_created') RETURNING id::text";
    let id: String = db.client.query_one(sql, &[]).await.unwrap().get(0);
    RowId::parse(&id).unwrap()
}

/// Breaks the way of a listener that was up; the watcher, which still reads, when it has noticed.
async fn broken(db: &Db, line: Line) -> (Watcher, Proxy) {
    insert(db).await;
    let proxy = Proxy::start(&db.url, Line::Sound).await;
    let mut watcher = Watcher::start_apart(&listening(&proxy, db), &settings(&db.url));
    until(&mut watcher, |watcher| {
        is_up(watcher) && !watcher.store.stream.is_empty()
    })
    .await;
    proxy.set(line);
    let took = until(&mut watcher, |watcher| !is_up(watcher)).await;
    assert!(took < INTERVAL * 2, "{line:?} was noticed after {took:?}");
    (watcher, proxy)
}

/// A row is found although nobody hears of it.
async fn goes_on(db: &Db, watcher: &mut Watcher) {
    let heard = watcher.store.notifications;
    let id = insert(db).await;
    let took = until(watcher, |watcher| watcher.store.stream.get(&id).is_some()).await;
    assert!(took < TAIL, "found after {took:?}");
    assert_eq!(watcher.store.notifications, heard);
}

/// It hears again, and what came meanwhile is a line of the stream.
async fn comes_back(db: &Db, watcher: &mut Watcher, proxy: &Proxy) {
    proxy.set(Line::Sound);
    until(watcher, is_up).await;
    let is_counted = |watcher: &Watcher| {
        let over = watcher.store.reconnects.iter().next_back();
        over.is_some_and(|over| {
            over.found
                .is_some_and(|found| found.rows >= 1 && found.lost == 0)
        })
    };
    until(watcher, is_counted).await;
    let id = insert(db).await;
    let took = until(watcher, |watcher| watcher.store.stream.get(&id).is_some()).await;
    assert!(took < TAIL, "found after {took:?}");
}

#[tokio::test]
async fn a_line_whose_packets_are_dropped_is_down_within_two_intervals_and_rows_are_found() {
    let db = database::fresh().await;
    let (mut watcher, proxy) = broken(&db, Line::Swallows).await;
    assert!(matches!(watcher.store.listener, Link::Down { .. }));
    goes_on(&db, &mut watcher).await;
    comes_back(&db, &mut watcher, &proxy).await;
}

#[tokio::test]
async fn a_line_that_a_pooler_was_put_into_is_down_within_two_intervals_then_deaf_and_rows_are_found()
 {
    let db = database::fresh().await;
    let (mut watcher, proxy) = broken(&db, Line::LosesNotifications).await;
    let is_deaf = |watcher: &Watcher| matches!(watcher.store.listener, Link::Deaf(..));
    until(&mut watcher, is_deaf).await;
    goes_on(&db, &mut watcher).await;
    comes_back(&db, &mut watcher, &proxy).await;
}

#[tokio::test]
async fn a_compute_that_suspends_itself_is_down_at_once_and_hears_again_when_it_has_woken() {
    let db = database::fresh().await;
    let (mut watcher, proxy) = broken(&db, Line::Sleeps).await;
    assert!(matches!(watcher.store.listener, Link::Down { .. }));
    goes_on(&db, &mut watcher).await;
    comes_back(&db, &mut watcher, &proxy).await;
}
