//! What speaks against trying events again, by the strategy of the plan.

use tokio_postgres::types::Type;

use super::{Parameter, clones, events, guard, guard::Barred, rows, webhooks};
use crate::{
    domain::{
        plan::{EventTarget, Examination, Retry, Strategy},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::postgres::{Client, catalog::Catalog, queries::template},
};

/// What the database says of `retry`: which events may run, which must not and why, and the statement. Only reads.
///
/// # Errors
/// What the database lacks for it, or what the server or the connection answered.
pub(super) async fn look(
    client: &Client,
    catalog: &Catalog,
    retry: &Retry,
) -> Result<Examination, Fault> {
    let mut barred = match retry.strategy {
        Strategy::Requeue => Vec::new(),
        Strategy::Clone => clones::unfit(client, catalog, &retry.targets).await?,
        Strategy::Webhook => webhooks::unheard(retry),
    };
    let mut unknown = Vec::new();
    match cloned(client, catalog, &retry.targets).await {
        Ok(found) => barred.extend(found),
        Err(fault) => unknown.push(format!("whether these were cloned before: {fault}")),
    }
    let fit = retry.targets.iter();
    let fit = fit.filter(|target| !barred.iter().any(|(id, _)| *id == target.id));
    let fit: Vec<EventTarget> = fit.cloned().collect();
    let found = guard::look(client, catalog, &fit).await?;
    Ok(Examination {
        blocked: [once_each(barred), found.blocked].concat(),
        unknown: [unknown, found.unknown].concat(),
        statement: statement(catalog, retry)?,
        ..found
    })
}

/// The first of what is said of each event.
fn once_each(mut barred: Vec<Barred>) -> Vec<Barred> {
    let mut seen = Vec::new();
    barred.retain(|(id, _)| {
        let is_first = !seen.contains(id);
        seen.push(id.clone());
        is_first
    });
    barred
}

fn statement(catalog: &Catalog, retry: &Retry) -> Result<String, Fault> {
    let sql = |template: &str| template::render(catalog, template, None);
    Ok(match retry.strategy {
        Strategy::Requeue => sql(events::RETRY)?,
        Strategy::Clone => sql(clones::CLONE)?,
        Strategy::Webhook => format!(
            "{}\n\nbefore it, in a transaction of its own:\n\n{}\nand after it, where nobody accepted the call:\n\n{}",
            webhooks::requests(retry),
            sql(webhooks::CLAIM)?,
            sql(webhooks::PUT_BACK)?
        ),
    })
}

/// Those of `targets` that a clone tries again already, or has.
async fn cloned(
    client: &Client,
    catalog: &Catalog,
    targets: &[EventTarget],
) -> Result<Vec<Barred>, Fault> {
    let column = |name| catalog.type_of("pipeline_events", name);
    // Cloning counts as a retry: what was never retried has no clone, and nothing is looked for.
    let may_have = |target: &&EventTarget| target.retries > 0 || column("retry_count").is_none();
    let suspects: Vec<&EventTarget> = targets.iter().filter(may_have).collect();
    let (Some(first), Some(_)) = (suspects.iter().map(|it| &it.id).min(), column("raw")) else {
        return Ok(Vec::new());
    };
    let first = if catalog.is_ordered_by_key() {
        first.as_str()
    } else if column("id") == Some("uuid") {
        "00000000-0000-0000-0000-000000000000"
    } else {
        ""
    };
    let ids: Vec<&str> = suspects.iter().map(|target| target.id.as_str()).collect();
    let parameters: [Parameter<'_>; 2] = [(&ids, Type::TEXT_ARRAY), (&first, Type::TEXT)];
    let sql = include_str!("../../../../sql/mutations/clones_of.sql");
    let rows = rows(client, catalog, sql, &parameters).await?;
    let text = |row: &tokio_postgres::Row, name: &str| {
        Untrusted::from(row.try_get::<_, &str>(name).unwrap_or_default()).display_cut(64)
    };
    let of = |target: &EventTarget| {
        let id = target.id.as_str();
        let row = rows
            .iter()
            .find(|row| row.try_get("event").is_ok_and(|event: &str| event == id))?;
        let (clone, status) = (text(row, "clone"), text(row, "status"));
        Some((target.id.clone(), format!("its clone {clone} is {status}")))
    };
    Ok(suspects.into_iter().filter_map(of).collect())
}
