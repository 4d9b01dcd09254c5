//! What could read a whole table, or go by rows that are not there: bounded, or told.

use outpost::{
    domain::scorecard::{MetricId, MetricReading},
    effect::FeedId,
    msg::{Fact, Fault},
    sources::postgres::{
        Client,
        queries::{self, Memory},
    },
};
use pretty_assertions::assert_eq;

use crate::database;

/// 60,000 events of 20 days in the order of their keys, the last 3,000 of one day; and far below those of the day one of a hundred
/// that bears a time of today.
const SPARSE: &str = "
    SET session_replication_role = replica;
    TRUNCATE marketing.pipeline_events, marketing.pipeline_errors RESTART IDENTITY;
    INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
    SELECT 'stage_1', '{}', 'processed', at, at FROM generate_series(1, 60000) AS i,
      LATERAL (SELECT now() - CASE WHEN i BETWEEN 5000 AND 50000 AND i % 100 = 37 THEN interval '3 hours' ELSE interval '20 days' * (1 - i / 60000.0) END AS at) AS came;
    RESET session_replication_role;
    ANALYZE marketing.pipeline_events";

#[tokio::test]
async fn rows_of_the_day_that_are_sparse_among_old_keys_are_found_or_may_be_missing_by_what_is_told()
 {
    let db = database::classic().await;
    db.client.batch_execute(SPARSE).await.unwrap();
    let catalog = database::catalog(&db.client, "marketing").await;
    let mut memory = Memory::brief();
    let answer = queries::fetch(&db.client, &catalog, FeedId::Totals, &mut memory).await;
    let Ok(Fact::Totals(totals)) = answer else {
        panic!("{answer:?}");
    };
    let day = "SELECT count(*) FROM marketing.pipeline_events WHERE created_at > now() - interval '24 hours'";
    let n: i64 = db.client.query_typed_one(day, &[]).await.unwrap().get(0);
    assert!(n > 3_300, "{n}");
    assert!(
        n.unsigned_abs().abs_diff(totals.events) < 5,
        "{n} {totals:?}"
    );
    assert!(totals.is_unordered, "{totals:?}");
}

/// Large tables from a raw company to its verified contacts, whose masters say where they came from by a column of the type that is
/// put in here. A contact is verified an hour after its company came.
const ORIGINS: &str = "
    SET session_replication_role = replica;
    TRUNCATE intake.company_raw_intake, marketing.company_master, marketing.company_slots, marketing.contact_enrichment, marketing.email_verification RESTART IDENTITY CASCADE;
    ALTER TABLE marketing.company_master ADD source_record_id @;
    INSERT INTO intake.company_raw_intake (company_name, created_at) SELECT 'c', now() - interval '2 days' FROM generate_series(1, 60000);
    INSERT INTO marketing.company_master (company_unique_id, company_name, source_record_id) SELECT 'm' || i, 'c', i::text::@ FROM generate_series(1, 60000) AS i;
    INSERT INTO marketing.company_slots (company_slot_unique_id, company_unique_id) SELECT 's' || i, 'm' || i FROM generate_series(1, 60000) AS i;
    INSERT INTO marketing.contact_enrichment (company_slot_unique_id) SELECT 's' || i FROM generate_series(1, 60000) AS i;
    INSERT INTO marketing.email_verification (enrichment_id, verification_status, verified_at) SELECT i, 'valid', now() - interval '47 hours' FROM generate_series(1, 60) AS i;
    RESET session_replication_role;
    ANALYZE";

/// End-to-end latency, and what the doctor says hides it.
async fn end_to_end(client: &Client) -> (MetricReading, Vec<String>) {
    let catalog = database::catalog(client, "marketing").await;
    let mut memory = Memory::default();
    let answer = queries::fetch(client, &catalog, FeedId::Scorecard, &mut memory).await;
    let Ok(Fact::Scorecard(metrics)) = answer else {
        panic!("{answer:?}");
    };
    let is_it = |metric: &&MetricReading| metric.id == MetricId::EndToEndLatency;
    let reading = *metrics.iter().find(is_it).unwrap();
    let gaps = catalog.gaps().into_iter();
    let hiding = gaps.filter(|gap| gap.hides.contains("end-to-end latency"));
    (reading, hiding.map(|gap| gap.what.display()).collect())
}

/// Rows of the tables of companies that the transaction of `client` has read so far.
async fn read(client: &Client) -> i64 {
    let sql = "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint AS n FROM pg_stat_xact_user_tables
               WHERE relname IN ('contact_enrichment', 'company_raw_intake', 'company_master', 'company_slots')";
    client.query_typed_one(sql, &[]).await.unwrap().get("n")
}

#[tokio::test]
async fn a_contact_is_followed_back_to_its_company_by_indexes_or_not_at_all() {
    let db = database::classic().await;
    let client = &db.client;
    client
        .batch_execute(&ORIGINS.replace('@', "int"))
        .await
        .unwrap();
    client.batch_execute("BEGIN").await.unwrap();
    let (reading, hiding) = end_to_end(client).await;
    let n = read(client).await;
    client.batch_execute("COMMIT").await.unwrap();
    assert_eq!((reading.value, reading.n), (Some(3_600.0), 60));
    assert_eq!(hiding, [""; 0]);
    // Beside the newest 20,000 of two tables, for shares: a few rows a contact.
    assert!(n <= 41_000, "{n}");
    let dropped = "ALTER TABLE marketing.company_slots DROP CONSTRAINT company_slots_pkey";
    client.batch_execute(dropped).await.unwrap();
    let (reading, hiding) = end_to_end(client).await;
    assert!(reading.is_slow, "{reading:?}");
    let index = "an index on marketing.company_slots (\"company_slot_unique_id\")";
    assert_eq!(hiding, [index]);
}

#[tokio::test]
async fn where_the_two_keys_of_a_company_differ_in_type_no_index_helps_and_that_is_said() {
    let db = database::classic().await;
    let client = &db.client;
    client
        .batch_execute(&ORIGINS.replace('@', "text"))
        .await
        .unwrap();
    let (reading, hiding) = end_to_end(client).await;
    assert!(reading.is_slow, "{reading:?}");
    let named = "an index that finds intake.company_raw_intake.id, which is integer";
    assert_eq!(hiding, [named]);
}

#[tokio::test]
async fn a_feed_that_was_cancelled_over_a_large_table_without_order_or_time_rests() {
    let db = database::empty().await;
    let client = &db.client;
    let events = "CREATE SCHEMA marketing;
        CREATE TABLE marketing.pipeline_events (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), event_type text, payload jsonb, status text, created_at timestamptz, processed_at timestamptz);
        INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at) SELECT 'company_created', '{}', 'pending', now() FROM generate_series(1, 60000);
        ANALYZE";
    client.batch_execute(events).await.unwrap();
    let catalog = database::catalog(client, "marketing").await;
    let mut memory = Memory::default();
    let mut ask = async || {
        let before = client.spent().queries;
        let answer = queries::fetch(client, &catalog, FeedId::Totals, &mut memory).await;
        (answer, client.spent().queries - before)
    };
    let (answer, asked) = ask().await;
    assert!(answer.is_ok() && asked > 0, "{answer:?} {asked}");
    // While the server is quick enough it is asked each time.
    assert!(ask().await.1 > 0);
    client
        .batch_execute("SET statement_timeout = 1")
        .await
        .unwrap();
    let (answer, asked) = ask().await;
    assert_eq!(answer, Err(Fault::TooSlow(0)));
    assert!(asked > 0);
    assert_eq!(ask().await, (Err(Fault::TooSlow(0)), 0));
}
