//! The demo: a world of its own. A private PostgreSQL with the whole pipeline in it and thirty days of history, a world
//! that drives it through its real triggers, and a stand-in for n8n over real HTTP.

mod cascade;
mod chance;
mod driver;
pub mod history;
pub mod http;
mod ledger;
pub mod n8n;
mod names;
pub mod scenario;
mod world;

use std::{
    fmt,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    path::PathBuf,
    sync::Arc,
};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinError,
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use self::{
    chance::Dice,
    history::FIRST_EXECUTION,
    ledger::Ledger,
    n8n::{ExecutionId, N8n},
    scenario::Scenario,
    world::{Gates, Order, World},
};
use crate::{
    cluster::{self, Cluster},
    migrate::{self, MigrateError},
};

/// The name of the demo's database.
const DATABASE: &str = "outpost";

/// Told of each step of the start.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// How the world runs.
#[derive(Clone)]
pub struct Options {
    /// What is wrong with it at first.
    pub scenario: Scenario,
    /// How much faster than life it runs; brought between 0.1 and 20.
    pub speed: f64,
    /// The seed of its history and of its chances.
    pub seed: u32,
    /// The directory with PostgreSQL's programs; searched for when absent.
    pub pg_bin: Option<PathBuf>,
    /// Whether nothing may be downloaded.
    pub offline: bool,
    /// Told of each step.
    pub progress: Option<Progress>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scenario: Scenario::Calm,
            speed: 1.0,
            seed: 1,
            pg_bin: None,
            offline: false,
            progress: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("scenario", &self.scenario)
            .field("speed", &self.speed)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// Why there is no world.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No PostgreSQL.
    #[error(transparent)]
    Cluster(#[from] cluster::StartError),
    /// The schema could not be applied.
    #[error("the demo's schema: {0}")]
    Schema(#[from] MigrateError),
    /// The database refused something.
    #[error("the demo's database: {0}")]
    Database(#[from] tokio_postgres::Error),
    /// No port on loopback.
    #[error("the demo's n8n cannot listen on loopback: {0}")]
    Listen(#[from] std::io::Error),
    /// A task ended early.
    #[error("the demo's world ended early")]
    Ended,
    /// Nobody listens for a scenario in this database.
    #[error(
        "no demo lives in this database; set DATABASE_URL to the one that `outpost demo --headless` printed"
    )]
    NoWorld,
    /// There is no such scenario.
    #[error(
        "no scenario `{0}`; there are calm, stall, errors, deaf-webhook, slow, bounces, crm-down, drops, storm"
    )]
    NoScenario(String),
}

impl From<JoinError> for DemoError {
    fn from(_: JoinError) -> Self {
        Self::Ended
    }
}

/// A living world. It ends with [`Demo::stop`], or when it is dropped, or with the process, however that ends.
#[derive(Debug)]
pub struct Demo {
    /// The URL of its database, for a role that may do everything.
    pub database_url: String,
    /// The address of its n8n.
    pub n8n_base_url: String,
    /// The key of its n8n, which opens nothing but this.
    pub n8n_api_key: String,
    orders: mpsc::Sender<Order>,
    // In this order: the world ends before its database.
    world: DropGuard,
    tasks: TaskTracker,
    cluster: Cluster,
}

