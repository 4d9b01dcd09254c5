//! What is known of the outside world, how fresh it is, and what follows from it. The headless modes need
//! nothing more.

mod around;
pub mod batches;
pub mod feed;
mod judge;
pub mod reconnect;
pub mod ring;
pub mod runs;
mod since;
mod why;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    domain::{
        Timestamp,
        ab_test::AbTests,
        alert::{Alert, Rules},
        audit::History,
        batch::Bulk,
        campaign::Campaign,
        change::Changes,
        cost::{Spending, Turn},
        drops::Drops,
        error_group::{ErrorDetail, ErrorGroup, Errors},
        event::{EventDetail, EventType, RowId},
        flow::FlowLine,
        latency::{
            end_to_end::Records,
            window::{LatencyWindow, Span},
        },
        ledger::Balance,
        past::Past,
        pipeline::Pipeline,
        plan::Purging,
        plan::Retrying,
        scorecard::MetricReading,
        server::Server,
        stage::{MinuteBucket, StageReading, Totals},
        verdict::Verdict,
        why::Probe,
        workflow::{Access, Executions, Workflow},
    },
    effect::FeedId,
    msg::{Fact, Fault, Link, LinkId, Outcomes},
};

use self::{
    batches::Batches,
    feed::{Feed, Rest},
    reconnect::{Reconnect, Reconnects},
    ring::Ring,
    runs::Runs,
};

/// The facts, and the judgements made from them.
#[derive(Debug, Clone)]
pub struct Store {
    /// The connection that listens.
    pub listener: Link,
    /// The connection that reads.
    pub reader: Link,
    /// The client of n8n.
    pub n8n: Link,
    /// The server.
    pub server: Feed<Server>,
    /// One reading a stage, in the order of the pipeline, every stage of it present.
    pub stages: Feed<Vec<StageReading>>,
    /// Minutes of the last hour.
    pub trend: Feed<Vec<MinuteBucket>>,
    /// The totals of the guide's dashboard.
    pub totals: Feed<Totals>,
    /// Whether the tail is being read; its rows are in [`Self::stream`].
    pub tail: Feed<()>,
    /// The live stream.
    pub stream: Ring,
    /// What became of every row since the watch began, as of the last sweep.
    pub ledger: Feed<Balance>,
    /// The times in which a connection to the database was away.
    pub reconnects: Reconnects,
    /// Batches of retries.
    pub batches: Batches,
    /// The purge that runs here.
    pub purging: Option<Purging>,
    /// Unresolved errors.
    pub errors: Feed<Errors>,
    /// What the alert rules without a stage are judged on.
    pub outcomes: Feed<Outcomes>,
    /// Silent drops.
    pub drops: Feed<Drops>,
    /// Campaigns, newest first.
    pub campaigns: Feed<Vec<Campaign>>,
    /// The twelve success metrics.
    pub scorecard: Feed<Vec<MetricReading>>,
    /// Latency by stage, a window a [`Span`], in their order.
    pub latency: [Feed<LatencyWindow>; 4],
    /// Records from end to end, likewise.
    pub records: [Feed<Records>; 4],
    /// Workflows of n8n, by name.
    pub workflows: Feed<Vec<Workflow>>,
    /// Executions of n8n.
    pub executions: Feed<Executions>,
    /// What the n8n key may do.
    pub access: Feed<Access>,
    /// What outpost costs the database.
    pub cost: Spending,
    /// The last turn of each feed, answered or failed.
    pub turns: BTreeMap<FeedId, Turn>,
    /// The event that is shown whole.
    pub detail: Option<Result<EventDetail, Fault>>,
    /// What the database says of its own part, for what is explained.
    pub probe: Option<Result<Probe, Fault>>,
    /// How the pipeline stood at the moment that is shown, once that came.
    pub past: Option<Result<Past, Fault>>,
    /// The error that was last read whole.
    pub sample: Option<(RowId, Result<ErrorDetail, Fault>)>,
    /// The A/B tests of the campaign that was last looked at, and when they were read.
    pub ab_tests: Option<(RowId, Timestamp, Result<AbTests, Fault>)>,
    /// Executions of n8n that were read whole.
    pub runs: Runs,
    /// What operators did, as far as it was read.
    pub audit: History,
    /// What changed of alerts and workflows.
    pub changes: Changes,
    /// Notifications that came since the start.
    pub notifications: u64,
    /// When one of our own last came back over the connection that listens, and how long it was on its way, µs.
    pub proven: Option<(Timestamp, u64)>,
    /// Since when nothing is asked of the database, for nobody looks and nothing comes.
    pub resting: Option<Timestamp>,
    /// The rules in force.
    pub rules: Rules,
    /// The pipeline that is watched.
    pub pipeline: Arc<Pipeline>,
    /// How events are tried again here.
    pub retrying: Retrying,
    /// When a retry is a batch here, and how that goes about its rows.
    pub bulk: Bulk,
    /// Every rule in force, judged, in their order.
    pub alerts: Vec<Alert>,
    /// One line a stage, judged, in the order of the pipeline; empty before the first answer.
    pub flow: Vec<FlowLine>,
    /// The verdict. Its headline changes at most once in 10 s, unless it gets worse.
    pub verdict: Verdict,
    /// What the database's clock showed when all this was last judged.
    pub clock: Timestamp,
    /// The last verdict made from fresh data.
    known: Verdict,
    /// When the headline last changed, and since when it says more than that it cannot tell.
    headline_at: Option<(Timestamp, Option<Timestamp>)>,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            listener: Link::Connecting,
            reader: Link::Connecting,
            n8n: Link::Connecting,
            server: Feed::default(),
            stages: Feed::default(),
            trend: Feed::default(),
            totals: Feed::default(),
            tail: Feed::default(),
            stream: Ring::default(),
            ledger: Feed::default(),
            reconnects: Reconnects::default(),
            batches: Batches::default(),
            purging: None,
            errors: Feed::default(),
            outcomes: Feed::default(),
            drops: Feed::default(),
            campaigns: Feed::default(),
            scorecard: Feed::default(),
            latency: Span::ALL.map(|_| Feed::default()),
            records: Span::ALL.map(|_| Feed::default()),
            workflows: Feed::default(),
            executions: Feed::default(),
            access: Feed::default(),
            cost: Spending::default(),
            turns: BTreeMap::new(),
            detail: None,
            probe: None,
            past: None,
            sample: None,
            ab_tests: None,
            runs: Runs::default(),
            audit: History::default(),
            changes: Changes::default(),
            notifications: 0,
            proven: None,
            resting: None,
            rules: Rules::default(),
            pipeline: Arc::default(),
            retrying: Retrying::default(),
            bulk: Bulk::default(),
            alerts: Vec::new(),
            flow: Vec::new(),
            verdict: Verdict::connecting(),
            clock: Timestamp::default(),
            known: Verdict::connecting(),
            headline_at: None,
        }
    }
}

