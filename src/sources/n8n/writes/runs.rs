//! Stopping and retrying executions, one after the other.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::{
    super::{
        client::Answer,
        wire::{ExecutionItem, Page, decode},
    },
    Writer, key,
};
use crate::{
    domain::{
        event::RowId,
        plan::{Outcome, Revision, RunTarget, unretriable, unstoppable},
        untrusted::Untrusted,
        workflow::{Execution, ExecutionStatus},
    },
    msg::Fault,
};

/// How often a change is looked for that n8n said it made.
const LOOKS: u32 = 5;
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// For how long n8n is left alone in all where it asks for that, s; where it asks for more, the rest is not tried.
const WAITS_S: u64 = 120;
/// Executions among which a retry is looked for whose answer did not come.
const AMONG: u64 = 50;

/// What is called for each execution.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    Stop,
    Retry(Revision),
}

/// What became of one execution.
enum Fate {
    Done(Option<String>),
    Skipped(String),
    Failed(String),
    Unknown(String),
}

impl Writer {
    /// One after the other; a fault before anything was changed ends it, one later on leaves the rest untried.
    pub(super) async fn each(
        &mut self,
        targets: &[RunTarget],
        call: Call,
    ) -> Result<Outcome, Fault> {
        let mut outcome = Outcome::default();
        let mut targets = targets.iter();
        for target in targets.by_ref() {
            let fate = self.obeying(target, call).await;
            let id = target.id.clone();
            match fate {
                Ok(Fate::Done(remark)) => {
                    outcome.remarks.extend(remark.map(|it| (id.clone(), it)));
                    outcome.done.push(id);
                }
                Ok(Fate::Skipped(why)) => outcome.skipped.push((id, why)),
                Ok(Fate::Failed(why)) => outcome.failed.push((id, why)),
                Ok(Fate::Unknown(why)) => outcome.unknown.push((id, why)),
                Err(fault) if outcome == Outcome::default() => return Err(fault),
                Err(fault) => {
                    outcome.failed.push((id, fault.to_string()));
                    break;
                }
            }
        }
        outcome.untried = targets.map(|target| target.id.clone()).collect();
        Ok(outcome)
    }

    /// Calls for one execution; where n8n asks to be left alone, it is, and the call is made again: n8n has not carried it
    /// out.
    async fn obeying(&mut self, target: &RunTarget, call: Call) -> Result<Fate, Fault> {
        loop {
            let fate = match call {
                Call::Stop => self.stop(target).await,
                Call::Retry(revision) => self.retry(target, revision).await,
            };
            match fate {
                Err(Fault::RateLimited(seconds)) if self.waited + seconds <= WAITS_S => {
                    tracing::info!(seconds, "n8n asks to be left alone");
                    self.waited += seconds;
                    sleep(Duration::from_secs(seconds)).await;
                }
                fate => return fate,
            }
        }
    }

