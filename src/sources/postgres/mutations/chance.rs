//! How earlier retries of the same went: of the same stages, after the same errors.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Utc;
use tokio_postgres::types::Type;

use super::{
    Parameter, Statements,
    replay::{self, BEFORE},
    rows,
};
use crate::{
    domain::{
        error_group::Fingerprint,
        event::{EventStatus, RowId},
        plan::{Chance, EventTarget},
    },
    msg::Fault,
    sources::postgres::{catalog::Catalog, fault_of},
};

/// What came of the newest retries of what `targets` and their `causes` are; `None` where that cannot be read.
pub(super) async fn look(
    client: &impl Statements,
    catalog: &Catalog,
    (targets, causes): (&[EventTarget], &BTreeMap<RowId, Fingerprint>),
) -> Option<Chance> {
    if !catalog.finds_newest() {
        return None;
    }
    let found = ended(client, catalog, (targets, causes)).await;
    found
        .inspect_err(|fault| tracing::info!(%fault, "how earlier retries went is not known"))
        .ok()
}

async fn ended(
    client: &impl Statements,
    catalog: &Catalog,
    (targets, causes): (&[EventTarget], &BTreeMap<RowId, Fingerprint>),
) -> Result<Chance, Fault> {
    let stages: BTreeSet<&str> = targets.iter().map(|target| target.stage.raw()).collect();
    let stages: Vec<&str> = stages.into_iter().collect();
    // Of those that were tried again only the table of errors knows what they failed with: an event that ended well says
    // nothing any more.
    let since = Utc::now() - BEFORE;
    let own: Vec<&RowId> = targets.iter().map(|target| &target.id).collect();
    let noted = replay::errors(client, catalog, (&own, since)).await;
    let cause = |id: &RowId| noted.get(id).or_else(|| causes.get(id));
    let groups: BTreeSet<(&str, Option<&Fingerprint>)> = targets
        .iter()
        .map(|target| (target.stage.raw(), cause(&target.id)))
        .collect();
    let parameters: [Parameter<'_>; 1] = [(&stages, Type::TEXT_ARRAY)];
    let sql = include_str!("../../../../sql/mutations/chance.sql");
    let found = rows(client, catalog, sql, &parameters).await?;
    let wrong = |error: tokio_postgres::Error| fault_of(&error);
    let mut retried = Vec::with_capacity(found.len());
    for row in &found {
        let stage: &str = row.try_get("stage").map_err(wrong)?;
        let status = catalog.status_of(row.try_get("status").map_err(wrong)?);
        let id = RowId::parse(row.try_get("id").map_err(wrong)?);
        retried.extend(id.map(|id| (id, stage, status)));
    }
    let ids: Vec<&RowId> = retried.iter().map(|(id, ..)| id).collect();
    let before = if ids.is_empty() {
        BTreeMap::new()
    } else {
        replay::errors(client, catalog, (&ids, since)).await
    };
    let mut chance = Chance { ok: 0, of: 0 };
    for (id, stage, status) in &retried {
        if groups.contains(&(*stage, before.get(id))) {
            chance.of += 1;
            chance.ok += u32::from(*status == EventStatus::Processed);
        }
    }
    Ok(chance)
}
