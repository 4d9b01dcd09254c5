//! Scripts: messages in, effects and a model out. No runtime, no terminal, no waiting.

use chrono::{DateTime, TimeDelta};
use outpost::{
    domain::{
        Timestamp,
        drops::{Count, Dropped, Drops},
        error_group::{ErrorRow, Errors, Severity},
        event::{EventRow, EventStatus, EventType, RowId},
        latency::Latency,
        outcomes::{CrmSync, Outcomes, Share},
        pipeline::Pipeline,
        stage::{MinuteBucket, StageReading},
        untrusted::Untrusted,
        workflow::{Execution, ExecutionStatus, Executions, Workflow},
    },
    effect::{Effect, FeedId},
    keymap::{Chord, Key},
    model::{Model, Options},
    msg::{Fact, Fault, Link, LinkId, Msg},
    update::update,
};

/// A script under way.
pub(crate) struct Scenario {
    pub(crate) model: Model,
    pub(crate) now: Timestamp,
    /// What the last step asked for.
    pub(crate) effects: Vec<Effect>,
}

/// The moment every script starts at, on the minute.
pub(crate) fn start() -> Timestamp {
    DateTime::from_timestamp(1_700_000_040, 0).unwrap()
}

impl Scenario {
    pub(crate) fn start() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        Self {
            model: Model::new(start(), (120, 40), options),
            now: start(),
            effects: Vec::new(),
        }
    }

    pub(crate) fn tell(mut self, msg: Msg) -> Self {
        self.effects = update(&mut self.model, self.now, msg);
        // That somebody is there is told with any key, now and then.
        self.effects.retain(|effect| *effect != Effect::Attend);
        self
    }

    /// Lets so many seconds pass, with a tick in each.
    pub(crate) fn wait(self, seconds: i64) -> Self {
        (0..seconds).fold(self, |mut script, _| {
            script.now += TimeDelta::seconds(1);
            script.tell(Msg::Tick)
        })
    }

    /// Types, a key every 0.4 s: no faster than a hand. `⏎` is enter, `⎋` escape, `⇥` tab, `⌫` backspace.
    pub(crate) fn keys(self, keys: &str) -> Self {
        keys.chars().fold(self, |script, c| {
            script.key(match c {
                '⏎' => Key::Enter,
                '⎋' => Key::Esc,
                '⇥' => Key::Tab,
                '⌫' => Key::Backspace,
                c => Key::Char(c),
            })
        })
    }

    pub(crate) fn key(self, key: Key) -> Self {
        self.chord(Chord { key, ctrl: false })
    }

    /// Presses one chord, by its name.
    pub(crate) fn press(self, name: &str) -> Self {
        self.chord(Chord::parse(name).unwrap())
    }

    fn chord(mut self, chord: Chord) -> Self {
        self.now += TimeDelta::milliseconds(400);
        self.tell(Msg::Key(chord))
    }

    pub(crate) fn fact(self, fact: Fact) -> Self {
        let feed = match &fact {
            Fact::Server(_) => FeedId::Server,
            Fact::Stages(_) => FeedId::Stages,
            Fact::Trend(_) => FeedId::Trend,
            Fact::Totals(_) => FeedId::Totals,
            Fact::Tail(_) => FeedId::Tail,
            Fact::Ledger(_) => FeedId::Ledger,
            Fact::Errors(_) => FeedId::Errors,
            Fact::Outcomes(_) => FeedId::Outcomes,
            Fact::Drops(_) => FeedId::Drops,
            Fact::Campaigns(_) => FeedId::Campaigns,
            Fact::Scorecard(_) => FeedId::Scorecard,
            Fact::Latency(window) => FeedId::Latency(window.span),
            Fact::Records(records) => FeedId::Records(records.span),
            Fact::Workflows(_) => FeedId::Workflows,
            Fact::Executions(_) => FeedId::Executions,
            Fact::Access(_) => FeedId::Access,
        };
        self.tell(Msg::Fetched(feed, Ok(fact), 3.into()))
    }

    pub(crate) fn fault(self, feed: FeedId, fault: Fault) -> Self {
        self.tell(Msg::Fetched(feed, Err(fault), 3.into()))
    }

    pub(crate) fn link(self, id: LinkId, link: Link) -> Self {
        self.tell(Msg::Linked(id, link))
    }

    pub(crate) fn links_up(self) -> Self {
        let at = self.now;
        [LinkId::Listener, LinkId::Reader, LinkId::N8n]
            .into_iter()
            .fold(self, |script, id| script.link(id, Link::Up(at, None)))
    }

    /// Lets the world be as `world` says, every feed fresh.
    pub(crate) fn world(self, world: &World) -> Self {
        let facts = [
            Fact::Trend(world.trend.clone()),
            Fact::Errors(world.errors.clone()),
            Fact::Outcomes(world.outcomes.clone()),
            Fact::Workflows(world.workflows.clone()),
            Fact::Executions(world.executions.clone()),
            Fact::Stages(world.stages.clone()),
        ];
        facts.into_iter().fold(self, Self::fact)
    }

    /// Lets the world stay as it is for so many seconds, asked every 2 s.
    pub(crate) fn lasts(self, world: &World, seconds: i64) -> Self {
        (0..seconds / 2).fold(self, |script, _| script.wait(2).world(world))
    }

    pub(crate) fn notice(&self) -> &str {
        self.model.notice.as_ref().map_or("", |(_, text)| text)
    }
}

