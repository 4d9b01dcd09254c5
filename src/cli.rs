//! Flags, subcommands and the environment; the only place that reads the environment.
#![expect(
    clippy::disallowed_methods,
    reason = "this is where environment and files are read"
)]

pub mod rows;

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command as Process, Stdio},
};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    config::{Config, Mistakes, Origin, Overrides, SETTINGS},
    demo::scenario::Scenario,
    domain::{Timestamp, latency::window::Span, zone::Zone},
    sources::n8n::Absent,
};

/// How far back latency is told.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Window {
    /// An hour.
    Hour,
    /// 24 hours.
    Day,
    /// 7 days, from roll-ups.
    Week,
    /// 30 days, from roll-ups.
    Month,
}

impl Window {
    /// The same as the screens have it.
    pub const fn span(self) -> Span {
        match self {
            Self::Hour => Span::Hour,
            Self::Day => Span::Day,
            Self::Week => Span::Week,
            Self::Month => Span::Month,
        }
    }
}

/// A terminal console for an event-driven outreach pipeline on PostgreSQL and n8n.
#[derive(Debug, Parser)]
#[command(version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do instead of opening the console.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What overrides the configuration.
    #[command(flatten)]
    pub flags: Flags,
}

/// What overrides the configuration.
#[derive(Debug, Default, Args)]
pub struct Flags {
    /// The configuration file, instead of the one under the XDG directory.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The profile of the configuration to use.
    #[arg(long, global = true, env = "OUTPOST_PROFILE", value_name = "NAME")]
    pub profile: Option<String>,
    /// The database: a postgres:// URL, or key=value pairs. A password here shows in the process list: the variable
    /// `DATABASE_URL` or the configuration keep it to yourself.
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// The schema of the pipeline's tables.
    #[arg(long, global = true, value_name = "NAME")]
    pub schema: Option<String>,
    /// The address of n8n.
    #[arg(long, global = true, value_name = "URL")]
    pub n8n_base_url: Option<String>,
    /// A file that holds the API key of n8n.
    #[arg(long, global = true, value_name = "FILE")]
    pub n8n_key_file: Option<String>,
    /// Refuse every write.
    #[arg(long, global = true)]
    pub read_only: bool,
    /// The theme.
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// Draw with ASCII only.
    #[arg(long, global = true)]
    pub ascii: bool,
}

