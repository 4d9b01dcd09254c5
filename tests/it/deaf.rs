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
    connect::{role, settings},
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

#[tokio::test]
async fn behind_a_pooler_that_lends_connections_the_listener_says_so_whatever_the_proofs_and_rows_are_found()
 {
    let db = database::fresh().await;
    insert(&db).await;
    let proxy = Proxy::start(&db.url, Line::Pools).await;
    for canary in [Canary::Off, Canary::WhenActive, Canary::Always] {
        let mut settings = listening(&proxy, &db);
        settings.canary = canary;
        let mut watcher = Watcher::start(&settings);
        until(&mut watcher, |watcher| {
            !matches!(watcher.store.listener, Link::Connecting)
        })
        .await;
        let Link::Deaf(_, why) = &watcher.store.listener else {
            panic!("{canary:?}: {:?}", watcher.store.listener);
        };
        assert!(why.starts_with("a pooler stands between"), "{why}");
        assert_eq!(watcher.store.proven, None);
        goes_on(&db, &mut watcher).await;
        assert_eq!(watcher.store.notifications, 0);
    }
}

#[tokio::test]
async fn behind_a_pooler_that_lends_whole_sessions_the_listener_hears_and_the_round_trip_is_told() {
    let db = database::fresh().await;
    let proxy = Proxy::start(&db.url, Line::RefusesOptions).await;
    let mut settings = listening(&proxy, &db);
    settings.canary = Canary::Off;
    let mut watcher = Watcher::start(&settings);
    until(&mut watcher, is_up).await;
    let Link::Up(_, Some(remark)) = &watcher.store.listener else {
        panic!("{:?}", watcher.store.listener);
    };
    assert!(remark.contains("a pooler stands between"), "{remark}");
    assert!(watcher.store.proven.is_some());
    let id = insert(&db).await;
    until(&mut watcher, |watcher| {
        watcher.store.notifications > 0 && watcher.store.stream.get(&id).is_some()
    })
    .await;
}

#[tokio::test]
async fn a_role_whose_idle_sessions_are_ended_keeps_its_listener_though_nothing_proves_it() {
    let db = database::fresh().await;
    let role = role(&db, "SUPERUSER").await;
    let idle = format!("ALTER ROLE {role} SET idle_session_timeout = '500ms'");
    // Before version 14 nothing ends idle sessions.
    let is_known = "SELECT count(*) FROM pg_settings WHERE name = 'idle_session_timeout'";
    let row = db.client.query_one(is_known, &[]).await.unwrap();
    if row.get::<_, i64>(0) == 0 {
        return;
    }
    db.client.batch_execute(&idle).await.unwrap();
    let url = db.url.replace("postgres@", &format!("{role}@"));
    assert_ne!(url, db.url);
    let mut settings = settings(&url);
    settings.canary = Canary::Off;
    let mut watcher = Watcher::start(&settings);
    until(&mut watcher, is_up).await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(2) {
        watcher.watch_for(Duration::from_millis(100)).await;
        assert!(is_up(&watcher), "{:?}", watcher.store.listener);
    }
    assert_eq!(watcher.store.reconnects.count(), 0);
}
