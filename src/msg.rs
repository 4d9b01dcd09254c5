//! Everything that can happen to the model.

use serde::{Deserialize, Serialize};

pub use crate::domain::outcomes::{CrmSync, Outcomes, Share};
use crate::{
    domain::{
        Timestamp,
        campaign::Campaign,
        error_group::Errors,
        event::{EventDetail, EventRow, RowId},
        plan::{Outcome, Plan},
        scorecard::MetricReading,
        server::Server,
        stage::{MinuteBucket, StageReading, Totals},
        untrusted::Untrusted,
        workflow::{Access, Executions, Workflow},
    },
    effect::FeedId,
    keymap::Chord,
};

/// Why the outside world did not answer; data, so the model can keep and show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Fault {
    /// It is not set up.
    #[error("not configured: {0}")]
    NotConfigured(String),
    /// Nobody answered at that address.
    #[error("unreachable: {}", .0.display_cut(160))]
    Unreachable(Untrusted),
    /// Somebody answered, but not in time.
    #[error("no answer within {0} s")]
    TimedOut(u64),
    /// The server cancelled our statement because it ran too long: this many ms, 0 where nobody measured.
    #[error("too slow: cancelled{}", after(*.0))]
    TooSlow(u64),
    /// The server has no room: too many connections, or it is still starting.
    #[error("no room: {}", .0.display_cut(160))]
    Busy(Untrusted),
    /// There is no such database.
    #[error("no such database: {}", .0.display_cut(160))]
    NoDatabase(Untrusted),
    /// TLS is asked for, and the server does not offer it.
    #[error("TLS: the server does not offer it")]
    NoTls,
    /// The certificate or the TLS set-up is not right.
    #[error("TLS: {}", .0.display_cut(160))]
    Tls(Untrusted),
    /// The password, key or role is not accepted.
    #[error("not let in: {}", .0.display_cut(160))]
    Unauthorized(Untrusted),
    /// The role or the key may not do this.
    #[error("not allowed: {}", .0.display_cut(160))]
    Forbidden(Untrusted),
    /// The schema lacks something this needs.
    #[error("missing: {}", .0.display_cut(160))]
    Missing(Untrusted),
    /// Asked too often; wait this many seconds.
    #[error("rate limited, next try in {0} s")]
    RateLimited(u64),
    /// The answer has an HTTP status that says no.
    #[error("HTTP {}: {}", .0, .1.display_cut(160))]
    Http(u16, Untrusted),
    /// The answer made no sense.
    #[error("unexpected answer: {}", .0.display_cut(160))]
    Decode(Untrusted),
    /// The server refused the statement.
    #[error("refused: {}", .0.display_cut(160))]
    Refused(Untrusted),
}

impl Fault {
    /// What to do about it: one sentence.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::NotConfigured(_) => {
                "Give the address as DATABASE_URL or N8N_BASE_URL, by flag, or in the config file."
            }
            Self::Unreachable(_) => {
                "Check the host and port in the address, that the server runs, and the network between."
            }
            Self::TimedOut(_) => {
                "The line or the server hangs; it is tried again by itself. Check network and load."
            }
            Self::TooSlow(_) => {
                "Add the indexes that `outpost doctor` names, or raise statement_timeout in the config."
            }
            Self::Busy(_) => {
                "It is tried again by itself; free connections on the server, or raise max_connections."
            }
            Self::NoDatabase(_) => {
                "Correct the database's name in the address; a space in it is written %20."
            }
            Self::NoTls => {
                "Turn TLS on at the server, or put sslmode=disable in the address if the line is safe without."
            }
            Self::Tls(_) => {
                "Use the host name the certificate is made out to, and name its CA file in sslrootcert."
            }
            Self::Unauthorized(_) => "Correct the role, the password or the API key.",
            Self::Forbidden(_) => {
                "Have the right granted: `outpost doctor` prints the statement or the missing scope."
            }
            Self::Missing(_) => {
                "Run `outpost doctor` to see what is missing, and `outpost migrate` to add it."
            }
            Self::RateLimited(_) => "Wait; it is tried again by itself.",
            Self::Http(..) | Self::Decode(_) => {
                "Check that the address is that of the n8n API and not of a proxy or a login page."
            }
            Self::Refused(_) => "The server's own words say why; `outpost doctor` checks the rest.",
        }
    }
}

/// How long a statement ran, if that is known.
fn after(ms: u64) -> String {
    if ms == 0 {
        String::new()
    } else {
        format!(" after {ms} ms")
    }
}

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
    /// For [`FeedId::Errors`].
    Errors(Errors),
    /// For [`FeedId::Outcomes`].
    Outcomes(Outcomes),
    /// For [`FeedId::Campaigns`], newest first.
    Campaigns(Vec<Campaign>),
    /// For [`FeedId::Scorecard`].
    Scorecard(Vec<MetricReading>),
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
    /// A second passed.
    Tick,
    /// A connection changed.
    Linked(LinkId, Link),
    /// This many notifications came since the last such message.
    Notified(u64),
    /// A feed answered; the time it took, ms.
    Fetched(FeedId, Result<Fact, Fault>, u64),
    /// An event was read whole.
    Detail(RowId, Result<Box<EventDetail>, Fault>),
    /// A plan was carried out, or was not.
    Mutated(Plan, Result<Outcome, Fault>),
    /// Something to tell the operator, from the shell: copied, theme changed, no such scenario.
    Said(String),
}
