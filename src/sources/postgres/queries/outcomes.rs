//! What came of it all: deliveries, replies, CRM, and the twelve success metrics.

use tokio_postgres::{Row, types::Type};

use super::{
    super::{
        Client,
        catalog::{Catalog, Recent},
        decode,
    },
    Ask, Parameter, Query, files,
    memory::Memory,
    rest::{Found, Rest},
    template, where_possible, windows,
};
use crate::{
    domain::{
        Timestamp,
        as_of::AsOf,
        event::EventType,
        outcomes::{Counted, CrmSync, Outcomes, Sampled, Share, Slow},
        scorecard::{METRICS, MetricId, MetricReading},
    },
    msg::Fault,
};

/// The stage whose events the CRM is to get, and how long one is due, s: as `crm_due` says.
const DUE: &str = "lead_qualified";
const DUE_SECONDS: i64 = 1_800;

/// What the roll-up calls the share of replies it keeps beside the scorecard.
pub const REPLIES_KEPT: &str = "replies_7d";

/// How many leads are due, and since when.
type Due = (u64, Option<Timestamp>);

/// What the alert rules without a stage are judged on.
pub(super) async fn fetch(ask: &Ask<'_>, memory: &mut Memory) -> Result<Outcomes, Fault> {
    let kept = kept_due(ask, memory).await?;
    let queries = [
        files::DELIVERIES,
        files::BOUNCES,
        files::ENRICHMENTS,
        files::REPLIES,
        files::CRM_SUCCESS,
        files::CRM_DUE,
    ];
    let rolled = rolled_replies(ask).await?;
    let is_asked = |query: &Query| match query.name {
        name if name == files::CRM_DUE.name => kept.is_none(),
        name if name == files::REPLIES.name => rolled.is_none(),
        _ => true,
    };
    let found = memory.rest.all(ask, queries, is_asked, &[]).await?;
    let sampled = Sampled {
        deliveries: newest(ask, &files::DELIVERIES),
        enrichments: newest(ask, &files::ENRICHMENTS),
    };
    let [deliveries, bounces, enrichments, replies, success, due] = found;
    let slow = |found: &Found| matches!(found, Found::Slow);
    let slow = Slow {
        deliveries: slow(&deliveries),
        enrichments: slow(&enrichments),
        replies: slow(&replies),
        crm: slow(&success) || slow(&due),
    };
    let counted = Counted {
        deliveries: before(&deliveries),
        enrichments: before(&enrichments),
        replies: rolled.map(|(_, at)| AsOf::server(at)).or(before(&replies)),
        crm: [&success, &due]
            .into_iter()
            .filter_map(asked)
            .min()
            .map(AsOf::Here),
    };
    if slow.deliveries && slow.enrichments && slow.replies && slow.crm {
        return Err(Fault::TooSlow(0));
    }
    Ok(Outcomes {
        deliveries_24h: share(deliveries)?,
        enrichments_24h: share(enrichments)?,
        replies_7d: match rolled {
            Some((share, _)) => Some(share),
            None => share(replies)?,
        },
        crm: crm(&success, &due, kept)?,
        bounces: match bounces {
            Found::Rows(rows, _) => decode::all(&rows, decode::bounce_reason)?,
            Found::Gap | Found::Slow => Vec::new(),
        },
        slow,
        counted,
        sampled,
    })
}

/// The leads that are due for the CRM, where the windows are kept in our memory.
async fn kept_due(ask: &Ask<'_>, memory: &mut Memory) -> Result<Option<Due>, Fault> {
    if !memory.keeps_windows(ask.catalog) {
        return Ok(None);
    }
    let known = windows::known(ask, memory).await?;
    let stage = EventType::from(DUE);
    Ok(Some(known.windows.due(&stage, DUE_SECONDS, &known.backlog)))
}

