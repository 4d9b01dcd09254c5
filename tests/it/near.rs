//! What belongs to an event or an error in a large table without an index that finds it: looked for by key around it, and what
//! was not looked at is not told as none.

use chrono::TimeDelta;
use outpost::{
    domain::{
        error_group::{ErrorDetail, Look, Seen},
        event::{EventDetail, RowId},
        reach::Reach,
    },
    sources::postgres::{
        Client,
        catalog::Catalog,
        queries::{self, Memory},
    },
};
use pretty_assertions::assert_eq;

use crate::database;

/// 80,000 events: 30,000 over a hundred days, and 50,000 in the last hour. Of the record `far` one stands in the first of that
/// hour and one in the last, so many rows apart; of `near` two stand side by side, and of `old` two a few hours apart. And so many
/// errors, one of each record among them.
const FILL: &str = "
    SET session_replication_role = replica;
    TRUNCATE marketing.pipeline_events, marketing.pipeline_errors RESTART IDENTITY;
    INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
    SELECT 'stage_' || i % 5, jsonb_build_object('record_id', CASE WHEN i IN (30010, 79990) THEN 'far' WHEN i IN (79000, 79005) THEN 'near'
        WHEN i IN (10000, 10030) THEN 'old' ELSE 'r' || i END), 'failed', at, at + interval '1 second'
    FROM (SELECT i, now() - CASE WHEN i <= 30000 THEN interval '1 hour' + interval '100 days' * (1 - i / 30000.0)
        ELSE interval '1 hour' * (1 - (i - 30000) / 50000.0) END AS at FROM generate_series(1, 80000) AS i) AS x;
    INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, created_at)
    SELECT e.event_type, e.payload ->> 'record_id', 'HTTP 500', e.created_at + interval '1 second' FROM marketing.pipeline_events AS e
    WHERE e.id <> 30010 ORDER BY e.id;
    INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message) VALUES ('stage_0', 'never', 'HTTP 404');
    ANALYZE marketing.pipeline_events, marketing.pipeline_errors;";

async fn event(client: &Client, catalog: &Catalog, id: i64) -> EventDetail {
    let found = queries::event(client, catalog, &RowId::from(id)).await;
    found.unwrap()
}

