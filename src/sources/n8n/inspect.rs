//! One execution whole, when somebody looks at it: one at a time, for n8n is slow with data and stands still meanwhile.

use std::time::Duration;

use tokio::{sync::watch, time::sleep};

use super::{
    Settings,
    client::{Answer, Client, too_large},
    wire::decode,
};
use crate::{
    domain::{
        event::RowId,
        run::{self, LONGEST, RunData},
        untrusted::Untrusted,
    },
    msg::{Fault, Msg},
    sources::Inbox,
};

/// What is selected for a shorter time is not asked for: somebody goes through a list.
const RESTS: Duration = Duration::from_millis(400);

/// Beside its data an execution has its workflow and its frame, bytes.
const FRAME: u64 = 1024 * 1024;

/// Reads the execution that is wished for and tells of it; where another is wished for meanwhile, or none any more, it is let
/// go. Ends when nobody can wish any more.
pub async fn inspect(settings: Settings, inbox: Inbox, mut wishes: watch::Receiver<Option<RowId>>) {
    let mut client = None;
    loop {
        let wish = wishes.borrow_and_update().clone();
        let Some(id) = wish else {
            if wishes.changed().await.is_err() {
                return;
            }
            continue;
        };
        let answer = tokio::select! {
            biased;
            changed = wishes.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
            answer = wished(&settings, &mut client, &id) => answer,
        };
        if !inbox.send(Msg::RunRead(id, answer.map(Box::new))).await
            || wishes.changed().await.is_err()
        {
            return;
        }
    }
}

async fn wished(
    settings: &Settings,
    client: &mut Option<Client>,
    id: &RowId,
) -> Result<RunData, Fault> {
    sleep(RESTS).await;
    let client = match client {
        Some(client) => client,
        none => none.insert(Client::new(settings)?),
    };
    one(client, id).await
}

/// The execution `id`: first how long its data is, where n8n says it, and the data itself only where it is not too long.
async fn one(client: &mut Client, id: &RowId) -> Result<RunData, Fault> {
    let is_key = id.as_str().chars().all(|c| c.is_ascii_alphanumeric());
    if !is_key {
        let text = "this is not the key of an execution";
        return Err(Fault::Refused(Untrusted::from(text)));
    }
    let path = format!("/executions/{id}");
    let scope = "execution:read";
    let Answer::Fresh(body, _) = client.get(&path, &[], scope, None).await? else {
        return Ok(RunData::default());
    };
    let plain = decode(&body)?;
    let too_long = |bytes: Option<u64>| RunData {
        is_too_long: true,
        bytes,
        ..run::read(&plain, None)
    };
    let size = run::sized(&plain);
    if size.is_some_and(|bytes| bytes > LONGEST) {
        return Ok(too_long(size));
    }
    let query = [("includeData", "true".to_owned())];
    let most = LONGEST + FRAME;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    match client.get_within(&path, &query, scope, most).await {
        Ok(body) => Ok(run::read(&decode(&body)?, Some(body.len() as u64))),
        Err(fault) if fault == too_large(most) => Ok(too_long(None)),
        Err(fault) => Err(fault),
    }
}