    /// The execution as it stands; `None` where n8n has none of this key.
    async fn execution(&mut self, id: &RowId) -> Result<Option<Execution>, Fault> {
        key(id, "an execution")?;
        let path = format!("/executions/{id}");
        match self.client.get(&path, &[], "execution:read", None).await {
            Ok(Answer::Fresh(body, _)) => Ok(decode::<ExecutionItem>(&body)?.into_domain()),
            Ok(Answer::Unchanged) | Err(Fault::Refused(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    async fn stop(&mut self, target: &RunTarget) -> Result<Fate, Fault> {
        match self.execution(&target.id).await? {
            None => return Ok(Fate::Skipped("n8n does not have it any more".to_owned())),
            Some(now) if unstoppable(&now).is_some() => {
                return Ok(Fate::Skipped(moved(target, &now)));
            }
            Some(_) => {}
        }
        let path = format!("/executions/{}/stop", target.id);
        let sent = self.client.post(&path, None, "execution:stop").await;
        match &sent {
            Ok(_) => {}
            Err(Fault::Refused(said)) if self.discovery.is_none() && said.raw() == "not found" => {
                return Err(Fault::Unsupported(
                    "this n8n stops no execution over its API (2.x does): stop it in its editor"
                        .to_owned(),
                ));
            }
            Err(Fault::Refused(said)) => return Ok(Fate::Skipped(said.display_cut(160))),
            Err(fault) if leaves_doubt(fault) => {}
            Err(_) => return sent.map(|_| Fate::Done(None)),
        }
        // Whatever came back: how it stands tells.
        let mut seen = None;
        for _ in 0..LOOKS {
            match self.execution(&target.id).await {
                Ok(Some(now)) if now.status == ExecutionStatus::Canceled => {
                    return Ok(Fate::Done(None));
                }
                Ok(now) => seen = now,
                Err(fault) => {
                    return Ok(Fate::Unknown(format!("it cannot be read again: {fault}")));
                }
            }
            sleep(LOOK_AGAIN).await;
        }
        let stands = seen.map_or_else(|| "gone".to_owned(), |now| word(&now.status));
        Ok(match sent {
            Ok(_) => Fate::Unknown(format!("n8n took the call, but it is {stands}")),
            Err(fault) => Fate::Failed(format!("it is {stands}: {fault}")),
        })
    }

    async fn retry(&mut self, target: &RunTarget, revision: Revision) -> Result<Fate, Fault> {
        match self.execution(&target.id).await? {
            None => return Ok(Fate::Skipped("n8n does not have it any more".to_owned())),
            Some(now) if now.status != target.status => {
                return Ok(Fate::Skipped(moved(target, &now)));
            }
            Some(now) => {
                if let Some(why) = unretriable(&now) {
                    return Ok(Fate::Skipped(why.to_owned()));
                }
            }
        }
        let newest = self.newest().await?;
        let path = format!("/executions/{}/retry", target.id);
        let body = json!({ "loadWorkflow": revision == Revision::Latest });
        let sent = self
            .client
            .post(&path, Some(&body), "execution:retry")
            .await;
        let run = match sent {
            Ok(body) => decode::<ExecutionItem>(&body).map(ExecutionItem::into_domain),
            Err(fault) => Err(fault),
        };
        match run {
            Ok(Some(run)) => self.retried(target, run).await,
            Err(Fault::Refused(said)) => Ok(Fate::Skipped(said.display_cut(160))),
            Err(fault) if !leaves_doubt(&fault) => Err(fault),
            unclear => {
                let why = unclear.err().map_or_else(
                    || "n8n's answer names no execution".to_owned(),
                    |fault| fault.to_string(),
                );
                self.look_for_retry(target, newest.as_ref(), revision, why)
                    .await
            }
        }
    }

    /// What a retry that n8n answered for came to.
    async fn retried(&mut self, target: &RunTarget, run: Execution) -> Result<Fate, Fault> {
        if run.status != ExecutionStatus::Success {
            let text = format!("its retry {} is {}", run.id, word(&run.status));
            return Ok(Fate::Done(Some(text)));
        }
        let again = self.execution(&target.id).await;
        let mended = match &again {
            Ok(Some(now)) => now.retry_success.as_ref() == Some(&run.id),
            Ok(None) | Err(_) => false,
        };
        Ok(Fate::Done(Some(if mended {
            format!("mended by {}", run.id)
        } else {
            format!(
                "{} ended well, but n8n does not name it as its retry",
                run.id
            )
        })))
    }

    /// Looks for the retry of `target` that is younger than `newest`: n8n answers only when it has ended, so that no answer
    /// in time says nothing.
    async fn look_for_retry(
        &mut self,
        target: &RunTarget,
        newest: Option<&RowId>,
        revision: Revision,
        why: String,
    ) -> Result<Fate, Fault> {
        let found = match self.lately(AMONG).await {
            Ok(runs) => runs.into_iter().find(|run| {
                run.retry_of.as_ref() == Some(&target.id)
                    && newest.is_none_or(|newest| run.id > *newest)
            }),
            Err(fault) => {
                return Ok(Fate::Unknown(format!(
                    "{why}; nor can it be looked up: {fault}"
                )));
            }
        };
        let hint = match revision {
            Revision::Latest => "; a node may have another name by now: retry with the original",
            Revision::Original => "",
        };
        match found {
            Some(run) if run.status == ExecutionStatus::Success => self.retried(target, run).await,
            Some(run) => {
                let text = format!("its retry {} is {}", run.id, word(&run.status));
                Ok(Fate::Done(Some(text)))
            }
            None => Ok(Fate::Failed(format!(
                "no retry of it is to be found{hint}; {why}"
            ))),
        }
    }

    /// The key of the newest execution.
    async fn newest(&mut self) -> Result<Option<RowId>, Fault> {
        let runs = self.lately(1).await?;
        Ok(runs.into_iter().map(|run| run.id).max())
    }

    /// The newest executions, up to `limit` of those that run and of the others.
    async fn lately(&mut self, limit: u64) -> Result<Vec<Execution>, Fault> {
        let mut all = Vec::new();
        for status in [Some("running"), None] {
            let mut query = vec![("limit", limit.to_string())];
            query.extend(status.map(|status| ("status", status.to_owned())));
            let scope = "execution:list";
            match self.client.get("/executions", &query, scope, None).await {
                Ok(Answer::Fresh(body, _)) => {
                    let page: Page<ExecutionItem> = decode(&body)?;
                    all.extend(page.data.into_iter().filter_map(ExecutionItem::into_domain));
                }
                Ok(Answer::Unchanged) => {}
                // Before about 1.116 n8n does not know that word.
                Err(Fault::Refused(_)) if status.is_some() => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(all)
    }
}

/// Whether a call that failed so may have been carried out all the same.
const fn leaves_doubt(fault: &Fault) -> bool {
    match fault {
        Fault::TimedOut(..) | Fault::Unreachable(_) | Fault::InDoubt(_) | Fault::Decode(_) => true,
        Fault::Http(status, _) => *status >= 500,
        Fault::NotConfigured(_)
        | Fault::TooSlow(_)
        | Fault::Waking(_)
        | Fault::Busy(_)
        | Fault::NoDatabase(_)
        | Fault::Tls(..)
        | Fault::Password(_)
        | Fault::Barred(_)
        | Fault::Unauthorized(_)
        | Fault::Forbidden(_)
        | Fault::Missing(_)
        | Fault::RateLimited(_)
        | Fault::Unsupported(_)
        | Fault::Conflict(_)
        | Fault::Refused(_) => false,
    }
}

fn moved(target: &RunTarget, now: &Execution) -> String {
    format!(
        "it was {}, it is {} now",
        word(&target.status),
        word(&now.status)
    )
}

fn word(status: &ExecutionStatus) -> String {
    Untrusted::from(status.word()).display_cut(16)
}
