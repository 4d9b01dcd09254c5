//! The console: everything is put together here, and taken apart again.
#![expect(
    clippy::disallowed_methods,
    reason = "this is where a model meets the clock and the terminal"
)]

use std::{
    collections::BTreeSet,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
    process,
    sync::Arc,
    time::Duration,
};

use tokio::sync::{mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    FAILED, FINE, Failure,
    backends::{self, Backends},
};
use crate::{
    action::TimeMode,
    cli::{self, DemoFlags, Directories},
    config::{Config, Origin},
    demo::{self, Demo, scenario::Scenario},
    domain::{event::RowId, plan::Pace},
    effect::{Effect, FeedId, KeptFilter},
    model::{Model, Options},
    msg::{Fault, Link, LinkId, Msg},
    shell::{
        self, Console, Ending,
        audit::Audit,
        batches::{Desk, Errand, Means, journal::Journals},
        kept::Kept,
        signals::{self, Signals},
        tasks::{Dispatcher, Hand, Targets},
        terminal::{self, Tty},
        triage::Local,
    },
    sources::{
        Inbox, clock, input, n8n,
        postgres::{self, address::Address, listener, meter, reader},
    },
    ui::{
        Theme,
        theme::{BUILT_IN, Depth},
    },
};

/// How many asks may wait for a source. More would be the same ones again.
const ASKS: usize = 64;

/// How many effects may wait for what carries them out.
const EFFECTS: usize = 256;

/// Whose pipeline is watched.
#[derive(Debug)]
pub enum World {
    /// The operator's.
    Outside(Box<Backends>),
    /// One of our own, started for the occasion.
    Demo(demo::Options),
}

/// How the demo's world runs.
pub fn demo_options(flags: &DemoFlags) -> demo::Options {
    demo::Options {
        scenario: flags.scenario,
        speed: flags.speed,
        seed: flags.seed,
        pg_bin: flags.pg_bin.clone(),
        offline: flags.offline,
        ..demo::Options::default()
    }
}

/// Opens the console over `world` and runs it until its end; the exit code.
///
/// # Errors
/// When there is no terminal, or what is set up makes no sense.
pub async fn open(config: &Config, world: World, directories: &Directories) -> Result<u8, Failure> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        let text =
            "the console needs a terminal; without one use `outpost status` or `outpost check`";
        return Err(Failure::usage(text));
    }
    let depth = Depth::of(
        cli::variable("COLORTERM").as_deref(),
        cli::variable("TERM").as_deref(),
        cli::variable("NO_COLOR").as_deref(),
    );
    let ascii = config.is_on("ui.ascii");
    let themes = move |name: &str| {
        let mut theme = Theme::named(name, depth).ok()?;
        theme.ascii = ascii;
        Some(theme)
    };
    let theme = themes(config.get("ui.theme").unwrap_or("default"))
        .ok_or_else(|| Failure::usage("the theme cannot be read"))?;
    let signals = Signals::listen()?;
    signals::insist()?;
    let (inbox, messages) = Inbox::new();
    let (effects, to_do) = mpsc::channel(EFFECTS);
    let mut model = model(config, &world);
    model.kept = kept(&directories.state);
    let supervisor = Supervisor {
        inbox: inbox.clone(),
        needed: model.needed.clone(),
        cancel: CancellationToken::new(),
        tasks: TaskTracker::new(),
        state: directories.state.clone(),
        config: config.clone(),
    };
    let mut tty = Tty::enter()?;
    tty.hear(input::start(inbox.clone())?);
    let (cancel, tasks) = (supervisor.cancel.clone(), supervisor.tasks.clone());
    tasks.spawn(signals::sizes(inbox.clone(), cancel.clone())?);
    tasks.spawn(clock::run(inbox, cancel.clone()));
    tasks.spawn(supervisor.run(world, to_do));
    let mut executor = Hand {
        effects,
        tasks: tasks.clone(),
    };
    let mut console = Console {
        model,
        theme,
        display: &mut tty,
        executor: &mut executor,
        signals,
    };
    let ending = shell::run(&mut console, &themes, messages).await;
    tty.leave().await;
    cancel.cancel();
    tasks.close();
    // Writes under way are waited for, but not for ever.
    drop(tokio::time::timeout(Duration::from_secs(3), tasks.wait()).await);
    Ok(code(ending?))
}