impl Store {
    /// Takes in an answer of a feed, which took `turn`; whether anything that is shown changed.
    pub fn absorb(
        &mut self,
        at: Timestamp,
        feed: FeedId,
        answer: Result<Fact, Fault>,
        turn: impl Into<Turn>,
    ) -> bool {
        let turn = turn.into();
        self.turns.insert(feed, turn);
        let changed = match answer {
            Ok(fact) => self.succeed(at, fact, turn),
            Err(fault) => self.fail(at, feed, fault),
        };
        let judged = self.judge(at);
        changed || judged
    }

    fn succeed(&mut self, at: Timestamp, fact: Fact, turn: Turn) -> bool {
        match fact {
            Fact::Server(value) => self.server.succeed(at, value, turn),
            Fact::Stages(value) => {
                let readings = in_order(&self.pipeline, value);
                self.stages.succeed(at, readings, turn)
            }
            Fact::Trend(value) => self.trend.succeed(at, value, turn),
            Fact::Totals(value) => self.totals.succeed(at, value, turn),
            Fact::Tail(rows) => {
                let moved = self.stream.absorb(rows);
                self.tail.succeed(at, (), turn) || moved
            }
            Fact::Ledger(count) => {
                let is_in = |key| {
                    let holds = |(low, high): &(i64, i64)| (*low..=*high).contains(&key);
                    count.gone.iter().any(holds)
                };
                let is_gone =
                    |id: &RowId| id.number().is_some_and(is_in) || count.struck.contains(id);
                let has_gone = !count.gone.is_empty() || !count.struck.is_empty();
                let struck = has_gone && self.stream.strike(is_gone);
                let moved = self.reconnects.swept(&count.stretches) || struck;
                let balance = Balance {
                    at,
                    count,
                    kept: self.stream.len() as u64,
                    evicted: self.stream.evicted(),
                };
                self.ledger.succeed(at, balance, turn) || moved
            }
            Fact::Errors(value) => self.errors.succeed(at, value, turn),
            Fact::Outcomes(value) => self.outcomes.succeed(at, value, turn),
            Fact::Drops(value) => self.drops.succeed(at, value, turn),
            Fact::Campaigns(value) => self.campaigns.succeed(at, value, turn),
            Fact::Scorecard(value) => self.scorecard.succeed(at, value, turn),
            Fact::Latency(value) => self.latency[value.span as usize].succeed(at, value, turn),
            Fact::Records(value) => self.records[value.span as usize].succeed(at, value, turn),
            Fact::Workflows(mut value) => {
                value.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
                let clock = self.database_clock(at);
                let both = (self.workflows.value(), value.as_slice());
                self.changes.workflows(clock, both);
                self.workflows.succeed(at, value, turn)
            }
            Fact::Executions(value) => self.executions.succeed(at, value, turn),
            Fact::Access(value) => self.access.succeed(at, value, turn),
        }
    }

