//! The other ways to try an event again, and the purge, as hands do them.

use std::{thread, time::Duration};

use outpost::demo;
use pretty_assertions::assert_eq;

use super::{A_KEY, Hands, RETRIES, make_work, one};
use crate::database;

/// How the last of the three events stands.
const THIRD: &str = "SELECT status || ' ' || retry_count || ' ' || (n8n_execution_id IS NOT NULL)
    FROM marketing.pipeline_events WHERE payload->>'record_id' = 'hand-3'";

#[tokio::test(flavor = "multi_thread")]
async fn on_the_demo_a_failed_event_is_posted_to_its_webhook_and_its_workflow_takes_it() {
    let demo = demo::start(demo::Options::default()).await.unwrap();
    let client = database::connect(&demo.database_url).await;
    make_work(&client).await;
    let mut hands = Hands::on_demo(&demo, &[]);
    hands.types("2/record:hand-3\r").sees("hand-3");
    hands.types("R").sees("PLAN retry 1 event ");
    hands.types("v").sees("PLAN retry 1 event by clones");
    hands.types("v").sees("PLAN retry 1 event by webhook");
    hands.sees("1 eligible, 0 blocked");
    hands.types("d").sees("/webhook/track-open");
    assert_eq!(one::<String>(&client, RETRIES).await, "0,0,0", "only shown");
    hands.types("dy").sees("posted 1 event");
    let mut stands = String::new();
    for _ in 0..600 {
        stands = one(&client, THIRD).await;
        if stands.ends_with("true") && !stands.starts_with("processing") {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    assert!(
        ["processed 1 true", "failed 1 true"].contains(&stands.as_str()),
        "{stands}"
    );
    demo.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_is_made_by_keys_and_taken_back_by_one() {
    let db = database::classic().await;
    make_work(&db.client).await;
    let mut hands = Hands::on(&db.url, &[], &[]);
    hands.types("2/record:hand-3\r").sees("hand-3");
    // Without an address of n8n there is no webhook to call.
    hands.types("Rvv").sees("requeue+notify; v: clone instead");
    hands.types("v").sees("PLAN retry 1 event by clones");
    hands.sees("1 eligible, 0 blocked");
    hands.types("y").sees("cloned 1 event; note 1: ");
    hands.sees("u takes it back");
    let clones = "SELECT count(*) FROM marketing.pipeline_events WHERE payload ? 'retry_of' AND status = 'pending'";
    assert_eq!(one::<i64>(&db.client, clones).await, 1);
    hands.types("u").sees("PLAN delete 1 clone");
    hands.sees("1 eligible, 0 blocked");
    hands.types("y").sees("deleted 1 clone");
    assert_eq!(one::<i64>(&db.client, clones).await, 0);
    assert_eq!(one::<String>(&db.client, RETRIES).await, "0,0,0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_is_off_at_first_and_where_it_is_allowed_it_is_named_reasoned_and_audited() {
    let db = database::fresh().await;
    db.client
        .batch_execute(
            "INSERT INTO marketing.pipeline_events (event_type, status, created_at, processed_at)
             SELECT 'x', CASE n WHEN 4 THEN 'failed' ELSE 'processed' END, now() - interval '40 days', now() - interval '40 days' FROM generate_series(1, 4) AS n",
        )
        .await
        .unwrap();
    let mut hands = Hands::on(&db.url, &[], &[]);
    hands.sees("UNKNOWN").types("D");
    hands.sees("off: set safety.allow_destructive = true to purge");
    drop(hands);

    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("prod.toml");
    let text = "profile = 'prod'\n[profiles.prod.safety]\nallow_destructive = true\n";
    std::fs::write(&file, text).unwrap();
    let args = ["--config", file.to_str().unwrap()];
    let mut hands = Hands::on(&db.url, &args, &[]);
    hands.sees("db ok");
    thread::sleep(3 * A_KEY);
    hands.types("D").sees("PLAN purge what is old and done");
    hands.sees("pipeline_events 3");
    hands.types("yy\r").sees("not confirmed: type prod first");
    let left = "SELECT count(*) FROM marketing.pipeline_events";
    assert_eq!(one::<i64>(&db.client, left).await, 4);
    hands.types("\u{15}prod the disk is full\r");
    hands.sees("purged 3 events and 0 errors; note 1: ");
    hands.sees("vacuumed and analysed");
    assert_eq!(one::<i64>(&db.client, left).await, 1);
    let audit = "SELECT action || ' ' || note || ' ' || (outcome->'deleted'->0->>1) FROM outpost.audit WHERE phase = 'row'";
    assert_eq!(
        one::<String>(&db.client, audit).await,
        "purge the disk is full 3"
    );
    let lines = hands.audit();
    assert_eq!(lines[0]["what"]["plan"]["reason"], "the disk is full");
    assert_eq!(lines.len(), 2);
}
