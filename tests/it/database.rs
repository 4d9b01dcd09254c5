//! A database of its own for each test, on one private server for the whole test binary.
//!
//! The server ends with the process; databases are never dropped. `TEST_DATABASE_URL` names another server to use:
//! its role must be a superuser, since tests make databases and roles.

use std::{
    fs,
    future::Future,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use futures_util::{StreamExt as _, stream};
use outpost::{
    cluster::{Cluster, Options},
    domain::event::StatusWords,
    msg::Fault,
    sources::postgres::{Client, catalog::Catalog},
};
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, NoTls};

/// What `schema` holds, for a site without words of its own.
pub(crate) async fn read_catalog(client: &Client, schema: &str) -> Result<Catalog, Fault> {
    Catalog::read(client, schema, &StatusWords::default()).await
}

/// As [`read_catalog`], where it cannot fail.
pub(crate) async fn catalog(client: &Client, schema: &str) -> Catalog {
    read_catalog(client, schema).await.unwrap()
}

/// A database, and a client in it.
pub(crate) struct Db {
    /// Its URL, for the superuser.
    pub(crate) url: String,
    /// A connection to it.
    pub(crate) client: Client,
}

impl Db {
    /// One more connection to it.
    pub(crate) async fn connect(&self) -> Client {
        connect(&self.url).await
    }

    /// Everything on the pipeline's channel from now on, until the client is dropped.
    pub(crate) async fn listen(&self) -> (tokio_postgres::Client, mpsc::UnboundedReceiver<String>) {
        let (client, mut connection) = tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        let (sender, heard) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut messages = stream::poll_fn(|cx| connection.poll_message(cx));
            while let Some(Ok(message)) = messages.next().await {
                if let AsyncMessage::Notification(notification) = message {
                    drop(sender.send(notification.payload().to_owned()));
                }
            }
        });
        client.batch_execute("LISTEN pipeline_event").await.unwrap();
        (client, heard)
    }

    /// What was notified and not taken yet; nothing that was committed before is missing.
    pub(crate) async fn heard_so_far(
        &self,
        heard: &mut mpsc::UnboundedReceiver<String>,
    ) -> Vec<String> {
        let end = "NOTIFY pipeline_event, 'end'";
        self.client.batch_execute(end).await.unwrap();
        let mut messages = Vec::new();
        while let Some(message) = heard.recv().await.filter(|message| message != "end") {
            messages.push(message);
        }
        messages
    }
}

/// A database with our schema and nothing in it.
pub(crate) async fn fresh() -> Db {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        make_template("schema", async |mut client| {
            outpost::migrate::migrate(&mut client, &outpost::migrate::Options::default())
                .await
                .unwrap();
        })
    });
    copy_of(template).await
}

/// A database without any table.
pub(crate) async fn empty() -> Db {
    copy_of("template0").await
}

/// A database in the shape most often met in the field, from `tests/fixtures/classic.sql`.
pub(crate) async fn classic() -> Db {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        make_template("classic", async |client| {
            run(&client, &in_package("tests/fixtures/classic.sql")).await;
        })
    });
    copy_of(template).await
}

/// The URL of `database` on the server of the tests, for the superuser.
pub(crate) fn url(database: &str) -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        std::env::var("TEST_DATABASE_URL").map_or_else(
            |_| {
                let pg_bin = std::env::var_os("PG_BIN_DIR").map(PathBuf::from);
                let options = Options {
                    pg_bin,
                    settings: vec!["max_connections = 200".to_owned()],
                    ..Options::default()
                };
                Server::Ours(Cluster::start(&options).unwrap_or_else(|error| panic!("{error}")))
            },
            Server::Given,
        )
    });
    match server {
        Server::Ours(cluster) => cluster.url(database),
        Server::Given(url) => with_database(url, database),
    }
}

/// A client for `url`; its connection ends with it.
pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.into()
}

enum Server {
    Ours(Cluster),
    Given(String),
}

fn with_database(url: &str, database: &str) -> String {
    let authority = url.find("://").unwrap() + 3;
    let (before, query) = url.split_once('?').unwrap_or((url, ""));
    let path = before[authority..]
        .find('/')
        .map_or(before.len(), |at| authority + at);
    format!("{}/{database}?{query}", &before[..path])
}

/// A name no other test of this or another run has.
fn name(kind: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("outpost_test_{}_{kind}_{count}", std::process::id())
}

async fn copy_of(template: &str) -> Db {
    let admin = connect(&url("postgres")).await;
    let name = name("db");
    let version: String = admin
        .query_one("SHOW server_version_num", &[])
        .await
        .unwrap()
        .get(0);
    // Faster than the default, 11 ms for 17; servers before 15 have no choice.
    let strategy = if version.as_str() >= "150000" {
        "STRATEGY file_copy"
    } else {
        ""
    };
    let sql = format!("CREATE DATABASE {name} TEMPLATE {template} {strategy}");
    admin.batch_execute(&sql).await.unwrap();
    let url = url(&name);
    let client = connect(&url).await;
    Db { url, client }
}

/// Makes a database to copy. In a thread with a runtime of its own, since a test is in one already; when it ends,
/// nobody is connected any more, which copying asks for.
fn make_template<F, R>(kind: &str, fill: F) -> String
where
    F: FnOnce(Client) -> R + Send + 'static,
    R: Future<Output = ()>,
{
    let name = name(kind);
    let made = name.clone();
    let filled = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let admin = connect(&url("postgres")).await;
            let sql = format!("CREATE DATABASE {made} TEMPLATE template0");
            admin.batch_execute(&sql).await.unwrap();
            let (client, connection) = tokio_postgres::connect(&url(&made), NoTls).await.unwrap();
            let connection = tokio::spawn(connection);
            fill(client.into()).await;
            connection.await.unwrap().unwrap();
        });
    });
    filled.join().unwrap();
    name
}

async fn run(client: &Client, file: &Path) {
    let sql = fs::read_to_string(file).unwrap();
    client
        .batch_execute(&sql)
        .await
        .unwrap_or_else(|error| panic!("{}: {error:?}", file.display()));
}

fn in_package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[tokio::test]
async fn each_test_has_a_database_of_its_own() {
    let (one, two) = (empty().await, empty().await);
    one.client
        .batch_execute("CREATE TABLE only_here (id int)")
        .await
        .unwrap();
    let sees = "SELECT to_regclass('only_here') IS NOT NULL";
    assert!(
        one.client
            .query_one(sees, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );
    assert!(
        !two.client
            .query_one(sees, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );
}

#[tokio::test]
async fn what_one_test_writes_into_our_schema_no_other_test_sees() {
    let (one, two) = (fresh().await, fresh().await);
    assert_ne!(one.url, two.url);
    one.client
        .batch_execute("CREATE SCHEMA mine")
        .await
        .unwrap();
    let second = one.connect().await;
    let sees = "SELECT to_regnamespace('mine') IS NOT NULL";
    assert!(second.query_one(sees, &[]).await.unwrap().get::<_, bool>(0));
    assert!(
        !two.client
            .query_one(sees, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );
}

#[test]
fn the_database_of_a_given_url_is_replaced_and_the_rest_kept() {
    assert_eq!(
        with_database("postgresql://a:b@host:5/db?sslmode=disable", "x"),
        "postgresql://a:b@host:5/x?sslmode=disable"
    );
    assert_eq!(
        with_database("postgresql://a@/db?host=/tmp", "x"),
        "postgresql://a@/x?host=/tmp"
    );
    assert_eq!(
        with_database("postgresql://host", "x"),
        "postgresql://host/x?"
    );
}
