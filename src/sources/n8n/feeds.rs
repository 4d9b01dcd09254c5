//! What each feed asks for.

use std::collections::BTreeMap;

use reqwest::header::HeaderValue;
use serde::de::DeserializeOwned;

use super::{
    client::{self, Answer, Client},
    wire::{Discovery, ExecutionItem, Page, WorkflowItem, decode},
};
use crate::{
    domain::{
        event::RowId,
        workflow::{Execution, ExecutionStatus, Executions, LISTED, Workflow},
    },
    msg::Fault,
};

/// Executions in the list of the newest.
const RECENT: usize = 50;
/// The largest page that n8n gives.
const LARGEST_PAGE: usize = LISTED as usize;
/// Workflows asked for at once, unless that makes the answer too long.
pub(super) const WORKFLOWS_A_PAGE: usize = 50;
/// More workflows than this are not read.
const MOST_WORKFLOWS: usize = 5_000;

/// What the server offers; `None` if it is too old to say.
pub(super) async fn discover(client: &mut Client) -> Result<Option<Discovery>, Fault> {
    match client.get("/discover", &[], "of any kind", None).await {
        Ok(Answer::Fresh(body, _)) => decode(&body).map(Some),
        // Before about 2.20 there is no such route. Unchanged is only what was named as known.
        Ok(Answer::Unchanged) | Err(Fault::Refused(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Lists that were read, by what was asked for, each with the mark that the server knows it by: n8n answers 304
/// without a body to who names the mark, and then nothing has to be read again.
#[derive(Debug)]
pub(super) struct Known<T>(BTreeMap<String, (HeaderValue, Part<T>)>);

/// More lists than this are not kept; all are forgotten then.
const MOST_KNOWN: usize = 128;

/// A page, as the rest of the program knows it.
#[derive(Debug, Clone)]
struct Part<T> {
    rows: Vec<T>,
    next: Option<String>,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Clone> Known<T> {
    /// The page at `path`, whose items `into_domain` reads.
    async fn page<Item: DeserializeOwned>(
        &mut self,
        client: &mut Client,
        (path, query, scope): (&str, &[(&str, String)], &str),
        into_domain: fn(Item) -> Option<T>,
    ) -> Result<Part<T>, Fault> {
        let name = format!("{path} {query:?}");
        let known = self.0.get(&name);
        let etag = known.map(|(etag, _)| etag);
        match (client.get(path, query, scope, etag).await?, known) {
            (Answer::Unchanged, Some((_, part))) => Ok(part.clone()),
            (Answer::Unchanged, None) => Err(Fault::Http(304, "it was not asked for".into())),
            (Answer::Fresh(body, etag), _) => {
                let page: Page<Item> = decode(&body)?;
                let part = Part {
                    rows: page.data.into_iter().filter_map(into_domain).collect(),
                    next: page.next_cursor,
                };
                if self.0.len() >= MOST_KNOWN {
                    self.0.clear();
                }
                match etag {
                    Some(etag) => drop(self.0.insert(name, (etag, part.clone()))),
                    None => drop(self.0.remove(&name)),
                }
                Ok(part)
            }
        }
    }
}

/// Every workflow. If a page is too long to read, smaller ones are asked for, now and later.
pub(super) async fn workflows(
    client: &mut Client,
    known: &mut Known<Workflow>,
    is_modern: bool,
    a_page: &mut usize,
) -> Result<Vec<Workflow>, Fault> {
    loop {
        match all_pages(client, known, is_modern, *a_page).await {
            Err(fault) if fault == client::too_large(client::BODY_BYTES) && *a_page > 1 => {
                *a_page = (*a_page / 4).max(1);
            }
            done => return done,
        }
    }
}

async fn all_pages(
    client: &mut Client,
    known: &mut Known<Workflow>,
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
        let ask = ("/workflows", query.as_slice(), "workflow:list");
        let page = known.page(client, ask, WorkflowItem::into_domain).await?;
        let is_empty = page.rows.is_empty();
        out.extend(page.rows);
        match page.next {
            // A cursor that leads nowhere would go round for ever.
            Some(next) if !is_empty && cursor.as_ref() != Some(&next) => cursor = Some(next),
            Some(_) | None => break,
        }
    }
    Ok(out)
}

/// What runs, and the newest: n8n leaves out of a list what runs, unless asked for just that. Asked in this order,
/// a run that ends in between is in both answers, and the later one holds.
pub(super) async fn executions(
    client: &mut Client,
    known: &mut Known<Execution>,
    is_modern: bool,
) -> Result<Executions, Fault> {
    let running = match some(client, known, LARGEST_PAGE, Some("running")).await {
        Ok(running) => Some(running),
        // Before about 1.116 it does not know that word, and how many run cannot be had.
        Err(Fault::Refused(_)) => None,
        Err(fault) => return Err(fault),
    };
    let newest = some(client, known, RECENT, None).await?;
    let is_queued = |run: &Execution| run.status == ExecutionStatus::New;
    let mut queued = newest.iter().filter(|run| is_queued(run)).count();
    if is_modern && queued > 0 {
        // The queue may be longer than the list of the newest.
        let queue = some(client, known, LARGEST_PAGE, Some("new")).await?;
        queued = queue.len().max(queued);
    }
    let knows_running = running.is_some();
    let mut by_id: BTreeMap<RowId, Execution> = BTreeMap::new();
    for run in running.into_iter().flatten().chain(newest) {
        by_id.insert(run.id.clone(), run);
    }
    let recent: Vec<Execution> = by_id.into_values().rev().collect();
    let is_running = |run: &&Execution| run.status == ExecutionStatus::Running;
    let running = recent.iter().filter(is_running).count() as u64;
    Ok(Executions {
        running: knows_running.then_some(running),
        queued: queued as u64,
        recent,
    })
}

async fn some(
    client: &mut Client,
    known: &mut Known<Execution>,
    limit: usize,
    status: Option<&str>,
) -> Result<Vec<Execution>, Fault> {
    let mut query = vec![("limit", limit.to_string())];
    query.extend(status.map(|status| ("status", status.to_owned())));
    let ask = ("/executions", query.as_slice(), "execution:list");
    let page = known.page(client, ask, ExecutionItem::into_domain).await?;
    Ok(page.rows)
}
