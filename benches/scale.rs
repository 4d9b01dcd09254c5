//! What one refresh of every feed costs the database at 100 k, 1 M and 10 M events: on our schema, with the roll-ups that
//! `outpost rollup` keeps and without, and on the shape most often met in the field, to which nothing was added.
//!
//! The true code path, in its steady state, beside a pipeline that goes on at its rate, for ten minutes that pass: a console over
//! each database, of which one at a time is at work. Costs are the server's own: time to plan and to run, from
//! `pg_stat_statements`. Run by `benches/scale.sh`, which says more.
#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "a table is what it is for")]

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use outpost::{
    cluster::{Cluster, Options},
    domain::{event::StatusWords, latency::window::Span},
    effect::FeedId,
    migrate,
    msg::{Fact, Fault},
    sources::postgres::{
        Client, Settings,
        address::Address,
        catalog::Catalog,
        queries::{self, Memory},
        rollup,
    },
};
use tokio::sync::Mutex;
use tokio_postgres::NoTls;

/// Every feed of the database that something shown or judged needs, in the order of the table that is printed. Of the four
/// spans of latency and of records a screen shows one at a time; the sum has them all.
const FEEDS: [FeedId; 19] = [
    FeedId::Stages,
    FeedId::Trend,
    FeedId::Totals,
    FeedId::Tail,
    FeedId::Ledger,
    FeedId::Errors,
    FeedId::Outcomes,
    FeedId::Drops,
    FeedId::Server,
    FeedId::Campaigns,
    FeedId::Scorecard,
    FeedId::Latency(Span::Hour),
    FeedId::Latency(Span::Day),
    FeedId::Latency(Span::Week),
    FeedId::Latency(Span::Month),
    FeedId::Records(Span::Hour),
    FeedId::Records(Span::Day),
    FeedId::Records(Span::Week),
    FeedId::Records(Span::Month),
];

/// The time that is measured, and passes: each feed has its turns in it as often as in life, and what is asked rarely, once in
/// ten minutes, is asked.
const WATCHED: Duration = Duration::from_mins(10);

/// How often the roll-ups are brought up to the present, as cron would.
const ROLLED: Duration = Duration::from_mins(1);

/// The pipeline goes on in steps of the interval of the feeds that come oftenest.
const STEP: Duration = Duration::from_secs(2);

/// The time over which the events were spread that are there before.
const HISTORY: Duration = Duration::from_hours(30 * 24);

/// Turns before them, at least: the first look is another one than those that follow.
const WARM: usize = 3;

/// Contacts in campaigns, whatever the number of events.
const CONTACTS: u64 = 1_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// What `outpost migrate` makes, with fresh roll-ups.
    Ours,
    /// The same, and nobody rolls up.
    Bare,
    /// Met in the field: integer keys, times without a zone, no index on time, nothing added.
    Classic,
}

impl Shape {
    const fn label(self) -> &'static str {
        match self {
            Self::Ours => "our schema, rolled up",
            Self::Bare => "our schema, no roll-up",
            Self::Classic => "classic, nothing added",
        }
    }
}

/// What the server did.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    ms: f64,
    calls: f64,
    pages: f64,
}

/// One shape at one size: the mean cost of a turn of each feed, and that of the dearest.
struct Measured {
    shape: Shape,
    events: u64,
    feeds: Vec<Cost>,
    worst_ms: f64,
}

/// The turns of one feed: how many, what they cost in all, and the dearest.
#[derive(Debug, Clone, Copy, Default)]
struct Turns {
    n: usize,
    sum: Cost,
    worst_ms: f64,
}

impl Turns {
    fn add(&mut self, before: &Cost, after: &Cost) {
        let ms = after.ms - before.ms;
        self.n += 1;
        self.sum.ms += ms;
        self.sum.calls += after.calls - before.calls;
        self.sum.pages += after.pages - before.pages;
        self.worst_ms = self.worst_ms.max(ms);
    }

    fn mean(&self) -> Cost {
        let n = self.n as f64;
        Cost {
            ms: self.sum.ms / n,
            calls: self.sum.calls / n,
            pages: self.sum.pages / n,
        }
    }
}

/// What a feed whose turn costs so many ms costs the database each second, ms, when it comes as often as nothing slows it.
fn ms_a_second(feed: FeedId, ms: f64) -> f64 {
    ms / feed.interval().as_secs_f64()
}

impl Measured {
    /// What all feeds together cost the database each second, ms.
    fn ms_a_second(&self) -> f64 {
        let costs = FEEDS.into_iter().zip(&self.feeds);
        costs.map(|(feed, cost)| ms_a_second(feed, cost.ms)).sum()
    }

