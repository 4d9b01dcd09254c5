//! Errors by group on a real server: what is new, resolved elsewhere, reopened and deleted is noticed, and a hundred
//! thousand of them cost a refresh no more than ten.

use std::time::{Duration, Instant};

use outpost::{
    domain::{
        error_group::{Class, Errors, GroupState, Retries},
        untrusted::Untrusted,
    },
    effect::FeedId,
    msg::Fact,
    sources::postgres::{
        Client,
        catalog::Catalog,
        queries::{self, Memory},
    },
};
use pretty_assertions::assert_eq;

use crate::database;

async fn errors(client: &Client, catalog: &Catalog, memory: &mut Memory) -> Errors {
    match queries::fetch(client, catalog, FeedId::Errors, memory).await {
        Ok(Fact::Errors(errors)) => errors,
        other => panic!("{other:?}"),
    }
}

/// Reads on until nothing is missing.
async fn all(client: &Client, catalog: &Catalog, memory: &mut Memory) -> Errors {
    for _ in 0..40 {
        let errors = errors(client, catalog, memory).await;
        if errors.coverage.has_all_open && errors.coverage.knows_past {
            return errors;
        }
    }
    panic!("not read in forty refreshes");
}

async fn run(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap();
}

/// Stage, state and number of each group.
fn seen(errors: &Errors) -> Vec<(String, GroupState, u64)> {
    let groups = errors.groups.iter();
    groups
        .map(|group| (group.stage.label(), group.state, group.count()))
        .collect()
}

#[tokio::test]
async fn what_is_resolved_reopened_or_deleted_elsewhere_is_noticed() {
    let db = database::fresh().await;
    let catalog = database::catalog(&db.client, "marketing").await;
    let mut memory = Memory::default();
    let insert = "INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, error_details, severity)
       SELECT 'lead_qualified', n::text, 'crm 401 for contact ' || n, '{\"node\": \"Write To CRM\", \"contact_id\": 7}', 'critical'
       FROM generate_series(1, 9) n";
    run(&db.client, insert).await;
    let read = all(&db.client, &catalog, &mut memory).await;
    let stage = || "lead_qualified".to_owned();
    assert_eq!(seen(&read), [(stage(), GroupState::New, 9)]);
    let group = &read.groups[0];
    assert_eq!(
        (group.class, group.records, group.people),
        (Class::Credential, 9, 1)
    );
    assert_eq!(group.node, Some(Untrusted::from("Write To CRM")));

    let resolve =
        "UPDATE marketing.pipeline_errors SET resolved = true, resolved_at = now() WHERE id <= 4;
       DELETE FROM marketing.pipeline_errors WHERE id = 9";
    run(&db.client, resolve).await;
    let read = errors(&db.client, &catalog, &mut memory).await;
    assert_eq!((seen(&read)[0].2, read.groups[0].resolved), (4, 4));

    let reopen =
        "UPDATE marketing.pipeline_errors SET resolved = false, resolved_at = NULL WHERE id = 1;
       UPDATE marketing.pipeline_errors SET resolved = true, resolved_at = now() WHERE id > 4";
    run(&db.client, reopen).await;
    let read = errors(&db.client, &catalog, &mut memory).await;
    assert_eq!((read.groups[0].open, read.groups[0].resolved), (1, 7));

    run(&db.client, insert).await;
    let read = errors(&db.client, &catalog, &mut memory).await;
    assert_eq!(seen(&read), [(stage(), GroupState::Regressed, 10)]);
    run(
        &db.client,
        "UPDATE marketing.pipeline_errors SET resolved = true, resolved_at = now()",
    )
    .await;
    let read = errors(&db.client, &catalog, &mut memory).await;
    assert_eq!(seen(&read), [(stage(), GroupState::Resolved, 17)]);
}

