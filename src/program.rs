//! The program: from the command line to an exit code. The only place that prints a report of failure.
#![expect(
    clippy::print_stderr,
    reason = "this is where the program speaks outside its screen"
)]

mod act;
mod audit;
pub mod backends;
mod batches;
pub mod console;
mod schema;

use std::{
    io::{self, Write as _},
    panic,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Parser as _;
use tokio::runtime::{Builder, Runtime};

use crate::{
    cli::{self, Cli, Command, DemoFlags, StartError},
    config::Config,
    demo, doctor,
    domain::{triage::Triage, untrusted::Untrusted},
    headless, logging,
    msg::Fault,
    shell::{terminal, triage::Local},
    sources::{
        n8n,
        postgres::{self, Purpose, Session},
    },
};

/// Nothing to complain about.
const FINE: u8 = 0;
/// A warning, or a mistake in how the program was called.
const WARNING: u8 = 1;
/// Critical, or failed.
const FAILED: u8 = 2;
/// It cannot be known.
const UNKNOWN: u8 = 3;

/// What to say before leaving, and the exit code.
#[derive(Debug)]
pub struct Failure {
    text: String,
    code: u8,
}

impl Failure {
    /// A failure that the operator mends by calling the program differently.
    pub fn usage(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            code: WARNING,
        }
    }

    /// A failure of the world outside.
    pub fn failed(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            code: FAILED,
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::failed(format!("{fault}\n{}", fault.advice()))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::failed(error.to_string())
    }
}

/// Runs the program.
pub fn run() -> ExitCode {
    install_panic_hook();
    // A second provider cannot be installed; the first one is ours.
    drop(rustls::crypto::ring::default_provider().install_default());
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { WARNING } else { FINE };
            // A closed pipe is no reason to complain.
            drop(error.print());
            return ExitCode::from(code);
        }
    };
    match perform(&cli) {
        Ok(code) => ExitCode::from(code),
        Err(Failure { text, code }) => {
            // What failed may quote what came from outside.
            for line in Untrusted::from(text).lines() {
                eprintln!("outpost: {line}");
            }
            ExitCode::from(code)
        }
    }
}

fn perform(cli: &Cli) -> Result<u8, Failure> {
    let config = match cli::configuration(&cli.flags) {
        Err(error) if matches!(cli.command, Some(Command::Check)) => return unknown(error.into()),
        config => config?,
    };
    match &cli.command {
        None => {
            let backends = backends::Backends {
                database: database(&config)?,
                n8n: n8n(&config)?,
                webhooks: backends::webhooks(&config)?,
            };
            open(&config, console::World::Outside(Box::new(backends)))
        }
        Some(Command::Config) => describe(&config),
        Some(Command::Demo(DemoFlags {
            switch: Some(scenario),
            ..
        })) => runtime()?.block_on(switch_scenario(&database(&config)?, *scenario)),
        Some(Command::Demo(flags)) if flags.headless => {
            let mut options = console::demo_options(flags);
            // Not on standard output, which a script reads.
            options.progress = Some(Arc::new(|step: &str| eprintln!("outpost: {step}")));
            runtime()?.block_on(run_world(options))
        }
        Some(Command::Demo(flags)) => {
            open(&config, console::World::Demo(console::demo_options(flags)))
        }
        Some(Command::Status { json, window }) => status(&config, *json, *window),
        Some(Command::At { moment, json }) => past(&config, moment, *json),
        Some(Command::Events { command }) => act::events(&config, command),
        Some(Command::Errors { command }) => act::errors(&config, command),
        Some(Command::Campaigns(how)) => campaigns(&config, how),
        Some(Command::Purge(apply)) => act::purge(&config, apply),
        Some(Command::Batches { command }) => batches::batches(&config, command),
        Some(Command::Audit { command }) => audit::audit(&config, command),
        Some(Command::Ledger { json }) => ledger(&config, *json),
        Some(Command::Check) => check(&config),
        Some(Command::Doctor { json }) => {
            let findings = runtime()?.block_on(examine(&config));
            let print_as = if *json {
                doctor::print::json
            } else {
                doctor::print::text
            };
            print(&print_as(&findings))?;
            Ok(doctor::worst(&findings).exit_code())
        }
        Some(Command::Rollup) => schema::roll_up(&database(&config)?),
        Some(Command::Migrate { dry_run, trail }) => schema::migrate(&config, *dry_run, *trail),
    }
}

