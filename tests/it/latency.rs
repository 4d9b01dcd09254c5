//! Latency over windows of time on real databases: from the table, from our memory of it, from roll-ups; and what is usual.

use outpost::{
    action::ScreenId,
    domain::{
        event::EventType,
        latency::window::{LatencyWindow, Origin, Span, StageWindow, Usual},
    },
    effect::{Effect, FeedId},
    msg::{Fact, Fault, Msg},
    sources::postgres::{
        Client,
        queries::{self, Memory},
    },
};

use crate::{database, scenario::Scenario, screen, worlds};

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
async fn six_hours_add_their_hours_up_those_of_before_they_were_kept_as_well() {
    let db = database::fresh().await;
    db.client.batch_execute(FILL).await.unwrap();
    // What of a stage is in the hours and not in the six hours, or the other way round.
    let differing = "SELECT count(*) FROM (
          SELECT h.event_type, u.bin::int AS bin, sum(u.n)::int8 AS n, to_timestamp(floor(extract(epoch FROM h.bucket) / 21600) * 21600) AS bucket
          FROM marketing.event_hour AS h, unnest(h.latency_histogram) WITH ORDINALITY AS u (n, bin) WHERE u.n > 0 GROUP BY 1, 2, 4
        ) AS hours
        FULL JOIN (
          SELECT s.event_type, u.bin, u.n, s.bucket FROM marketing.event_six_hours AS s, unnest(s.bins, s.counts) AS u (bin, n)
        ) AS six USING (event_type, bin, n, bucket)
        WHERE (hours IS NULL) <> (six IS NULL)";
    let kept = "SELECT count(DISTINCT bucket) FROM marketing.event_six_hours";
    let count = async |sql: &str| -> i64 { db.client.query_one(sql, &[]).await.unwrap().get(0) };
    for _ in 0..8 {
        db.client
            .batch_execute("SELECT marketing.rollup_tick()")
            .await
            .unwrap();
    }
    let n = count(kept).await;
    assert!((4..=6).contains(&n), "{n}");
    assert_eq!(count(differing).await, 0);
    // As a site stands that has hours from before.
    let anew = "TRUNCATE marketing.event_six_hours;
        UPDATE marketing.rollup_state SET hours_at = hours_at - interval '6 min', hours_due = ARRAY[date_trunc('hour', now())];
        SELECT marketing.rollup_tick()";
    db.client.batch_execute(anew).await.unwrap();
    assert_eq!(count(kept).await, n);
    assert_eq!(count(differing).await, 0);
}

