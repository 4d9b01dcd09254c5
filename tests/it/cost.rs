//! What outpost itself costs: that all of it is counted, and that it keeps to its budget.

use std::{collections::BTreeSet, time::Duration};

use outpost::{
    domain::{
        cost::Turn,
        verdict::{Health, Source},
    },
    effect::{Effect, FeedId},
    msg::{Fact, Msg},
    screens::feeds::ALWAYS,
    sources::{
        Inbox, Messages,
        postgres::{Canary, Client, Settings, listener, reader},
    },
    store::feed::Freshness,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    connect::settings,
    database,
    queries::slow_down,
    scenario::{Scenario, World, start},
};

/// Reads messages until one is what is looked for.
async fn until(messages: &mut Messages, mut is_it: impl FnMut(&Msg) -> bool) {
    let work = async {
        while let Some((_, msg)) = messages.recv().await {
            if is_it(&msg) {
                return;
            }
        }
        panic!("the sources have ended");
    };
    timeout(Duration::from_secs(20), work).await.unwrap();
}

/// Waits until `sql` says yes.
async fn becomes(client: &Client, sql: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !client.query_one(sql, &[]).await.unwrap().get::<_, bool>(0) {
        assert!(Instant::now() < deadline, "{sql}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// A reader and a listener at work, with proofs.
fn at_work(url: &str) -> (Settings, Messages, CancellationToken) {
    let mut settings = settings(url);
    settings.canary = Canary::Always;
    settings.heartbeat = Duration::from_millis(200);
    let (inbox, messages) = Inbox::new();
    let cancel = CancellationToken::new();
    // Nobody asks out of turn.
    let (_, asks) = mpsc::channel(1);
    let reads = reader::run(settings.clone(), inbox.clone(), asks, cancel.clone());
    tokio::spawn(reads);
    tokio::spawn(listener::run(
        settings.clone(),
        inbox,
        mpsc::channel(1).1,
        cancel.clone(),
    ));
    (settings, messages, cancel)
}

#[tokio::test]
async fn the_server_counts_as_many_transactions_as_outpost_counts_statements_and_every_session_is_named()
 {
    let db = database::fresh().await;
    let name: String = db
        .client
        .query_one("SELECT current_database()::text", &[])
        .await
        .unwrap()
        .get(0);
    // Asked from another database, so that asking does not count.
    let admin = database::connect(&database::url("postgres")).await;
    let transactions = async || -> i64 {
        let sql = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = $1";
        admin.query_one(sql, &[&name]).await.unwrap().get(0)
    };
    let sessions = format!(
        "FROM pg_stat_activity WHERE datname = '{name}' AND backend_type = 'client backend' AND pid <> {}",
        db.client
            .query_one("SELECT pg_backend_pid()", &[])
            .await
            .unwrap()
            .get::<_, i32>(0)
    );
    // Sessions write down their counts at most once a second.
    sleep(Duration::from_millis(1_100)).await;
    let _flushed = db.client.query_one("SELECT 1", &[]).await.unwrap();
    let before = transactions().await;

    let began = Instant::now();
    let (settings, mut messages, cancel) = at_work(&db.url);
    let mut answered = 0;
    until(&mut messages, |msg| {
        answered += u32::from(matches!(msg, Msg::Fetched(FeedId::Stages, Ok(_), _)));
        answered == 2
    })
    .await;
    let named =
        format!("SELECT count(*) = 3 AND bool_and(application_name LIKE 'outpost%') {sessions}");
    becomes(&admin, &named).await;
    cancel.cancel();
    becomes(&admin, &format!("SELECT count(*) = 0 {sessions}")).await;

    let counted = settings.meter.read().spent;
    let seen = transactions().await - before;
    // The server counts the greeting of each of the three sessions too, what the listener hears (a proof a heartbeat),
    // and whoever cleans the tables meanwhile.
    let sent = counted.queries as i64;
    let heard = began.elapsed().as_millis() as i64 / 200 + 1;
    assert!(
        (sent..=sent + heard + 6).contains(&seen),
        "{sent} sent, {seen} seen"
    );
    assert!(sent > 30, "{sent}");
    assert!(counted.rows > 30, "{counted:?}");
    assert!(counted.busy_us > 0, "{counted:?}");
}

#[tokio::test]
async fn a_view_that_takes_long_slows_refresh_and_every_answer_says_when_the_next_one_comes() {
    let db = database::fresh().await;
    slow_down(&db.client, "delivery_log", 0.4).await;
    let mut settings = settings(&db.url);
    settings.budget_ms = 20;
    let (inbox, mut messages) = Inbox::new();
    let cancel = CancellationToken::new();
    let _ended = cancel.clone().drop_guard();
    let (_, asks) = mpsc::channel(1);
    tokio::spawn(reader::run(settings.clone(), inbox, asks, cancel));
    let mut outcomes = None;
    until(&mut messages, |msg| {
        if let Msg::Fetched(FeedId::Outcomes, Ok(_), turn) = msg {
            outcomes = Some(*turn);
        }
        outcomes.is_some()
    })
    .await;
    let turn = outcomes.unwrap();
    assert!(turn.spent.busy_us > 390_000, "{turn:?}");
    // Every 10 s where nothing is slowed.
    until(&mut messages, |msg| {
        matches!(msg, Msg::Fetched(FeedId::Totals, Ok(_), turn) if turn.interval_ms > Some(12_000))
    })
    .await;
    assert!(settings.meter.read().stretch_permille > 1_200);
}

/// An answer of the stages that says when the next one comes.
fn stages_next_in(interval_ms: u64) -> Msg {
    let turn = Turn {
        interval_ms: Some(interval_ms),
        ..Turn::from(900)
    };
    let stages = World::calm(start()).stages;
    Msg::Fetched(FeedId::Stages, Ok(Fact::Stages(stages)), turn)
}

#[test]
fn a_console_that_is_slowed_does_not_call_itself_stale_before_twice_the_interval_in_force() {
    let script = Scenario::start()
        .links_up()
        .world(&World::calm(start()))
        .tell(stages_next_in(20_000));
    let source = |script: &Scenario| script.model.store.database(script.now);
    let script = script.wait(40);
    assert_eq!(source(&script), Source::Fresh);
    assert_ne!(script.model.store.verdict.health, Health::Unknown);
    let script = script.wait(4);
    assert!(matches!(source(&script), Source::Stale(44, _)));
}

#[test]
fn feeds_that_only_a_hidden_screen_needs_rest_and_are_not_called_stale_for_it() {
    let script = Scenario::start()
        .links_up()
        .world(&World::calm(start()))
        .fact(Fact::Scorecard(Vec::new()))
        .keys("4");
    let mut few: BTreeSet<FeedId> = ALWAYS.into_iter().collect();
    assert_eq!(script.effects, [Effect::Need(few.clone())]);
    let script = script.keys("2");
    assert_eq!(script.effects, [], "the same feeds");
    let script = script.wait(300);
    let freshness = |script: &Scenario| {
        let every = FeedId::Scorecard.interval();
        script.model.store.scorecard.freshness(script.now, every)
    };
    assert!(matches!(freshness(&script), Freshness::Rested(_)));
    let script = script.keys("8");
    few.insert(FeedId::Scorecard);
    assert_eq!(script.effects, [Effect::Need(few)]);
    assert!(matches!(freshness(&script), Freshness::Rested(_)));
    let waited = script.wait(70);
    assert!(matches!(freshness(&waited), Freshness::Stale(_)));
    let answered = waited.fact(Fact::Scorecard(Vec::new()));
    assert_eq!(freshness(&answered), Freshness::Fresh);
}