/// What is said of groups of errors and of alerts on this machine alone.
fn said_here(settings: &postgres::Settings) -> Vec<Triage> {
    let said = Local::new(&cli::directories().state, settings).read();
    let said = said.inspect_err(|error| eprintln!("outpost: {error}"));
    said.ok().flatten().unwrap_or_default()
}

/// How things stand, once.
fn status(config: &Config, json: bool, window: cli::Window) -> Result<u8, Failure> {
    let database = database(config)?;
    let said = said_here(&database);
    let snapshot = runtime()?.block_on(headless::gather_over(
        window.span(),
        database,
        n8n(config)?,
        config.rules(),
        (config.pipeline(), said),
    ));
    print(&headless::status::told(&snapshot, json))?;
    Ok(headless::exit_code(&snapshot))
}

/// How the pipeline stood at a moment.
fn past(config: &Config, moment: &str, json: bool) -> Result<u8, Failure> {
    let settings = database(config)?;
    let past = runtime()?
        .block_on(async {
            let mut look = headless::rows::Look::open(&settings).await?;
            look.past(moment).await
        })
        .map_err(Failure::from)?;
    let pipeline = config.pipeline();
    print(&if json {
        headless::past::json(&past, &pipeline)
    } else {
        past.markdown(&pipeline)
    })?;
    Ok(FINE)
}

/// Campaigns, with their A/B tests.
fn campaigns(config: &Config, how: &cli::rows::Campaigns) -> Result<u8, Failure> {
    let settings = database(config)?;
    let found = runtime()?
        .block_on(async {
            let mut look = headless::rows::Look::open(&settings).await?;
            look.campaigns(&how.filter).await
        })
        .map_err(Failure::from)?;
    print(&if how.json { found.json() } else { found.text() })?;
    if let Some(remark) = found.remark() {
        eprintln!("outpost: {remark}");
    }
    Ok(FINE)
}

/// The ledger of the stream, or why there is none.
fn ledger(config: &Config, json: bool) -> Result<u8, Failure> {
    match runtime()?.block_on(headless::ledger::watch(database(config)?)) {
        Ok(watched) => {
            print(&if json { watched.json() } else { watched.text() })?;
            Ok(watched.exit_code())
        }
        Err(fault) => {
            let said = format!("{fault}. {}", fault.advice());
            print(&if json {
                format!("{{\"error\":{}}}\n", Untrusted::from(said).json())
            } else {
                format!("{said}\n")
            })?;
            Ok(UNKNOWN)
        }
    }
}

/// The one line for Nagios. Whatever goes wrong is UNKNOWN, on the same line.
fn check(config: &Config) -> Result<u8, Failure> {
    let gathered = database(config).and_then(|database| {
        let n8n = n8n(config)?;
        let said = said_here(&database);
        Ok(runtime()?.block_on(headless::gather(
            database,
            n8n,
            config.rules(),
            (config.pipeline(), said),
        )))
    });
    match gathered {
        Ok(snapshot) => {
            print(&headless::check::line(&snapshot))?;
            Ok(headless::exit_code(&snapshot))
        }
        Err(failure) => unknown(failure),
    }
}

/// What stops the check from looking, as the check says it.
fn unknown(Failure { text, .. }: Failure) -> Result<u8, Failure> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let text = lines.join("; ").replace(":; ", ": ").replace('|', " ");
    print(&format!(
        "OUTPOST UNKNOWN - {}\n",
        Untrusted::from(text).display()
    ))?;
    Ok(UNKNOWN)
}

/// The configuration in force, and what is wrong with it as a whole.
fn describe(config: &Config) -> Result<u8, Failure> {
    let mistake = cli::half_of_n8n(config).and_then(n8n::Absent::mistake);
    let remark = mistake.map_or_else(String::new, |mistake| format!("# {mistake}\n"));
    print(&(config.describe() + &remark)).map(|()| FINE)
}

