//! What each feed asks for.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::{
    client::{self, Client},
    wire::{Discovery, ExecutionItem, Page, WorkflowItem, decode},
};
use crate::{
    domain::{
        event::RowId,
        workflow::{Execution, ExecutionStatus, Executions, Workflow},
    },
    msg::Fault,
};

/// Executions in the list of the newest.
const RECENT: usize = 50;
/// The largest page that n8n gives.
const LARGEST_PAGE: usize = 250;
/// Workflows asked for at once, unless that makes the answer too long.
pub(super) const WORKFLOWS_A_PAGE: usize = 50;
/// More workflows than this are not read.
const MOST_WORKFLOWS: usize = 5_000;

/// What the server offers; `None` if it is too old to say.
pub(super) async fn discover(client: &mut Client) -> Result<Option<Discovery>, Fault> {
    match client.get("/discover", &[], "of any kind").await {
        Ok(body) => decode(&body).map(Some),
        // Before about 2.20 there is no such route.
        Err(Fault::Refused(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Every workflow. If a page is too long to read, smaller ones are asked for, now and later.
pub(super) async fn workflows(
    client: &mut Client,
    is_modern: bool,
    a_page: &mut usize,
) -> Result<Vec<Workflow>, Fault> {
    loop {
        match all_pages(client, is_modern, *a_page).await {
            Err(fault) if fault == client::too_large() && *a_page > 1 => {
                *a_page = (*a_page / 4).max(1);
            }
            done => return done,
        }
    }
}

async fn all_pages(
    client: &mut Client,
    is_modern: bool,
    a_page: usize,
) -> Result<Vec<Workflow>, Fault> {
    let mut out: Vec<Workflow> = Vec::new();
    let mut cursor: Option<String> = None;
    while out.len() < MOST_WORKFLOWS {
        let mut query = vec![("limit", a_page.to_string())];
        if is_modern {
            query.push(("excludePinnedData", "true".to_owned()));
        }
        query.extend(cursor.clone().map(|cursor| ("cursor", cursor)));
        let page: Page<WorkflowItem> = get(client, "/workflows", &query, "workflow:list").await?;
        let is_empty = page.data.is_empty();
        out.extend(page.data.into_iter().filter_map(WorkflowItem::into_domain));
        match page.next_cursor {
            // A cursor that leads nowhere would go round for ever.
            Some(next) if !is_empty && cursor.as_ref() != Some(&next) => cursor = Some(next),
            Some(_) | None => break,
        }
    }
    Ok(out)
}

/// What runs, and the newest: n8n leaves out of a list what runs, unless asked for just that. Asked in this order,
/// a run that ends in between is in both answers, and the later one holds.
pub(super) async fn executions(client: &mut Client, is_modern: bool) -> Result<Executions, Fault> {
    let running = some(client, LARGEST_PAGE, Some("running")).await?;
    let newest = some(client, RECENT, None).await?;
    let is_queued = |run: &Execution| run.status == ExecutionStatus::New;
    let mut queued = newest.iter().filter(|run| is_queued(run)).count();
    if is_modern && queued > 0 {
        // The queue may be longer than the list of the newest.
        let queue = some(client, LARGEST_PAGE, Some("new")).await?;
        queued = queue.len().max(queued);
    }
    let mut by_id: BTreeMap<RowId, Execution> = BTreeMap::new();
    for run in running.into_iter().chain(newest) {
        by_id.insert(run.id.clone(), run);
    }
    let recent: Vec<Execution> = by_id.into_values().rev().collect();
    Ok(Executions {
        running: recent
            .iter()
            .filter(|run| run.status == ExecutionStatus::Running)
            .count() as u64,
        queued: queued as u64,
        recent,
    })
}

async fn some(
    client: &mut Client,
    limit: usize,
    status: Option<&str>,
) -> Result<Vec<Execution>, Fault> {
    let mut query = vec![("limit", limit.to_string())];
    query.extend(status.map(|status| ("status", status.to_owned())));
    let page: Page<ExecutionItem> = get(client, "/executions", &query, "execution:list").await?;
    Ok(page
        .data
        .into_iter()
        .filter_map(ExecutionItem::into_domain)
        .collect())
}

async fn get<T: DeserializeOwned>(
    client: &mut Client,
    path: &str,
    query: &[(&str, String)],
    scope: &str,
) -> Result<T, Fault> {
    decode(&client.get(path, query, scope).await?)
}