/// What the sources would say.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) stages: Vec<StageReading>,
    pub(crate) trend: Vec<MinuteBucket>,
    pub(crate) errors: Errors,
    pub(crate) outcomes: Outcomes,
    pub(crate) workflows: Vec<Workflow>,
    pub(crate) executions: Executions,
}

impl World {
    /// Every stage takes 30 events a minute, and every workflow is active and runs.
    pub(crate) fn calm(now: Timestamp) -> Self {
        let minutes = |event: &'static str| {
            (0..60).map(move |ago| MinuteBucket {
                stage: EventType::from(event),
                minute: now - TimeDelta::minutes(ago),
                created: 30,
                processed: 30,
            })
        };
        let workflow = |n: usize| RowId::from(n as i64 + 1);
        Self {
            stages: Pipeline::guide()
                .stages
                .iter()
                .map(|s| flowing(&s.event, now))
                .collect(),
            trend: Pipeline::guide()
                .stages
                .iter()
                .flat_map(|s| minutes(&s.event))
                .collect(),
            errors: Errors::default(),
            outcomes: Outcomes {
                slow: outpost::domain::outcomes::Slow::default(),
                sampled: outpost::domain::outcomes::Sampled::default(),
                counted: outpost::domain::outcomes::Counted::default(),
                bounces: Vec::new(),
                deliveries_24h: Some(Share { part: 12, of: 400 }),
                enrichments_24h: Some(Share { part: 270, of: 300 }),
                replies_7d: Some(Share {
                    part: 60,
                    of: 1_000,
                }),
                crm: Some(CrmSync {
                    last_success: Some(now - TimeDelta::seconds(40)),
                    due_30m: 3,
                    oldest_due: Some(now - TimeDelta::minutes(9)),
                }),
            },
            workflows: Pipeline::guide()
                .stages
                .iter()
                .enumerate()
                .map(|(n, stage)| Workflow {
                    id: workflow(n),
                    name: Untrusted::from(stage.workflow.as_str()),
                    active: true,
                    archived: false,
                    updated_at: None,
                    webhooks: vec![Untrusted::from(stage.webhook.as_str())],
                })
                .collect(),
            executions: Executions {
                recent: (0..60)
                    .map(|n| run(1_000 - n, (n % 15) + 1, now - TimeDelta::seconds(10 * n)))
                    .collect(),
                running: Some(0),
                queued: 0,
            },
        }
    }

    /// Nothing has happened for an hour.
    pub(crate) fn quiet(now: Timestamp) -> Self {
        let mut world = Self::calm(now);
        for stage in &mut world.stages {
            *stage = StageReading::empty(stage.stage.clone());
        }
        world.trend.clear();
        world.outcomes = Outcomes {
            crm: Some(CrmSync::default()),
            ..world.outcomes
        };
        world.executions = Executions::default();
        world
    }

    pub(crate) fn stage(&mut self, event: &str) -> &mut StageReading {
        self.stages
            .iter_mut()
            .find(|s| s.stage == EventType::from(event))
            .unwrap()
    }

    pub(crate) fn workflow(&mut self, name: &str) -> &mut Workflow {
        self.workflows
            .iter_mut()
            .find(|w| w.name == Untrusted::from(name))
            .unwrap()
    }

    /// Nothing is taken at `event` any more, for `seconds`; what lies below runs dry.
    pub(crate) fn stall(&mut self, event: &str, pending: u64, seconds: i64, now: Timestamp) {
        let stage = self.stage(event);
        stage.pending = pending;
        stage.stuck = if seconds > 300 { pending } else { 0 };
        stage.processed_5m = 0;
        stage.created_5m = 190;
        stage.oldest_pending = Some(now - TimeDelta::seconds(seconds));
        for below in Pipeline::guide()
            .stages
            .iter()
            .filter(|s| s.parent_event() == Some(event))
        {
            let below = self.stage(&below.event);
            (below.created_5m, below.processed_5m) = (0, 0);
            (below.pending, below.oldest_pending) = (0, None);
        }
    }

    /// No execution of this workflow since it was first missed.
    pub(crate) fn forget_runs(&mut self, workflow: &str) {
        let id = self.workflow(workflow).id.clone();
        self.executions.recent.retain(|x| x.workflow != id);
    }
}

