//! The private PostgreSQL: it starts, it says why it does not, and nothing of it stays behind.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, chown},
    path::{Path, PathBuf},
    process::{self, Command},
    thread,
    time::{Duration, SystemTime},
};

use outpost::cluster::{Cluster, Options, StartError};
use tokio_postgres::NoTls;

/// Whether any process mentions `needle` in its command line.
pub(crate) fn runs(needle: &str) -> bool {
    let processes = Command::new("ps")
        .args(["-A", "-o", "args="])
        .output()
        .unwrap();
    String::from_utf8_lossy(&processes.stdout).contains(needle)
}

/// Waits up to 5 s for `done`.
pub(crate) fn eventually(done: impl Fn() -> bool) -> bool {
    (0..500).any(|_| {
        let it_is = done();
        if !it_is {
            thread::sleep(Duration::from_millis(10));
        }
        it_is
    })
}

#[tokio::test]
async fn a_cluster_answers_and_leaves_no_process_and_no_directory() {
    let cluster = Cluster::start(&Options::default()).unwrap();
    let dir = cluster.socket_dir().to_owned();
    let (client, connection) = tokio_postgres::connect(&cluster.url("postgres"), NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let row = client.query_one("SELECT 1 + 1", &[]).await.unwrap();
    assert_eq!(row.get::<_, i32>(0), 2);
    assert!(runs(&dir.to_string_lossy()));
    // Dropped with a client still connected: that must not hold it up.
    drop(cluster);
    assert!(!dir.exists());
    assert!(!runs(&dir.to_string_lossy()));
    connection.await.unwrap().unwrap_err();
}

#[tokio::test]
async fn settings_files_and_access_rules_reach_the_server() {
    let options = Options {
        settings: vec!["work_mem = 7MB".to_owned()],
        hba: Some("local all postgres trust\nlocal all all reject\n".to_owned()),
        files: vec![("note".to_owned(), b"hello".to_vec())],
        ..Options::default()
    };
    let cluster = Cluster::start(&options).unwrap();
    let url = cluster.url("postgres");
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let row = client
        .query_one(
            "SELECT current_setting('work_mem'), pg_read_file('note')",
            &[],
        )
        .await
        .unwrap();
    assert_eq!((row.get(0), row.get(1)), ("7MB", "hello"));
    let refused = url.replace("postgres@", "somebody@");
    assert!(tokio_postgres::connect(&refused, NoTls).await.is_err());
}

#[test]
fn a_server_that_cannot_start_says_why_and_leaves_nothing() {
    let options = Options {
        settings: vec!["shared_buffers = 1".to_owned()],
        ..Options::default()
    };
    let error = Cluster::start(&options).unwrap_err();
    assert!(matches!(error, StartError::Died(_)), "{error}");
    assert!(error.to_string().contains("shared_buffers"), "{error}");
}

/// Not a test by itself: the next one runs it in a process of its own, and kills that.
#[test]
#[ignore = "run by another test"]
fn hold_a_cluster() {
    let cluster = Cluster::start(&Options::default()).unwrap();
    fs::write(
        std::env::var_os("OUTPOST_TEST_HOLD").unwrap(),
        cluster.socket_dir().to_str().unwrap(),
    )
    .unwrap();
    thread::sleep(Duration::from_mins(1));
}

#[test]
fn a_killed_process_leaves_no_server_and_no_directory() {
    let note = tempfile::NamedTempFile::new().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "cluster::hold_a_cluster"])
        .env("OUTPOST_TEST_HOLD", note.path())
        .spawn()
        .unwrap();
    let written = || fs::read_to_string(note.path()).unwrap();
    assert!(eventually(|| !written().is_empty()));
    let dir = written();
    assert!(runs(&dir));
    // KILL: nothing of our own can run any more.
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(eventually(|| !Path::new(&dir).exists() && !runs(&dir)));
}

#[test]
fn what_a_kill_left_of_a_removal_is_removed_by_the_next_start_and_what_is_being_made_is_not() {
    let cluster = Cluster::start(&Options::default()).unwrap();
    let live = cluster.socket_dir();
    let owner = fs::metadata(live).unwrap();
    let make = |name: &str, age_s: u64| {
        let path = PathBuf::from(format!("/tmp/outpost-pg-{}-{name}", process::id()));
        fs::create_dir(&path).unwrap();
        fs::write(path.join("PG_VERSION"), "15").unwrap();
        chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
        let made = SystemTime::now() - Duration::from_secs(age_s);
        fs::File::open(&path).unwrap().set_modified(made).unwrap();
        path
    };
    let (left, new) = (make("left", 120), make("new", 1));
    drop(Cluster::start(&Options::default()).unwrap());
    assert!(!left.exists());
    assert!(new.exists());
    assert!(live.exists());
    fs::remove_dir_all(new).unwrap();
}
