//! A private PostgreSQL: started for this program alone, on a socket only its owner can open, and gone with
//! it, however it ends. The demo and the tests live on it.
//!
//! The server runs below a shell that holds our end of a pipe. When the pipe closes, because the [`Cluster`]
//! was dropped or because this process was killed, the shell stops the server and removes its directory.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: it waits for a server and reads its log"
)]

mod account;
mod binaries;
mod directory;
mod wheel;

use std::{
    fs, io,
    os::unix::{net::UnixStream, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use account::Account;
use directory::Directory;

pub use binaries::NotFound;

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the shell runs: `$1` is the server, `$2` its directory, `$3` its uid when we are root. The reader waits
/// for the end of our pipe; a server that ends by itself leaves the mark `exited`, and its log, until then.
/// QUIT, since nobody will ever read these files again.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP QUIT
exec 3<&0 </dev/null
"$1" -D "$2/data" 3<&- >>"$2/log" 2>&1 &
server=$!
( read -r _ <&3; kill -QUIT $server 2>/dev/null ) &
wait $server
: >"$2/exited"
wait
rm -rf "$2"
"#;

/// Settings that make a throw-away server fast and quiet. `Options::settings` come after them and win.
const SETTINGS: &str = "
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
shared_buffers = 64MB
max_connections = 50
unix_socket_permissions = 0700
jit = off
max_parallel_workers_per_gather = 0
max_wal_size = 512MB
timezone = UTC
log_timezone = UTC
";

/// What is being done while a start takes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Fetching PostgreSQL through pip, since none is installed.
    Downloading,
    /// Making the files of a new server.
    Creating,
    /// Starting it.
    Starting,
    /// Making the tables of the pipeline.
    Migrating,
    /// Writing the past.
    History,
    /// Starting the world that drives the pipeline.
    World,
}

impl Step {
    /// A few words for the screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Downloading => "downloading PostgreSQL with pip (13 MB, once)",
            Self::Creating => "creating a private PostgreSQL",
            Self::Starting => "starting PostgreSQL",
            Self::Migrating => "creating the pipeline's tables",
            Self::History => "writing 30 days of history",
            Self::World => "starting the world",
        }
    }
}

/// Told of each step when it begins.
pub type Progress = Arc<dyn Fn(Step) + Send + Sync>;

/// How to start a cluster.
#[derive(Clone, Default)]
pub struct Options {
    /// The directory with `postgres` and `initdb`; searched for when absent.
    pub pg_bin: Option<PathBuf>,
    /// Whether nothing may be downloaded.
    pub offline: bool,
    /// Lines for `postgresql.conf`, after ours.
    pub settings: Vec<String>,
    /// The whole of `pg_hba.conf`, instead of "trust whoever can open the socket".
    pub hba: Option<String>,
    /// Files for the data directory, by name; readable by the server only, as a TLS key must be.
    pub files: Vec<(String, Vec<u8>)>,
    /// The port to listen on at 127.0.0.1, besides the socket; none by default.
    pub tcp_port: Option<u16>,
    /// Told of each step.
    pub progress: Option<Progress>,
}

impl Options {
    fn say(&self, step: Step) {
        if let Some(progress) = &self.progress {
            progress(step);
        }
    }
}

/// Why no cluster could be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no PostgreSQL on this machine, and none could be fetched.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// We are root, PostgreSQL refuses to run as root, and there is no other account.
    #[error("PostgreSQL does not run as root, and /etc/passwd names no other account")]
    NoAccount,
    /// A file or directory could not be made.
    #[error("cannot prepare {path}: {source}")]
    Files {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A program could not be run at all.
    #[error("cannot run {program}{}: {source}", as_account(.account.as_deref()))]
    Run {
        /// Which.
        program: PathBuf,
        /// The account it was to run as, when that is not ours.
        account: Option<String>,
        /// Why.
        source: io::Error,
    },
    /// `initdb` refused.
    #[error("initdb failed:\n{0}")]
    Initdb(String),
    /// The server ended while it started.
    #[error("PostgreSQL ended while it started; the end of its log:\n{0}")]
    Died(String),
    /// The server did not answer in time.
    #[error("PostgreSQL did not answer within 30 s; the end of its log:\n{0}")]
    TimedOut(String),
}

fn as_account(account: Option<&str>) -> String {
    account.map_or_else(String::new, |name| {
        format!(" as {name} (PostgreSQL does not run as root; is CAP_SETUID missing here?)")
    })
}

