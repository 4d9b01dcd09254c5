//! What runs in n8n just now, counted. n8n says nothing of how much it would run at once.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::{
    Settings,
    client::{Answer, Client},
    wire::{ExecutionItem, Page, decode},
};
use crate::{
    domain::batch::{Load, MEASURE_S},
    msg::Fault,
};

/// Most that is counted: the largest page that n8n gives.
const MOST: u32 = 250;

/// Counts what runs, again and again, and gives each count to `tell`, `None` where n8n does not say; until `tell` says that
/// nobody wants to know. Where n8n asks to be left alone, it is.
pub async fn measure(settings: Settings, mut tell: impl FnMut(Option<Load>) -> bool) {
    let every = Duration::from_secs(MEASURE_S.into());
    let mut client = None;
    loop {
        let answer = match &mut client {
            Some(client) => timeout(every, load(client)).await,
            none => match Client::new(&settings) {
                Ok(new) => timeout(every, load(none.insert(new))).await,
                Err(fault) => Ok(Err(fault)),
            },
        };
        let (load, rest) = match answer {
            Ok(Ok(load)) => (load, every),
            Ok(Err(fault)) => {
                tracing::info!(%fault, "what runs in n8n is not known");
                let rest = if let Fault::RateLimited(seconds) = fault {
                    every.max(Duration::from_secs(seconds))
                } else {
                    every
                };
                (None, rest)
            }
            Err(_) => (None, every),
        };
        if !tell(load) {
            return;
        }
        sleep(rest).await;
    }
}

/// What runs and what waits; `None` where this n8n is too old to say.
async fn load(client: &mut Client) -> Result<Option<Load>, Fault> {
    let running = match count(client, "running").await {
        Ok(running) => running,
        // Before about 1.116 it does not know that word.
        Err(Fault::Refused(_)) => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let queued = match count(client, "new").await {
        Ok(queued) => queued,
        Err(Fault::Refused(_)) => 0,
        Err(fault) => return Err(fault),
    };
    Ok(Some(Load { running, queued }))
}

async fn count(client: &mut Client, status: &str) -> Result<u32, Fault> {
    let query = [("limit", MOST.to_string()), ("status", status.to_owned())];
    match client
        .get("/executions", &query, "execution:list", None)
        .await?
    {
        Answer::Fresh(body, _) => {
            let page: Page<ExecutionItem> = decode(&body)?;
            Ok(u32::try_from(page.data.len()).unwrap_or(MOST))
        }
        Answer::Unchanged => Ok(0),
    }
}
