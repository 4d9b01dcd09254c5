//! PostgreSQL: how to get there, what may go wrong, the connection that reads and the one that listens.

pub mod address;
pub mod catalog;
mod client;
pub mod connect;
mod decode;
mod fault;
pub mod listener;
pub mod meter;
pub mod mutations;
pub mod probe;
pub mod queries;
pub mod reader;
pub mod relation;
mod retry;
pub mod rollup;
pub(crate) mod syntax;
mod tls;

pub use client::{Client, Transaction};
pub use connect::{Driver, Opened, Purpose, Session, connect};
pub use fault::fault_of;

use std::{sync::Arc, time::Duration};

use address::Address;
use meter::Meter;

use crate::domain::{cost::BUDGET_MS, duration, event::StatusWords, pipeline::Pipeline};

/// Why there is no connection while outpost rests.
const ASLEEP: &str = "at rest: any key wakes it";

/// When the listening connection is asked whether it is there, and proven to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Canary {
    /// Every [`Settings::heartbeat`].
    Always,
    /// The same, while something happens: an event came in the last 10 min, or a key was pressed in the last 5.
    WhenActive,
    /// Never: a line that dies is noticed by TCP alone, within about a minute.
    Off,
}

impl Canary {
    /// What it does, and what that means for a database that suspends itself when nobody asks it anything.
    pub const fn effect(self) -> &'static str {
        match self {
            Self::Always => {
                "the listener is proven every 10 s over a second connection (database.canary = always): that alone keeps \
                 a database awake that suspends itself, but for a rest (database.rest_after)"
            }
            Self::WhenActive => {
                "the listener is proven every 10 s over a second connection, while an event came in the last 10 min or a \
                 key was pressed in the last 5 (database.canary = when-active): else it does not keep a database awake \
                 that suspends itself"
            }
            Self::Off => {
                "the listener is not proven (database.canary = off), which keeps no database awake: a line that dies is \
                 noticed by TCP alone, one that goes deaf not at all, and rows are found by reading every 2 s"
            }
        }
    }
}

/// What a connection needs to know, resolved: flags, environment and files have had their say. Its `Debug`
/// shows no password.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the server is.
    pub address: Address,
    /// The schema of the pipeline's tables.
    pub schema: String,
    /// The site's own words for states of events.
    pub words: StatusWords,
    /// The pipeline that is watched.
    pub pipeline: Arc<Pipeline>,
    /// The zone in which timestamps without one were written.
    pub time_zone: String,
    /// The server cancels a query of ours after this long; a role's own lower limit stays.
    pub statement_timeout: Duration,
    /// Who sits before the console, as others see it in the name of its connections; empty where nobody does.
    pub who: String,
    /// What tells that console from others of theirs; nothing for what looks once and goes.
    pub console: Option<u32>,
    /// Whether nothing may be written, by any connection.
    pub read_only: bool,
    /// How often the listening connection is asked whether it is still there. Each time is a query, which keeps
    /// a database awake that would otherwise suspend itself.
    pub heartbeat: Duration,
    /// When that is asked, and the listener proven.
    pub canary: Canary,
    /// How long an answer to that may take.
    pub patience: Duration,
    /// Whether everything is looked at once and no more: then windows of time are asked of the tables, however large.
    pub is_brief: bool,
    /// How long what the database is like is believed where nothing is lacking; where something is, that somebody may be about
    /// to mend, a fifth of it.
    pub catalog_age: Duration,
    /// What reading may cost, ms of the database's time a second, before it is slowed.
    pub budget_ms: u64,
    /// After so long without a key or a new event nothing is asked, so that the database may suspend itself; none where it never
    /// may. Whoever owns the screen sees to it.
    pub rest_after: Option<Duration>,
    /// Counts what every connection made with these settings sends.
    pub meter: Meter,
}

impl Settings {
    /// What tells the pipeline that is watched from any other: `host:5432/dbname schema`. Whoever looks, and without any secret.
    pub fn place(&self) -> String {
        let target = self.address.target();
        let server = target.rsplit('@').next().unwrap_or_default();
        format!("{server} {}", self.schema)
    }

    /// What reading means for a database that suspends itself when nobody asks it anything.
    pub fn rest(&self) -> String {
        self.rest_after.map_or_else(
            || {
                "outpost reads every 2 s as long as it runs, some 200 statements a minute, and so a database that suspends itself \
                 stays awake, whatever database.canary says (database.rest_after = 0s): 10m would let it sleep while nobody looks"
                    .to_owned()
            },
            |after| {
                format!(
                    "after {} without a key or a new event nothing is asked, so that a database that suspends itself may sleep \
                     (database.rest_after); verdict and alerts stand still meanwhile, and a key or a notification ends it",
                    duration::format(after.as_secs() as i64)
                )
            },
        )
    }

    /// The settings for `address`, and the defaults for everything else.
    pub fn new(address: Address) -> Self {
        Self {
            address,
            schema: "marketing".to_owned(),
            words: StatusWords::default(),
            pipeline: Arc::default(),
            time_zone: "UTC".to_owned(),
            statement_timeout: Duration::from_secs(2),
            who: String::new(),
            console: None,
            read_only: false,
            heartbeat: Duration::from_secs(10),
            canary: Canary::WhenActive,
            patience: Duration::from_secs(5),
            is_brief: false,
            catalog_age: Duration::from_mins(10),
            budget_ms: BUDGET_MS,
            rest_after: None,
            meter: Meter::default(),
        }
    }
    /// How long several queries in a row may take before the connection is taken for dead. The server cancels
    /// what is slow long before; only a line that swallows everything, or a pooler, lets it come to this.
    pub(crate) fn deadline(&self) -> Duration {
        self.statement_timeout * 3 + self.patience
    }
}