#[tokio::test]
async fn what_comes_late_changes_or_goes_among_the_newest_is_noticed() {
    let db = database::fresh().await;
    let catalog = database::catalog(&db.client, "marketing").await;
    let mut memory = Memory::default();
    let insert = "INSERT INTO marketing.pipeline_errors (event_type, error_message) VALUES ('lead_qualified', 'crm 401')";
    let late = db.connect().await;
    run(&late, "BEGIN").await;
    run(&late, insert).await;
    run(&db.client, insert).await;
    assert_eq!(seen(&all(&db.client, &catalog, &mut memory).await)[0].2, 1);
    run(&late, "COMMIT").await;
    assert_eq!(
        seen(&errors(&db.client, &catalog, &mut memory).await)[0].2,
        2
    );

    let change =
        "UPDATE marketing.pipeline_errors SET error_message = 'smtp 550 refused' WHERE id = 1";
    run(&db.client, change).await;
    let read = errors(&db.client, &catalog, &mut memory).await;
    assert_eq!(
        seen(&read).iter().map(|(.., n)| *n).collect::<Vec<_>>(),
        [1, 1]
    );

    let resolve =
        "UPDATE marketing.pipeline_errors SET resolved = true, resolved_at = now() WHERE id = 2";
    run(&db.client, resolve).await;
    let read = errors(&db.client, &catalog, &mut memory).await;
    assert_eq!((read.coverage.open, read.coverage.resolved), (1, 1));
    run(
        &db.client,
        "DELETE FROM marketing.pipeline_errors WHERE id = 2",
    )
    .await;
    let read = errors(&db.client, &catalog, &mut memory).await;
    assert_eq!((read.coverage.open, read.coverage.resolved), (1, 0));
    assert_eq!(read.stages[0].errors_24h, 1);
    run(
        &db.client,
        "UPDATE marketing.pipeline_errors SET resolved = true",
    )
    .await;
    let read = errors(&db.client, &catalog, &mut memory).await;
    assert_eq!((read.coverage.open, read.coverage.resolved), (0, 1));
    run(&db.client, "DELETE FROM marketing.pipeline_errors").await;
    let read = errors(&db.client, &catalog, &mut memory).await;
    assert_eq!((read.coverage.open, read.coverage.resolved), (0, 0));
}

/// Errors of a stage in the last day, as a refresh tells and as the table has them.
async fn day(client: &Client, catalog: &Catalog, memory: &mut Memory) -> (u64, u64) {
    let told = errors(client, catalog, memory).await.stages;
    let sql = "SELECT count(*) FROM marketing.pipeline_errors WHERE created_at > now() - interval '24 hours'";
    let there: i64 = client.query_one(sql, &[]).await.unwrap().get(0);
    let told = told.iter().map(|stage| stage.errors_24h).sum();
    (told, there.unsigned_abs())
}

#[tokio::test]
async fn the_errors_of_the_day_are_told_from_those_that_are_held_while_the_server_counts_as_many() {
    let db = database::fresh().await;
    let catalog = database::catalog(&db.client, "marketing").await;
    let mut memory = Memory::default();
    let fill = "INSERT INTO marketing.pipeline_errors (id, event_type, error_message, resolved, created_at)
        SELECT 10000 + n, 'lead_qualified', 'crm 401', n % 9 > 0, now() - interval '26 hours' + n * interval '1 minute' FROM generate_series(1, 1500) n";
    run(&db.client, fill).await;
    all(&db.client, &catalog, &mut memory).await;
    // Of 1,500 minutes 60 lie before the day; one more may grow old between the two looks.
    for _ in 0..2 {
        let (told, there) = day(&db.client, &catalog, &mut memory).await;
        assert!(told.abs_diff(there) <= 1 && there > 1_300, "{told} {there}");
    }
    // No look at the newest finds them; the next count of the server does.
    let low = "INSERT INTO marketing.pipeline_errors (id, event_type, error_message, resolved)
        SELECT n, 'lead_qualified', 'crm 401', true FROM generate_series(1, 300) n";
    run(&db.client, low).await;
    let (told, there) = day(&db.client, &catalog, &mut memory).await;
    assert!(there - told >= 299, "{told} {there}");
    for _ in 0..2 {
        tokio::time::pause();
        tokio::time::advance(Duration::from_mins(11)).await;
        tokio::time::resume();
        let (told, there) = day(&db.client, &catalog, &mut memory).await;
        assert!(told.abs_diff(there) <= 1, "{told} {there}");
    }
}

