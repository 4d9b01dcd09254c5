//! What reading has learnt so far and goes on from. It outlives a connection: what came while there was none is read
//! after it.

use std::sync::Arc;

use super::{
    super::{Client, catalog::Catalog, reader::Ask},
    drops::Watch,
    errors::ErrorReading,
    files::{self, Query},
    first::{self, First},
    rest::Rest,
    rolled::{SixHoursKept, UsualKept},
    tail::TailCursor,
    windows::Known,
};
use crate::{
    domain::{
        ledger::{Account, AccountByTime},
        pipeline::Pipeline,
        triage::Triage,
    },
    effect::FeedId,
    msg::Fault,
};

/// A floor of the keys is used this often before it is looked for anew. An old one is still right, only lower
/// than it need be.
const FLOOR_USES: u32 = 60;

/// How far back the floor of a day lies, and that of an hour: farther, since clocks of writers differ and it is used for a
/// while, h.
pub(super) const DAY_HOURS: i32 = 25;
const HOUR_HOURS: i32 = 2;

/// The statements that find the first event of a window.
pub(super) const FIRST_EVENT: (Query, Query) = (files::FIRST_ID, files::EVENTS_NTH);

/// What one reader remembers between its queries.
#[derive(Debug, Default)]
pub struct Memory {
    /// How far the stream has been read.
    pub(super) tail: TailCursor,
    /// Every key since the first read.
    pub(super) account: Account,
    /// Every row since then, where keys have no order.
    pub(super) by_time: AccountByTime,
    /// The errors, by group.
    pub(super) errors: ErrorReading,
    /// Silent drops.
    pub(super) drops: Watch,
    /// Queries that are too slow here.
    pub(super) rest: Rest,
    /// Windows of time over a large table.
    pub(super) known: Option<Known>,
    /// What latency is usual.
    pub(super) usual: UsualKept,
    /// The roll-ups by six hours.
    pub(super) six_hours: SixHoursKept,
    is_brief: bool,
    /// The pipeline that is watched.
    pub(super) pipeline: Arc<Pipeline>,
    floor: Floor,
    error_floor: Floor,
    hour_floor: Floor,
}

impl Memory {
    /// Accounts apart for the keys above `after`, up to the last that the next sweep finds.
    pub(crate) fn watch(&mut self, number: u64, after: i64) {
        // Only one of the two is kept; the other one is never asked.
        self.account.watch(number, after);
        self.by_time.watch(number, after);
    }

    /// Whether the last sweep has left rows for one more at once.
    pub(crate) const fn is_behind(&self) -> bool {
        self.account.is_behind() || self.by_time.is_behind()
    }

    /// Remembers what of `ask` outlives the connection.
    pub(crate) fn heed(&mut self, ask: &Ask) {
        match ask {
            Ask::Account { number, after } => self.watch(*number, *after),
            Ask::Hear(said) => self.hear(said.clone()),
            Ask::Fetch(_) | Ask::Event(_) | Ask::Look(_) | Ask::Examine(_) | Ask::Audit(_) => {}
        }
    }

    /// Takes in what is said of groups of errors on this machine alone.
    pub fn hear(&mut self, said: Vec<Triage>) {
        self.errors.hear(said);
    }

    /// The memory of one look at everything: there is no second for which to keep windows of time, so tables are asked for
    /// them.
    pub fn brief() -> Self {
        Self {
            is_brief: true,
            errors: ErrorReading::brief(),
            ..Self::default()
        }
    }

    /// It, for a reader of `pipeline`.
    #[must_use]
    pub fn over(self, pipeline: Arc<Pipeline>) -> Self {
        Self { pipeline, ..self }
    }

    /// Whether windows of time over the table of events are kept here.
    pub(super) fn keeps_windows(&self, catalog: &Catalog) -> bool {
        !self.is_brief && catalog.counts_by_key()
    }

    /// The lowest key of the last day, where the catalog says that windows are found by key.
    pub(super) async fn floor(
        &mut self,
        client: &Client,
        catalog: &Catalog,
    ) -> Result<Option<i64>, Fault> {
        if !catalog.needs_floor() {
            return Ok(None);
        }
        let query = (FIRST_EVENT, DAY_HOURS);
        self.floor.find(client, catalog, query).await
    }

    /// Whether the lowest key of the last day may stand above some of it, since keys are in no order.
    pub(super) const fn is_unordered(&self) -> bool {
        self.floor.first.is_unordered
    }

    /// [`Memory::floor`], of the errors that `feed` counts: of the last day, or the last hour; of none for a feed that counts none.
    pub(super) async fn error_floor(
        &mut self,
        client: &Client,
        catalog: &Catalog,
        feed: FeedId,
    ) -> Result<Option<i64>, Fault> {
        let (floor, hours) = if feed == FeedId::Stages {
            (&mut self.hour_floor, HOUR_HOURS)
        } else if feed == FeedId::Errors {
            (&mut self.error_floor, DAY_HOURS)
        } else {
            return Ok(None);
        };
        if !catalog.needs_error_floor() {
            return Ok(None);
        }
        let query = ((files::FIRST_ERROR_ID, files::ERRORS_NTH), hours);
        floor.find(client, catalog, query).await
    }
}

/// The lowest key of the last day, and how often it was used.
#[derive(Debug, Default)]
struct Floor {
    first: First,
    uses: u32,
}

impl Floor {
    async fn find(
        &mut self,
        client: &Client,
        catalog: &Catalog,
        (queries, hours): ((Query, Query), i32),
    ) -> Result<Option<i64>, Fault> {
        if self.first.key.is_none() || self.uses >= FLOOR_USES {
            let ask = super::Ask::once(client, catalog);
            self.first = first::of_window(&ask, queries, hours).await?;
            self.uses = 0;
        }
        self.uses += 1;
        Ok(self.first.key)
    }
}
