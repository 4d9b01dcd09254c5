//! Records from end to end on real databases: by the guide's tables, by the events of a pipeline of its own.

use std::sync::Arc;

use outpost::{
    domain::{
        latency::{
            Quantile,
            end_to_end::{EndToEnd, InFlight},
            window::Span,
        },
        pipeline::Pipeline,
    },
    effect::FeedId,
    msg::Fact,
    sources::postgres::{
        Client,
        catalog::Catalog,
        queries::{self, Memory},
    },
};

use crate::database;

async fn records(client: &Client, catalog: &Catalog, span: Span, memory: &mut Memory) -> EndToEnd {
    let feed = FeedId::Records(span);
    let fact = queries::fetch(client, catalog, feed, memory).await;
    let Ok(Fact::Records(records)) = fact else {
        panic!("{fact:?}");
    };
    assert_eq!(records.span, span);
    records.end_to_end.unwrap()
}

#[tokio::test]
async fn a_company_counts_from_its_coming_to_its_first_verified_contact_once_and_in_one_window() {
    let db = database::fresh().await;
    let history = "
        SET session_replication_role = replica;
        INSERT INTO intake.company_raw_intake (id, company_name, created_at)
        SELECT n, 'Company ' || n, now() - interval '20 min' - n * interval '10 s' FROM generate_series(1, 40) AS n;
        INSERT INTO marketing.company_master (company_unique_id, company_name, intake_id)
        SELECT 'c' || n, 'Company ' || n, n FROM generate_series(1, 40) AS n;
        INSERT INTO marketing.company_slots (company_slot_unique_id, company_unique_id, slot_type)
        SELECT 's' || n, 'c' || n, 'CEO' FROM generate_series(1, 40) AS n;
        INSERT INTO marketing.contact_enrichment (id, company_slot_unique_id)
        SELECT n, 's' || n FROM generate_series(1, 40) AS n;
        INSERT INTO marketing.email_verification (enrichment_id, email, verification_status, verified_at)
        SELECT n, n || '@example.com', 'valid', now() - interval '20 min' FROM generate_series(1, 39) AS n
        UNION ALL SELECT 1, '1@example.com', 'valid', now() - interval '1 min'
        -- Verified first before the window, and once more in it.
        UNION ALL SELECT 40, '40@example.com', 'valid', now() - interval '2 h'
        UNION ALL SELECT 40, '40@example.com', 'valid', now() - interval '1 min';
        UPDATE intake.company_raw_intake SET created_at = now() - interval '9 h' WHERE id = 40";
    db.client.batch_execute(history).await.unwrap();
    let known = async |span| {
        let catalog = database::catalog(&db.client, "marketing").await;
        records(&db.client, &catalog, span, &mut Memory::brief()).await
    };
    let ms = |quantile: Option<Quantile>| quantile.unwrap().ms;
    let hour = known(Span::Hour).await;
    assert_eq!(
        (hour.n, ms(hour.p50), ms(hour.p95), hour.max_ms),
        (39, 200_000, 380_000, Some(390_000))
    );
    assert_eq!(hour.in_flight, InFlight::default());
    assert_eq!(hour.newest, None, "that were all");
    let slowest: Vec<String> = hour
        .slowest
        .iter()
        .map(|slow| slow.record.display_cut(9))
        .collect();
    assert_eq!(
        slowest,
        ["39", "38", "37", "36", "35", "34", "33", "32", "31", "30"]
    );
    let first = hour.slowest.first().unwrap();
    assert_eq!(
        first.company.as_ref().unwrap().display_cut(20),
        "Company 39"
    );
    let day = known(Span::Day).await;
    assert_eq!((day.n, day.max_ms), (40, Some(7 * 3_600_000)));
}

