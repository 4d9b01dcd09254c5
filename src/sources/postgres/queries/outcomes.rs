//! What came of it all: deliveries, replies, CRM, and the twelve success metrics.

use futures_util::future;

use super::{super::decode, Ask, Query, files, where_possible};
use crate::{
    domain::{
        outcomes::{CrmSync, Outcomes, Share},
        scorecard::{METRICS, MetricReading},
    },
    msg::Fault,
};

/// What the alert rules without a stage are judged on.
pub(super) async fn fetch(ask: &Ask<'_>) -> Result<Outcomes, Fault> {
    let (deliveries, enrichments, replies, crm) = tokio::join!(
        share(ask, files::DELIVERIES),
        share(ask, files::ENRICHMENTS),
        share(ask, files::REPLIES),
        crm(ask)
    );
    Ok(Outcomes {
        deliveries_24h: deliveries?,
        enrichments_24h: enrichments?,
        replies_7d: replies?,
        crm: crm?,
    })
}

async fn share(ask: &Ask<'_>, query: Query) -> Result<Option<Share>, Fault> {
    where_possible(ask.rows(query, &[]).await)?
        .map(|rows| decode::one(&rows, decode::share))
        .transpose()
}

async fn crm(ask: &Ask<'_>) -> Result<Option<CrmSync>, Fault> {
    let (success, due) = tokio::join!(
        ask.rows(files::CRM_SUCCESS, &[]),
        ask.rows(files::CRM_DUE, &[])
    );
    let (Some(success), Some(due)) = (where_possible(success)?, where_possible(due)?) else {
        return Ok(None);
    };
    Ok(Some(CrmSync {
        last_success: decode::one(&success, |row| decode::moment(row, "last_success"))?,
        due_30m: decode::one(&due, |row| decode::number(row, "due"))?,
        oldest_due: decode::one(&due, |row| decode::moment(row, "oldest_due"))?,
    }))
}

/// A reading of every metric; one without a value where there is nothing to measure.
pub(super) async fn scorecard(ask: &Ask<'_>) -> Result<Vec<MetricReading>, Fault> {
    let asked = files::SCORECARD.map(|query| ask.rows(query, &[]));
    let mut measured = Vec::new();
    for answer in future::join_all(asked).await {
        if let Some(rows) = where_possible(answer)? {
            measured.extend(decode::all(&rows, decode::metric)?.into_iter().flatten());
        }
    }
    let reading = |id| {
        measured
            .iter()
            .find(|reading: &&MetricReading| reading.id == id)
            .copied()
            .unwrap_or(MetricReading {
                id,
                value: None,
                n: 0,
            })
    };
    Ok(METRICS.iter().map(|metric| reading(metric.id)).collect())
}
