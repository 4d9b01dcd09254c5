//! Where a site lets its database sleep, nothing is asked of it while nobody looks and nothing comes; and what a key or a
//! notification brings back.

use std::{collections::BTreeSet, time::Duration};

use outpost::{
    domain::{
        event::{EventStatus, RowId},
        verdict::Health,
    },
    effect::{Effect, FeedId},
    model::Options,
    msg::{Fact, Link, Msg},
    screens::feeds,
    sources::postgres::Canary,
    store::{Store, reconnect::Away},
};
use tokio::{sync::watch, time::Instant};

use crate::{
    chaos::Watcher,
    connect::settings,
    database::{self, Db},
    scenario::{Scenario, World, event, start},
    screen::{paint, text},
};

/// How long nothing happens before a rest.
const AFTER: i64 = 600;

fn watching() -> Scenario {
    let options = Options {
        rest_after: Some(Duration::from_secs(AFTER as u64)),
        ..Options::default()
    };
    Scenario::with(options)
        .links_up()
        .world(&World::calm(start()))
}

fn of_n8n() -> BTreeSet<FeedId> {
    FeedId::ALL.into_iter().filter(|it| it.is_n8n()).collect()
}

fn shown(script: &Scenario) -> Vec<String> {
    text(&paint(&script.model, script.model.size))
}

/// At rest since just now.
fn resting() -> Scenario {
    let script = watching().lasts(&World::calm(start()), AFTER - 2).wait(2);
    assert_eq!(script.effects, [Effect::Need(of_n8n())]);
    script
}

#[test]
fn after_so_long_without_a_key_or_a_new_event_only_n8n_is_asked_and_the_first_line_says_so() {
    let script = watching().lasts(&World::calm(start()), AFTER - 2).wait(1);
    assert_eq!(script.model.store.resting, None);
    assert_eq!(script.model.store.verdict.health, Health::Ok);
    let script = resting().wait(300);
    let verdict = &script.model.store.verdict;
    assert_eq!(verdict.health, Health::Stale);
    let lines = shown(&script);
    let line = |start: &str| lines.iter().find(|line| line.starts_with(start)).unwrap();
    assert!(
        line(" STALE").contains("at rest, as of 5m"),
        "{}",
        line(" STALE")
    );
    assert!(
        line(" why").contains("any key wakes it"),
        "{}",
        line(" why")
    );
    assert!(
        line(" TRUST")
            .contains("RESTING 5m00s, any key wakes it | listen ok for 15m | db rests 5m02s old |"),
        "{}",
        line(" TRUST")
    );
}

#[test]
fn a_key_a_paste_or_a_notification_ends_a_rest_and_everything_that_is_shown_is_needed_again() {
    let stirs: [fn(Scenario) -> Scenario; 3] = [
        |script| script.keys("j"),
        |script| script.tell(Msg::Pasted("x".into())),
        |script| script.tell(Msg::Notified(1)),
    ];
    for stir in stirs {
        let script = stir(resting().wait(60));
        let model = &script.model;
        let all = feeds::needed(&model.screens, &model.store, model.screen, model.size.1);
        let is_woken = |effect: &Effect| matches!(effect, Effect::Need(needed) if *needed == all);
        assert!(script.effects.iter().any(is_woken), "{:?}", script.effects);
        assert_eq!(model.store.resting, None);
        let script = script.world(&World::calm(start()));
        assert_eq!(script.model.store.verdict.health, Health::Ok);
    }
}

#[test]
fn what_comes_puts_a_rest_off_and_without_the_setting_there_is_none() {
    let new = Fact::Tail(vec![event(7, "company_created", EventStatus::Pending)]);
    let script = watching().wait(AFTER - 10).fact(new.clone()).wait(20);
    assert_eq!(script.model.store.resting, None);
    // The same row again is nothing new.
    let script = script.fact(new).wait(AFTER - 20);
    assert!(script.model.store.resting.is_some());
    let script = Scenario::start().links_up().wait(AFTER * 3);
    assert_eq!(script.model.store.resting, None);
}

/// Watches until it is so.
async fn until(watcher: &mut Watcher, is_so: impl Fn(&Store) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so(&watcher.store) {
        let store = &watcher.store;
        let links = (&store.listener, &store.reader);
        assert!(Instant::now() < deadline, "{links:?}");
        watcher.watch_for(Duration::from_millis(20)).await;
    }
}

/// The sessions of consoles.
const OURS: &str =
    "FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'outpost%'";

const fn are_up(store: &Store) -> bool {
    store.listener.is_up() && store.reader.is_up()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_rest_nothing_is_asked_a_lost_line_is_not_made_anew_and_a_key_finds_what_came() {
    let db = database::fresh().await;
    let mut settings = settings(&db.url);
    settings.canary = Canary::Always;
    settings.heartbeat = Duration::from_millis(300);
    let all: BTreeSet<FeedId> = feeds::ALWAYS.into_iter().collect();
    let (needed, needs) = watch::channel(all.clone());
    let mut watcher = Watcher::start_needing(&settings, &needs);
    until(&mut watcher, |store| {
        are_up(store) && store.ledger.value().is_some()
    })
    .await;

    needed.send_replace(of_n8n());
    // What was under way ends; from then on no statement is begun.
    let idle = format!(
        "SELECT bool_and(state = 'idle') AND max(query_start) < now() - interval '2.5 s' {OURS}"
    );
    let deadline = Instant::now() + Duration::from_secs(30);
    while !ask::<bool>(&db, &idle).await {
        assert!(Instant::now() < deadline, "something is still asked");
        watcher.watch_for(Duration::from_millis(100)).await;
    }
    assert!(are_up(&watcher.store));

    // The database goes to sleep: whatever is connected is ended.
    let _ended: i64 = ask(
        &db,
        &format!("SELECT count(pg_terminate_backend(pid)) {OURS}"),
    )
    .await;
    let is_off = |link: &Link| matches!(link, Link::Off(why) if why.contains("at rest"));
    until(&mut watcher, |store| {
        is_off(&store.listener) && is_off(&store.reader)
    })
    .await;
    let insert = "INSERT INTO marketing.pipeline_events (event_type) VALUES ('company_created') RETURNING id::text";
    let id: String = ask(&db, insert).await;
    watcher.watch_for(Duration::from_secs(2)).await;
    assert_eq!(ask::<i64>(&db, &format!("SELECT count(*) {OURS}")).await, 0);

    needed.send_replace(all);
    let id = RowId::parse(&id).unwrap();
    until(&mut watcher, |store| {
        store.stream.get(&id).is_some() && are_up(store)
    })
    .await;
    let reconnects: Vec<Away> = watcher
        .store
        .reconnects
        .iter()
        .map(|over| over.away)
        .collect();
    assert_eq!(reconnects, [Away::Both]);
}

async fn ask<T: for<'a> tokio_postgres::types::FromSql<'a>>(db: &Db, sql: &str) -> T {
    db.client.query_one(sql, &[]).await.unwrap().get(0)
}