#[tokio::test]
async fn companies_that_wait_for_their_contact_are_lower_bounds_and_those_that_have_none_to_wait_for_are_not()
 {
    let db = database::fresh().await;
    // A company each: verified after 100 s; and an hour ago came what was rejected, nobody looked at, has no slots, is being
    // enriched, waits for its verification, whose enrichment failed, or found no address.
    let history = "
        SET session_replication_role = replica;
        INSERT INTO intake.company_raw_intake (id, company_name, validated, created_at)
        SELECT n, 'Company ' || n, CASE n WHEN 2 THEN false WHEN 3 THEN NULL ELSE true END,
          now() - CASE n WHEN 1 THEN interval '200 s' ELSE n * interval '1 h' END
        FROM generate_series(1, 9) AS n;
        INSERT INTO marketing.company_master (company_unique_id, company_name, intake_id)
        SELECT 'c' || n, 'Company ' || n, n FROM generate_series(1, 9) AS n WHERE n NOT IN (2, 3);
        INSERT INTO marketing.company_slots (company_slot_unique_id, company_unique_id, slot_type)
        SELECT 's' || n || type, 'c' || n, type FROM unnest(ARRAY[1, 5, 6, 7, 8, 9]) AS n, unnest(ARRAY['CEO', 'HR']) AS type;
        INSERT INTO marketing.contact_enrichment (id, company_slot_unique_id, email, enrichment_status)
        SELECT n * 10 + (type = 'HR')::int, 's' || n || type, CASE WHEN n IN (1, 6) THEN n || '@example.com' END,
          CASE WHEN n = 7 OR type = 'HR' AND n <> 5 THEN 'failed' WHEN n = 5 THEN 'processing' ELSE 'completed' END
        FROM unnest(ARRAY[1, 5, 6, 7, 8]) AS n, unnest(ARRAY['CEO', 'HR']) AS type;
        INSERT INTO marketing.email_verification (enrichment_id, email, verification_status, verified_at)
        SELECT n * 10, n || '@example.com', CASE n WHEN 1 THEN 'valid' ELSE 'pending' END, CASE n WHEN 1 THEN now() - interval '100 s' END
        FROM unnest(ARRAY[1, 6]) AS n";
    db.client.batch_execute(history).await.unwrap();
    let catalog = database::catalog(&db.client, "marketing").await;
    let known = records(&db.client, &catalog, Span::Hour, &mut Memory::brief()).await;
    // 3, 4, 5, 6 and 9, whose slots nobody has begun to enrich.
    let hours = |ms: u64| ms / 3_600_000;
    assert_eq!((known.n, known.max_ms), (1, Some(100_000)));
    assert_eq!(
        (known.in_flight.n, known.in_flight.oldest_ms.map(hours)),
        (5, Some(9))
    );
    let [p50, p95] = [known.p50, known.p95].map(Option::unwrap);
    assert_eq!((hours(p50.ms), p50.at_least), (4, true));
    assert_eq!((hours(p95.ms), p95.at_least), (9, true));
    // The contact of the last comes, and is the newest of all.
    let ends = "INSERT INTO marketing.contact_enrichment (id, company_slot_unique_id, email, enrichment_status) VALUES (99, 's9HR', '9@example.com', 'completed');
        INSERT INTO marketing.email_verification (enrichment_id, email, verification_status, verified_at) VALUES (99, '9@example.com', 'invalid', now())";
    db.client.batch_execute(ends).await.unwrap();
    let known = records(&db.client, &catalog, Span::Hour, &mut Memory::brief()).await;
    assert_eq!((known.n, known.in_flight.n), (2, 4));
    assert_eq!(known.max_ms.map(hours), Some(9));
}

#[tokio::test]
async fn of_very_many_records_the_newest_are_looked_at_and_it_says_so() {
    let db = database::fresh().await;
    // The keys of companies come in the order of their verification; the older half took 1,000 s, the newer 100 s, and 3,000
    // contacts at the end still wait for theirs.
    let history = "
        SET session_replication_role = replica;
        INSERT INTO intake.company_raw_intake (id, company_name, validated, created_at)
        SELECT n, 'Company ' || n, true, now() - interval '50 min' + n * interval '1 s' - CASE WHEN n <= 400 THEN interval '1000 s' ELSE '100 s' END
        FROM generate_series(1, 800) AS n;
        INSERT INTO marketing.company_master (company_unique_id, company_name, intake_id)
        SELECT 'c' || n, 'Company ' || n, n FROM generate_series(1, 800) AS n;
        INSERT INTO marketing.company_slots (company_slot_unique_id, company_unique_id, slot_type)
        SELECT 's' || n, 'c' || n, 'CEO' FROM generate_series(1, 800) AS n;
        INSERT INTO marketing.contact_enrichment (id, company_slot_unique_id, email, enrichment_status)
        SELECT n, 's' || n, n || '@example.com', 'completed' FROM generate_series(1, 800) AS n;
        INSERT INTO marketing.email_verification (enrichment_id, email, verification_status, verified_at)
        SELECT n, n || '@example.com', 'valid', now() - interval '50 min' + n * interval '1 s' FROM generate_series(1, 800) AS n;
        INSERT INTO marketing.email_verification (enrichment_id, email, verification_status)
        SELECT n, n || '@example.com', 'pending' FROM generate_series(1, 800) AS n, generate_series(1, 2) AS again;
        ANALYZE";
    db.client.batch_execute(history).await.unwrap();
    let catalog = database::catalog(&db.client, "marketing").await;
    let known = records(&db.client, &catalog, Span::Day, &mut Memory::brief()).await;
    assert_eq!((known.n, known.newest), (128, Some(128)));
    let quantiles = [known.p50, known.p95, known.p99].map(|quantile| quantile.unwrap().ms);
    assert_eq!(quantiles, [100_000; 3]);
}

