//! The demo: its history is the same each time, its world lives, each scenario shows and passes, nothing stays behind.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use outpost::{
    demo::{
        self, DemoError,
        history::{self, FIRST_EXECUTION},
        scenario::Scenario,
    },
    effect::FeedId,
    msg::Fact,
    sources::postgres::queries::{self, Memory},
};
use tokio_postgres::Client;

use crate::{
    cluster::{eventually, runs},
    database,
};

/// The tables of the history that everything else follows from, or that follows from everything else.
const TABLES: [&str; 8] = [
    "intake.company_raw_intake",
    "marketing.contact_enrichment",
    "marketing.message_queue",
    "marketing.delivery_log",
    "marketing.responses",
    "marketing.pipeline_events",
    "marketing.pipeline_errors",
    "marketing.contact_ltv",
];

/// One text for all that stands in [`TABLES`] after a history of this seed.
async fn past(seed: u32) -> String {
    let db = database::fresh().await;
    db.client
        .batch_execute("SET outpost_demo.now = '2026-03-04 14:00:00+00'")
        .await
        .unwrap();
    history::write(&db.client, seed).await.unwrap();
    let mut all = String::new();
    for table in TABLES {
        let sql = format!(
            "SELECT count(*) || md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} AS t"
        );
        let row = db.client.query_one(&sql, &[]).await.unwrap();
        all.push_str(row.get(0));
    }
    all
}

#[tokio::test]
async fn the_history_is_the_same_for_the_same_seed() {
    let (one, two, other) = tokio::join!(past(7), past(7), past(8));
    assert_eq!(one, two);
    assert_ne!(one, other);
}

/// Nothing of it is in flight: an event that is done has its child, and one whose child is yet to come waits for the world.
#[tokio::test]
async fn no_record_of_the_history_is_dropped_silently() {
    let db = database::fresh().await;
    history::write(&db.client, 1).await.unwrap();
    // Longer ago than any gap.
    let sql = "ALTER TABLE marketing.pipeline_events DISABLE TRIGGER USER;
               UPDATE marketing.pipeline_events SET created_at = created_at - interval '5 minutes', processed_at = processed_at - interval '5 minutes'";
    db.client.batch_execute(sql).await.unwrap();
    let catalog = database::catalog(&db.client, "marketing").await;
    let mut memory = Memory::default();
    let answer = queries::fetch(&db.client, &catalog, FeedId::Drops, &mut memory).await;
    let Ok(Fact::Drops(drops)) = answer else {
        panic!("{answer:?}");
    };
    let dropped = drops.records();
    let named: Vec<_> = dropped
        .iter()
        .map(|(link, it)| (link.stage.label(), &it.id))
        .collect();
    assert!(named.is_empty(), "{named:?}");
    let judged: u64 = drops.links.iter().map(|link| link.checked).sum();
    assert!(judged > 1_000, "{judged}");
}

