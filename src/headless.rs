//! One shot: the same sources, the same store, the same names as the console; then text.

pub mod audit;
pub mod campaigns;
pub mod check;
pub mod groups;
pub mod ledger;
mod links;
pub mod past;
pub mod rows;
pub mod status;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::{Instant, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    doctor::N8nAnswer,
    domain::{
        Timestamp, alert::Rules, latency::window::Span, pipeline::Pipeline, triage::Triage,
        verdict::Health,
    },
    effect::FeedId,
    migrate::Report,
    msg::{Fact, Fault, Link, LinkId, Msg},
    sources::{
        Inbox, n8n,
        postgres::{self, reader, rollup::Rolled},
    },
    store::Store,
};

/// How long one shot waits for answers: a suspended database may need some seconds to wake.
const PATIENCE: Duration = Duration::from_secs(15);

/// What one shot found, and when.
#[derive(Debug)]
pub struct Snapshot {
    /// Everything that answered.
    pub store: Store,
    /// The window over which latency was asked for.
    pub span: Span,
    /// The moment of the last answer.
    pub at: Timestamp,
    /// What is wrong in the set-up, though it keeps nothing from going on.
    pub mistake: Option<String>,
}

impl Snapshot {
    /// What keeps a backend from being seen, or the verdict from being judged, and the next step, for each.
    pub fn troubles(&self) -> Vec<String> {
        let store = &self.store;
        let database = trouble("database", &store.reader, &[store.stages.fault()]);
        let n8n = [store.workflows.fault(), store.executions.fault()];
        let n8n = trouble("n8n", &store.n8n, &n8n);
        let told = database.into_iter().chain(n8n);
        told.chain(self.mistake.clone()).collect()
    }
}

/// What is wrong with a backend: its link, else the first of its feeds that failed.
fn trouble(name: &str, link: &Link, feeds: &[Option<&Fault>]) -> Option<String> {
    let of_link = match link {
        Link::Down { fault, .. } => Some(fault),
        Link::Connecting => {
            let s = PATIENCE.as_secs();
            return Some(format!(
                "{name}: nothing came within {s} s. It hangs or is overloaded; outpost doctor looks closer."
            ));
        }
        Link::Up(..) | Link::Deaf(..) | Link::Off(_) => None,
    };
    let fault = of_link.or_else(|| feeds.iter().copied().flatten().next())?;
    Some(format!("{name}: {fault}. {}", fault.advice()))
}

/// Asks every feed once and judges `pipeline` by `rules`, given what is `said` of alerts on this machine alone; gives up after 15 s, or as soon as a backend is known to be out of reach.
pub async fn gather(
    database: postgres::Settings,
    n8n: Result<n8n::Settings, n8n::Absent>,
    rules: Rules,
    (pipeline, said): (Arc<Pipeline>, Vec<Triage>),
) -> Snapshot {
    gather_over(Span::Hour, database, n8n, rules, (pipeline, said)).await
}

/// As [`gather`]; latency is asked for over `span`.
pub async fn gather_over(
    span: Span,
    mut database: postgres::Settings,
    n8n: Result<n8n::Settings, n8n::Absent>,
    rules: Rules,
    (pipeline, said): (Arc<Pipeline>, Vec<Triage>),
) -> Snapshot {
    let (inbox, mut messages) = Inbox::new();
    let cancel = CancellationToken::new();
    let tasks = TaskTracker::new();
    // Nothing is asked for out of turn: the senders keep the channels open, and tell what is said here before anything is asked.
    let (reader_asks, asks) = mpsc::channel(1);
    let _has_room = reader_asks.try_send(reader::Ask::Hear(said));
    let meter = database.meter.clone();
    let is_other =
        |feed: &FeedId| matches!(feed, FeedId::Latency(of) | FeedId::Records(of) if *of != span);
    let mut waiting: BTreeSet<FeedId> = FeedId::ALL
        .into_iter()
        .filter(|feed| !feed.is_n8n() && !is_other(feed))
        .collect();
    let (_needing, needed) = watch::channel(waiting.clone());
    let asks = reader::Asks::new(asks, needed);
    database.is_brief = true;
    tasks.spawn(reader::run(database, inbox.clone(), asks, cancel.clone()));
    let (_n8n_asks, asks) = mpsc::channel(1);
    let mut store = Store::default();
    store.rules = rules;
    store.pipeline = pipeline;
    let mut mistake = None;
    match n8n {
        Ok(settings) => {
            waiting.extend(FeedId::ALL.into_iter().filter(|feed| feed.is_n8n()));
            tasks.spawn(n8n::run(settings, inbox, asks, cancel.clone()));
        }
        Err(absent) => {
            store.n8n = Link::Off(absent.to_string());
            mistake = absent.mistake();
        }
    }
    let deadline = Instant::now() + PATIENCE;
    let mut at = Timestamp::UNIX_EPOCH;
    // How a link stands is told after what its feeds answered.
    while !waiting.is_empty() || is_connecting(&store) {
        let Ok(Some((moment, msg))) = timeout_at(deadline, messages.recv()).await else {
            break;
        };
        at = moment;
        absorb(&mut store, &mut waiting, moment, msg);
    }
    cancel.cancel();
    let _is_new = store.cost.absorb(at, meter.read());
    store.judge(at);
    Snapshot {
        store,
        span,
        at,
        mistake,
    }
}

