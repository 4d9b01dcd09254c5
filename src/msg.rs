//! Everything that can happen to the model.

mod fault;

use serde::{Deserialize, Serialize};

pub use self::fault::{Fault, TlsFlaw};
pub use crate::domain::outcomes::{CrmSync, Outcomes, Share};
use crate::{
    domain::{
        Timestamp, audit,
        batch::{BatchId, Driver, Head, Limits, Record},
        campaign::Campaign,
        cost::{Bill, Turn},
        drops::Drops,
        error_group::{Errors, Look, Seen},
        event::{EventDetail, EventRow, RowId},
        latency::{end_to_end::Records, window::LatencyWindow},
        ledger::Count,
        plan::{Examination, Outcome, Plan, Progress},
        run::RunData,
        scorecard::MetricReading,
        server::Server,
        stage::{MinuteBucket, StageReading, Totals},
        untrusted::Untrusted,
        workflow::{Access, Executions, Workflow},
    },
    effect::FeedId,
    keymap::Chord,
};

/// Fresh data from one feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Fact {
    /// For [`FeedId::Server`].
    Server(Server),
    /// For [`FeedId::Stages`].
    Stages(Vec<StageReading>),
    /// For [`FeedId::Trend`], in any order; minutes without traffic may be left out.
    Trend(Vec<MinuteBucket>),
    /// For [`FeedId::Totals`].
    Totals(Totals),
    /// For [`FeedId::Tail`]: new and changed events, in any order.
    Tail(Vec<EventRow>),
    /// For [`FeedId::Ledger`].
    Ledger(Count),
    /// For [`FeedId::Errors`].
    Errors(Errors),
    /// For [`FeedId::Outcomes`].
    Outcomes(Outcomes),
    /// For [`FeedId::Drops`].
    Drops(Drops),
    /// For [`FeedId::Campaigns`], newest first.
    Campaigns(Vec<Campaign>),
    /// For [`FeedId::Scorecard`].
    Scorecard(Vec<MetricReading>),
    /// For [`FeedId::Latency`].
    Latency(LatencyWindow),
    /// For [`FeedId::Records`].
    Records(Records),
    /// For [`FeedId::Workflows`].
    Workflows(Vec<Workflow>),
    /// For [`FeedId::Executions`].
    Executions(Executions),
    /// For [`FeedId::Access`].
    Access(Access),
}

/// A connection that a source keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkId {
    /// The connection that listens.
    Listener,
    /// The connection that reads.
    Reader,
    /// The HTTP client of n8n.
    N8n,
}

/// How a connection stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Link {
    /// Being made for the first time.
    Connecting,
    /// Up since then; the remark says what an operator should know, such as that the direct host is used.
    Up(Timestamp, Option<String>),
    /// It answers since then, and hears nothing; how that is known. For the connection that listens.
    Deaf(Timestamp, String),
    /// Down since then; why; the number of tries; the next try.
    Down {
        /// Since when.
        since: Timestamp,
        /// Why.
        fault: Fault,
        /// Tries so far.
        tries: u32,
        /// When it is tried again.
        next_try: Timestamp,
    },
    /// Not used, and why: no address, or a server that cannot (LISTEN on a standby).
    Off(String),
}

impl Link {
    /// Whether it does what it is there for.
    pub const fn is_up(&self) -> bool {
        matches!(self, Self::Up(..))
    }
}

/// What is told of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// There is one, with what happened so far, and who drives it.
    Known(Box<Head>, Vec<Record>, Driver),
    /// Something happened to it.
    Noted(BatchId, Record),
    /// It waits for something outside, or does no more.
    Held(BatchId, Option<String>),
    /// What is known beside the pace that was asked for.
    Limited(BatchId, Limits),
    /// Nobody drives it here any more.
    Left(BatchId),
    /// What was wanted of it cannot be.
    Failed(BatchId, Fault),
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Msg {
    /// A key was pressed.
    Key(Chord),
    /// Text was pasted, or typed faster than a hand can: this many characters, thrown away unless a line is
    /// open, which then gets the text.
    Pasted(Untrusted),
    /// The terminal got the focus, or lost it.
    Focused(bool),
    /// The terminal has a new size, in cells.
    Resized(u16, u16),
    /// The link to the terminal carries so little that data repaints at most so many times in 100 s; nothing when it no
    /// longer does.
    SlowLink(Option<u32>),
    /// A second passed.
    Tick,
    /// A connection changed.
    Linked(LinkId, Link),
    /// This many notifications came since the last such message.
    Notified(u64),
    /// A notification to ourselves came back over the connection that listens; how long it was on its way, µs.
    Proven(u64),
    /// A feed answered; what that took.
    Fetched(FeedId, Result<Fact, Fault>, Turn),
    /// What outpost has cost the database so far.
    Cost(Bill),
    /// An event was read whole.
    Detail(RowId, Result<Box<EventDetail>, Fault>),
    /// What was asked about what was written down.
    Audited(audit::Question, Result<audit::Answer, Fault>),
    /// What was asked about errors.
    Looked(Look, Result<Seen, Fault>),
    /// An execution of n8n was read whole.
    RunRead(RowId, Result<Box<RunData>, Fault>),
    /// What speaks against a plan was looked for.
    Examined(Plan, Result<Box<Examination>, Fault>),
    /// A plan was carried out, or was not.
    Mutated(Plan, Result<Outcome, Fault>),
    /// How far the purge is that runs.
    Purging(Progress),
    /// Something about a batch.
    Batch(Told),
    /// Something to tell the operator, from the shell: copied, theme changed, no such scenario.
    Said(String),
}