async fn yes(client: &Client, sql: &str) -> bool {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Waits up to `seconds` until `sql` says yes.
async fn becomes(client: &Client, sql: &str, seconds: u64) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(seconds) {
        if yes(client, sql).await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

fn socket_dir(url: &str) -> &str {
    let host = url.split_once("host=").unwrap().1;
    host.split('&').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cascade_runs_through_all_three_phases_and_stopping_leaves_nothing() {
    let steps = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&steps);
    let demo = demo::start(demo::Options {
        speed: 20.0,
        progress: Some(Arc::new(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        })),
        ..demo::Options::default()
    })
    .await
    .unwrap();
    assert!(steps.load(Ordering::Relaxed) >= 4);
    let client = database::connect(&demo.database_url).await;
    // Only events that an execution of this world took: the history has them all already.
    let lived = format!(
        "SELECT count(DISTINCT event_type) = 6 FROM marketing.pipeline_events
         WHERE status = 'processed' AND n8n_execution_id::bigint >= {FIRST_EXECUTION}
           AND event_type IN ('company_created', 'contact_enriched', 'segment_ready', 'message_sent',
                              'reply_received', 'lead_qualified')"
    );
    assert!(becomes(&client, &lived, 120).await);
    let whole = "SELECT count(*) = 0 FROM marketing.pipeline_events
        WHERE status = 'processed' AND (processed_at < created_at OR n8n_execution_id IS NULL)";
    assert!(yes(&client, whole).await);
    let dir = socket_dir(&demo.database_url).to_owned();
    assert!(runs(&dir));
    demo.stop().await;
    assert!(!Path::new(&dir).exists());
    assert!(!runs(&dir));
}

/// For each scenario a question that its world answers with yes and a calm one with no, and what the verdict says of why. The deaf webhook comes before the
/// stall, which makes later contacts out of those it waits for.
const SIGNS: [(Scenario, &str, &str); 6] = [
    (
        Scenario::Errors,
        "SELECT count(*) * 10 > (SELECT count(*) FROM marketing.pipeline_events WHERE event_type = 'slots_created'
           AND created_at > now() - interval '1 hour')
         FROM marketing.pipeline_errors WHERE event_type = 'slots_created' AND created_at > now() - interval '1 hour'",
        "quota: ",
    ),
    (
        Scenario::Slow,
        "SELECT avg(processed_at - created_at) > interval '10 seconds' FROM marketing.pipeline_events
         WHERE processed_at > now() - interval '1 hour'",
        " ",
    ),
    (
        Scenario::Bounces,
        "SELECT count(*) FILTER (WHERE status = 'bounced') * 5 > count(*) FROM marketing.delivery_log
         WHERE created_at > now() - interval '24 hours'",
        "550 5.7.1",
    ),
    (
        Scenario::CrmDown,
        "SELECT count(*) FILTER (WHERE status = 'success') = 0 FROM marketing.crm_sync_log
         WHERE created_at > now() - interval '30 minutes'",
        "credential: ",
    ),
    (
        Scenario::Stall,
        "SELECT count(*) > 100 FROM marketing.pipeline_events WHERE event_type = 'slots_created'
           AND status = 'pending' AND created_at < now() - interval '5 minutes'",
        "is inactive in n8n (certain)",
    ),
    (
        Scenario::Storm,
        "SELECT count(*) > 300 FROM marketing.pipeline_events WHERE status = 'pending'",
        " ",
    ),
];

/// What `outpost check` says of a database: its exit code.
fn check(url: &str) -> i32 {
    let output = Command::new(env!("CARGO_BIN_EXE_outpost"))
        .args(["check", "--database-url", url])
        .env_remove("N8N_BASE_URL")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    output.status.code().unwrap()
}

/// What `outpost status` says of a world.
fn status(demo: &demo::Demo) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_outpost"))
        .args(["status", "--database-url", &demo.database_url])
        .env("N8N_BASE_URL", &demo.n8n_base_url)
        .env("N8N_API_KEY", &demo.n8n_api_key)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// What `ask` answers once it is as `wanted`, or after a minute: on a machine with too much to do a query of one shot may
/// be cancelled as too slow.
fn comes<T>(ask: impl Fn() -> T, wanted: impl Fn(&T) -> bool) -> T {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        let answer = ask();
        if wanted(&answer) || Instant::now() > until {
            return answer;
        }
    }
}

/// Begins a scenario, waits until it shows and is explained, and ends it.
async fn shows_and_ends(demo: &demo::Demo, (scenario, sign, why): (Scenario, &str, &str)) {
    let client = database::connect(&demo.database_url).await;
    let name = scenario.name();
    assert!(!yes(&client, sign).await, "{name} shows before it began");
    demo.scenario(name).await.unwrap();
    assert!(becomes(&client, sign, 60).await, "{name} does not show");
    let code = comes(|| check(&demo.database_url), |code| (1..=2).contains(code));
    assert!((1..=2).contains(&code), "{name}: {code}");
    let said = comes(|| status(demo), |said| said.contains(why));
    assert!(said.contains(why), "{name}: {said}");
    demo.scenario("calm").await.unwrap();
    let healed = format!("SELECT NOT ({sign})");
    assert!(becomes(&client, &healed, 120).await, "{name} does not end");
}