fn is_connecting(store: &Store) -> bool {
    [&store.reader, &store.n8n].contains(&&Link::Connecting)
}

fn absorb(store: &mut Store, waiting: &mut BTreeSet<FeedId>, at: Timestamp, msg: Msg) {
    match msg {
        Msg::Fetched(feed, answer, turn) => {
            waiting.remove(&feed);
            store.absorb(at, feed, answer, turn);
        }
        Msg::Linked(id, link) => {
            if matches!(link, Link::Down { .. } | Link::Off(_)) {
                waiting.retain(|feed| feed.is_n8n() != (id == LinkId::N8n));
            }
            store.linked(at, id, link);
        }
        // The sources of one shot send nothing else.
        Msg::Key(_)
        | Msg::Pasted(_)
        | Msg::Resized(..)
        | Msg::Tick
        | Msg::Focused(_)
        | Msg::Notified(_)
        | Msg::Proven(_)
        | Msg::Cost(_)
        | Msg::Detail(..)
        | Msg::Looked(..)
        | Msg::Audited(..)
        | Msg::RunRead(..)
        | Msg::Examined(..)
        | Msg::Mutated(..)
        | Msg::Purging(_)
        | Msg::Batch(_)
        | Msg::SlowLink(_)
        | Msg::Said(_) => {}
    }
}

/// 0 fine, 1 warning, 2 critical, 3 unknown.
pub const fn exit_code(snapshot: &Snapshot) -> u8 {
    match snapshot.store.verdict.health {
        Health::Ok | Health::Idle => 0,
        Health::Warning | Health::Starving => 1,
        Health::Critical => 2,
        Health::Stale | Health::Unknown => 3,
    }
}

/// Asks n8n once for what the doctor judges.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the doctor looks at two answers only"
)]
pub async fn ask_n8n(settings: n8n::Settings) -> N8nAnswer {
    let address = settings.target().to_owned();
    let is_bare = settings.is_bare();
    let (inbox, mut messages) = Inbox::new();
    let cancel = CancellationToken::new();
    let (_asks, asks) = mpsc::channel(1);
    let tasks = TaskTracker::new();
    tasks.spawn(n8n::run(settings, inbox, asks, cancel.clone()));
    let silent = || Fault::timed_out(PATIENCE.as_secs());
    let (mut workflows, mut access) = (None, None);
    let deadline = Instant::now() + PATIENCE;
    while workflows.is_none() || access.is_none() {
        let Ok(Some((_, msg))) = timeout_at(deadline, messages.recv()).await else {
            break;
        };
        match msg {
            Msg::Fetched(FeedId::Workflows, Ok(Fact::Workflows(found)), _) => {
                workflows = Some(Ok(found));
            }
            Msg::Fetched(FeedId::Workflows, Err(fault), _) => workflows = Some(Err(fault)),
            Msg::Fetched(FeedId::Access, Ok(Fact::Access(found)), _) => access = Some(Ok(found)),
            Msg::Fetched(FeedId::Access, Err(fault), _) => access = Some(Err(fault)),
            Msg::Linked(_, Link::Down { fault, .. }) => {
                workflows.get_or_insert(Err(fault.clone()));
                access.get_or_insert(Err(fault));
            }
            _ => {}
        }
    }
    cancel.cancel();
    N8nAnswer {
        address,
        is_bare,
        workflows: workflows.unwrap_or_else(|| Err(silent())),
        access: access.unwrap_or_else(|| Err(silent())),
    }
}

/// What a migration did, and what it left alone and why.
pub fn migration(report: &Report) -> String {
    let applied = report
        .applied
        .iter()
        .map(|applied| format!("applied     {applied}\n"));
    let left = report
        .left_alone
        .iter()
        .map(|left| format!("left alone  {}: {}\n", left.object, left.reason));
    let mut text: String = applied.chain(left).collect();
    if text.is_empty() {
        text.push_str("nothing to do: everything is there\n");
    }
    text
}

/// What a run of the roll-ups came to.
pub fn rolled(rolled: &Rolled) -> String {
    let steps = rolled.steps;
    let events = if rolled.is_elsewhere {
        format!("another run is at work; {steps} steps before that")
    } else {
        format!("up to date, {steps} steps")
    };
    let campaigns = match &rolled.campaigns {
        Ok(Some(campaigns)) => format!("{campaigns} computed again"),
        Ok(None) => "another run is at work".to_owned(),
        Err(fault) => format!("left out: {fault}"),
    };
    let scorecard = match &rolled.scorecard {
        Ok(Some(metrics)) => format!("{metrics} metrics measured again"),
        Ok(None) => "measured within the last 5 min".to_owned(),
        Err(fault) => format!("left out: {fault}"),
    };
    format!("events      {events}\ncampaigns   {campaigns}\nscorecard   {scorecard}\n")
}
