//! What is asked of tables beside the events where they are large and no index on time is there, on the classic shape: shares are of
//! the newest rows and say so, and what a part of one table would tell wrongly is not asked at all.

use outpost::{
    domain::{
        outcomes::{Outcomes, Sampled, Share},
        scorecard::{MetricId, MetricReading},
        server::Gap,
    },
    effect::FeedId,
    msg::{Fact, Fault},
    sources::postgres::{
        Client,
        queries::{self, Memory},
    },
};
use pretty_assertions::assert_eq;

use crate::database;

/// Large tables: of contacts and of raw companies the newest 20,000 ended badly and all others well; deliveries, of which the newest
/// 20,000 bounced; and a few campaigns of this week.
const FILL: &str = "
    SET session_replication_role = replica;
    INSERT INTO marketing.contact_enrichment (email, enrichment_status, enriched_at, created_at)
    SELECT 'a@b.example', CASE WHEN i > 40000 THEN 'failed' ELSE 'completed' END, now() - interval '1 hour', now() - interval '1 hour' FROM generate_series(1, 60000) AS i;
    INSERT INTO intake.company_raw_intake (company_name, validated) SELECT 'c', i <= 40000 FROM generate_series(1, 60000) AS i;
    CREATE TABLE marketing.delivery_log (id serial PRIMARY KEY, contact_id int, status text, created_at timestamp DEFAULT now());
    INSERT INTO marketing.delivery_log (contact_id, status) SELECT i, CASE WHEN i > 40000 THEN 'bounced' ELSE 'delivered' END FROM generate_series(1, 60000) AS i;
    CREATE TABLE marketing.responses (id serial PRIMARY KEY, contact_id int, created_at timestamp DEFAULT now());
    INSERT INTO marketing.responses (contact_id) SELECT i FROM generate_series(1, 600) AS i;
    CREATE TABLE marketing.campaigns (id serial PRIMARY KEY, campaign_name text, created_at timestamp DEFAULT now());
    CREATE TABLE marketing.campaign_contacts (campaign_id int, contact_id int, added_at timestamp DEFAULT now());
    INSERT INTO marketing.campaigns (campaign_name) VALUES ('one');
    INSERT INTO marketing.campaign_contacts SELECT 1, i FROM generate_series(1, 60000) AS i;
    RESET session_replication_role;
    ANALYZE";

/// Rows of the large tables that the transaction of `client` has read so far.
async fn read(client: &Client) -> i64 {
    let sql = "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint AS n FROM pg_stat_xact_user_tables
               WHERE relname IN ('contact_enrichment', 'company_raw_intake', 'delivery_log', 'responses', 'campaign_contacts')";
    client.query_typed_one(sql, &[]).await.unwrap().get("n")
}

async fn seen(client: &Client) -> (Outcomes, Vec<MetricReading>, Result<Fact, Fault>) {
    let catalog = database::catalog(client, "marketing").await;
    let mut memory = Memory::default();
    let ask =
        async |feed, memory: &mut Memory| queries::fetch(client, &catalog, feed, memory).await;
    let outcomes = match ask(FeedId::Outcomes, &mut memory).await {
        Ok(Fact::Outcomes(outcomes)) => outcomes,
        other => panic!("{other:?}"),
    };
    let scorecard = match ask(FeedId::Scorecard, &mut memory).await {
        Ok(Fact::Scorecard(readings)) => readings,
        other => panic!("{other:?}"),
    };
    let campaigns = ask(FeedId::Campaigns, &mut memory).await;
    (outcomes, scorecard, campaigns)
}

fn of(readings: &[MetricReading], id: MetricId) -> (Option<f64>, u64, Option<u64>, bool) {
    let reading = readings.iter().find(|reading| reading.id == id).unwrap();
    (reading.value, reading.n, reading.newest, reading.is_slow)
}

#[tokio::test]
async fn shares_of_large_tables_are_of_their_newest_rows_and_say_so_and_no_table_is_read_as_a_whole()
 {
    let db = database::classic().await;
    let client = &db.client;
    client.batch_execute(FILL).await.unwrap();
    client.batch_execute("BEGIN").await.unwrap();
    let (outcomes, scorecard, campaigns) = seen(client).await;
    // Enrichments, deliveries, why they bounced; enrichments, deliveries and validations of the scorecard: 20,000 each.
    let n = read(client).await;
    assert!(n <= 121_000, "{n}");
    client.batch_execute("COMMIT").await.unwrap();
    let newest = Some(20_000);
    let sampled = Sampled {
        deliveries: newest,
        enrichments: newest,
    };
    assert_eq!(outcomes.sampled, sampled);
    assert_eq!(
        outcomes.enrichments_24h,
        Some(Share {
            part: 0,
            of: 20_000
        })
    );
    assert_eq!(
        outcomes.deliveries_24h,
        Some(Share {
            part: 20_000,
            of: 20_000
        })
    );
    // Of whom was written to only a part would be known, and of who replied all.
    assert_eq!((outcomes.replies_7d, outcomes.slow.replies), (None, true));
    let worst = (Some(0.0), 20_000, newest, false);
    for metric in [
        MetricId::EmailEnrichment,
        MetricId::ValidationSuccess,
        MetricId::DeliveryRate,
    ] {
        assert_eq!(of(&scorecard, metric), worst, "{metric:?}");
    }
    assert_eq!(of(&scorecard, MetricId::ReplyRate), (None, 0, None, true));
    assert_eq!(campaigns, Err(Fault::TooSlow(0)));
}

/// Makes the indexes that are named as missing.
async fn make_indexes(client: &Client) {
    let catalog = database::catalog(client, "marketing").await;
    let gaps = catalog.gaps();
    let is_index = |table: &str, gap: &&Gap| {
        let what = gap.what.display();
        what.starts_with(&format!("an index on marketing.{table}"))
    };
    for (table, many) in [("delivery_log", 2), ("campaign_contacts", 1)] {
        let indexes = gaps.iter().filter(|gap| is_index(table, gap));
        let remedies: Vec<&str> = indexes.map(|gap| gap.remedy.as_str()).collect();
        assert_eq!(remedies.len(), many, "{table}: {gaps:?}");
        for remedy in remedies {
            client.batch_execute(remedy).await.unwrap();
        }
    }
}

#[tokio::test]
async fn with_the_indexes_that_are_named_as_missing_all_of_it_is_counted() {
    let db = database::classic().await;
    let client = &db.client;
    client.batch_execute(FILL).await.unwrap();
    make_indexes(client).await;
    let (outcomes, scorecard, campaigns) = seen(client).await;
    assert_eq!(
        outcomes.deliveries_24h,
        Some(Share {
            part: 20_000,
            of: 60_000
        })
    );
    assert_eq!(
        outcomes.replies_7d,
        Some(Share {
            part: 600,
            of: 40_000
        })
    );
    assert_eq!(
        (outcomes.sampled.deliveries, outcomes.slow.replies),
        (None, false)
    );
    let (rate, n, newest, _) = of(&scorecard, MetricId::ReplyRate);
    assert_eq!((rate, n, newest), (Some(0.015), 40_000, None));
    assert!(matches!(campaigns, Ok(Fact::Campaigns(all)) if all[0].contacts == 60_000));
}