#[tokio::test]
async fn a_day_is_compared_with_those_of_the_weeks_before_each_hour_of_it_once() {
    let db = database::fresh().await;
    // A week ago latencies were long in each second hour: of those compared they are half. Before and after they were longer
    // still. Two weeks ago they were short all day.
    let history = "
        INSERT INTO marketing.pipeline_events (event_type, status, created_at, processed_at)
        SELECT 'company_created', 'processed', now() - interval '10 min', now() FROM generate_series(1, 20);
        INSERT INTO marketing.event_hour
          (bucket, event_type, n_created, n_processed, n_failed, n_open, latency_sum, latency_max, latency_histogram)
        SELECT date_trunc('hour', now()) - week * interval '7 days' - ago * interval '1 hour', 'company_created', 100, 100, 0, 0, 1, 1,
          array_fill(0::bigint, ARRAY[bin - 1]) || 100::bigint || array_fill(0::bigint, ARRAY[80 - bin])
        FROM generate_series(1, 2) AS week, generate_series(-3, 30) AS ago,
          LATERAL (SELECT CASE WHEN ago NOT BETWEEN 0 AND 24 THEN 78 WHEN week = 2 OR ago % 2 = 0 THEN 35 ELSE 60 END AS bin) AS b;
        SELECT marketing.rollup_six_hours(array_agg(DISTINCT to_timestamp(floor(extract(epoch FROM bucket) / 21600) * 21600)))
        FROM marketing.event_hour";
    db.client.batch_execute(history).await.unwrap();
    let mut memory = Memory::brief();
    let day = window(&db.client, Span::Day, &mut memory).await.unwrap();
    let usual = of(&day, "company_created").usual.unwrap();
    assert_eq!(usual.weeks, 2);
    // Between 3.9 s and 5 min; nothing of 2 h.
    assert!((145_000..=160_000).contains(&usual.p95_ms), "{usual:?}");
    assert!(usual.p50_ms < 160_000, "{usual:?}");
    // It is believed for a while, by who remembers it.
    let none = "TRUNCATE marketing.event_hour, marketing.event_six_hours";
    db.client.batch_execute(none).await.unwrap();
    let again = window(&db.client, Span::Day, &mut memory).await.unwrap();
    assert_eq!(of(&again, "company_created").usual, Some(usual));
    let anew = window(&db.client, Span::Day, &mut Memory::brief())
        .await
        .unwrap();
    assert_eq!(of(&anew, "company_created").usual, None);
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

/// The windows of time among what the last step needs anew.
fn windows(script: &Scenario) -> Vec<FeedId> {
    match &script.effects[..] {
        [Effect::Need(feeds)] => feeds
            .iter()
            .filter(|feed| matches!(feed, FeedId::Latency(_) | FeedId::Records(_)))
            .copied()
            .collect(),
        effects => panic!("{effects:?}"),
    }
}

#[test]
fn only_what_is_looked_at_over_a_window_is_asked_for() {
    let script = Scenario::start().keys("3");
    assert_eq!(windows(&script), [], "there is no room for it in 40 rows");
    let script = script.keys("]");
    assert_eq!(windows(&script), [FeedId::Latency(Span::Hour)]);
    let script = script.keys("}");
    assert_eq!(windows(&script), [FeedId::Latency(Span::Day)]);
    let script = script.keys("}}}");
    assert_eq!(script.notice(), "there is no longer window than 30 days");
    let script = script.keys("{");
    assert_eq!(windows(&script), [FeedId::Latency(Span::Week)]);
    let script = script.keys("]");
    assert_eq!(
        windows(&script),
        [FeedId::Records(Span::Week)],
        "the same window, and no stages"
    );
    let script = script.keys("]");
    assert_eq!(windows(&script), []);
    assert_eq!(
        script.keys("}").notice(),
        "windows are of the latency tab: ] shows it"
    );
}

#[test]
fn the_queue_asks_for_latency_only_while_it_shows_how_that_is_spread() {
    let hour = [FeedId::Latency(Span::Hour)];
    let asked = |(width, height)| {
        let model = worlds::stall().model((width, height), ScreenId::Queue);
        model.needed.contains(&hour[0])
    };
    // Whether the pane is painted, at every height.
    for height in 10..70 {
        let model = worlds::stall().model((200, height), ScreenId::Queue);
        let painted = screen::text(&screen::paint(&model, (200, height))).join("\n");
        assert_eq!(
            painted.contains("] shows all stages"),
            asked((200, height)),
            "{height}"
        );
    }
    let sizes = [(80, 24), (120, 40), (200, 60)];
    assert_eq!(sizes.map(asked), [false, false, true]);
    // It comes and goes with the size of the terminal, and with the stages that are listed.
    let script = Scenario {
        model: worlds::stall().model((200, 40), ScreenId::Queue),
        now: worlds::now(),
        effects: Vec::new(),
    };
    let script = script.tell(Msg::Resized(200, 60));
    assert_eq!(windows(&script), hour);
    let script = script.tell(Msg::Resized(200, 40));
    assert_eq!(windows(&script), []);
    let script = script.keys("/stage:company_created⏎");
    assert!(script.model.needed.contains(&hour[0]));
}

#[tokio::test]
async fn of_a_month_only_the_six_hours_that_changed_are_read_again_and_what_is_gone_is_forgotten() {
    let db = database::fresh().await;
    let hours = "
        INSERT INTO marketing.event_hour
          (bucket, event_type, n_created, n_processed, n_failed, n_open, latency_sum, latency_max, latency_histogram)
        SELECT date_trunc('hour', now()) - ago * interval '1 hour', 'company_created', 100, 100, 0, 0, 100, 1,
          array_fill(0::bigint, ARRAY[34]) || 100::bigint || array_fill(0::bigint, ARRAY[45])
        FROM generate_series(0, 700) AS ago;
        SELECT marketing.rollup_six_hours(array_agg(DISTINCT to_timestamp(floor(extract(epoch FROM bucket) / 21600) * 21600)))
        FROM marketing.event_hour";
    db.client.batch_execute(hours).await.unwrap();
    let mut memory = Memory::default();
    let n = async |memory: &mut Memory| -> (u64, u64) {
        let client = &db.client;
        let month = window(client, Span::Month, memory).await.unwrap();
        let anew = window(client, Span::Month, &mut Memory::brief())
            .await
            .unwrap();
        let whole = |window: &LatencyWindow| {
            let of = of(window, "company_created");
            (of.n, of.cells.iter().map(|cell| cell.n).sum::<u64>())
        };
        assert_eq!(whole(&month), whole(&anew));
        whole(&month)
    };
    let (at_first, _) = n(&mut memory).await;
    assert!((69_500..=70_100).contains(&at_first), "{at_first}");
    assert_eq!(n(&mut memory).await.0, at_first);
    // Late ends: hours of all four weeks are rolled up again. The newest are looked at in each read, the others in four.
    let late = "CREATE TEMP TABLE late AS SELECT date_trunc('hour', now()) - ago * interval '1 hour' AS bucket
          FROM unnest(ARRAY[20, 70, 200, 333, 420, 530, 680]) AS ago;
        UPDATE marketing.event_hour SET latency_histogram[35] = 107 WHERE bucket IN (SELECT bucket FROM late);
        SELECT marketing.rollup_six_hours(array_agg(DISTINCT to_timestamp(floor(extract(epoch FROM bucket) / 21600) * 21600))) FROM late";
    db.client.batch_execute(late).await.unwrap();
    for _ in 0..3 {
        let month = window(&db.client, Span::Month, &mut memory).await.unwrap();
        assert!(of(&month, "company_created").n > at_first);
    }
    assert_eq!(n(&mut memory).await.0, at_first + 49);
    // Six hours are removed.
    let gone = "DELETE FROM marketing.event_six_hours WHERE bucket < now() - interval '10 days'";
    db.client.batch_execute(gone).await.unwrap();
    let (left, _) = n(&mut memory).await;
    assert!((20_000..28_000).contains(&left), "{left}");
}
