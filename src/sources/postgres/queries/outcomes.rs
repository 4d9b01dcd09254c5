//! What came of it all: deliveries, replies, CRM, and the twelve success metrics.

use futures_util::future;
use tokio_postgres::Row;

use super::{
    super::decode,
    Ask, files,
    memory::Memory,
    rest::{self, Rest},
};
use crate::{
    domain::{
        outcomes::{CrmSync, Outcomes, Share, Slow},
        scorecard::{METRICS, MetricReading},
    },
    msg::Fault,
};

/// What a query found: its rows; nothing where the database lacks what it takes; that it takes too long.
#[derive(Debug)]
enum Found {
    Rows(Vec<Row>),
    Gap,
    Slow,
}

/// What the alert rules without a stage are judged on.
pub(super) async fn fetch(ask: &Ask<'_>, memory: &mut Memory) -> Result<Outcomes, Fault> {
    let rest = &mut memory.rest;
    let queries = [
        files::DELIVERIES,
        files::BOUNCES,
        files::ENRICHMENTS,
        files::REPLIES,
        files::CRM_SUCCESS,
        files::CRM_DUE,
    ];
    let [deliveries, bounces, enrichments, replies, success, due] = all(ask, rest, queries).await?;
    let slow = |found: &Found| matches!(found, Found::Slow);
    let slow = Slow {
        deliveries: slow(&deliveries),
        enrichments: slow(&enrichments),
        replies: slow(&replies),
        crm: slow(&success) || slow(&due),
    };
    if slow.deliveries && slow.enrichments && slow.replies && slow.crm {
        return Err(Fault::TooSlow(0));
    }
    Ok(Outcomes {
        deliveries_24h: share(deliveries)?,
        enrichments_24h: share(enrichments)?,
        replies_7d: share(replies)?,
        crm: crm(success, due)?,
        bounces: match bounces {
            Found::Rows(rows) => decode::all(&rows, decode::bounce_reason)?,
            Found::Gap | Found::Slow => Vec::new(),
        },
        slow,
    })
}

/// Asks `queries` at once; what each found.
async fn all<const N: usize>(
    ask: &Ask<'_>,
    rest: &mut Rest,
    queries: [files::Query; N],
) -> Result<[Found; N], Fault> {
    let resting = rest.turn(&queries);
    let asked = queries.map(|query| rest::rows(ask, query, &resting));
    let mut found = [const { Found::Gap }; N];
    let answers = future::join_all(asked).await;
    for ((answer, query), found) in answers.into_iter().zip(queries).zip(&mut found) {
        *found = match rest.heard(query, super::where_possible(answer))? {
            Some(Some(rows)) => Found::Rows(rows),
            Some(None) => Found::Gap,
            None => Found::Slow,
        };
    }
    Ok(found)
}

fn share(found: Found) -> Result<Option<Share>, Fault> {
    match found {
        Found::Rows(rows) => decode::one(&rows, decode::share).map(Some),
        Found::Gap | Found::Slow => Ok(None),
    }
}

fn crm(success: Found, due: Found) -> Result<Option<CrmSync>, Fault> {
    let (Found::Rows(success), Found::Rows(due)) = (success, due) else {
        return Ok(None);
    };
    Ok(Some(CrmSync {
        last_success: decode::one(&success, |row| decode::moment(row, "last_success"))?,
        due_30m: decode::one(&due, |row| decode::number(row, "due"))?,
        oldest_due: decode::one(&due, |row| decode::moment(row, "oldest_due"))?,
    }))
}

/// A reading of every metric; one without a value where there is nothing to measure, or its query is slow.
pub(super) async fn scorecard(ask: &Ask<'_>, rest: &mut Rest) -> Result<Vec<MetricReading>, Fault> {
    let queries = files::SCORECARD.map(|(query, _)| query);
    let mut measured: Vec<MetricReading> = Vec::new();
    let mut slow = 0;
    let found = all(ask, rest, queries).await?;
    for (found, (_, ids)) in found.into_iter().zip(files::SCORECARD) {
        match found {
            Found::Rows(rows) => {
                measured.extend(decode::all(&rows, decode::metric)?.into_iter().flatten());
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
