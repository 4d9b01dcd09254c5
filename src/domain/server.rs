//! The database server, and what its schema and grants allow.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{Timestamp, duration, untrusted::Untrusted};

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
    /// How far a standby follows its primary; `None` for a primary.
    pub replay: Option<Replay>,
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

/// How far a standby follows its primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// What it does.
    pub state: Following,
    /// When the last transaction that it has replayed was committed, by the primary's clock; `None` before the first.
    pub committed_at: Option<Timestamp>,
}

/// What a standby does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Following {
    /// It has replayed all that it has received, and receives.
    CaughtUp,
    /// It has received more than it has replayed.
    Behind,
    /// It replays nothing, since somebody has paused it.
    Paused,
    /// It receives nothing: the line to the primary is broken, or it lives by an archive.
    CutOff,
}

impl Replay {
    /// How long ago, by the server's `clock`, what it shows was true: at most, for where the primary has been idle it has
    /// missed nothing. Nothing while it has caught up; `None` where it cannot be told.
    pub fn behind(self, clock: Timestamp) -> Option<TimeDelta> {
        if self.state == Following::CaughtUp {
            return Some(TimeDelta::zero());
        }
        self.committed_at
            .map(|at| (clock - at).max(TimeDelta::zero()))
    }

    /// It in a few words, for people.
    pub fn words(self, clock: Timestamp) -> String {
        let behind = self.behind(clock).map_or_else(
            || "nobody knows how far".to_owned(),
            |behind| format!("up to {}", duration::format(behind.num_seconds())),
        );
        match self.state {
            Following::CaughtUp => "caught up".to_owned(),
            Following::Behind => format!("{behind} behind"),
            Following::Paused => format!("PAUSED, {behind} behind"),
            Following::CutOff => format!("CUT OFF, {behind} behind"),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standby_is_behind_since_its_last_replayed_commit_unless_it_has_caught_up() {
        let committed_at = Timestamp::UNIX_EPOCH;
        let clock = committed_at + TimeDelta::seconds(75);
        let of = |state, committed_at| Replay {
            state,
            committed_at,
        };
        for (state, words) in [
            (Following::CaughtUp, "caught up"),
            (Following::Behind, "up to 1m15s behind"),
            (Following::Paused, "PAUSED, up to 1m15s behind"),
            (Following::CutOff, "CUT OFF, up to 1m15s behind"),
        ] {
            assert_eq!(of(state, Some(committed_at)).words(clock), words);
        }
        // A clock of the standby that goes behind the primary's is no lead.
        let early = committed_at - TimeDelta::seconds(3);
        let behind = of(Following::Behind, Some(committed_at)).behind(early);
        assert_eq!(behind, Some(TimeDelta::zero()));
        assert_eq!(of(Following::CutOff, None).behind(clock), None);
        let unknown = of(Following::CutOff, None).words(clock);
        assert_eq!(unknown, "CUT OFF, nobody knows how far behind");
    }
}
