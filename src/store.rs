//! What is known of the outside world, how fresh it is, and what follows from it. The headless modes need
//! nothing more.

pub mod feed;
pub mod ring;

use crate::{
    domain::{
        Timestamp,
        alert::Alert,
        campaign::Campaign,
        error_group::{ErrorGroup, Errors},
        event::EventDetail,
        flow::FlowLine,
        scorecard::MetricReading,
        server::Server,
        stage::{MinuteBucket, StageReading, Totals},
        verdict::Verdict,
        workflow::{Access, Executions, Workflow},
    },
    effect::FeedId,
    msg::{Fact, Fault, Link, LinkId, Outcomes},
};

use self::{feed::Feed, ring::Ring};

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
    /// One reading a stage, in the order of the pipeline, every stage of the guide present.
    pub stages: Feed<Vec<StageReading>>,
    /// Minutes of the last hour.
    pub trend: Feed<Vec<MinuteBucket>>,
    /// The totals of the guide's dashboard.
    pub totals: Feed<Totals>,
    /// Whether the tail is being read; its rows are in [`Self::stream`].
    pub tail: Feed<()>,
    /// The live stream.
    pub stream: Ring,
    /// Unresolved errors.
    pub errors: Feed<Errors>,
    /// What the alert rules without a stage are judged on.
    pub outcomes: Feed<Outcomes>,
    /// Campaigns, newest first.
    pub campaigns: Feed<Vec<Campaign>>,
    /// The twelve success metrics.
    pub scorecard: Feed<Vec<MetricReading>>,
    /// Workflows of n8n, by name.
    pub workflows: Feed<Vec<Workflow>>,
    /// Executions of n8n.
    pub executions: Feed<Executions>,
    /// What the n8n key may do.
    pub access: Feed<Access>,
    /// The event that is shown whole.
    pub detail: Option<Result<EventDetail, Fault>>,
    /// Notifications that came since the start.
    pub notifications: u64,
    /// The unresolved errors that are known, grouped, worst first.
    pub groups: Vec<ErrorGroup>,
    /// Every rule, judged, in the order of the rules.
    pub alerts: Vec<Alert>,
    /// One line a stage, judged, in the order of the pipeline; empty before the first answer.
    pub flow: Vec<FlowLine>,
    /// The verdict.
    pub verdict: Verdict,
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
            errors: Feed::default(),
            outcomes: Feed::default(),
            campaigns: Feed::default(),
            scorecard: Feed::default(),
            workflows: Feed::default(),
            executions: Feed::default(),
            access: Feed::default(),
            detail: None,
            notifications: 0,
            groups: Vec::new(),
            alerts: Vec::new(),
            flow: Vec::new(),
            verdict: Verdict::connecting(),
        }
    }
}

impl Store {
    /// Takes in an answer of a feed, which took `ms`.
    pub fn absorb(&mut self, at: Timestamp, feed: FeedId, answer: Result<Fact, Fault>, ms: u64) {
        match answer {
            Ok(fact) => self.succeed(at, fact, ms),
            Err(fault) => self.fail(at, feed, fault),
        }
        self.judge(at);
    }

    fn succeed(&mut self, at: Timestamp, fact: Fact, ms: u64) {
        match fact {
            Fact::Server(value) => self.server.succeed(at, value, ms),
            Fact::Stages(value) => self.stages.succeed(at, value, ms),
            Fact::Trend(value) => self.trend.succeed(at, value, ms),
            Fact::Totals(value) => self.totals.succeed(at, value, ms),
            Fact::Tail(rows) => {
                self.stream.absorb(rows);
                self.tail.succeed(at, (), ms);
            }
            Fact::Errors(value) => self.errors.succeed(at, value, ms),
            Fact::Outcomes(value) => self.outcomes.succeed(at, value, ms),
            Fact::Campaigns(value) => self.campaigns.succeed(at, value, ms),
            Fact::Scorecard(value) => self.scorecard.succeed(at, value, ms),
            Fact::Workflows(value) => self.workflows.succeed(at, value, ms),
            Fact::Executions(value) => self.executions.succeed(at, value, ms),
            Fact::Access(value) => self.access.succeed(at, value, ms),
        }
    }

    fn fail(&mut self, at: Timestamp, feed: FeedId, fault: Fault) {
        match feed {
            FeedId::Server => self.server.fail(at, fault),
            FeedId::Stages => self.stages.fail(at, fault),
            FeedId::Trend => self.trend.fail(at, fault),
            FeedId::Totals => self.totals.fail(at, fault),
            FeedId::Tail => self.tail.fail(at, fault),
            FeedId::Errors => self.errors.fail(at, fault),
            FeedId::Outcomes => self.outcomes.fail(at, fault),
            FeedId::Campaigns => self.campaigns.fail(at, fault),
            FeedId::Scorecard => self.scorecard.fail(at, fault),
            FeedId::Workflows => self.workflows.fail(at, fault),
            FeedId::Executions => self.executions.fail(at, fault),
            FeedId::Access => self.access.fail(at, fault),
        }
    }

    /// A connection changed.
    pub fn linked(&mut self, at: Timestamp, id: LinkId, link: Link) {
        match id {
            LinkId::Listener => self.listener = link,
            LinkId::Reader => self.reader = link,
            LinkId::N8n => self.n8n = link,
        }
        self.judge(at);
    }

    /// Judges anew at `now`: alerts first, then the verdict.
    pub fn judge(&mut self, _now: Timestamp) {}
}
