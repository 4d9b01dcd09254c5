//! What [`crate::update::update`] asks the shell to do. Plain data, so a test can compare it.

use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Serialize};

use crate::action::ScreenId;
use crate::domain::{
    audit::{Entry, Question},
    batch::{BatchId, Order},
    error_group::Look,
    event::RowId,
    latency::window::Span,
    plan::{Pace, Plan},
};

/// Where data comes from: one query or one endpoint each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedId {
    /// The server: version, clock, role, what the schema allows.
    Server,
    /// One reading a stage.
    Stages,
    /// Events written and processed a minute and stage, last 60 min.
    Trend,
    /// The totals of the guide's hybrid dashboard.
    Totals,
    /// The newest events, and those that changed.
    Tail,
    /// A sweep of every key since the watch began, for the ledger.
    Ledger,
    /// Unresolved errors, and errors by stage.
    Errors,
    /// Outcomes that the alert rules on delivery, CRM, enrichment and replies are judged on.
    Outcomes,
    /// Events that are done and whose child never came, by link of the cascade.
    Drops,
    /// Campaigns of the last 7 days.
    Campaigns,
    /// The twelve success metrics.
    Scorecard,
    /// Latency by stage over a window of time.
    Latency(Span),
    /// Records from end to end over a window of time.
    Records(Span),
    /// Workflows of n8n.
    Workflows,
    /// Executions of n8n.
    Executions,
    /// What the n8n key may do.
    Access,
}

impl FeedId {
    /// Every feed.
    pub const ALL: [Self; 22] = [
        Self::Server,
        Self::Stages,
        Self::Trend,
        Self::Totals,
        Self::Tail,
        Self::Ledger,
        Self::Errors,
        Self::Outcomes,
        Self::Drops,
        Self::Campaigns,
        Self::Scorecard,
        Self::Latency(Span::Hour),
        Self::Latency(Span::Day),
        Self::Latency(Span::Week),
        Self::Latency(Span::Month),
        Self::Records(Span::Hour),
        Self::Records(Span::Day),
        Self::Records(Span::Week),
        Self::Records(Span::Month),
        Self::Workflows,
        Self::Executions,
        Self::Access,
    ];

    /// Its name in `--json`, logs and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Stages => "stages",
            Self::Trend => "trend",
            Self::Totals => "totals",
            Self::Tail => "tail",
            Self::Ledger => "ledger",
            Self::Errors => "errors",
            Self::Outcomes => "outcomes",
            Self::Drops => "drops",
            Self::Campaigns => "campaigns",
            Self::Scorecard => "scorecard",
            Self::Latency(Span::Hour) => "latency_1h",
            Self::Latency(Span::Day) => "latency_24h",
            Self::Latency(Span::Week) => "latency_7d",
            Self::Latency(Span::Month) => "latency_30d",
            Self::Records(Span::Hour) => "records_1h",
            Self::Records(Span::Day) => "records_24h",
            Self::Records(Span::Week) => "records_7d",
            Self::Records(Span::Month) => "records_30d",
            Self::Workflows => "workflows",
            Self::Executions => "executions",
            Self::Access => "access",
        }
    }

    /// Whether n8n answers it; PostgreSQL otherwise.
    pub const fn is_n8n(self) -> bool {
        matches!(self, Self::Workflows | Self::Executions | Self::Access)
    }

    /// Whether, where these are needed, nothing is asked of the database, so that it may sleep.
    pub fn lets_sleep(needed: &BTreeSet<Self>) -> bool {
        !needed.is_empty() && needed.iter().all(|feed| feed.is_n8n())
    }

    /// How often it is asked when nothing slows it down.
    pub const fn interval(self) -> Duration {
        Duration::from_secs(match self {
            Self::Stages | Self::Tail => 2,
            Self::Ledger | Self::Errors | Self::Executions => 5,
            Self::Trend | Self::Totals | Self::Workflows => 10,
            Self::Outcomes
            | Self::Campaigns
            | Self::Scorecard
            | Self::Server
            | Self::Latency(Span::Hour)
            | Self::Records(Span::Hour) => 30,
            Self::Drops | Self::Latency(Span::Day) | Self::Records(Span::Day) => 60,
            Self::Latency(Span::Week | Span::Month)
            | Self::Records(Span::Week | Span::Month)
            | Self::Access => 300,
        })
    }
}

/// A filter that is kept under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFilter {
    /// The screen whose rows it is for.
    pub screen: ScreenId,
    /// Its name, of at most [`Self::LONGEST`] characters.
    pub name: String,
    /// What it says.
    pub text: String,
}

impl KeptFilter {
    /// Characters of a name at most.
    pub const LONGEST: usize = 24;
    /// Filters kept at most.
    pub const MOST: usize = 200;

    /// Puts it among `all`, in the place of one of the same name; or takes that away.
    pub fn keep(self, all: &mut Vec<Self>, is_gone: bool) {
        let same = |other: &Self| other.screen == self.screen && other.name == self.name;
        let place = all.iter().position(same);
        match (place.and_then(|at| all.get_mut(at)), is_gone) {
            (_, true) => all.retain(|other| !same(other)),
            (Some(known), false) => *known = self,
            (None, false) => all.push(self),
        }
    }
}

/// Something for the shell to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// Ask a feed for fresh data now.
    Fetch(FeedId),
    /// Sweep now, and account apart for the keys above `after`, up to the last that this sweep finds.
    Account {
        /// What the answer is known by: the number of a reconnect.
        number: u64,
        /// The key before the first.
        after: i64,
    },
    /// From now on only these feeds are needed; the others of the database rest.
    Need(BTreeSet<FeedId>),
    /// Tell the listener that somebody sits before the screen: its proofs do not rest then.
    Attend,
    /// Read one event whole; the answer is [`crate::msg::Msg::Detail`].
    FetchEvent(RowId),
    /// Ask something about errors; only reads. The answer is [`crate::msg::Msg::Looked`].
    Look(Look),
    /// Ask something of what was written down; only reads. The answer is [`crate::msg::Msg::Audited`].
    Audit(Question),
    /// Write these entries of the audit history, with what became of each row, into files of this name in the directory of
    /// exports, and say where it is.
    Export(String, Vec<Entry>),
    /// Read this execution of n8n whole, and no other that was asked for before; or none any more. The answer is
    /// [`crate::msg::Msg::RunRead`].
    ReadRun(Option<RowId>),
    /// Look for what speaks against a plan; only reads. The answer is [`crate::msg::Msg::Examined`].
    Examine(Plan),
    /// Change the outside world; the answer is [`crate::msg::Msg::Mutated`], or of a plan that is a batch
    /// [`crate::msg::Msg::Batch`], many times.
    Mutate(Plan),
    /// Tell the purge that runs how to go on.
    Pace(Pace),
    /// Tell a batch to do this.
    Batch(BatchId, Order),
    /// Keep a filter on this machine, or forget it where that is said.
    Keep(KeptFilter, bool),
    /// See whether the batches of other processes went on; the answer is [`crate::msg::Msg::Batch`] for each that did.
    LookAtBatches,
    /// Note in the audit file that the people of this event are shown.
    AuditReveal(RowId),
    /// Put text on the operator's clipboard.
    Copy(String),
    /// Change the theme, by name.
    SetTheme(String),
    /// Start a scenario of the demo's world, by name.
    Scenario(String),
    /// Paint everything anew.
    Redraw,
    /// Hand the terminal back to the shell until resumed.
    Suspend,
    /// Leave.
    Quit,
}
