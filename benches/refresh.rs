//! What a refresh of each feed costs, on a table of 100 k and of 1 M events over 30 days: with the indexes of our schema,
//! and on the field's bare table, where a window of time is found by key.
#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]

use std::{fmt, sync::OnceLock};

use outpost::{
    cluster::{Cluster, Options},
    effect::FeedId,
    msg::Fact,
    sources::postgres::{
        Client,
        catalog::Catalog,
        queries::{self, Memory},
    },
};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::NoTls;

/// One table and one feed.
#[derive(Clone, Copy)]
struct Case {
    events: u64,
    indexed: bool,
    feed: FeedId,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indexes = if self.indexed { "indexed" } else { "bare" };
        write!(
            f,
            "{} k, {indexes}, {}",
            self.events / 1_000,
            self.feed.name()
        )
    }
}

const FEEDS: [FeedId; 5] = [
    FeedId::Stages,
    FeedId::Trend,
    FeedId::Totals,
    FeedId::Tail,
    FeedId::Errors,
];

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for indexed in [true, false] {
        for events in [100_000, 1_000_000] {
            cases.extend(FEEDS.map(|feed| Case {
                events,
                indexed,
                feed,
            }));
        }
    }
    cases
}

/// A database with so many events, and a client of it.
struct World {
    runtime: Runtime,
    client: Client,
    catalog: Catalog,
}

impl World {
    fn of(case: Case) -> &'static Self {
        static WORLDS: [OnceLock<World>; 4] = [const { OnceLock::new() }; 4];
        let at = usize::from(case.indexed) + 2 * usize::from(case.events > 100_000);
        WORLDS[at].get_or_init(|| Self::make(case))
    }

    fn make(case: Case) -> Self {
        static CLUSTER: OnceLock<Cluster> = OnceLock::new();
        let cluster = CLUSTER.get_or_init(|| Cluster::start(&Options::default()).unwrap());
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let name = format!("events_{}_{}", case.events, case.indexed);
        let (client, catalog) = runtime.block_on(async {
            let admin = connect(&cluster.url("postgres")).await;
            let create = format!("CREATE DATABASE {name}");
            admin.batch_execute(&create).await.unwrap();
            let client = connect(&cluster.url(&name)).await;
            fill(&client, case).await;
            let catalog = Catalog::read(
                &client,
                "marketing",
                &outpost::domain::event::StatusWords::default(),
            )
            .await
            .unwrap();
            (client, catalog)
        });
        Self {
            runtime,
            client,
            catalog,
        }
    }

    fn fetch(&self, feed: FeedId, memory: &mut Memory) -> Fact {
        let ask = queries::fetch(&self.client, &self.catalog, feed, memory);
        self.runtime.block_on(ask).unwrap()
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends with the runtime of the bench"
    )]
    tokio::spawn(connection);
    client.into()
}

async fn fill(client: &Client, case: Case) {
    let indexes = if case.indexed {
        "CREATE INDEX ON marketing.pipeline_events (created_at);
         CREATE INDEX ON marketing.pipeline_events (created_at) WHERE status = 'pending';"
    } else {
        ""
    };
    let sql = format!(
        "CREATE SCHEMA marketing;
         CREATE TABLE marketing.pipeline_events (
           id bigserial PRIMARY KEY, event_type text NOT NULL, payload jsonb NOT NULL,
           status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'processed', 'failed')),
           error_message text, retry_count int NOT NULL DEFAULT 0,
           created_at timestamptz NOT NULL DEFAULT now(), processed_at timestamptz);
         CREATE TABLE marketing.pipeline_errors (
           id bigserial PRIMARY KEY, event_type text, record_id text, error_message text, severity text NOT NULL DEFAULT 'error',
           resolved boolean NOT NULL DEFAULT false, created_at timestamptz NOT NULL DEFAULT now());
         INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
         SELECT 'stage_' || i % 15, jsonb_build_object('record_id', i, 'company_name', 'Acme ' || i, 'note', repeat('x', 200)),
           CASE WHEN i <= 500 THEN 'pending' ELSE 'processed' END,
           now() - interval '30 days' * i / {events},
           CASE WHEN i > 500 THEN now() - interval '30 days' * i / {events} + interval '2 seconds' END
         FROM generate_series({events}, 1, -1) AS i;
         INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, resolved, created_at)
         SELECT 'stage_' || i % 15, i::text, 'HTTP 500', i > 400, now() - interval '30 days' * i * 100 / {events}
         FROM generate_series({events} / 100, 1, -1) AS i;
         {indexes}
         VACUUM ANALYZE marketing.pipeline_events;
         VACUUM ANALYZE marketing.pipeline_errors;",
        events = case.events,
    );
    for statement in sql.split_inclusive(';') {
        client.batch_execute(statement).await.unwrap();
    }
}

#[divan::bench(args = cases(), sample_count = 20, sample_size = 1)]
fn refresh(bencher: divan::Bencher<'_, '_>, case: Case) {
    let world = World::of(case);
    // The first look is another one than those that follow.
    let mut memory = Memory::default();
    world.fetch(case.feed, &mut memory);
    bencher.bench_local(|| world.fetch(case.feed, &mut memory));
}

fn main() {
    divan::main();
}