/// The exit code of an ending.
fn code(ending: Ending) -> u8 {
    match ending {
        Ending::Quit => FINE,
        Ending::Signal(number) => 128 + u8::try_from(number).unwrap_or_default(),
        Ending::TerminalGone => FAILED,
    }
}

/// The filters that are kept on this machine.
fn kept(state: &Path) -> Vec<KeptFilter> {
    Kept::new(state).read().unwrap_or_else(|error| {
        tracing::warn!(%error, "the filters that are kept cannot be read");
        Vec::new()
    })
}

fn model(config: &Config, world: &World) -> Model {
    let is_demo = matches!(world, World::Demo(_));
    let mut model = Model::new(
        chrono::Utc::now(),
        terminal::size(),
        Options {
            read_only: config.is_on("safety.read_only"),
            read_only_by_file: matches!(
                config.origin("safety.read_only"),
                Some(Origin::File(_) | Origin::Profile(_))
            ),
            demo: is_demo,
            profile: if is_demo {
                "demo".to_owned()
            } else {
                config.profile.clone()
            },
            themes: BUILT_IN
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect(),
            scenarios: if is_demo {
                Scenario::ALL.map(|s| s.name().to_owned()).to_vec()
            } else {
                Vec::new()
            },
            keymap: config.keymap.clone(),
            actor: cli::actor(),
            console: Some(process::id()),
            allow_destructive: config.is_on("safety.allow_destructive"),
            retention: backends::retention(config),
            bulk: config.bulk(),
            rest_after: config.span("database.rest_after"),
            canary: config.get("database.canary").map(str::to_owned),
            zone: cli::zone(),
        },
    );
    model.store.rules = config.rules();
    model.store.pipeline = config.pipeline();
    let webhooks = match world {
        World::Outside(backends) => backends.webhooks.as_ref().map(|it| it.root().to_owned()),
        // Where its n8n will be is not known yet.
        World::Demo(_) => Some("/webhook".to_owned()),
    };
    model.store.bulk = config.bulk();
    model.store.retrying = backends::retrying(config, webhooks);
    model.store.cost.budget_ms = config.number("database.budget_ms_per_s");
    model.time_mode = match config.get("ui.time") {
        Some("local") => TimeMode::Local,
        Some("utc") => TimeMode::Utc,
        _ => TimeMode::Age,
    };
    model
}

/// Starts what is watched, and hands effects to it until the end.
struct Supervisor {
    inbox: Inbox,
    /// The feeds that are needed at first.
    needed: BTreeSet<FeedId>,
    cancel: CancellationToken,
    tasks: TaskTracker,
    /// Where this program keeps what it knows.
    state: PathBuf,
    /// What a session over the demo goes by, as one over the operator's database does.
    config: Config,
}

impl Supervisor {
    async fn run(self, world: World, mut to_do: mpsc::Receiver<Effect>) {
        let (mut backends, demo) = match world {
            World::Outside(backends) => (*backends, None),
            World::Demo(options) => match self.start_demo(options).await {
                Some((backends, demo)) => (backends, Some(demo)),
                None => return,
            },
        };
        backends.database.console = Some(process::id());
        let dispatcher = self.start_sources(backends);
        dispatcher.hear();
        loop {
            let effect = tokio::select! {
                () = self.cancel.cancelled() => break,
                effect = to_do.recv() => effect,
            };
            let Some(effect) = effect else { break };
            if let (Some(name), Some(demo)) = (dispatcher.dispatch(effect), &demo) {
                let said = match demo.scenario(&name).await {
                    Ok(()) => format!("scenario {name} begins"),
                    Err(error) => error.to_string(),
                };
                self.inbox.send(Msg::Said(said)).await;
            }
        }
        if let Some(demo) = demo {
            demo.stop().await;
        }
    }

    /// Starts the demo's world, telling its steps; nothing when it cannot be started, which is told as well.
    async fn start_demo(&self, mut options: demo::Options) -> Option<(Backends, Demo)> {
        let inbox = self.inbox.clone();
        options.progress = Some(Arc::new(move |step: &str| {
            // A full inbox has better things to show.
            inbox.try_send(Msg::Said(step.to_owned()));
        }));
        match demo::start(options)
            .await
            .map_err(|error| error.to_string())
            .and_then(|demo| demo_backends(demo, &self.config))
        {
            Ok(started) => Some(started),
            Err(why) => {
                let fault = Fault::NotConfigured(why);
                let now = chrono::Utc::now();
                let link = Link::Down {
                    since: now,
                    fault,
                    tries: 1,
                    next_try: now,
                };
                self.inbox.send(Msg::Linked(LinkId::Reader, link)).await;
                None
            }
        }
    }

