//! Latency over windows of time on real databases: from the table, from our memory of it, from roll-ups; and what is usual.

use outpost::{
    domain::{
        event::EventType,
        latency::window::{LatencyWindow, Origin, Span, StageWindow, Usual},
    },
    effect::{Effect, FeedId},
    msg::{Fact, Fault},
    sources::postgres::{
        Client,
        queries::{self, Memory},
    },
};

use crate::{database, scenario::Scenario};

async fn window(client: &Client, span: Span, memory: &mut Memory) -> Result<LatencyWindow, Fault> {
    let catalog = database::catalog(client, "marketing").await;
    let fact = queries::fetch(client, &catalog, FeedId::Latency(span), memory).await?;
    let Fact::Latency(window) = fact else {
        panic!("{fact:?}");
    };
    Ok(window)
}

fn of<'a>(window: &'a LatencyWindow, stage: &str) -> &'a StageWindow {
    let stage = EventType::from(stage);
    window.stages.iter().find(|of| of.stage == stage).unwrap()
}

/// 60,000 events of three stages over the last 23 h, with latencies from 20 ms to an hour and a half; the triggers rest.
const FILL: &str = "
    SET session_replication_role = replica;
    INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
    SELECT 'stage_' || i % 3, '{}', 'processed', at, at + interval '1 ms' * (20 + 3 * exp((i * 7919 % 1000) / 1000.0 * ln(1000000 * (1 + i % 3) / 2.0)))
    FROM generate_series(1, 60000) AS i, LATERAL (SELECT now() - interval '23 hours' * (1 - i / 60000.0) AS at) AS t
    WHERE i < 55000 OR i % 2 = 0;
    UPDATE marketing.pipeline_events SET processed_at = NULL, status = 'processing' WHERE processed_at > now();
    ANALYZE marketing.pipeline_events;
    SET session_replication_role = origin;";

