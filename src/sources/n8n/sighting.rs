//! Whether n8n has an execution of a call whose answer was lost. An execution that saved what its webhook was called with
//! names the call; of any other nobody can say what started it, however well its time fits.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;
use tokio::time::sleep;

use super::{
    Call, Settings,
    client::{Answer, Client},
    feeds::{self, Known, WORKFLOWS_A_PAGE},
    wire::{ExecutionItem, Page, decode},
};
use crate::{
    domain::{
        Timestamp,
        event::RowId,
        workflow::{Execution, Workflow},
    },
    msg::Fault,
};

/// How far n8n's clock may be from ours.
const SKEW: TimeDelta = TimeDelta::minutes(2);
/// Executions of the workflow that are listed.
const LISTED: usize = 50;
/// Executions that are read whole.
const READ: usize = 10;
/// How often it is looked, for n8n writes an execution down after it began.
const LOOKS: u32 = 3;
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What n8n has of a call.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::sources) enum Sighting {
    /// This execution was started by it.
    Started(RowId),
    /// None that says so; what was looked at, in words.
    Unseen(String),
}

impl Sighting {
    /// What was looked at where none says so.
    pub(in crate::sources) fn unseen(self) -> Option<String> {
        match self {
            Self::Started(_) => None,
            Self::Unseen(what) => Some(what),
        }
    }
}

/// Looks for the execution that `call`, which left at `sent_at`, started.
pub(in crate::sources) async fn look(
    settings: &Settings,
    (call, sent_at): (&Call, Timestamp),
) -> Sighting {
    let mut last = Sighting::Unseen("n8n's executions were not asked".to_owned());
    for nth in 0..LOOKS {
        if nth > 0 {
            sleep(LOOK_AGAIN).await;
        }
        match once(settings, (call, sent_at)).await {
            Ok(started @ Sighting::Started(_)) => return started,
            Ok(unseen @ Sighting::Unseen(_)) => last = unseen,
            Err(fault) => {
                return Sighting::Unseen(format!("n8n's executions could not be asked: {fault}"));
            }
        }
    }
    last
}

async fn once(settings: &Settings, (call, sent_at): (&Call, Timestamp)) -> Result<Sighting, Fault> {
    let mut client = Client::new(settings)?;
    let mut known = Known::default();
    let is_modern = feeds::discover(&mut client).await?.is_some();
    let mut a_page = WORKFLOWS_A_PAGE;
    let all = feeds::workflows(&mut client, &mut known, is_modern, &mut a_page).await?;
    let takers: Vec<&Workflow> = all.iter().filter(|it| takes(it, &call.address)).collect();
    if takers.is_empty() {
        let text = "n8n lists no workflow with this webhook, so no execution could be looked for";
        return Ok(Sighting::Unseen(text.to_owned()));
    }
    let (mut since, mut read) = (0_usize, 0_usize);
    for workflow in takers {
        let found = newest(&mut client, &workflow.id).await?;
        let near = found.into_iter().filter(|run| may_be(run, sent_at));
        for run in near {
            since += 1;
            if read < READ {
                read += 1;
                if names(&mut client, &run.id, &call.key).await? {
                    return Ok(Sighting::Started(run.id));
                }
            }
        }
    }
    Ok(Sighting::Unseen(match since {
        0 => "n8n lists no execution of its workflow since (where it saves them)".to_owned(),
        1 => "n8n lists 1 execution of its workflow since, which does not say that this call began it".to_owned(),
        _ => format!(
            "n8n lists {since} executions of its workflow since; of the {read} that were read none says that this call began it"
        ),
    }))
}

/// Whether the workflow has the webhook at `address`.
fn takes(workflow: &Workflow, address: &str) -> bool {
    let mut paths = workflow.webhooks.iter();
    paths.any(|path| {
        let path = path.raw().trim_matches('/');
        let rest = address.strip_suffix(path);
        !path.is_empty() && rest.is_some_and(|rest| rest.ends_with('/'))
    })
}

/// Whether the call may have started `run`, by its mode and the moment it began; one that waits for its turn has none.
fn may_be(run: &Execution, sent_at: Timestamp) -> bool {
    run.mode.raw() == "webhook" && run.started_at.is_none_or(|at| at >= sent_at - SKEW)
}

async fn newest(client: &mut Client, workflow: &RowId) -> Result<Vec<Execution>, Fault> {
    let query = [
        ("workflowId", workflow.to_string()),
        ("limit", LISTED.to_string()),
    ];
    let answer = client.get("/executions", &query, "execution:list", None);
    match answer.await? {
        Answer::Fresh(body, _) => {
            let page: Page<ExecutionItem> = decode(&body)?;
            let rows = page.data.into_iter();
            Ok(rows.filter_map(ExecutionItem::into_domain).collect())
        }
        Answer::Unchanged => Ok(Vec::new()),
    }
}

/// Whether the execution `id` was called with `key`, as far as its data was saved and is not too long to be read.
async fn names(client: &mut Client, id: &RowId, key: &str) -> Result<bool, Fault> {
    let query = [("includeData", "true".to_owned())];
    let path = format!("/executions/{id}");
    let answer = client.get(&path, &query, "execution:read", None).await;
    match answer {
        Ok(Answer::Fresh(body, _)) => {
            Ok(decode::<Value>(&body).is_ok_and(|it| called_with(&it, key)))
        }
        // It is gone, or longer than what is read of one.
        Ok(Answer::Unchanged) | Err(Fault::Refused(_) | Fault::Decode(_)) => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Whether a node of the execution was called with `key`, which our calls have in a header.
fn called_with(execution: &Value, key: &str) -> bool {
    let runs = execution.pointer("/data/resultData/runData");
    let nodes = runs.and_then(Value::as_object).into_iter().flatten();
    nodes
        .filter_map(|(_, runs)| runs.as_array())
        .flatten()
        .filter_map(|run| run.pointer("/data/main")?.as_array())
        .flatten()
        .filter_map(Value::as_array)
        .flatten()
        .any(|item| {
            let header = item.pointer("/json/headers/idempotency-key");
            header.and_then(Value::as_str) == Some(key)
        })
}