/// Starts a world; takes about 5 s, most of it for the history.
///
/// # Errors
/// [`DemoError`], each with what was in the way.
pub async fn start(options: Options) -> Result<Demo, DemoError> {
    let say = |step: &str| {
        if let Some(progress) = &options.progress {
            progress(step);
        }
    };
    let cluster = start_cluster(&options).await?;
    let url = cluster.url(DATABASE);
    let cancel = CancellationToken::new();
    let tasks = TaskTracker::new();
    let maintenance = ledger::connect(&cluster.url("postgres"), &tasks).await?;
    maintenance
        .batch_execute(&format!("CREATE DATABASE {DATABASE}"))
        .await?;
    say("making the pipeline's tables");
    let mut client = ledger::connect(&url, &tasks).await?;
    migrate::migrate(&mut client, &migrate::Options::default()).await?;
    say("writing thirty days of history");
    history::write(&client, options.seed).await?;
    say("waking the world");
    let (calls, incoming) = mpsc::channel(64);
    let address = http::serve(calls, &tasks, cancel.clone()).await?;
    let (heard, hearing) = mpsc::channel(1024);
    let key = new_key();
    let born_at = client
        .query_one("SELECT now() - interval '30 days'", &[])
        .await?
        .get(0);
    let n8n = N8n::new(&key, ExecutionId(FIRST_EXECUTION), born_at);
    let ledger = Ledger::open(&url, &tasks).await?;
    let speed = options.speed.clamp(0.1, 20.0);
    let mut world = World::new(ledger, n8n, Dice::new(u64::from(options.seed)), speed);
    // Before anything happens: what is notified before somebody listens is lost.
    ledger::listen(&url, &tasks, heard, cancel.clone()).await?;
    world.enter(options.scenario).await;
    let (orders, ordered) = mpsc::channel(8);
    let gates = Gates {
        calls: incoming,
        heard: hearing,
        orders: ordered,
        cancel: cancel.clone(),
    };
    tasks.spawn(world.live(gates));
    Ok(Demo {
        database_url: url,
        n8n_base_url: format!("http://{address}"),
        n8n_api_key: key,
        orders,
        world: cancel.drop_guard(),
        tasks,
        cluster,
    })
}

/// A key of its own for each world: what answers on loopback is within reach of every account of the machine.
fn new_key() -> String {
    let chance = || RandomState::new().build_hasher().finish();
    format!("outpost-demo-{:016x}{:016x}", chance(), chance())
}

/// Tells the world that lives in a database to live under another scenario. It begins within a second or so.
///
/// # Errors
/// The database refuses, or no world lives in it.
pub async fn switch(client: &tokio_postgres::Client, scenario: Scenario) -> Result<(), DemoError> {
    let listens = include_str!("../sql/demo/world/listeners.sql");
    let ears = client.query(listens, &[&ledger::LISTENER]).await?;
    if ears.is_empty() {
        return Err(DemoError::NoWorld);
    }
    let switch = include_str!("../sql/demo/world/switch.sql");
    client
        .execute(switch, &[&ledger::SWITCH, &scenario.name()])
        .await?;
    Ok(())
}

/// Starting a server blocks, so it happens on a thread for that.
async fn start_cluster(options: &Options) -> Result<Cluster, DemoError> {
    let settings = cluster::Options {
        pg_bin: options.pg_bin.clone(),
        offline: options.offline,
        progress: options.progress.clone().map(|say| {
            let told: cluster::Progress = Arc::new(move |step: cluster::Step| say(step.label()));
            told
        }),
        ..cluster::Options::default()
    };
    Ok(tokio::task::spawn_blocking(move || Cluster::start(&settings)).await??)
}

impl Demo {
    /// Lets the world live under another scenario; returns when it has begun.
    ///
    /// # Errors
    /// There is none of that name, or the world has ended.
    pub async fn scenario(&self, name: &str) -> Result<(), DemoError> {
        let scenario =
            Scenario::find(name).ok_or_else(|| DemoError::NoScenario(name.to_owned()))?;
        self.order(|begun| Order::Scenario(scenario, begun)).await
    }

    /// Holds the world still, or lets it go on: while it is held nothing arrives, is taken or ends, though its n8n answers.
    ///
    /// # Errors
    /// The world has ended.
    pub async fn hold(&self, still: bool) -> Result<(), DemoError> {
        self.order(|begun| Order::Still(still, begun)).await
    }

    async fn order(
        &self,
        order: impl FnOnce(oneshot::Sender<()>) -> Order,
    ) -> Result<(), DemoError> {
        let (begun, beginning) = oneshot::channel();
        let sent = self.orders.send(order(begun)).await;
        sent.map_err(|_closed| DemoError::Ended)?;
        beginning.await.map_err(|_closed| DemoError::Ended)
    }

    /// Ends the world, its server and its files.
    pub async fn stop(self) {
        drop(self.world);
        self.tasks.close();
        let cluster = self.cluster;
        // The server is stopped first: connections that wait for it end with it.
        drop(tokio::task::spawn_blocking(move || drop(cluster)).await);
        drop(tokio::time::timeout(std::time::Duration::from_secs(2), self.tasks.wait()).await);
    }
}