    /// The groups of unresolved errors, the highest impact first.
    pub fn groups(&self) -> &[ErrorGroup] {
        self.errors.value().map_or(&[], Errors::open_groups)
    }

    fn fail(&mut self, at: Timestamp, feed: FeedId, fault: Fault) -> bool {
        match feed {
            FeedId::Server => self.server.fail(at, fault),
            FeedId::Stages => self.stages.fail(at, fault),
            FeedId::Trend => self.trend.fail(at, fault),
            FeedId::Totals => self.totals.fail(at, fault),
            FeedId::Tail => self.tail.fail(at, fault),
            FeedId::Ledger => self.ledger.fail(at, fault),
            FeedId::Errors => self.errors.fail(at, fault),
            FeedId::Outcomes => self.outcomes.fail(at, fault),
            FeedId::Drops => self.drops.fail(at, fault),
            FeedId::Campaigns => self.campaigns.fail(at, fault),
            FeedId::Scorecard => self.scorecard.fail(at, fault),
            FeedId::Latency(span) => self.latency[span as usize].fail(at, fault),
            FeedId::Records(span) => self.records[span as usize].fail(at, fault),
            FeedId::Workflows => self.workflows.fail(at, fault),
            FeedId::Executions => self.executions.fail(at, fault),
            FeedId::Access => self.access.fail(at, fault),
        }
    }

    /// The reconnects that have a place among the events kept, newest first.
    pub fn reconnects_in_stream(&self) -> impl Iterator<Item = &Reconnect> {
        let oldest = self.stream.newest().next_back().map(|row| row.created_at);
        let in_it = move |it: &&Reconnect| oldest.is_some_and(|oldest| it.at >= oldest);
        self.reconnects.iter().rev().filter(in_it)
    }

    /// What `feed` knows of its rest, whatever its values are.
    const fn rest(&mut self, feed: FeedId) -> &mut Rest {
        match feed {
            FeedId::Server => self.server.rest(),
            FeedId::Stages => self.stages.rest(),
            FeedId::Trend => self.trend.rest(),
            FeedId::Totals => self.totals.rest(),
            FeedId::Tail => self.tail.rest(),
            FeedId::Ledger => self.ledger.rest(),
            FeedId::Errors => self.errors.rest(),
            FeedId::Outcomes => self.outcomes.rest(),
            FeedId::Drops => self.drops.rest(),
            FeedId::Campaigns => self.campaigns.rest(),
            FeedId::Scorecard => self.scorecard.rest(),
            FeedId::Latency(span) => self.latency[span as usize].rest(),
            FeedId::Records(span) => self.records[span as usize].rest(),
            FeedId::Workflows => self.workflows.rest(),
            FeedId::Executions => self.executions.rest(),
            FeedId::Access => self.access.rest(),
        }
    }

    /// From `at` on the feeds in `needed` are asked, and the others of the database rest.
    pub fn need(&mut self, at: Timestamp, needed: &BTreeSet<FeedId>) {
        for feed in FeedId::ALL.into_iter().filter(|feed| !feed.is_n8n()) {
            let rest = self.rest(feed);
            *rest = match (*rest, needed.contains(&feed)) {
                (_, false) => Rest::Resting,
                (Rest::Resting, true) => Rest::Woken(at),
                (rest, true) => rest,
            };
        }
    }

    /// A connection changed; whether to something else than it was.
    pub fn linked(&mut self, at: Timestamp, id: LinkId, link: Link) -> bool {
        let place = match id {
            LinkId::Listener => &mut self.listener,
            LinkId::Reader => &mut self.reader,
            LinkId::N8n => &mut self.n8n,
        };
        let changed = *place != link;
        let before = std::mem::replace(place, link);
        let link = match id {
            LinkId::Listener => &self.listener,
            LinkId::Reader => &self.reader,
            LinkId::N8n => &self.n8n,
        };
        let clocks = (at, self.database_clock(at));
        self.reconnects
            .linked(clocks, id, (&before, link), &self.stream);
        let judged = self.judge(at);
        changed || judged
    }
}

/// The readings in the order of the pipeline, every stage of it present, others behind by name.
fn in_order(pipeline: &Pipeline, mut readings: Vec<StageReading>) -> Vec<StageReading> {
    for stage in &pipeline.stages {
        let event = EventType::from(stage.event.as_str());
        if readings.iter().all(|reading| reading.stage != event) {
            readings.push(StageReading::empty(event));
        }
    }
    readings.sort_by_key(|reading| (pipeline.place(&reading.stage), reading.stage.clone()));
    readings
}