/// What to do instead of opening the console.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a private PostgreSQL with a living pipeline in it, and the console over it.
    Demo(DemoFlags),
    /// Print how things stand, once.
    Status {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// The window that latency is told over.
        #[arg(long, value_enum, default_value_t = Window::Hour)]
        window: Window,
    },
    /// Print how the pipeline stood at a moment that is past, as a Markdown table.
    At {
        /// The moment: 14:24, 2h, "yesterday 14:24", 2026-03-09T14:24Z; times of day are UTC.
        #[arg(value_name = "MOMENT")]
        moment: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Watch the stream for 5 s and print its ledger; exit 0, 2 when a row is lost, 3 when it cannot be told.
    Ledger {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List events, or try some again by a plan.
    Events {
        /// What to do with them.
        #[command(subcommand)]
        command: rows::Events,
    },
    /// List errors, or resolve, reopen or retry some by a plan.
    Errors {
        /// What to do with them.
        #[command(subcommand)]
        command: rows::Errors,
    },
    /// Print the campaigns of the last 7 days, with their A/B tests.
    Campaigns(rows::Campaigns),
    /// Delete events and errors that are done and older than the retention, by a plan.
    Purge(rows::Apply),
    /// List retries that go row by row, show one, go on with one or end one.
    Batches {
        /// What to do with them.
        #[command(subcommand)]
        command: rows::Batches,
    },
    /// Print what operators did: who, when, what, why, and what became of it.
    Audit {
        /// What to do with it.
        #[command(subcommand)]
        command: rows::Audit,
    },
    /// Print one line for Nagios and its kin; exit 0, 1, 2 or 3.
    Check,
    /// Say what the database and n8n lack, and how to mend it; exit 0, 1, 2 or 3.
    Doctor {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Create the pipeline's tables, triggers and roll-ups, or add what is missing.
    Migrate {
        /// Print the SQL and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Also index events by their record, at a tenth of what many writers get done.
        #[arg(long)]
        trail: bool,
    },
    /// Bring the roll-ups up to the present, in short steps; for cron.
    Rollup,
    /// Print the configuration in force, and where each value comes from.
    Config,
}

/// How the demo's world runs.
#[derive(Debug, Args)]
pub struct DemoFlags {
    /// What goes wrong in it.
    #[arg(long, default_value = "calm", value_parser = scenario, value_name = "NAME")]
    pub scenario: Scenario,
    /// How much faster than life it runs, 0.1 to 20.
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
    /// The seed of its history.
    #[arg(long, default_value_t = 1)]
    pub seed: u32,
    /// Let the demo in the database that is configured live under another scenario from now on.
    #[arg(long, value_parser = scenario, value_name = "NAME", conflicts_with_all = ["scenario", "headless"])]
    pub switch: Option<Scenario>,
    /// Run the world without the screen; print how to reach it.
    #[arg(long)]
    pub headless: bool,
    /// The directory of PostgreSQL's programs.
    #[arg(long, value_name = "DIR")]
    pub pg_bin: Option<PathBuf>,
    /// Never fetch PostgreSQL; fail when none is installed.
    #[arg(long)]
    pub offline: bool,
}

/// The scenario of that name.
fn scenario(name: &str) -> Result<Scenario, String> {
    Scenario::find(name)
        .ok_or_else(|| format!("there are {}", Scenario::ALL.map(Scenario::name).join(", ")))
}

/// Why the program cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration has mistakes.
    #[error("{0}")]
    Configuration(#[from] Mistakes),
    /// A file named in a flag or in the configuration cannot be read.
    #[error("cannot read {path}: {error}")]
    File {
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A command named in the configuration failed.
    #[error("the command of `{setting}` failed: {why}")]
    Secret {
        /// The setting.
        setting: &'static str,
        /// Why; never what it printed.
        why: String,
    },
}

/// Where this program keeps its files.
#[derive(Debug, Clone)]
pub struct Directories {
    /// The configuration file.
    pub config: PathBuf,
    /// The log and the audit file.
    pub state: PathBuf,
}

/// The directories of the XDG standard; below the current directory where there is no home.
pub fn directories() -> Directories {
    match directories::ProjectDirs::from("", "", "outpost") {
        Some(dirs) => Directories {
            config: dirs.config_dir().join("config.toml"),
            state: dirs
                .state_dir()
                .unwrap_or_else(|| dirs.data_local_dir())
                .to_owned(),
        },
        None => Directories {
            config: "config.toml".into(),
            state: ".".into(),
        },
    }
}

/// A variable of the environment that is set and not empty.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The account on this machine and the host, for the audit.
pub fn actor() -> String {
    let user = variable("USER")
        .or_else(|| variable("LOGNAME"))
        .unwrap_or_else(|| "unknown".to_owned());
    let host = fs::read_to_string("/etc/hostname").unwrap_or_default();
    format!("{user}@{}", host.trim())
}

/// The zone of this machine, from a year ago on for four years.
pub fn zone() -> Zone {
    let ahead = |at: Timestamp| at.with_timezone(&chrono::Local).offset().local_minus_utc();
    Zone::of(
        chrono::Utc::now() - chrono::TimeDelta::days(1_830),
        2_928,
        ahead,
    )
}

/// The configuration in force.
///
/// # Errors
/// When the file cannot be read or anything in it, in the environment or in the flags is wrong.
pub fn configuration(flags: &Flags) -> Result<Config, StartError> {
    let path = flags.config.clone().unwrap_or_else(|| directories().config);
    let text = match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound && flags.config.is_none() => None,
        Err(error) => {
            return Err(StartError::File {
                path: path.display().to_string(),
                error,
            });
        }
    };
    let shown = path.display().to_string();
    let file = text.as_deref().map(|text| (shown.as_str(), text));
    let mut config = Config::load(file, overrides(flags))?;
    if let Some(own) = config.get("pipeline.file") {
        // Where it is no whole path, it lies beside the configuration that names it.
        let path = path.parent().unwrap_or(&path).join(own);
        let shown = path.display().to_string();
        match fs::read_to_string(&path) {
            Ok(text) => config.describe_pipeline(&shown, &text)?,
            Err(error) => return Err(StartError::File { path: shown, error }),
        }
    }
    Ok(config)
}

fn overrides(flags: &Flags) -> Overrides {
    let mut values: Vec<(&'static str, String, Origin)> = SETTINGS
        .iter()
        .filter_map(|s| Some((s.name, variable(s.env?)?, Origin::Environment(s.env?))))
        .collect();
    let texts = [
        ("database.url", "database-url", &flags.database_url),
        ("database.schema", "schema", &flags.schema),
        ("n8n.base_url", "n8n-base-url", &flags.n8n_base_url),
        ("n8n.key_file", "n8n-key-file", &flags.n8n_key_file),
        ("ui.theme", "theme", &flags.theme),
    ];
    for (name, flag, value) in texts {
        if let Some(value) = value {
            values.push((name, value.clone(), Origin::Flag(flag)));
        }
    }
    for (name, flag, on) in [
        ("safety.read_only", "read-only", flags.read_only),
        ("ui.ascii", "ascii", flags.ascii),
    ] {
        if on {
            values.push((name, "true".to_owned(), Origin::Flag(flag)));
        }
    }
    let profile = flags
        .profile
        .clone()
        .map(|name| (name, Origin::Flag("profile")));
    Overrides { profile, values }
}

/// The value of a secret: as it stands, or from its file, or from its command; `None` when none is set.
///
/// # Errors
/// When the file cannot be read or the command fails.
pub fn secret(config: &Config, name: &'static str) -> Result<Option<String>, StartError> {
    let (file, command) = match name {
        "database.url" => ("database.url_file", "database.url_command"),
        _ => ("n8n.key_file", "n8n.key_command"),
    };
    let by_flag = matches!(config.origin(file), Some(Origin::Flag(_)));
    if let Some(value) = config.get(name).filter(|_| !by_flag) {
        return Ok(Some(value.to_owned()));
    }
    if let Some(path) = config.get(file) {
        let text = fs::read_to_string(Path::new(path)).map_err(|error| StartError::File {
            path: path.to_owned(),
            error,
        })?;
        return Ok(Some(text.trim().to_owned()));
    }
    match config.get(command) {
        Some(line) => run_for_secret(command, line).map(Some),
        None => Ok(None),
    }
}

/// Which half of n8n's set-up is missing, if only one is; runs no command to find out.
pub fn half_of_n8n(config: &Config) -> Option<Absent> {
    let is_set = |name: &&str| config.get(name).is_some();
    let key = ["n8n.key", "n8n.key_file", "n8n.key_command"];
    match (is_set(&"n8n.base_url"), key.iter().any(is_set)) {
        (true, false) => Some(Absent::Key),
        (false, true) => Some(Absent::Address),
        (true, true) | (false, false) => None,
    }
}

fn run_for_secret(setting: &'static str, line: &str) -> Result<String, StartError> {
    let failed = |why: String| StartError::Secret { setting, why };
    let output = Process::new("sh")
        .args(["-c", line])
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(output.status.to_string()));
    }
    let text = String::from_utf8(output.stdout)
        .map_err(|_not_text| failed("it printed no text".to_owned()))?;
    match text.trim() {
        "" => Err(failed("it printed nothing".to_owned())),
        secret => Ok(secret.to_owned()),
    }
}
