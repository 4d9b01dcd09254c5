//! The database server, and what its schema and grants allow.

use serde::{Deserialize, Serialize};

use super::{Timestamp, untrusted::Untrusted};

/// The server, as it answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Server {
    /// Its version, as `server_version_num` (`150020`).
    pub version: u32,
    /// Its clock when it answered.
    pub clock: Timestamp,
    /// Its clock minus ours, ms.
    pub skew_ms: i64,
    /// Whether it is a standby, which refuses LISTEN and writes.
    pub standby: bool,
    /// The role we are.
    pub role: Untrusted,
    /// The database's name.
    pub database: Untrusted,
    /// How full the notification queue is, a share of 1.
    pub queue_usage: f64,
    /// Whether this session may write.
    pub read_only: bool,
    /// The names of the connections of consoles, each once.
    pub consoles: Vec<String>,
    /// What our role may not write.
    pub denied: Vec<Deed>,
    /// What is missing for some panel: what, why it matters, what mends it.
    pub gaps: Vec<Gap>,
}

/// What operators write, as far as grants of the database keep a role from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Putting events back into the queue.
    Retry,
    /// Resolving and reopening errors.
    Resolve,
    /// Inserting test events.
    Insert,
    /// Deleting what is old and done.
    Purge,
}

/// A part of the schema or a grant that a panel would need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// What is missing, as `marketing.campaigns` or `pipeline_errors.resolved`.
    pub what: Untrusted,
    /// What cannot be shown without it.
    pub hides: String,
    /// The statement or step that would mend it.
    pub remedy: String,
}