/// What the server says of those of `stage` that ended in the last `seconds`, or have not: p50, p95, p99 in ms.
async fn exact(client: &Client, stage: &str, seconds: i64) -> Vec<f64> {
    let sql = format!(
        "SELECT percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM coalesce(processed_at, now()) - created_at)::float8 * 1000)
         FROM marketing.pipeline_events
         WHERE event_type = '{stage}' AND (processed_at IS NULL OR processed_at > now() - interval '{seconds} s')"
    );
    client.query_one(&sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn percentiles_are_those_of_the_server_within_a_fortieth_from_the_table_and_from_memory() {
    let db = database::fresh().await;
    db.client.batch_execute(FILL).await.unwrap();
    // One `now()` for all that is compared, however slow this machine is.
    db.client.batch_execute("BEGIN").await.unwrap();
    let mut brief = Memory::brief();
    let mut kept = Memory::default();
    for span in [Span::Hour, Span::Day] {
        let table = window(&db.client, span, &mut brief).await.unwrap();
        assert_eq!(table.origin, Origin::Table);
        let mut memory = window(&db.client, span, &mut kept).await.unwrap();
        // The windows are filled in small reads.
        for _ in 0..40 {
            if memory.since.is_none() {
                break;
            }
            let catalog = database::catalog(&db.client, "marketing").await;
            queries::fetch(&db.client, &catalog, FeedId::Stages, &mut kept)
                .await
                .unwrap();
            memory = window(&db.client, span, &mut kept).await.unwrap();
        }
        assert_eq!((memory.origin, memory.since), (Origin::Memory, None));
        for stage in ["stage_0", "stage_1", "stage_2"] {
            let exact = exact(&db.client, stage, span.seconds()).await;
            for told in [&table, &memory] {
                let latency = of(told, stage).latency();
                let quantiles = [latency.p50, latency.p95, latency.p99];
                for (quantile, exact) in quantiles.into_iter().zip(&exact) {
                    let ms = quantile.unwrap().ms as f64;
                    // Beside the bins: the step from one event to the next, and the edge of the window.
                    assert!(
                        (ms - exact).abs() <= exact * 0.06 + 2.0,
                        "{span:?} {stage} {:?}: {ms} told, {exact} exact",
                        told.origin
                    );
                }
            }
            let (a, b) = (of(&table, stage), of(&memory, stage));
            assert!(a.n.abs_diff(b.n) <= a.n / 50 + 3, "{} {}", a.n, b.n);
            assert!(a.avg_ms.unwrap().abs_diff(b.avg_ms.unwrap()) <= a.avg_ms.unwrap() / 10);
        }
    }
}

#[tokio::test]
async fn average_maximum_and_number_are_those_of_the_guide() {
    let db = database::fresh().await;
    db.client.batch_execute(FILL).await.unwrap();
    let table = window(&db.client, Span::Hour, &mut Memory::brief())
        .await
        .unwrap();
    let guide = "SELECT avg(extract(epoch FROM processed_at - created_at))::float8 * 1000,
           max(extract(epoch FROM processed_at - created_at))::float8 * 1000, count(*)
         FROM marketing.pipeline_events
         WHERE processed_at IS NOT NULL AND created_at > now() - interval '1 hour' AND event_type = 'stage_1'";
    let row = db.client.query_one(guide, &[]).await.unwrap();
    let (avg, max, n): (f64, f64, i64) = (row.get(0), row.get(1), row.get(2));
    let told = of(&table, "stage_1");
    assert!(n > 50, "{n}");
    assert!(told.n.abs_diff(n as u64) <= 1, "{} {n}", told.n);
    assert!(
        (told.avg_ms.unwrap() as f64 - avg).abs() < avg * 0.02,
        "{told:?} {avg}"
    );
    assert!(
        (told.max_ms.unwrap() as f64 - max).abs() < 1.0,
        "{told:?} {max}"
    );
}

#[tokio::test]
async fn a_week_is_told_from_roll_ups_within_a_ninth_and_by_no_other_way() {
    let db = database::fresh().await;
    db.client.batch_execute(FILL).await.unwrap();
    let empty = window(&db.client, Span::Week, &mut Memory::default())
        .await
        .unwrap();
    assert_eq!((empty.until, empty.stages.len()), (None, 0));
    let roll_up = "SELECT marketing.rollup_tick()";
    for _ in 0..8 {
        db.client.batch_execute(roll_up).await.unwrap();
    }
    for span in [Span::Week, Span::Month] {
        let rolled = window(&db.client, span, &mut Memory::default())
            .await
            .unwrap();
        assert_eq!(rolled.origin, Origin::RollUps);
        assert!(rolled.until.is_some());
        for stage in ["stage_0", "stage_1", "stage_2"] {
            let exact = exact(&db.client, stage, span.seconds()).await;
            let told = of(&rolled, stage).latency();
            for (quantile, exact) in [told.p50, told.p95, told.p99].into_iter().zip(&exact) {
                let ms = quantile.unwrap().ms as f64;
                assert!(
                    (ms - exact).abs() <= exact * 0.13 + 2.0,
                    "{span:?} {stage}: {ms} {exact}"
                );
            }
        }
    }
    let classic = database::classic().await;
    let none = window(&classic.client, Span::Month, &mut Memory::default()).await;
    let Err(Fault::Unsupported(why)) = none else {
        panic!("{none:?}");
    };
    assert!(why.contains("outpost rollup"), "{why}");
    let hour = window(&classic.client, Span::Hour, &mut Memory::default())
        .await
        .unwrap();
    assert!(!hour.has_baseline);
}

#[tokio::test]
async fn what_is_usual_is_the_median_of_the_same_hour_and_weekday_of_four_weeks() {
    let db = database::fresh().await;
    // In bin 35 are latencies of 3.62 s to 4.31 s, in bin 39 of 7.24 s to 8.61 s. The same hour a day or two hours apart is not asked.
    let history = "
        INSERT INTO marketing.pipeline_events (event_type, status, created_at, processed_at)
        SELECT 'company_created', 'processed', now() - interval '10 min', now() - interval '10 min' + interval '40 s' FROM generate_series(1, 20);
        INSERT INTO marketing.pipeline_events (event_type, status, created_at, processed_at)
        SELECT 'company_promoted', 'processed', now() - interval '10 min', now() - interval '10 min' + interval '1 s' FROM generate_series(1, 20);
        INSERT INTO marketing.event_hour
          (bucket, event_type, n_created, n_processed, n_failed, n_open, latency_sum, latency_max, latency_histogram)
        SELECT date_trunc('hour', now() - interval '30 min') - past, stage, 100, 100, 0, 0, 1, 1,
          array_fill(0::bigint, ARRAY[bin - 1]) || 100::bigint || array_fill(0::bigint, ARRAY[80 - bin])
        FROM (VALUES
          ('company_created', interval '7 days', 35), ('company_created', interval '14 days', 35), ('company_created', interval '21 days', 39),
          ('company_created', interval '6 days', 70), ('company_created', interval '7 days 2 hours', 70), ('company_created', interval '35 days', 70),
          ('company_promoted', interval '7 days', 35)) AS v (stage, past, bin)";
    db.client.batch_execute(history).await.unwrap();
    let hour = window(&db.client, Span::Hour, &mut Memory::brief())
        .await
        .unwrap();
    assert!(hour.has_baseline);
    let created = of(&hour, "company_created");
    let usual = created.usual.unwrap();
    assert_eq!(usual.weeks, 3);
    for ms in [usual.p50_ms, usual.p95_ms] {
        assert!((3_500..=4_400).contains(&ms), "{usual:?}");
    }
    let times = created.times_usual().unwrap();
    assert!((9.0..=11.5).contains(&times), "{times}");
    assert_eq!(of(&hour, "company_promoted").usual, None::<Usual>);
}

#[tokio::test]
async fn of_an_hour_that_is_compared_in_part_so_much_counts_as_has_elapsed_today() {
    let db = database::fresh().await;
    // In the hour that runs now latencies were long two weeks ago, in the one before it short.
    let history = "
        INSERT INTO marketing.pipeline_events (event_type, status, created_at, processed_at)
        SELECT 'company_created', 'processed', now() - interval '1 min', now() FROM generate_series(1, 20);
        INSERT INTO marketing.event_hour
          (bucket, event_type, n_created, n_processed, n_failed, n_open, latency_sum, latency_max, latency_histogram)
        SELECT date_trunc('hour', now()) - past, 'company_created', 100, 100, 0, 0, 1, 1,
          array_fill(0::bigint, ARRAY[bin - 1]) || 100::bigint || array_fill(0::bigint, ARRAY[80 - bin])
        FROM (VALUES (interval '7 days', 60), (interval '7 days 1 hour', 35), (interval '14 days', 60), (interval '14 days 1 hour', 35)) AS v (past, bin)";
    db.client.batch_execute(history).await.unwrap();
    let hour = window(&db.client, Span::Hour, &mut Memory::brief())
        .await
        .unwrap();
    let elapsed = "SELECT date_part('minute', now())::int";
    let elapsed: i32 = db.client.query_one(elapsed, &[]).await.unwrap().get(0);
    let usual = of(&hour, "company_created").usual.unwrap();
    let is_long = |ms: u64| ms > 100_000;
    assert_eq!(usual.weeks, 2);
    // Close to the half, and to a twentieth, the minute in which it is asked decides.
    assert!(
        (28..=31).contains(&elapsed) || is_long(usual.p50_ms) == (elapsed > 30),
        "{elapsed}: {usual:?}"
    );
    assert!(
        (1..=4).contains(&elapsed) || is_long(usual.p95_ms) == (elapsed > 3),
        "{elapsed}: {usual:?}"
    );
}

#[test]
fn only_the_window_that_is_looked_at_is_asked_for() {
    let needs = |script: &Scenario| -> Vec<FeedId> {
        match &script.effects[..] {
            [Effect::Need(feeds)] => feeds
                .iter()
                .filter(|feed| matches!(feed, FeedId::Latency(_)))
                .copied()
                .collect(),
            _ => Vec::new(),
        }
    };
    let script = Scenario::start().keys("3");
    assert_eq!(needs(&script), [FeedId::Latency(Span::Hour)]);
    let script = script.keys("]");
    assert_eq!(
        script.effects,
        [],
        "the queue shows the spread of the same window"
    );
    let script = script.keys("}");
    assert_eq!(needs(&script), [FeedId::Latency(Span::Day)]);
    let script = script.keys("}}}");
    assert_eq!(script.notice(), "there is no longer window than 30 days");
    let script = script.keys("{");
    assert_eq!(needs(&script), [FeedId::Latency(Span::Week)]);
    let script = script.keys("]");
    assert_eq!(script.effects, [], "records are of the same window");
    let script = script.keys("]");
    assert!(
        script
            .effects
            .iter()
            .any(|it| matches!(it, Effect::Need(_)))
    );
    assert_eq!(needs(&script), []);
    assert_eq!(
        script.keys("}").notice(),
        "windows are of the latency tab: ] shows it"
    );
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
        let window = window(&db.client, span, &mut Memory::brief())
            .await
            .unwrap();
        window.end_to_end.unwrap()
    };
    let hour = known(Span::Hour).await;
    assert_eq!(
        (hour.n, hour.p50_ms, hour.p95_ms, hour.max_ms),
        (39, 200_000, 380_000, 390_000)
    );
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
    assert_eq!((day.n, day.max_ms), (40, 7 * 3_600_000));
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
    let pipeline = std::sync::Arc::new(outpost::domain::pipeline::Pipeline::parse(SHOP).unwrap());
    let mut memory = Memory::brief().over(pipeline);
    let feed = FeedId::Latency(Span::Hour);
    let fact = queries::fetch(&db.client, &catalog, feed, &mut memory).await;
    let Ok(Fact::Latency(window)) = fact else {
        panic!("{fact:?}");
    };
    let known = window.end_to_end.unwrap();
    let path = known.path.unwrap();
    assert_eq!(
        (path.first.as_str(), path.last.as_str()),
        ("order_placed", "parcel_packed")
    );
    // A minute, and the first parcel of each.
    assert_eq!(
        (known.n, known.p50_ms, known.p95_ms, known.max_ms),
        (20, 70_000, 79_000, 80_000)
    );
    assert_eq!(known.slowest.len(), 10);
    let (n, oldest) = path.in_flight;
    assert_eq!((n, path.newest), (1, None));
    assert!(
        (1_800_000..1_900_000).contains(&oldest.unwrap()),
        "{oldest:?}"
    );
}
