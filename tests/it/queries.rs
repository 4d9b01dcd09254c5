//! The query files: all listed, all explained, all running on our own schema, each answer bounded.

use std::{collections::BTreeSet, fs, path::Path, sync::OnceLock};

use outpost::{
    domain::scorecard::MetricId,
    effect::FeedId,
    msg::{Fact, Fault},
    sources::postgres::{
        Client,
        queries::{self, ALL, Memory},
    },
};

use crate::database;

/// The feeds that the database answers, the server's own left out.
pub(crate) const FEEDS: [FeedId; 9] = [
    FeedId::Stages,
    FeedId::Trend,
    FeedId::Totals,
    FeedId::Tail,
    FeedId::Errors,
    FeedId::Outcomes,
    FeedId::Drops,
    FeedId::Campaigns,
    FeedId::Scorecard,
];

pub(crate) async fn fetch(client: &Client, schema: &str, feed: FeedId) -> Result<Fact, Fault> {
    let catalog = database::read_catalog(client, schema).await?;
    queries::fetch(client, &catalog, feed, &mut Memory::default()).await
}

fn files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn every_query_file_is_listed_and_every_listed_one_is_a_file() {
    // Two are asked by the catalog itself, before there is one.
    let listed: BTreeSet<&str> = ALL
        .iter()
        .map(|query| query.name)
        .chain(["catalog", "status_words"])
        .collect();
    let files = files("sql/queries");
    let found: BTreeSet<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(listed, found);
}

/// The lines of the parts that a file has in it.
fn parts_of(sql: &str) -> Vec<&'static str> {
    static PARTS: OnceLock<Vec<(String, String)>> = OnceLock::new();
    let parts = PARTS.get_or_init(|| files("sql/parts")).iter();
    let is_in = |name: &str| sql.contains(&format!("{{part {name}"));
    parts
        .filter(|(name, _)| is_in(name))
        .flat_map(|(_, part)| part.lines())
        .collect()
}

#[test]
fn every_file_says_what_it_answers_and_what_its_parameters_are() {
    for folder in ["sql/queries", "sql/mutations"] {
        for (name, sql) in files(folder) {
            let first = sql.lines().next().unwrap();
            assert!(first.starts_with("-- "), "{name}: {first}");
            assert!(!first.starts_with("-- $"), "{name}: {first}");
            for n in 1..=9 {
                let explained = sql
                    .lines()
                    .any(|line| line.starts_with(&format!("-- ${n} ")));
                let own = sql.lines().filter(|line| !line.starts_with("--"));
                let body: String = own.chain(parts_of(&sql)).collect();
                assert_eq!(body.contains(&format!("${n}")), explained, "{name}: ${n}");
            }
        }
    }
}

#[tokio::test]
async fn every_feed_is_answered_on_our_own_schema_while_it_is_empty() {
    let db = database::fresh().await;
    let catalog = database::catalog(&db.client, "marketing").await;
    assert_eq!(catalog.gaps(), []);
    for feed in FEEDS {
        let answer = queries::fetch(&db.client, &catalog, feed, &mut Memory::default()).await;
        assert!(answer.is_ok(), "{feed:?}: {answer:?}");
    }
    let Ok(Fact::Scorecard(metrics)) = fetch(&db.client, "marketing", FeedId::Scorecard).await
    else {
        panic!("no scorecard");
    };
    assert_eq!(metrics.len(), 12);
    assert!(
        metrics
            .iter()
            .all(|metric| metric.value.is_none() && metric.n == 0)
    );
}

/// Puts something in the place of `table` that takes so long to read.
pub(crate) async fn slow_down(client: &Client, table: &str, seconds: f64) {
    let sql = format!(
        "ALTER TABLE marketing.{table} RENAME TO {table}_behind;
         CREATE VIEW marketing.{table} AS SELECT behind.*
           FROM marketing.{table}_behind behind RIGHT JOIN (SELECT pg_sleep({seconds})) slow ON true"
    );
    client.batch_execute(&sql).await.unwrap();
}

#[tokio::test]
async fn a_query_that_takes_too_long_marks_its_own_panel_and_no_other() {
    let db = database::fresh().await;
    slow_down(&db.client, "email_verification", 5.0).await;
    slow_down(&db.client, "crm_sync_log", 5.0).await;
    let limit = "SET statement_timeout = '400ms'";
    db.client.batch_execute(limit).await.unwrap();
    let catalog = database::catalog(&db.client, "marketing").await;
    let mut memory = Memory::default();
    for _ in 0..2 {
        let answer = queries::fetch(&db.client, &catalog, FeedId::Scorecard, &mut memory).await;
        let Ok(Fact::Scorecard(metrics)) = answer else {
            panic!("{answer:?}");
        };
        let slow = metrics.iter().filter(|metric| metric.is_slow);
        let slow: Vec<MetricId> = slow.map(|metric| metric.id).collect();
        assert!(slow.contains(&MetricId::EmailDeliverability), "{slow:?}");
        assert!(!slow.contains(&MetricId::DeliveryRate), "{slow:?}");
        let answer = queries::fetch(&db.client, &catalog, FeedId::Outcomes, &mut memory).await;
        let Ok(Fact::Outcomes(outcomes)) = answer else {
            panic!("{answer:?}");
        };
        assert!(outcomes.slow.crm && outcomes.crm.is_none(), "{outcomes:?}");
        assert!(!outcomes.slow.deliveries && outcomes.deliveries_24h.is_some());
    }
}