fn flowing(event: &str, now: Timestamp) -> StageReading {
    StageReading {
        pending: 2,
        oldest_pending: Some(now - TimeDelta::seconds(4)),
        created_5m: 150,
        processed_5m: 150,
        created_1h: 1_800,
        processed_1h: 1_800,
        last_processed: Some(now - TimeDelta::seconds(1)),
        latency: Latency {
            n: 1_800,
            avg_ms: Some(2_000),
            max_ms: Some(9_000),
            ..Latency::default()
        },
        ..StageReading::empty(EventType::from(event))
    }
}

pub(crate) fn run(id: i64, workflow: i64, at: Timestamp) -> Execution {
    Execution {
        id: RowId::from(id),
        workflow: RowId::from(workflow),
        status: ExecutionStatus::Success,
        mode: Untrusted::from("webhook"),
        started_at: Some(at),
        stopped_at: Some(at + TimeDelta::seconds(2)),
        retry_of: None,
        retry_success: None,
    }
}

pub(crate) fn error(id: i64, stage: &str, message: &str) -> ErrorRow {
    ErrorRow {
        id: RowId::from(id),
        stage: EventType::from(stage),
        record: None,
        message: Untrusted::from(message),
        severity: Severity::Error,
        created_at: start() - TimeDelta::seconds(id),
        event: None,
        execution: None,
        details: Untrusted::default(),
    }
}

pub(crate) fn event(id: i64, stage: &str, status: EventStatus) -> EventRow {
    EventRow {
        id: RowId::from(id),
        stage: EventType::from(stage),
        raw_status: Untrusted::from(status.label()),
        status,
        created_at: start() - TimeDelta::seconds(100 - id),
        processed_at: None,
        retries: 0,
        record: None,
        subject: None,
        error: None,
        execution: None,
    }
}

/// A link of the cascade over a thousand parents, from which these events were dropped, each so many seconds before
/// [`start`].
pub(crate) fn link(stage: &str, child: &str, due: &str, dropped: &[(i64, i64)]) -> Count {
    let record = |&(id, ago): &(i64, i64)| Dropped {
        id: RowId::from(id),
        record: Some(Untrusted::from(format!("04.01.{id}"))),
        subject: Some(Untrusted::from(format!("Anna Schmidt {id}"))),
        ended_at: start() - TimeDelta::seconds(ago),
    };
    Count {
        stage: EventType::from(stage),
        child: EventType::from(child),
        children_due: due.to_owned(),
        parents: 1_000,
        keyless: 0,
        checked: 990,
        children: 1_000 - dropped.len() as u64,
        nameless: 0,
        pairs: 980,
        p99_ms: Some(100_000),
        gap_s: 100,
        ended: 5,
        dropped: dropped.iter().map(record).collect(),
        blind: None,
    }
}

/// A look at the whole day that found these links.
pub(crate) fn drops(links: Vec<Count>) -> Fact {
    Fact::Drops(Drops {
        links,
        since: Some(start() - TimeDelta::hours(20)),
        newest: None,
        now: start(),
    })
}
