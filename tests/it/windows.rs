//! Windows of time over a large table: what our memory of them tells, and what the tables tell when they are asked.

use std::collections::BTreeMap;

use outpost::{
    domain::{
        latency::Quantile,
        stage::{MinuteBucket, StageReading, Totals},
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

/// 60,000 events of four stages over 30 hours, the oldest first. Of the last ten minutes many are open; no trigger fires.
const FILL: &str = "
    SET session_replication_role = replica;
    TRUNCATE marketing.pipeline_events, marketing.pipeline_errors;
    INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
    SELECT 'stage_' || i % 4, '{}', CASE WHEN i > 59700 AND i % 3 = 0 THEN 'pending' WHEN i > 59700 AND i % 7 = 0 OR i % 9000 = 0 THEN 'processing'
        WHEN i % 50 = 0 THEN 'failed' ELSE 'processed' END,
      now() - interval '30 hours' * (1 - i / 60000.0),
      CASE WHEN NOT (i > 59700 AND (i % 3 = 0 OR i % 7 = 0) OR i % 9000 = 0)
        THEN now() - interval '30 hours' * (1 - i / 60000.0) + interval '1 millisecond' * (i % 977) * (i % 4 + 1) * 7 END
    FROM generate_series(1, 60000) AS i;
    INSERT INTO marketing.pipeline_errors (event_type, error_message, created_at)
    SELECT 'stage_' || i % 3, 'HTTP 500', now() - interval '10 minutes' * i FROM generate_series(1, 9) AS i;
    ANALYZE marketing.pipeline_events;";

async fn catalog(client: &Client) -> Catalog {
    database::catalog(client, "marketing").await
}

/// What three feeds say.
#[derive(Debug)]
struct Told {
    stages: BTreeMap<String, StageReading>,
    trend: BTreeMap<(String, i64), MinuteBucket>,
    totals: Totals,
}

async fn told(client: &Client, catalog: &Catalog, memory: &mut Memory) -> Told {
    let mut facts = Vec::new();
    for feed in [FeedId::Stages, FeedId::Trend, FeedId::Totals] {
        facts.push(queries::fetch(client, catalog, feed, memory).await.unwrap());
    }
    let [
        Fact::Stages(stages),
        Fact::Trend(trend),
        Fact::Totals(totals),
    ] = &facts[..]
    else {
        panic!("{facts:?}")
    };
    let minute = |b: &MinuteBucket| (b.stage.label(), b.minute.timestamp());
    Told {
        stages: stages
            .iter()
            .map(|r| (r.stage.label(), r.clone()))
            .collect(),
        trend: trend.iter().map(|b| (minute(b), b.clone())).collect(),
        totals: totals.clone(),
    }
}

/// `told` is `exact` but for `share` of it and `slack`.
fn near(what: &str, told: u64, exact: u64, share: f64, slack: u64) -> Result<(), String> {
    let allowed = exact as f64 * share + slack as f64;
    let is_near = told.abs_diff(exact) as f64 <= allowed;
    is_near
        .then_some(())
        .ok_or(format!("{what}: {told} told, {exact} exact"))
}

fn near_quantile(
    what: &str,
    told: Option<Quantile>,
    exact: Option<Quantile>,
) -> Result<(), String> {
    match (told, exact) {
        (Some(told), Some(exact)) => near(what, told.ms, exact.ms, 0.1, 1_500),
        (told, exact) if told == exact => Ok(()),
        (told, exact) => Err(format!("{what}: {told:?} {exact:?}")),
    }
}

/// Backlog and errors exactly; the median but for the time between the two looks, in which rows that are open grow older; windows within half a slot at their edge, of which 100 s hold 55
/// rows here.
fn agree_of_stage(a: &StageReading, b: &StageReading) -> Result<(), String> {
    let exact = |r: &StageReading| {
        (
            r.pending,
            r.pending_capped,
            r.processing,
            r.oldest_pending.map(|at| at.timestamp_millis()),
            r.errors_1h,
        )
    };
    if exact(a) != exact(b) {
        return Err(format!("{:?}: {:?} and {:?}", b.stage, exact(a), exact(b)));
    }
    near("stuck", a.stuck, b.stuck, 0.0, 1)?;
    near("created 5 m", a.created_5m, b.created_5m, 0.0, 3)?;
    near("processed 5 m", a.processed_5m, b.processed_5m, 0.0, 3)?;
    near("created 1 h", a.created_1h, b.created_1h, 0.0, 6)?;
    near("processed 1 h", a.processed_1h, b.processed_1h, 0.0, 6)?;
    let (a_ms, b_ms) = (a.latency, b.latency);
    near("n", a_ms.n, b_ms.n, 0.0, 6)?;
    near(
        "mean",
        a_ms.avg_ms.unwrap_or(0),
        b_ms.avg_ms.unwrap_or(0),
        0.02,
        1,
    )?;
    near(
        "longest",
        a_ms.max_ms.unwrap_or(0),
        b_ms.max_ms.unwrap_or(0),
        0.02,
        1,
    )?;
    near_quantile("p50", a_ms.p50, b_ms.p50)?;
    let last = |r: &StageReading| r.last_processed.map_or(0, |at| at.timestamp() as u64);
    near("last", last(a), last(b), 0.0, 1)
}

/// What memory tells is what the tables tell.
fn agree(kept: &Told, asked: &Told) -> Result<(), String> {
    if kept.stages.keys().ne(asked.stages.keys()) {
        return Err(format!(
            "{:?} and {:?}",
            kept.stages.keys(),
            asked.stages.keys()
        ));
    }
    for (name, b) in &asked.stages {
        agree_of_stage(&kept.stages[name], b)?;
    }
    for (minute, b) in &asked.trend {
        let a = kept
            .trend
            .get(minute)
            .ok_or(format!("{minute:?}: nothing"))?;
        near("minute", a.created, b.created, 0.0, 0)?;
        near("minute", a.processed, b.processed, 0.0, 0)?;
    }
    near("events", kept.totals.events, asked.totals.events, 0.0, 200)?;
    near(
        "processed",
        kept.totals.processed,
        asked.totals.processed,
        0.0,
        200,
    )?;
    near("failed", kept.totals.failed, asked.totals.failed, 0.0, 5)?;
    near(
        "unresolved",
        kept.totals.unresolved_errors,
        asked.totals.unresolved_errors,
        0.0,
        0,
    )?;
    let mean = |told: &Told| told.totals.avg_latency_ms.unwrap_or(0);
    near("mean of the day", mean(kept), mean(asked), 0.01, 1)?;
    match kept.totals.since {
        None => Ok(()),
        Some(since) => Err(format!("known since {since}")),
    }
}

/// What the tables tell and what our memory does, at one moment of the server: no minute and no slot ends between the two.
async fn both(client: &Client, catalog: &Catalog, memory: &mut Memory) -> (Told, Told) {
    client.batch_execute("BEGIN").await.unwrap();
    let asked = told(client, catalog, &mut Memory::brief()).await;
    let kept = told(client, catalog, memory).await;
    client.batch_execute("COMMIT").await.unwrap();
    (asked, kept)
}

/// Refreshes until both ways agree; after how many turns they did.
async fn settle(client: &Client, catalog: &Catalog, memory: &mut Memory) -> u32 {
    let mut turns = 0;
    loop {
        // A change anywhere is found when all chunks had their turn: not every turn is compared.
        for _ in 0..turns / 2 {
            let answer = queries::fetch(client, catalog, FeedId::Stages, memory).await;
            assert!(answer.is_ok(), "{answer:?}");
            turns += 1;
        }
        turns += 1;
        // The stream is read beside it, and tells of what it sees.
        let tail = queries::fetch(client, catalog, FeedId::Tail, memory).await;
        assert!(tail.is_ok(), "{tail:?}");
        let (asked, kept) = both(client, catalog, memory).await;
        match agree(&kept, &asked) {
            Ok(()) => return turns,
            Err(why) if turns >= 700 => panic!("after {turns} turns: {why}"),
            Err(_) => {}
        }
    }
}

/// What happens to events, and how many turns the windows may take until they tell it.
/// First there are more pending ones than are read one by one, then fewer again.
const LIFE: [(&str, u32); 6] = [
    (
        "INSERT INTO marketing.pipeline_events (event_type, payload, status) SELECT 'stage_1', '{}', 'pending' FROM generate_series(1, 3000)",
        5,
    ),
    (
        "UPDATE marketing.pipeline_events SET status = 'processed', processed_at = now() WHERE status = 'pending' AND id % 2 = 0",
        60,
    ),
    (
        "UPDATE marketing.pipeline_events SET status = 'processing' WHERE status = 'pending' AND id % 3 = 0",
        60,
    ),
    (
        "UPDATE marketing.pipeline_events SET status = 'pending', processed_at = NULL WHERE status = 'failed' AND created_at > now() - interval '20 hours'",
        600,
    ),
    (
        "DELETE FROM marketing.pipeline_events WHERE id % 10 = 0 AND created_at < now() - interval '12 hours'",
        600,
    ),
    (
        "TRUNCATE marketing.pipeline_events, marketing.pipeline_errors RESTART IDENTITY; INSERT INTO marketing.pipeline_events (event_type, payload, status, processed_at) SELECT 'stage_2', '{}', 'processed', now() FROM generate_series(1, 2000)",
        600,
    ),
];

/// Percentiles of what ended, of which there is plenty, are those of the table within a fortieth.
async fn assert_percentiles(client: &Client, catalog: &Catalog, memory: &mut Memory) {
    let (asked, kept) = both(client, catalog, memory).await;
    for (stage, exact) in asked.stages {
        let told = kept.stages[&stage].latency.p50.unwrap();
        near(&stage, told.ms, exact.latency.p50.unwrap().ms, 0.05, 0).unwrap();
    }
}

async fn live(client: &Client, other: &Client) {
    client.batch_execute(FILL).await.unwrap();
    let catalog = catalog(client).await;
    let mut memory = Memory::default();
    // 60,000 rows are filled by strides of 8,192 each.
    assert!(settle(client, &catalog, &mut memory).await <= 8);
    assert_percentiles(client, &catalog, &mut memory).await;
    // Rows that commit after others with higher keys.
    other.batch_execute("SET session_replication_role = replica; BEGIN; INSERT INTO marketing.pipeline_events (event_type, payload, status) SELECT 'stage_3', '{}', 'pending' FROM generate_series(1, 40)").await.unwrap();
    client.batch_execute("INSERT INTO marketing.pipeline_events (event_type, payload, status, processed_at) SELECT 'stage_0', '{}', 'processed', now() FROM generate_series(1, 5000)").await.unwrap();
    settle(client, &catalog, &mut memory).await;
    other.batch_execute("COMMIT").await.unwrap();
    assert!(settle(client, &catalog, &mut memory).await <= 12);
    for (sql, most) in LIFE {
        client.batch_execute(sql).await.unwrap();
        let turns = settle(client, &catalog, &mut memory).await;
        assert!(turns <= most, "{turns} turns after {sql}");
    }
}

/// More rows than one statement reads, and more than are read of a chunk again at once.
#[tokio::test]
async fn however_many_rows_commit_late_in_one_chunk_are_found() {
    let db = database::classic().await;
    let (client, other) = (&db.client, &db.connect().await);
    client.batch_execute(FILL).await.unwrap();
    let catalog = catalog(client).await;
    let mut memory = Memory::default();
    for n in [9_000, 70_000] {
        settle(client, &catalog, &mut memory).await;
        let late = format!(
            "SET session_replication_role = replica; BEGIN; INSERT INTO marketing.pipeline_events (event_type, payload, status, processed_at) SELECT 'stage_3', '{{}}', CASE WHEN i % 900 = 0 THEN 'pending' ELSE 'processed' END, CASE WHEN i % 900 > 0 THEN now() + interval '1 second' END FROM generate_series(1, {n}) AS i"
        );
        other.batch_execute(&late).await.unwrap();
        client.batch_execute("INSERT INTO marketing.pipeline_events (event_type, payload, status, processed_at) SELECT 'stage_0', '{}', 'processed', now() FROM generate_series(1, 5000)").await.unwrap();
        settle(client, &catalog, &mut memory).await;
        other.batch_execute("COMMIT").await.unwrap();
        let turns = settle(client, &catalog, &mut memory).await;
        assert!(turns <= 60, "{turns} turns until {n} late rows are told");
    }
}

#[tokio::test]
async fn the_windows_in_memory_tell_what_our_schema_tells() {
    let db = database::fresh().await;
    live(&db.client, &db.connect().await).await;
}

#[tokio::test]
async fn the_windows_in_memory_tell_what_the_classic_shape_tells() {
    let db = database::classic().await;
    live(&db.client, &db.connect().await).await;
}

#[tokio::test]
async fn without_an_index_on_states_the_backlog_of_the_day_is_known_too() {
    let db = database::classic().await;
    let drop = "DROP INDEX marketing.idx_pipeline_events_status; SET timezone = 'Asia/Kolkata'";
    db.client.batch_execute(drop).await.unwrap();
    live(&db.client, &db.connect().await).await;
}

/// Rows that were put in by hand with high keys and old times, in a table whose keys are in order but for those; and whether all of
/// the day is found all the same.
const PUT_IN: [(&str, &str, bool); 3] = [
    (
        "one far above",
        "INSERT INTO marketing.pipeline_events (id, event_type, payload, status, created_at, processed_at)
         VALUES (2000000000, 'stage_1', '{}', 'processed', now() - interval '2 years', now() - interval '2 years')",
        true,
    ),
    (
        "more than came in a day, on top",
        "INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
         SELECT 'stage_1', '{}', 'processed', now() - interval '2 years', now() - interval '2 years' FROM generate_series(1, 70000)",
        true,
    ),
    (
        "nine of ten, all day long",
        "UPDATE marketing.pipeline_events SET created_at = now() - interval '2 years' WHERE id % 10 <> 0",
        false,
    ),
];

#[tokio::test]
async fn rows_with_high_keys_and_old_times_hide_nothing_of_the_day() {
    for (what, sql, is_whole) in PUT_IN {
        let db = database::classic().await;
        let client = &db.client;
        client.batch_execute(FILL).await.unwrap();
        client.batch_execute(sql).await.unwrap();
        let analyze = "ANALYZE marketing.pipeline_events";
        client.batch_execute(analyze).await.unwrap();
        let catalog = catalog(client).await;
        let mut memory = Memory::default();
        // What is in work and was written before the day is told by what was read, not by what was asked.
        let mut turns = 0;
        if is_whole {
            turns = settle(client, &catalog, &mut memory).await;
        } else {
            while told(client, &catalog, &mut memory)
                .await
                .totals
                .since
                .is_some()
            {
                turns += 1;
            }
        }
        assert!(turns <= 30, "{what}: {turns}");
        // What comes then, with keys below the highest, is found as well.
        let new = "SET session_replication_role = replica; INSERT INTO marketing.pipeline_events (event_type, payload, status) SELECT 'stage_1', '{}', 'pending' FROM generate_series(1, 500)";
        client.batch_execute(new).await.unwrap();
        if is_whole {
            settle(client, &catalog, &mut memory).await;
        }
        let (asked, kept) = both(client, &catalog, &mut memory).await;
        let day = "SELECT count(*) FROM marketing.pipeline_events WHERE created_at > now() - interval '24 hours'";
        let n: i64 = client.query_typed_one(day, &[]).await.unwrap().get(0);
        for told in [asked, kept] {
            let totals = told.totals;
            near(what, totals.events, n.unsigned_abs(), 0.01, 200).unwrap();
            assert_eq!(
                (totals.is_unordered, totals.is_least()),
                (!is_whole, !is_whole),
                "{what}"
            );
        }
    }
}
