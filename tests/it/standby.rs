//! A hot standby: it lets nobody listen or notify, says so within two intervals, and outpost goes on by sweeps alone.

use std::{
    fs,
    io::Write as _,
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use outpost::{
    cluster::{Cluster, Options},
    domain::{
        event::{EventStatus, RowId},
        server::Following,
    },
    model::{self, Model},
    msg::Link,
    sources::postgres::{Client, Settings},
};
use tokio::time::{Instant, sleep};

use crate::{
    chaos::Watcher,
    connect::settings,
    database,
    screen::{paint, text},
};

/// Between two proofs of a listener.
const INTERVAL: Duration = Duration::from_secs(2);

/// The tail is read every 2 s; as much again for a busy machine, and for the way to the standby.
const TAIL: Duration = Duration::from_secs(6);

/// As the clusters of the program: the server ends with our end of a pipe, however this process ends.
const WATCHDOG: &str = r#"
exec 3<&0 </dev/null
"$1" -D "$2/data" 3<&- >>"$2/log" 2>&1 &
server=$!
( read -r _ <&3; kill -QUIT $server 2>/dev/null ) &
wait $server
rm -rf "$2"
"#;

/// A server that replays what another one writes.
struct Standby {
    directory: PathBuf,
    watchdog: Child,
}

impl Standby {
    /// A copy of `primary`, made by `pg_basebackup` and started as a hot standby of it.
    fn of(primary: &Cluster) -> Self {
        let source = primary.socket_dir();
        let options = fs::read_to_string(source.join("data/postmaster.opts")).unwrap();
        let server = PathBuf::from(options.split(' ').next().unwrap());
        let owner = fs::metadata(source.join("data")).unwrap();
        let directory =
            std::env::temp_dir().join(format!("outpost-standby-{}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        let is_root = fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0);
        if is_root {
            chown(&directory, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        let run_as_owner = |program: &Path| {
            let mut command = Command::new(program);
            command.env_clear().env("LC_ALL", "C").current_dir("/");
            if is_root {
                command.uid(owner.uid()).gid(owner.gid());
            }
            command
        };
        let copied = run_as_owner(&server.with_file_name("pg_basebackup"))
            .args([
                "-U",
                "postgres",
                "-X",
                "stream",
                "-c",
                "fast",
                "--no-sync",
                "-R",
            ])
            .args([
                "-h".as_ref(),
                source,
                "-D".as_ref(),
                &directory.join("data"),
            ])
            .output()
            .unwrap();
        assert!(copied.status.success(), "{copied:?}");
        let conf = directory.join("data/postgresql.conf");
        let mut conf = fs::OpenOptions::new().append(true).open(conf).unwrap();
        writeln!(conf, "unix_socket_directories = '{}'", directory.display()).unwrap();
        let watchdog = run_as_owner(Path::new("/bin/sh"))
            .args(["-c", WATCHDOG, "outpost-standby"])
            .args([&server, &directory])
            .env("PATH", "/usr/bin:/bin")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            directory,
            watchdog,
        }
    }

    fn url(&self) -> String {
        let socket = self.directory.display();
        format!("postgresql://postgres@/postgres?host={socket}&port=5432")
    }

    /// When it answers.
    async fn client(&self) -> Client {
        let begun = Instant::now();
        loop {
            if let Ok((client, connection)) =
                tokio_postgres::connect(&self.url(), tokio_postgres::NoTls).await
            {
                tokio::spawn(connection);
                return client.into();
            }
            let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_mins(1), "{log}");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        drop(self.watchdog.wait());
    }
}

/// A primary with our schema, whose log a standby may follow.
async fn primary() -> (Cluster, Client) {
    let cluster = tokio::task::spawn_blocking(|| {
        Cluster::start(&Options {
            pg_bin: std::env::var_os("PG_BIN_DIR").map(PathBuf::from),
            settings: vec![
                "wal_level = replica".to_owned(),
                "max_wal_senders = 4".to_owned(),
            ],
            ..Options::default()
        })
    });
    let cluster = cluster.await.unwrap().unwrap();
    let mut client = database::connect(&cluster.url("postgres")).await;
    outpost::migrate::migrate(&mut client, &outpost::migrate::Options::default())
        .await
        .unwrap();
    (cluster, client)
}

async fn insert(client: &Client) -> RowId {
    let sql = "INSERT INTO marketing.pipeline_events (event_type) VALUES ('company_created') RETURNING id::text";
    let id: String = client.query_one(sql, &[]).await.unwrap().get(0);
    RowId::parse(&id).unwrap()
}

/// Watches until it is so; how long that took.
async fn until(watcher: &mut Watcher, is_so: impl Fn(&Watcher) -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so(watcher) {
        let waited = begun.elapsed();
        assert!(
            waited < Duration::from_secs(30),
            "{:?}",
            watcher.store.listener
        );
        watcher.watch_for(Duration::from_millis(20)).await;
    }
    begun.elapsed()
}

fn proven_often(url: &str) -> Settings {
    let mut settings = settings(url);
    settings.heartbeat = INTERVAL;
    settings.patience = INTERVAL / 2;
    settings
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_standby_the_trust_line_says_at_once_that_it_cannot_notify_and_rows_are_found_by_sweeps()
 {
    let (cluster, writer) = primary().await;
    insert(&writer).await;
    let standby = tokio::task::spawn_blocking(move || {
        let standby = Standby::of(&cluster);
        (cluster, standby)
    });
    let (_cluster, standby) = standby.await.unwrap();
    let client = standby.client().await;
    for sql in ["LISTEN pipeline_event", "NOTIFY pipeline_event"] {
        let refused = client.batch_execute(sql).await.unwrap_err();
        let said = refused.as_db_error().unwrap().message().to_owned();
        assert!(said.contains("during recovery"), "{said}");
    }
    let mut watcher = Watcher::start(&proven_often(&standby.url()));
    let is_off = |watcher: &Watcher| matches!(watcher.store.listener, Link::Off(_));
    let took = until(&mut watcher, is_off).await;
    assert!(took < INTERVAL * 2, "said after {took:?}");
    until(&mut watcher, |w| w.store.ledger.value().is_some()).await;

    let mut model = Model::new(chrono::Utc::now(), (200, 60), model::Options::default());
    model.store = watcher.store.clone();
    let shown = text(&paint(&model, (200, 60))).join("\n");
    assert!(
        shown.contains("listen off the server is a standby, which cannot notify: polling only"),
        "{shown}"
    );

    let id = insert(&writer).await;
    let took = until(&mut watcher, |w| w.store.stream.get(&id).is_some()).await;
    assert!(took < TAIL, "found after {took:?}");
    let fail = "UPDATE marketing.pipeline_events SET status = 'failed' WHERE id = 1";
    writer.batch_execute(fail).await.unwrap();
    let first = RowId::from(1);
    let has_failed = |w: &Watcher| {
        let row = w.store.stream.get(&first);
        row.is_some_and(|row| row.status == EventStatus::Failed)
    };
    let took = until(&mut watcher, has_failed).await;
    assert!(took < TAIL, "found after {took:?}");
    let rolled_back = "BEGIN; INSERT INTO marketing.pipeline_events (event_type) VALUES ('company_created'); ROLLBACK";
    writer.batch_execute(rolled_back).await.unwrap();
    insert(&writer).await;
    let balance = watcher.until(3, |b| b.count.proven == 1).await;
    assert_eq!(
        (balance.table(), balance.count.lost, balance.count.proven),
        (3, 0, 1),
        "{balance:?}"
    );
    assert_eq!(watcher.store.notifications, 0);

    how_far_it_follows(&mut watcher, &client).await;
}

/// What is said of the standby while it follows, while its replay is paused, and when it was promoted.
async fn how_far_it_follows(watcher: &mut Watcher, standby: &Client) {
    let state = |w: &Watcher| {
        let server = w.store.server.value()?;
        Some(server.replay.map(|replay| replay.state))
    };
    let trust = |w: &Watcher| {
        let mut model = Model::new(chrono::Utc::now(), (200, 60), model::Options::default());
        model.store = w.store.clone();
        let shown = text(&paint(&model, (200, 60)));
        let line = shown.into_iter().find(|line| line.starts_with(" TRUST"));
        line.unwrap()
    };
    until(watcher, |w| state(w) == Some(Some(Following::CaughtUp))).await;
    let said = trust(watcher);
    assert!(said.contains(", standby caught up"), "{said}");
    let pause = "SELECT pg_wal_replay_pause()";
    standby.batch_execute(pause).await.unwrap();
    until(watcher, |w| state(w) == Some(Some(Following::Paused))).await;
    let said = trust(watcher);
    assert!(said.contains(", standby PAUSED, up to "), "{said}");
    let promote = "SELECT pg_wal_replay_resume(), pg_promote()";
    standby.batch_execute(promote).await.unwrap();
    until(watcher, |w| state(w) == Some(None)).await;
    let server = watcher.store.server.value().unwrap();
    assert!(!server.standby && !server.read_only, "{server:?}");
    let said = trust(watcher);
    assert!(!said.contains(", standby "), "{said}");
}