async fn error(client: &Client, catalog: &Catalog, record: &str) -> ErrorDetail {
    let sql =
        format!("SELECT max(id)::text FROM marketing.pipeline_errors WHERE record_id = '{record}'");
    let row = client.query_typed_one(&sql, &[]).await.unwrap();
    let id = RowId::parse(row.get(0)).unwrap();
    let mut memory = Memory::default();
    match queries::look(client, catalog, &mut memory, &Look::Error(id)).await {
        Ok(Seen::Error(detail)) => *detail,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_belongs_to_a_row_is_looked_for_by_key_and_how_far_that_was_is_told() {
    let db = database::classic().await;
    db.client.batch_execute(FILL).await.unwrap();
    let catalog = database::catalog(&db.client, "marketing").await;

    // A day to both sides is a few hundred rows here.
    let old = event(&db.client, &catalog, 10_000).await;
    let siblings: Vec<&str> = old.siblings.iter().map(|it| it.id.as_str()).collect();
    assert_eq!((siblings, old.reach.1), (vec!["10030"], Reach::Whole));

    // Here it is more than is looked at: what is found counts, what is not is told as not looked at.
    let near = event(&db.client, &catalog, 79_000).await;
    assert_eq!(near.siblings.len(), 1);
    // Both events of the record are of one stage, and so are their errors.
    assert_eq!((near.errors.len(), near.reach.0), (2, Reach::Whole));
    let far = event(&db.client, &catalog, 79_990).await;
    assert!(far.siblings.is_empty());
    let Reach::Part(Some(since), None) = far.reach.1 else {
        panic!("{:?}", far.reach);
    };
    let back = far.row.created_at - since;
    assert!(
        (TimeDelta::minutes(23)..TimeDelta::minutes(25)).contains(&back),
        "{back}"
    );
    assert!(!far.reach.1.holds(since - TimeDelta::seconds(1)) && far.reach.1.holds(since));
    // Its errors come after it: more of them than are looked at.
    let first = event(&db.client, &catalog, 30_010).await;
    assert!(first.errors.is_empty());
    assert!(
        matches!(first.reach.0, Reach::Part(None, Some(_))),
        "{:?}",
        first.reach
    );

    // The event of an error is one before it.
    let known = error(&db.client, &catalog, "near").await;
    let own = known.event.map(|(event, _)| event.id);
    assert_eq!(
        (own, known.reach.0),
        (Some(RowId::from(79_005)), Reach::Whole)
    );
    let unknown = error(&db.client, &catalog, "never").await;
    assert_eq!(unknown.event, None);
    assert!(
        matches!(unknown.reach.0, Reach::Part(Some(_), None)),
        "{:?}",
        unknown.reach
    );
}

#[tokio::test]
async fn a_small_table_and_one_with_our_indexes_are_looked_at_as_a_whole() {
    for db in [database::classic().await, database::fresh().await] {
        let insert = "INSERT INTO marketing.pipeline_events (event_type, payload) VALUES ('x', '{\"record_id\": \"r1\"}'), ('y', '{\"record_id\": \"r1\"}') RETURNING id::text";
        let rows = db.client.query_typed(insert, &[]).await.unwrap();
        let id: &str = rows[0].get(0);
        let catalog = database::catalog(&db.client, "marketing").await;
        let found = queries::event(&db.client, &catalog, &RowId::parse(id).unwrap())
            .await
            .unwrap();
        assert_eq!(
            (found.siblings.len(), *found.reach),
            (1, (Reach::Whole, Reach::Whole))
        );
    }
}

/// Beside an event that failed stands the payload of the last of its stage that did not.
#[tokio::test]
async fn the_last_event_of_the_stage_that_ended_well_comes_with_an_error() {
    for db in [database::classic().await, database::fresh().await] {
        let insert = "
            INSERT INTO marketing.pipeline_events (event_type, payload, status) VALUES
              ('x', '{\"record_id\": \"r1\", \"tier\": 1}', 'processed'), ('x', '{\"record_id\": \"r2\"}', 'processed'),
              ('y', '{\"record_id\": \"r3\"}', 'processed'), ('x', '{\"record_id\": \"near\"}', 'failed'),
              ('x', '{\"record_id\": \"r5\"}', 'processed');
            INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message) VALUES ('x', 'near', 'HTTP 500');";
        db.client.batch_execute(insert).await.unwrap();
        let catalog = database::catalog(&db.client, "marketing").await;
        let last = error(&db.client, &catalog, "near").await.last_ok;
        let (_, payload) = last.unwrap();
        assert!(payload.display().contains("r2"), "{payload:?}");
        let sql = "UPDATE marketing.pipeline_events SET status = 'failed' WHERE event_type = 'x'";
        db.client.batch_execute(sql).await.unwrap();
        assert_eq!(error(&db.client, &catalog, "near").await.last_ok, None);
    }
}

/// A server that gives up: nobody looked, and that is what is told.
#[tokio::test]
async fn what_takes_too_long_is_told_as_not_looked_at() {
    let db = database::classic().await;
    let error = "INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message) VALUES ('x', 'r1', 'HTTP 500')";
    db.client.batch_execute(error).await.unwrap();
    crate::queries::slow_down(&db.client, "pipeline_errors", 5.0).await;
    let insert = "INSERT INTO marketing.pipeline_events (event_type, payload) VALUES ('x', '{\"record_id\": \"r1\"}') RETURNING id::text";
    let rows = db.client.query_typed(insert, &[]).await.unwrap();
    let id: &str = rows[0].get(0);
    db.client
        .batch_execute("SET statement_timeout = '300ms'")
        .await
        .unwrap();
    let catalog = database::catalog(&db.client, "marketing").await;
    let found = queries::event(&db.client, &catalog, &RowId::parse(id).unwrap())
        .await
        .unwrap();
    assert_eq!(*found.reach, (Reach::Untold, Reach::Whole));
}