/// Two stages of a site that has none of the guide's tables: an order, and its parcels.
const SHOP: &str = r#"
name = "webshop"
[[phase]]
name = "Intake"
[[stage]]
event = "order_placed"
phase = "Intake"
workflow = "Order Checker"
webhook = "check-order"
side_effect = "internal"
about = "company"
[[stage]]
event = "parcel_packed"
phase = "Intake"
workflow = "Parcel Packer"
webhook = "pack-parcel"
side_effect = "internal"
about = "company"
parent = "order_placed"
children = "1..n"
keys = ["order_id = order"]
"#;

#[tokio::test]
async fn records_of_a_pipeline_of_its_own_are_followed_by_its_events_and_what_is_in_flight_is_a_lower_bound()
 {
    let db = database::classic().await;
    // Orders 1 to 20 come a minute before two parcels each, which take as many seconds as the order's number and more. Of order
    // 21 the parcel waits, of 22 it failed, of 23 it ended before the window; nothing is known of 24 but that it is done.
    let history = "
        INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
        SELECT 'order_placed', jsonb_build_object('order_id', n), 'processed', at, at + interval '1 s'
        FROM generate_series(1, 24) AS n, LATERAL (SELECT now() - interval '30 min' - CASE n WHEN 23 THEN interval '3 h' ELSE '0' END AS at) AS t;
        INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
        SELECT 'parcel_packed', jsonb_build_object('order', n),
          CASE n WHEN 21 THEN 'pending' WHEN 22 THEN 'failed' ELSE 'processed' END, at, CASE WHEN n <> 21 THEN at + n * parcel * interval '1 s' END
        FROM generate_series(1, 23) AS n, generate_series(1, 2) AS parcel,
          LATERAL (SELECT now() - interval '29 min' - CASE n WHEN 23 THEN interval '3 h' ELSE '0' END AS at) AS t";
    db.client.batch_execute(history).await.unwrap();
    let catalog = database::catalog(&db.client, "marketing").await;
    let pipeline = Arc::new(Pipeline::parse(SHOP).unwrap());
    let mut memory = Memory::brief().over(pipeline);
    let known = records(&db.client, &catalog, Span::Hour, &mut memory).await;
    let path = known.path.unwrap();
    assert_eq!(
        (path.first.as_str(), path.last.as_str()),
        ("order_placed", "parcel_packed")
    );
    // A minute, and the first parcel of each; and the one that has not ended, which is the slowest of all.
    let quantiles = [known.p50, known.p95, known.p99].map(Option::unwrap);
    let told = quantiles.map(|quantile| (quantile.ms, quantile.at_least));
    assert_eq!(told[..2], [(71_000, false), (80_000, false)]);
    assert!(
        (1_800_000..1_900_000).contains(&told[2].0) && told[2].1,
        "{told:?}"
    );
    assert_eq!(
        (known.n, known.max_ms, known.newest),
        (20, Some(80_000), None)
    );
    assert_eq!(known.slowest.len(), 10);
    let InFlight { n, oldest_ms } = known.in_flight;
    assert_eq!(n, 1);
    assert!(
        (1_800_000..1_900_000).contains(&oldest_ms.unwrap()),
        "{oldest_ms:?}"
    );
}