fn open(config: &Config, world: console::World) -> Result<u8, Failure> {
    let directories = cli::directories();
    // A log that cannot be written is no reason not to watch a pipeline.
    let _log = logging::start(
        &directories.state,
        config.get("log.filter").unwrap_or("info"),
    )
    .inspect_err(|error| eprintln!("outpost: no log: {error}"));
    let runtime = runtime()?;
    let ending = runtime.block_on(console::open(config, world, &directories));
    runtime.shutdown_timeout(Duration::from_millis(200));
    ending
}

async fn switch_scenario(
    settings: &postgres::Settings,
    scenario: demo::scenario::Scenario,
) -> Result<u8, Failure> {
    let session = postgres::connect(settings, Purpose::Writer).await;
    let Session {
        client, mut driver, ..
    } = session?;
    driver
        .run(Duration::from_secs(10), demo::switch(&client, scenario))
        .await
        .map_err(|fault| Failure::failed(fault.to_string()))?
        .map_err(|error| Failure::failed(error.to_string()))?;
    print(&format!("scenario {} begins\n", scenario.name()))?;
    Ok(FINE)
}

async fn run_world(options: demo::Options) -> Result<u8, Failure> {
    let world = demo::start(options)
        .await
        .map_err(|error| Failure::failed(error.to_string()))?;
    print(&format!(
        "DATABASE_URL={}\nN8N_BASE_URL={}\nN8N_API_KEY={}\n",
        world.database_url, world.n8n_base_url, world.n8n_api_key
    ))?;
    let mut signals = crate::shell::signals::Signals::listen()?;
    while !matches!(signals.next().await, crate::shell::signals::Signal::End(_)) {}
    world.stop().await;
    Ok(FINE)
}

/// What the doctor finds; that something is not set up, or makes no sense, is one of its findings.
async fn examine(config: &Config) -> Vec<doctor::Finding> {
    let database = match cli::secret(config, "database.url") {
        Ok(None) if cli::variable("PGHOST").is_none() && cli::variable("PGDATABASE").is_none() => {
            Err(doctor::Finding::no_database())
        }
        Ok(url) => backends::database(config, url.as_deref()).map_err(|failure| unusable(&failure)),
        Err(error) => Err(unusable(&error.into())),
    };
    let answer = match n8n(config) {
        Ok(Ok(client)) => Ok(headless::ask_n8n(client).await),
        Ok(Err(absent)) => Err(doctor::Finding::no_n8n(absent)),
        Err(failure) => Err(unusable(&failure)),
    };
    let (database, answer) = (database.as_ref(), answer.as_ref());
    doctor::examine(
        &config.pipeline(),
        database.map_err(doctor::Finding::clone),
        answer.map_err(doctor::Finding::clone),
    )
    .await
}

fn unusable(failure: &Failure) -> doctor::Finding {
    doctor::Finding::unusable(&failure.text)
}

/// The sources share one thread, the loop has the program's own: a second worker would only wake to find nothing.
fn runtime() -> Result<Runtime, Failure> {
    Ok(Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?)
}

/// How to reach the database.
fn database(config: &Config) -> Result<postgres::Settings, Failure> {
    backends::database(config, cli::secret(config, "database.url")?.as_deref())
}

/// How to reach n8n, or what is missing for it.
fn n8n(config: &Config) -> Result<Result<n8n::Settings, n8n::Absent>, Failure> {
    backends::n8n(config, cli::secret(config, "n8n.key")?)
}

/// Prints; a reader that has gone away is no failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whatever panics, wherever: the terminal is given back first, then the bug is told, then the program ends. A
/// console that goes on with a part of it dead would look as if all were well.
pub fn install_panic_hook() {
    panic::set_hook(Box::new(|info| {
        terminal::restore_if_entered();
        let said = info.payload_as_str().unwrap_or("no reason given");
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
        eprintln!(
            "outpost: a bug, at {place}: {}",
            Untrusted::from(said).display()
        );
        eprintln!(
            "outpost: nothing was left half done on the screen; please report it with the line above"
        );
        std::process::exit(i32::from(FAILED));
    }));
}