#[tokio::test]
async fn retries_after_an_error_are_counted_by_how_they_ended() {
    let db = database::fresh().await;
    let catalog = database::catalog(&db.client, "marketing").await;
    run(
        &db.client,
        "INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message) VALUES ('message_queued', '7', 'smtp 451 greylisted');
         INSERT INTO marketing.pipeline_events (event_type, payload, status, retry_count) VALUES
           ('message_queued', '{\"record_id\": 7}', 'processed', 1), ('message_queued', '{\"record_id\": 7}', 'failed', 2),
           ('message_queued', '{\"record_id\": 7}', 'processed', 0), ('message_queued', '{\"record_id\": 7}', 'pending', 1),
           ('message_queued', '{\"record_id\": 8}', 'processed', 1), ('message_sent', '{\"record_id\": 7}', 'processed', 1)",
    )
    .await;
    let read = all(&db.client, &catalog, &mut Memory::default()).await;
    assert_eq!(read.groups[0].retries, Retries { tried: 2, ok: 1 });
}

#[tokio::test]
async fn errors_with_keys_that_have_no_order_are_grouped_as_well() {
    let db = database::classic().await;
    run(
        &db.client,
        "DROP TABLE marketing.pipeline_errors CASCADE;
         CREATE TABLE marketing.pipeline_errors (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), event_type text,
           error_message text, resolved boolean, created_at timestamp DEFAULT now());
         INSERT INTO marketing.pipeline_errors (event_type, error_message) VALUES ('x', 'HTTP 500 for 1'), ('x', 'HTTP 500 for 2')",
    )
    .await;
    let catalog = database::catalog(&db.client, "marketing").await;
    let mut memory = Memory::default();
    for _ in 0..2 {
        let read = errors(&db.client, &catalog, &mut memory).await;
        assert_eq!(seen(&read), [("x".to_owned(), GroupState::Open, 2)]);
        assert!(read.coverage.has_all_open);
    }
}

#[tokio::test]
async fn a_refresh_of_a_hundred_thousand_open_errors_reads_what_is_new_alone() {
    let db = database::fresh().await;
    let catalog = database::catalog(&db.client, "marketing").await;
    run(
        &db.client,
        "INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, error_details, created_at)
         SELECT 'stage_' || n % 12, n::text, 'HTTP ' || 500 + n % 4 || ' for contact ' || n, jsonb_build_object('node', 'N' || n % 3),
           now() - n * interval '1 second'
         FROM generate_series(1, 99000) n; ANALYZE marketing.pipeline_errors",
    )
    .await;
    let mut memory = Memory::default();
    let read = all(&db.client, &catalog, &mut memory).await;
    assert_eq!((read.coverage.open, read.coverage.groups), (99_000, 12));
    let begun = Instant::now();
    run(
        &db.client,
        "INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message) VALUES ('stage_1', '1', 'HTTP 501 for contact 1')",
    )
    .await;
    let read = errors(&db.client, &catalog, &mut memory).await;
    assert_eq!(read.coverage.open, 99_001);
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    // Far more is resolved elsewhere than one round checks: the counts differ, so the rounds go on.
    run(&db.client, "UPDATE marketing.pipeline_errors SET resolved = true, resolved_at = now() WHERE id % 2 = 0").await;
    for _ in 0..30 {
        let read = errors(&db.client, &catalog, &mut memory).await;
        if read.coverage.open == 49_501 {
            return;
        }
    }
    panic!("not noticed in thirty refreshes");
}
