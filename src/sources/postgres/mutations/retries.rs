//! What speaks against trying events again, by the strategy of the plan.

use std::collections::HashSet;

use super::{
    clones, events,
    guard::{self, Barred, once_each},
    unknown, webhooks,
};
use crate::{
    domain::{
        event::RowId,
        plan::{EventTarget, Examination, Retry, Strategy},
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
    let mut unseen = Vec::new();
    match cloned(client, catalog, &retry.targets).await {
        Ok((found, missed)) => {
            barred.extend(found);
            unseen.extend(missed);
        }
        Err(fault) => unseen.push(format!("whether these were cloned before: {fault}")),
    }
    let barred = once_each(barred);
    let held: HashSet<&RowId> = barred.iter().map(|(id, _)| id).collect();
    let fit = retry.targets.iter();
    let fit = fit.filter(|target| !held.contains(&target.id));
    let fit: Vec<EventTarget> = fit.cloned().collect();
    let found = guard::look(client, catalog, (&fit, retry.quiet.as_ref())).await?;
    Ok(Examination {
        blocked: [barred, found.blocked].concat(),
        unknown: [unseen, found.unknown].concat(),
        statement: statement(catalog, retry)?,
        ..found
    })
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

/// Those of `targets` that a clone tries again already, or has; and of how many nobody looked at all rows, in a sentence.
async fn cloned(
    client: &Client,
    catalog: &Catalog,
    targets: &[EventTarget],
) -> Result<(Vec<Barred>, Option<String>), Fault> {
    let column = |name| catalog.type_of("pipeline_events", name);
    // Cloning counts as a retry: what was never retried has no clone, and nothing is looked for.
    let may_have = |target: &&EventTarget| target.retries > 0 || column("retry_count").is_none();
    let suspects: Vec<&EventTarget> = targets.iter().filter(may_have).collect();
    let ids: Vec<&RowId> = suspects.iter().map(|target| &target.id).collect();
    if ids.is_empty() || column("raw").is_none() {
        return Ok((Vec::new(), None));
    }
    let clones = if catalog.is_ordered_by_key() {
        clones::by_key(client, catalog, &ids).await?
    } else {
        clones::by_time(client, catalog, &ids).await?
    };
    let known = suspects.iter().filter_map(|target| {
        let how = clones.known.get(target.id.as_str())?;
        Some((target.id.clone(), how.clone()))
    });
    let unseen = clones.unseen.iter();
    let unseen = unseen.filter(|id| !clones.known.contains_key(id.as_str()));
    let what = "may have a clone: only the newest 200,000 rows were looked at";
    Ok((known.collect(), unknown::of_events(unseen.count(), what)))
}