/// The share of a week's replies that the roll-up took not long ago, and when.
async fn rolled_replies(ask: &Ask<'_>) -> Result<Option<(Share, Timestamp)>, Fault> {
    let parameters: [Parameter<'_>; 1] = [(&REPLIES_KEPT, Type::TEXT)];
    let kept = where_possible(ask.rows(files::REPLIES_KEPT, &parameters).await)?;
    let decoded = |row: &Row| Ok((decode::share(row)?, row.try_get("as_of")?));
    let kept = decode::all(&kept.unwrap_or_default(), decoded)?;
    Ok(kept.into_iter().next())
}

/// Of the contacts delivered to in the last 7 days, how many replied in them, counted whatever it takes; `None` where the
/// database lacks what it takes.
///
/// # Errors
/// What the server or the connection answered instead.
pub async fn replies(client: &Client, catalog: &Catalog) -> Result<Option<Share>, Fault> {
    let ask = Ask::once(client, catalog);
    let rows = where_possible(ask.rows(files::REPLIES, &[]).await)?;
    rows.map(|rows| decode::one(&rows, decode::share))
        .transpose()
}

/// Among how many rows `query` counts, where that is not all.
fn newest(ask: &Ask<'_>, query: &Query) -> Option<u64> {
    let reach = template::reach(ask.catalog, query.sql);
    (reach == Recent::Newest).then_some(Recent::NEWEST.into())
}

/// When it was found, if that was before this turn.
fn before(found: &Found) -> Option<AsOf> {
    asked(found).map(AsOf::Here)
}

/// The same by our clock.
const fn asked(found: &Found) -> Option<Timestamp> {
    match found {
        Found::Rows(_, asked) => *asked,
        Found::Gap | Found::Slow => None,
    }
}

fn share(found: Found) -> Result<Option<Share>, Fault> {
    match found {
        Found::Rows(rows, _) => decode::one(&rows, decode::share).map(Some),
        Found::Gap | Found::Slow => Ok(None),
    }
}

/// How the CRM stands, with the leads that are due for it where they are `kept`.
fn crm(success: &Found, due: &Found, kept: Option<Due>) -> Result<Option<CrmSync>, Fault> {
    let Found::Rows(success, _) = success else {
        return Ok(None);
    };
    let (due_30m, oldest_due) = match (kept, due) {
        (Some(kept), _) => kept,
        (None, Found::Rows(due, _)) => (
            decode::one(due, |row| decode::number(row, "due"))?,
            decode::one(due, |row| decode::moment(row, "oldest_due"))?,
        ),
        (None, Found::Gap | Found::Slow) => return Ok(None),
    };
    Ok(Some(CrmSync {
        last_success: decode::one(success, |row| decode::moment(row, "last_success"))?,
        due_30m,
        oldest_due,
    }))
}

/// Measures every metric that the database has the tables for, whatever it takes.
///
/// # Errors
/// What the server or the connection answered instead.
pub async fn metrics(client: &Client, catalog: &Catalog) -> Result<Vec<MetricReading>, Fault> {
    let ask = Ask::once(client, catalog);
    let mut readings = Vec::new();
    for (query, _) in files::SCORECARD {
        let rows = where_possible(ask.rows(query, &[]).await)?.unwrap_or_default();
        readings.extend(decode::all(&rows, decode::metric)?.into_iter().flatten());
    }
    Ok(readings)
}

/// A reading of every metric; one without a value where there is nothing to measure, or its query is slow. What the roll-up
/// keeps and is fresh is taken from it.
pub(super) async fn scorecard(ask: &Ask<'_>, rest: &mut Rest) -> Result<Vec<MetricReading>, Fault> {
    let kept = where_possible(ask.rows(files::SCORECARD_KEPT, &[]).await)?;
    let kept = decode::all(&kept.unwrap_or_default(), decode::metric)?;
    let mut measured: Vec<MetricReading> = kept.into_iter().flatten().collect();
    let is_kept = |id: &MetricId| measured.iter().any(|reading| reading.id == *id);
    let rolled: Vec<&str> = files::SCORECARD
        .iter()
        .filter(|(_, ids)| ids.iter().all(is_kept))
        .map(|(query, _)| query.name)
        .collect();
    let queries = files::SCORECARD.map(|(query, _)| query);
    let mut slow = 0;
    let is_hidden = ask.catalog.hides_origins().next().is_some();
    let is_hidden = |query: &Query| is_hidden && query.name == files::SCORECARD_LATENCY.name;
    let is_asked = |query: &Query| !rolled.contains(&query.name) && !is_hidden(query);
    let found = rest.all(ask, queries, is_asked, &[]).await?;
    for (mut found, (query, ids)) in found.into_iter().zip(files::SCORECARD) {
        // It would read whole tables; where it lacks something else, that is said.
        if is_hidden(&query)
            && !rolled.contains(&query.name)
            && ask.catalog.text(query, None).is_ok()
        {
            found = Found::Slow;
        }
        match found {
            Found::Rows(rows, asked) => {
                let readings = decode::all(&rows, decode::metric)?.into_iter().flatten();
                measured.extend(readings.map(|reading| MetricReading {
                    as_of: asked.map(AsOf::Here),
                    newest: newest(ask, &query),
                    ..reading
                }));
            }
            Found::Gap => {}
            Found::Slow => {
                slow += 1;
                measured.extend(ids.iter().map(|id| MetricReading {
                    is_slow: true,
                    ..MetricReading::empty(*id)
                }));
            }
        }
    }
    if slow == files::SCORECARD.len() {
        return Err(Fault::TooSlow(0));
    }
    let reading = |id| {
        let found = measured.iter().find(|reading| reading.id == id);
        found.copied().unwrap_or(MetricReading::empty(id))
    };
    Ok(METRICS.iter().map(|metric| reading(metric.id)).collect())
}