    fn start_sources(&self, backends: Backends) -> Dispatcher {
        let Backends {
            database,
            n8n,
            webhooks,
        } = backends;
        let (reader, queue) = mpsc::channel(ASKS);
        let (needed, now_needed) = watch::channel(self.needed.clone());
        let asks = reader::Asks::new(queue, now_needed);
        let (inbox, cancel) = (self.inbox.clone(), self.cancel.clone());
        self.tasks.spawn(reader::run(
            database.clone(),
            inbox.clone(),
            asks,
            cancel.clone(),
        ));
        let (listener, keys) = mpsc::channel(1);
        let hands = listener::Hands::new(keys, needed.subscribe());
        self.tasks.spawn(listener::run(
            database.clone(),
            inbox.clone(),
            hands,
            cancel.clone(),
        ));
        let meter = database.meter.clone();
        self.tasks
            .spawn(meter::run(meter, inbox.clone(), cancel.clone()));
        let off = n8n.as_ref().err().copied();
        let n8n = n8n.ok();
        let n8n_asks = n8n.clone().map(|settings| {
            let (sender, asks) = mpsc::channel(ASKS);
            self.tasks
                .spawn(n8n::run(settings, inbox.clone(), asks, cancel.clone()));
            sender
        });
        if let Some(absent) = off {
            self.without_n8n(absent);
        }
        let targets = Targets {
            local: Local::new(&self.state, &database),
            audit: Audit::new(&self.state, cli::actor(), database.place()),
            database,
            n8n,
            webhooks,
        };
        let batches = self.start_batches(targets.clone());
        Dispatcher {
            inbox,
            batches,
            reader,
            needed,
            pace: watch::Sender::new(Pace::Run),
            listener,
            n8n: n8n_asks,
            runs: targets.n8n.clone().map(|it| self.start_runs(it)),
            kept: Kept::new(&self.state),
            targets,
            tasks: self.tasks.clone(),
        }
    }

    /// Says that n8n is not asked, and why.
    fn without_n8n(&self, absent: n8n::Absent) {
        let link = Link::Off(absent.to_string());
        self.inbox.try_send(Msg::Linked(LinkId::N8n, link));
        if let Some(mistake) = absent.mistake() {
            self.inbox.try_send(Msg::Said(mistake));
        }
    }

    /// What reads executions of n8n whole, one that is wished for after the other.
    fn start_runs(&self, settings: n8n::Settings) -> watch::Sender<Option<RowId>> {
        let (wish, wishes) = watch::channel(None);
        let (inbox, cancel) = (self.inbox.clone(), self.cancel.clone());
        self.tasks.spawn(async move {
            let reading = n8n::inspect(settings, inbox, wishes);
            let _ended = cancel.run_until_cancelled(reading).await;
        });
        wish
    }

    /// What drives batches, told of by the journals from the start.
    fn start_batches(&self, targets: Targets) -> mpsc::Sender<Errand> {
        let (batches, errands) = mpsc::channel(ASKS);
        let means = Means {
            targets,
            journals: Journals::below(&self.state),
            inbox: self.inbox.clone(),
            cancel: self.cancel.clone(),
        };
        let tasks = self.tasks.clone();
        self.tasks.spawn(Desk { means, tasks }.run(errands));
        batches
    }
}

fn demo_backends(demo: Demo, config: &Config) -> Result<(Backends, Demo), String> {
    let address =
        Address::parse(Some(&demo.database_url), |_| None).map_err(|error| error.to_string())?;
    let n8n = n8n::Settings::new(&demo.n8n_base_url, &demo.n8n_api_key)
        .map_err(|error| error.to_string())?;
    let webhooks = n8n::Webhooks::of(&demo.n8n_base_url).map_err(|error| error.to_string())?;
    let mut database = postgres::Settings::new(address);
    // A second console over the same world sees who is at this one.
    backends::govern(config, &mut database);
    Ok((
        Backends {
            database,
            n8n: Ok(n8n),
            webhooks: Some(webhooks),
        },
        demo,
    ))
}