/// A private PostgreSQL. Dropping it stops the server and removes its files, in about 30 ms, and waits for it.
#[derive(Debug)]
pub struct Cluster {
    directory: Directory,
    port: u16,
    watchdog: Child,
}

impl Cluster {
    /// Starts a cluster. Blocks for about half a second; much longer when PostgreSQL must be fetched first.
    pub fn start(options: &Options) -> Result<Self, StartError> {
        let account = Account::to_run_as()?;
        let bin = binaries::find(options)?;
        options.say(Step::Creating);
        directory::remove_stale(&account);
        let directory = Directory::create(&account)?;
        initdb(&bin, &directory, &account)?;
        configure(options, &directory, &account)?;
        options.say(Step::Starting);
        let watchdog = spawn(&bin.join("postgres"), &directory, &account)?;
        let mut cluster = Self {
            directory,
            port: options.tcp_port.unwrap_or(5432),
            watchdog,
        };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// The URL of `database` for the superuser `postgres`, on the socket.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgresql://postgres@/{}?host={}&port={}",
            percent_encoded(database),
            self.directory.path().display(),
            self.port
        )
    }

    /// The directory that holds the socket.
    pub fn socket_dir(&self) -> &Path {
        self.directory.path()
    }

    fn wait_until_ready(&mut self) -> Result<(), StartError> {
        let socket = self
            .directory
            .path()
            .join(format!(".s.PGSQL.{}", self.port));
        let status = self.directory.path().join("data/postmaster.pid");
        let begun = Instant::now();
        loop {
            // The server writes "ready" into its lock file when it accepts statements, and a socket alone is not
            // enough: it exists before recovery ends.
            let ready = fs::read_to_string(&status).is_ok_and(|text| text.contains("\nready"));
            if ready && UnixStream::connect(&socket).is_ok() {
                return Ok(());
            }
            let ended = self.directory.path().join("exited").exists()
                || self.watchdog.try_wait().is_ok_and(|code| code.is_some());
            if ended {
                return Err(StartError::Died(self.directory.log_tail()));
            }
            if begun.elapsed() > PATIENCE {
                return Err(StartError::TimedOut(self.directory.log_tail()));
            }
            thread::sleep(Duration::from_millis(4));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        // PostgreSQL kills what does not end within 5 s of a QUIT, so this ends.
        drop(self.watchdog.wait());
    }
}

fn initdb(bin: &Path, directory: &Directory, account: &Account) -> Result<(), StartError> {
    let program = bin.join("initdb");
    let output = account
        .command(&program)
        .arg("-D")
        .arg(directory.path().join("data"))
        .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"])
        .args(["--no-sync", "--no-instructions"])
        .stdin(Stdio::null())
        .output()
        .map_err(|source| account.cannot_run(&program, source))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(StartError::Initdb(last_lines(&String::from_utf8_lossy(
        &said,
    ))))
}

fn configure(
    options: &Options,
    directory: &Directory,
    account: &Account,
) -> Result<(), StartError> {
    let listen = options.tcp_port.map_or("", |_| "127.0.0.1");
    let port = options.tcp_port.unwrap_or(5432);
    let socket = directory.path().display();
    let settings = options.settings.join("\n");
    let text = format!(
        "listen_addresses = '{listen}'\nport = {port}\nunix_socket_directories = '{socket}'\n{SETTINGS}\n{settings}\n"
    );
    directory.write("data/postgresql.conf", text.as_bytes(), account)?;
    if let Some(hba) = &options.hba {
        directory.write("data/pg_hba.conf", hba.as_bytes(), account)?;
    }
    for (name, content) in &options.files {
        directory.write(&format!("data/{name}"), content, account)?;
    }
    Ok(())
}

fn spawn(postgres: &Path, directory: &Directory, account: &Account) -> Result<Child, StartError> {
    let shell = Path::new("/bin/sh");
    account
        .command(shell)
        .args(["-c", WATCHDOG, "outpost-postgres"])
        .arg(postgres)
        .arg(directory.path())
        // A group of its own: the terminal's ctrl-c must not reach it before we are done.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|source| account.cannot_run(shell, source))
}

/// The last 20 lines of `text`.
fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

fn percent_encoded(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The environment of every program we start: nothing of ours, and a locale that is always there.
fn bare(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir("/");
    command
}
