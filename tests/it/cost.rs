//! What outpost itself costs: that all of it is counted.

use std::time::Duration;

use outpost::{
    effect::FeedId,
    msg::Msg,
    sources::{
        Inbox, Messages,
        postgres::{Canary, Client, Settings, listener, reader},
    },
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{connect::settings, database};

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
    tokio::spawn(listener::run(settings.clone(), inbox, cancel.clone()));
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
        format!("SELECT count(*) = 3 AND bool_and(application_name = 'outpost') {sessions}");
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