async fn world(speed: f64) -> demo::Demo {
    let options = demo::Options {
        speed,
        ..demo::Options::default()
    };
    demo::start(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_shows_within_seconds_and_returning_to_calm_takes_it_back() {
    let demo = world(15.0).await;
    assert_eq!(check(&demo.database_url), 0, "calm is OK");
    for signs in SIGNS {
        shows_and_ends(&demo, signs).await;
    }
    let error = demo.scenario("sunshine").await.unwrap_err();
    assert!(matches!(error, DemoError::NoScenario(_)));
    assert!(error.to_string().contains("crm-down"));
    demo.stop().await;
}

/// In a world that runs no faster than life: n8n's list of the newest executions, of a fixed length, must reach back.
#[tokio::test(flavor = "multi_thread")]
async fn a_deaf_webhook_shows_within_seconds_and_returning_to_calm_takes_it_back() {
    let demo = world(1.0).await;
    let deaf = (
        Scenario::DeafWebhook,
        "SELECT count(*) > 100 FROM marketing.pipeline_events WHERE event_type = 'contact_enriched'
           AND status = 'pending' AND created_at < now() - interval '5 minutes'",
        // How surely depends on how far back that list reaches, on a busy machine less than a minute.
        "deaf webhook (",
    );
    shows_and_ends(&demo, deaf).await;
    demo.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scenario_of_silent_drops_is_told_by_the_verdict_and_taken_back_by_calm() {
    let demo = demo::start(demo::Options::default()).await.unwrap();
    let client = database::connect(&demo.database_url).await;
    let sign = "SELECT count(*) > 5 FROM marketing.pipeline_events AS e WHERE e.event_type = 'slots_created' AND e.status = 'processed'
                  AND e.processed_at BETWEEN now() - interval '12 minutes' AND now() - interval '70 seconds'
                  AND NOT EXISTS (SELECT FROM marketing.contact_enrichment AS c WHERE c.company_slot_unique_id = e.payload->>'slot_id')";
    assert!(!yes(&client, sign).await);
    demo.scenario("drops").await.unwrap();
    assert!(becomes(&client, sign, 20).await);
    let said = comes(|| status(&demo), |said| said.contains("(strong)"));
    for part in [
        "DROPPED at slots_created > Apify Enrichment: ",
        "runs of Apify Enrichment ended well: its write-back, or the trigger behind it, is missing (strong)",
        "slots_created > contact_enriched: ",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(comes(|| check(&demo.database_url), |code| *code == 1), 1);
    demo.scenario("calm").await.unwrap();
    let healed = format!("SELECT NOT ({sign})");
    assert!(becomes(&client, &healed, 60).await);
    demo.stop().await;
}

/// Runs `outpost demo --switch` against a database.
fn switch(url: &str, scenario: &str) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_outpost"))
        .args(["demo", "--switch", scenario, "--database-url", url])
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_living_world_is_switched_from_outside_and_its_listener_mends_itself() {
    let demo = demo::start(demo::Options::default()).await.unwrap();
    let client = database::connect(&demo.database_url).await;
    let refused = switch(&demo.database_url, "sunshine");
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let cut = "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'outpost demo'";
    let cut: i32 = client.query_one(cut, &[]).await.unwrap().get(0);
    let listens = format!(
        "SELECT array_agg(pid) <> ARRAY[{cut}] AND count(*) = 1 FROM pg_stat_activity WHERE application_name = 'outpost demo'"
    );
    assert!(becomes(&client, &listens, 20).await);
    let done = switch(&demo.database_url, "crm-down");
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert_eq!(done.stdout, b"scenario crm-down begins\n");
    let (_, sign, _) = SIGNS
        .iter()
        .find(|(scenario, ..)| *scenario == Scenario::CrmDown)
        .unwrap();
    assert!(becomes(&client, sign, 20).await);
    let other = demo::start(demo::Options::default()).await.unwrap();
    assert_ne!(demo.n8n_api_key, other.n8n_api_key, "nobody can guess it");
    other.stop().await;
    demo.stop().await;
}

#[tokio::test]
async fn no_scenario_begins_where_no_world_lives() {
    let database = database::fresh().await;
    let output = switch(&database.url, "stall");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no demo lives in this database"), "{said}");
}

#[test]
fn a_killed_demo_leaves_no_server_and_no_directory() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_outpost"))
        .args(["demo", "--headless"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines
        .map(Result::unwrap)
        .find(|line| line.starts_with("DATABASE_URL="))
        .unwrap();
    let dir = socket_dir(&url).to_owned();
    assert!(runs(&dir));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(eventually(|| !Path::new(&dir).exists() && !runs(&dir)));
}