    /// What the feeds of one screen cost at most, ms: of those over a window of time it shows one.
    fn screen_ms(&self) -> f64 {
        let of_window = |feed: &FeedId| matches!(feed, FeedId::Latency(_) | FeedId::Records(_));
        let costs = FEEDS.iter().zip(&self.feeds);
        let (windows, others): (Vec<_>, Vec<_>) = costs.partition(|(feed, _)| of_window(feed));
        let dearest = windows.iter().map(|(_, cost)| cost.ms).fold(0.0, f64::max);
        dearest + others.iter().map(|(_, cost)| cost.ms).sum::<f64>()
    }

    fn sum(&self) -> Cost {
        self.feeds.iter().fold(Cost::default(), |sum, feed| Cost {
            ms: sum.ms + feed.ms,
            calls: sum.calls + feed.calls,
            pages: sum.pages + feed.pages,
        })
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

async fn cost(admin: &Client) -> Cost {
    let sql = include_str!("../sql/bench/cost.sql");
    let row = admin.query_one(sql, &[]).await.unwrap();
    Cost {
        ms: row.get("ms"),
        calls: row.get::<_, i64>("calls") as f64,
        pages: row.get::<_, i64>("pages") as f64,
    }
}

/// Prints which statements that was, what took most first: ms and pages a call, ms of the dearest call.
async fn statements(admin: &Client) {
    let sql = include_str!("../sql/bench/statements.sql");
    for row in admin.query(sql, &[]).await.unwrap() {
        let (text, calls): (&str, i64) = (row.get("text"), row.get("calls"));
        let (plan, run): (f64, f64) = (row.get("plan_ms"), row.get("run_ms"));
        let (pages, most): (i64, f64) = (row.get("pages"), row.get("most_ms"));
        let each = calls as f64;
        let (plan, run, pages) = (plan / each, run / each, pages as f64 / each);
        println!(
            "  plan {plan:6.2} run {run:7.2} pages {pages:8.0} calls {calls:5} most {most:7.2}  {text}"
        );
    }
}

async fn run(client: &Client, sql: &str, events: u64) {
    let sql = sql
        .replace("{events}", &events.to_string())
        .replace("{contacts}", &CONTACTS.to_string());
    client.batch_execute(&sql).await.unwrap();
}

/// A database of that shape, filled.
async fn load(cluster: &Cluster, shape: Shape, events: u64) -> String {
    let name = format!("scale_{events}_{shape:?}").to_lowercase();
    let root = connect(&cluster.url("postgres")).await;
    let sql = format!("CREATE DATABASE {name}");
    root.batch_execute(&sql).await.unwrap();
    let mut client = connect(&cluster.url(&name)).await;
    if shape == Shape::Classic {
        let classic = include_str!("../tests/fixtures/classic.sql");
        client.batch_execute(classic).await.unwrap();
        let phase = include_str!("../sql/bench/phase.sql");
        run(&client, phase, events).await;
    } else {
        let options = migrate::Options::default();
        migrate::migrate(&mut client, &options).await.unwrap();
        run(&client, include_str!("../sql/bench/campaigns.sql"), events).await;
    }
    run(&client, include_str!("../sql/bench/events.sql"), events).await;
    // No vacuum takes for visible to all what was committed beside something that is not on disk yet.
    client
        .batch_execute("SET synchronous_commit = on; CHECKPOINT")
        .await
        .unwrap();
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    client
        .batch_execute(
            "CREATE EXTENSION pg_stat_statements; GRANT pg_read_all_data TO console; CHECKPOINT",
        )
        .await
        .unwrap();
    name
}

/// Brings the roll-ups of our schema up to the present, as `outpost rollup` does.
async fn roll_up(url: &str) {
    let address = Address::parse(Some(url), |_| None).unwrap();
    let rolled = rollup::roll_up(&Settings::new(address)).await.unwrap();
    assert!(
        rolled.campaigns.is_ok() && rolled.scorecard.is_ok(),
        "{rolled:?}"
    );
}

/// One turn of `feed`, as the reader takes it. Where the server is asked about itself, what its schema has is read again once
/// in 10 minutes, in every twentieth turn; where it lacks something, in every fourth.
async fn turn(
    console: &Client,
    catalog: &mut Catalog,
    feed: FeedId,
    memory: &mut Memory,
    turn: usize,
) -> Result<(), Fault> {
    if feed != FeedId::Server {
        return queries::fetch(console, catalog, feed, memory)
            .await
            .map(drop);
    }
    let every = if catalog.gaps().is_empty() { 20 } else { 4 };
    if turn.is_multiple_of(every) {
        *catalog = Catalog::read(console, "marketing", &StatusWords::default()).await?;
    }
    let sql = include_str!("../sql/session/server.sql");
    drop(console.query_typed_one(sql, &[]).await.unwrap());
    Ok(())
}

/// Refreshes until nothing is new: the first looks are others than those that follow, and windows of time fill.
async fn warm_up(console: &Client, catalog: &Catalog, memory: &mut Memory) -> u32 {
    for feed in [FEEDS; WARM].concat() {
        if feed != FeedId::Server {
            drop(queries::fetch(console, catalog, feed, memory).await);
        }
    }
    for turns in 1.. {
        drop(queries::fetch(console, catalog, FeedId::Stages, memory).await);
        let totals = queries::fetch(console, catalog, FeedId::Totals, memory).await;
        if !matches!(totals, Ok(Fact::Totals(totals)) if totals.since.is_some()) {
            return turns;
        }
    }
    0
}

/// A console over one database, which knows what it shows.
struct Watcher {
    shape: Shape,
    events: u64,
    url: String,
    admin: Client,
    console: Client,
    catalog: Catalog,
    memory: Memory,
}

impl Watcher {
    /// Opens the database `name`, and looks at everything until nothing is new.
    async fn open(cluster: &Cluster, name: &str, shape: Shape, events: u64) -> Self {
        let url = cluster.url(name);
        let admin = connect(&url).await;
        if shape == Shape::Ours {
            roll_up(&url).await;
        }
        let console = connect(&url.replace("postgres@", "console@")).await;
        // As its own sessions do.
        console.batch_execute("SET jit = off").await.unwrap();
        let words = StatusWords::default();
        let catalog = Catalog::read(&console, "marketing", &words).await.unwrap();
        let mut memory = Memory::default();
        let begun = cost(&admin).await;
        let turns = warm_up(&console, &catalog, &mut memory).await;
        let (fill, label) = (cost(&admin).await.ms - begun.ms, shape.label());
        println!(
            "{label}, {events} events: the day is known after {turns} turns, {fill:.0} ms in all"
        );
        Self {
            shape,
            events,
            url,
            admin,
            console,
            catalog,
            memory,
        }
    }

    /// Watches for [`WATCHED`] while the pipeline goes on, `alone` in each step.
    async fn watch(mut self, alone: &Mutex<()>) -> (Measured, Client) {
        // What was loaded after it took its place in the server's memory.
        {
            let _step = alone.lock().await;
            warm_up(&self.console, &self.catalog, &mut self.memory).await;
        }
        let reset = include_str!("../sql/bench/reset.sql");
        drop(self.admin.query_one(reset, &[]).await.unwrap());
        let mut turns = vec![Turns::default(); FEEDS.len()];
        let mut clock = tokio::time::interval(STEP);
        let mut passed = Duration::ZERO;
        while passed < WATCHED {
            clock.tick().await;
            let _step = alone.lock().await;
            let before = passed;
            passed += STEP;
            go_on(&self.admin, self.events, before, passed).await;
            let is_due = |every: Duration| {
                before.div_duration_f64(every).floor() < passed.div_duration_f64(every).floor()
            };
            if self.shape == Shape::Ours && is_due(ROLLED) {
                roll_up(&self.url).await;
            }
            for (feed, of) in FEEDS.into_iter().zip(&mut turns) {
                if is_due(feed.interval()) {
                    self.turn(feed, of).await;
                }
            }
        }
        let dearest = turns.iter().map(|of| of.worst_ms);
        let measured = Measured {
            shape: self.shape,
            events: self.events,
            worst_ms: dearest.fold(0.0, f64::max),
            feeds: turns.iter().map(Turns::mean).collect(),
        };
        (measured, self.admin)
    }

    /// One turn of `feed`, added to those `of` it.
    async fn turn(&mut self, feed: FeedId, of: &mut Turns) {
        let before = cost(&self.admin).await;
        let memory = &mut self.memory;
        let answer = turn(&self.console, &mut self.catalog, feed, memory, of.n).await;
        let after = cost(&self.admin).await;
        // The classic shape has no campaigns, and tells a week and a month from no roll-ups.
        let is_known = matches!(
            answer,
            Ok(()) | Err(Fault::Missing(_) | Fault::Unsupported(_))
        );
        assert!(is_known, "{feed:?}: {answer:?}");
        of.add(&before, &after);
    }
}

/// What a pipeline of so many events in [`HISTORY`] does from one moment to another: new events, and those before them end.
async fn go_on(admin: &Client, events: u64, from: Duration, to: Duration) {
    let come = |at: Duration| (events as f64 * at.as_secs_f64() / HISTORY.as_secs_f64()) as u64;
    let new = come(to) - come(from);
    if new > 0 {
        run(admin, include_str!("../sql/bench/traffic.sql"), new).await;
    }
}

/// The tables of all that was measured, ready for the page that keeps them: a turn of each feed, and a second.
fn tables(measured: &[Measured]) -> String {
    let mut text = head(
        " sum ms | one screen ms | dearest ms | statements | pages | to the smallest |",
        6,
    );
    for one in measured {
        row(&mut text, one, |_, ms| ms);
        let (sum, of_shape) = (one.sum(), |other: &&Measured| other.shape == one.shape);
        let least = measured
            .iter()
            .find(of_shape)
            .map_or_else(|| one.screen_ms(), Measured::screen_ms);
        write!(
            text,
            " {:.1} | **{:.1}** | {:.1} | {:.0} | {:.0} | x{:.2} |",
            sum.ms,
            one.screen_ms(),
            one.worst_ms,
            sum.calls,
            sum.pages,
            one.screen_ms() / least
        )
        .unwrap();
    }
    text.push_str("\n\nms of the database a second, each feed as often as it comes:\n\n");
    text.push_str(&head(" sum ms/s |", 1));
    for one in measured {
        row(&mut text, one, ms_a_second);
        write!(text, " **{:.2}** |", one.ms_a_second()).unwrap();
    }
    text
}

/// The head of a table with a column for each feed and `more` columns named `names`.
fn head(names: &str, more: usize) -> String {
    let mut text = String::from("| shape | events |");
    for feed in FEEDS {
        write!(text, " {} |", feed.name()).unwrap();
    }
    text.push_str(names);
    text.push_str("\n|---|---:|");
    text.push_str(&"---:|".repeat(FEEDS.len() + more));
    text
}

/// The row of `one`, with what `figure` makes of the ms of each feed.
fn row(text: &mut String, one: &Measured, figure: impl Fn(FeedId, f64) -> f64) {
    let label = one.shape.label();
    write!(text, "\n| {label} | {} k |", one.events / 1_000).unwrap();
    for (feed, cost) in FEEDS.into_iter().zip(&one.feeds) {
        write!(text, " {:.2} |", figure(feed, cost.ms)).unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
async fn bench(sizes: &[u64], shapes: &[Shape]) {
    let options = Options {
        settings: [
            "shared_preload_libraries = 'pg_stat_statements'",
            "pg_stat_statements.track_planning = on",
            "shared_buffers = 2GB",
            "work_mem = 16MB",
            "max_wal_size = 8GB",
            "checkpoint_timeout = 30min",
            "autovacuum = off",
        ]
        .map(str::to_owned)
        .to_vec(),
        ..Options::default()
    };
    let cluster = Cluster::start(&options).unwrap();
    let root = connect(&cluster.url("postgres")).await;
    root.batch_execute("CREATE ROLE console LOGIN")
        .await
        .unwrap();
    let mut watchers = Vec::new();
    for &shape in shapes {
        for &events in sizes {
            let begun = Instant::now();
            let name = load(&cluster, shape, events).await;
            println!("loaded {name} in {:.0} s", begun.elapsed().as_secs_f64());
            if shape == Shape::Ours {
                let bare = format!("{name}_bare");
                let sql = format!("CREATE DATABASE {bare} TEMPLATE {name}");
                root.batch_execute(&sql).await.unwrap();
                watchers.push(Watcher::open(&cluster, &bare, Shape::Bare, events).await);
            }
            watchers.push(Watcher::open(&cluster, &name, shape, events).await);
        }
    }
    println!("watching for {} s", WATCHED.as_secs());
    let alone = Mutex::new(());
    let watched = watchers.into_iter().map(|one| one.watch(&alone));
    let mut measured = Vec::new();
    for (one, admin) in join_all(watched).await {
        println!("{}, {} events:", one.shape.label(), one.events);
        statements(&admin).await;
        measured.push(one);
    }
    measured.sort_by_key(|one| (one.shape as u8, one.events));
    println!("\n{}", tables(&measured));
}

fn main() {
    let sizes: Vec<u64> = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .collect();
    let sizes = if sizes.is_empty() {
        vec![100_000, 1_000_000, 10_000_000]
    } else {
        sizes
    };
    let only = std::env::args().nth(1);
    let shapes: &[Shape] = match only.as_deref() {
        Some("ours") => &[Shape::Ours],
        Some("classic") => &[Shape::Classic],
        Some(_) | None => &[Shape::Ours, Shape::Classic],
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(bench(&sizes, shapes));
}
