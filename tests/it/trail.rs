//! The index of a record's trail, built on request only, and what does without it.

use outpost::migrate::{Options, migrate};

use crate::{
    database::{self, Db},
    migrate::{reason, run, texts},
};

const INDEX: &str = "index marketing.pe_record";

async fn indexes(db: &Db) -> Vec<String> {
    let sql = "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'marketing' AND indexname = 'pe_record'";
    texts(&db.client, sql).await
}

async fn with_trail(db: &mut Db) -> Vec<String> {
    let options = Options {
        trail: true,
        ..Options::default()
    };
    migrate(&mut db.client, &options).await.unwrap().applied
}

#[tokio::test]
async fn it_is_built_only_on_request_and_then_known_to_every_run() {
    let mut db = database::empty().await;
    let report = run(&mut db).await.unwrap();
    assert!(reason(&report, INDEX).contains("outpost migrate --trail"));
    assert_eq!(indexes(&db).await, [""; 0]);
    assert_eq!(with_trail(&mut db).await, [INDEX]);
    assert_eq!(indexes(&db).await, ["pe_record"]);
    assert_eq!(with_trail(&mut db).await, [""; 0]);
    assert_eq!(run(&mut db).await.unwrap().applied, [""; 0]);
}

#[tokio::test]
async fn asked_for_at_once_it_is_built_with_the_others() {
    let mut db = database::classic().await;
    let applied = with_trail(&mut db).await;
    assert_eq!(applied.iter().filter(|it| *it == INDEX).count(), 1);
    assert_eq!(indexes(&db).await, ["pe_record"]);
}

/// The open events of the record and type are failed, whatever there is of others.
#[tokio::test]
async fn an_error_fails_the_same_events_with_the_index_and_without() {
    let mut db = database::fresh().await;
    for is_indexed in [false, true] {
        if is_indexed {
            with_trail(&mut db).await;
        }
        let rows = r#"TRUNCATE marketing.pipeline_events, marketing.pipeline_errors RESTART IDENTITY;
            INSERT INTO marketing.pipeline_events (event_type, status, payload, created_at) VALUES
              ('a', 'pending', '{"record_id": 7}', now() - interval '90 days'),
              ('a', 'processing', '{"record_id": "7"}', now()),
              ('a', 'processed', '{"record_id": 7}', now()),
              ('a', 'failed', '{"record_id": 7}', now()),
              ('b', 'pending', '{"record_id": 7}', now()),
              ('a', 'pending', '{"record_id": 8}', now()),
              ('a', 'pending', '{}', now())"#;
        db.client.batch_execute(rows).await.unwrap();
        let log = "SELECT marketing.log_pipeline_error('a', '7', 'no')";
        db.client.execute(log, &[]).await.unwrap();
        let state = "SELECT concat_ws(' ', id, status, retry_count, error_message) FROM marketing.pipeline_events ORDER BY id";
        assert_eq!(
            texts(&db.client, state).await,
            [
                "1 failed 1 no",
                "2 failed 1 no",
                "3 processed 0",
                "4 failed 0",
                "5 pending 0",
                "6 pending 0",
                "7 pending 0"
            ],
            "indexed: {is_indexed}"
        );
        let named = "SELECT event_id::text FROM marketing.pipeline_errors";
        assert_eq!(texts(&db.client, named).await, ["2"]);
    }
}
