//! What the panels ask of the database: which files answer a feed, and how their rows become its fact.
//!
//! Every answer is bounded, by a limit or by a window that an index or the keys can find; what needs a table the
//! site does not have is left out and named in [`Catalog::gaps`].

mod ab_tests;
mod audit;
mod backlog;
mod behind;
mod drops;
mod errors;
mod files;
mod first;
mod found;
mod latency;
mod look;
mod memory;
mod near;
mod outcomes;
mod pace;
mod past;
mod records;
mod rest;
mod rolled;
mod stages;
mod sweep;
mod tail;
pub(super) mod template;
mod triage;
mod windows;

use tokio_postgres::{Row, types::Type};

use self::rest::Rest;
pub(super) use self::triage::triage;
pub use self::{
    ab_tests::ab_tests,
    audit::{audit, page, whole},
    files::{ALL, Query},
    found::{clock, clocks, events_of_errors, newest_errors, newest_events, payloads},
    look::look,
    memory::Memory,
    outcomes::{REPLIES_KEPT, metrics, replies},
    past::past,
    tail::event,
};
use super::{Client, catalog::Catalog, client::Parameter, decode, fault_of};
use crate::{
    domain::{as_of::AsOf, campaign::Attribution, drops::Drops, pipeline::Pipeline},
    effect::FeedId,
    msg::{Fact, Fault},
};

/// Pending events and unresolved errors are counted up to here.
pub const COUNT_CAP: u64 = crate::domain::stage::COUNTED;

/// Campaigns shown.
const CAMPAIGNS: i64 = 100;

/// Asks the files of `feed`. Of a large table of events that neither an index on time nor the order of its keys helps with, a
/// feed that the server cancelled rests: it would be cancelled at each refresh, after all the time that a statement may take.
///
/// # Errors
/// What the database lacks for it, or what the server or the connection answered instead.
pub async fn fetch(
    client: &Client,
    catalog: &Catalog,
    feed: FeedId,
    memory: &mut Memory,
) -> Result<Fact, Fault> {
    if catalog.finds_newest() {
        return asked(client, catalog, feed, memory).await;
    }
    if memory.rest.is_resting(feed) {
        return Err(Fault::TooSlow(0));
    }
    let answer = asked(client, catalog, feed, memory).await;
    memory.rest.answered(feed, &answer);
    answer
}

async fn asked(
    client: &Client,
    catalog: &Catalog,
    feed: FeedId,
    memory: &mut Memory,
) -> Result<Fact, Fault> {
    let ask = Ask {
        client,
        catalog,
        floor: memory.floor(client, catalog).await?,
        error_floor: memory.error_floor(client, catalog, feed).await?,
    };
    match feed {
        FeedId::Stages => stages::readings(&ask, memory).await.map(Fact::Stages),
        FeedId::Trend => stages::trend(&ask, memory).await.map(Fact::Trend),
        FeedId::Totals => stages::totals(&ask, memory).await.map(Fact::Totals),
        FeedId::Tail => tail::fetch(&ask, memory).await.map(Fact::Tail),
        FeedId::Ledger => sweep::fetch(&ask, memory).await.map(Fact::Ledger),
        FeedId::Errors => errors::fetch(&ask, &mut memory.errors, &mut memory.rest)
            .await
            .map(Fact::Errors),
        FeedId::Outcomes => outcomes::fetch(&ask, memory).await.map(Fact::Outcomes),
        FeedId::Drops => {
            let watch = &mut memory.drops;
            Box::pin(watch.fetch(&ask, &memory.pipeline))
                .await
                .map(Fact::Drops)
        }
        FeedId::Latency(span) => latency::fetch(&ask, span, memory).await.map(Fact::Latency),
        FeedId::Records(span) => records::fetch(&ask, span, memory).await.map(Fact::Records),
        FeedId::Campaigns => campaigns(&ask, &mut memory.rest).await,
        FeedId::Scorecard => outcomes::scorecard(&ask, &mut memory.rest)
            .await
            .map(Fact::Scorecard),
        FeedId::Server | FeedId::Workflows | FeedId::Executions | FeedId::Access => Err(
            Fault::NotConfigured(format!("{} is not a query", feed.name())),
        ),
    }
}

/// The lowest key of the events of the last day, where that is how they are found, for who asks but once.
pub(super) async fn floor(client: &Client, catalog: &Catalog) -> Result<Option<i64>, Fault> {
    Memory::default().floor(client, catalog).await
}

/// The silent drops of `pipeline`, for who asks but once.
pub(super) async fn silent_drops(
    client: &Client,
    catalog: &Catalog,
    pipeline: &Pipeline,
) -> Result<Drops, Fault> {
    let floor = floor(client, catalog).await?;
    let ask = Ask {
        client,
        catalog,
        floor,
        error_floor: None,
    };
    let mut watch = drops::Watch::default();
    Box::pin(watch.fetch(&ask, pipeline)).await
}

/// What a query is asked with.
struct Ask<'a> {
    client: &'a Client,
    catalog: &'a Catalog,
    /// The lowest key of the last day, where that is how a window is found.
    floor: Option<i64>,
    /// The same, of the errors.
    error_floor: Option<i64>,
}

impl<'a> Ask<'a> {
    /// Asks once, with no keys known to begin from.
    const fn once(client: &'a Client, catalog: &'a Catalog) -> Self {
        Self {
            client,
            catalog,
            floor: None,
            error_floor: None,
        }
    }
}

impl Ask<'_> {
    async fn rows(&self, query: Query, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, Fault> {
        let of_errors = [
            files::STAGE_ERRORS.name,
            files::ERRORS_OF_DAY.name,
            files::ERRORS_BY_STAGE.name,
        ];
        let floor = if of_errors.contains(&query.name) {
            self.error_floor
        } else {
            self.floor
        };
        let sql = self.catalog.text(query, floor)?;
        self.client
            .query_typed(&sql, parameters)
            .await
            .map_err(|error| fault_of(&error))
    }
}

/// The answer, or `None` where the database lacks what it takes: a gap, named elsewhere, and no failure.
fn where_possible<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Fault::Missing(_) | Fault::Forbidden(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}

async fn campaigns(ask: &Ask<'_>, rest: &mut Rest) -> Result<Fact, Fault> {
    let limit: [Parameter<'_>; 1] = [(&CAMPAIGNS, Type::INT8)];
    // What the roll-up keeps, if it has counted every one of them not long ago.
    let kept = ask.rows(files::CAMPAIGNS_KEPT, &limit).await;
    if let Some(rows) = where_possible(kept)? {
        let is_fresh = |row: &Row| row.try_get("is_fresh").unwrap_or(false);
        if rows.iter().all(is_fresh) {
            let decode = |row: &Row| decode::campaign(row, Attribution::Campaign);
            return decode::all(&rows, decode).map(Fact::Campaigns);
        }
    }
    let attribution = ask.catalog.attributes_by();
    let query = match attribution {
        Attribution::Campaign => files::CAMPAIGNS,
        Attribution::Time => files::CAMPAIGNS_BY_TIME,
    };
    if !ask.catalog.finds_campaigns() {
        return Err(Fault::TooSlow(0));
    }
    let (rows, asked) = rest.one(ask, query, &limit).await?;
    let mut campaigns = decode::all(&rows, |row| decode::campaign(row, attribution))?;
    for campaign in &mut campaigns {
        campaign.as_of = asked.map(AsOf::Here);
    }
    Ok(Fact::Campaigns(campaigns))
}
