//! What operators change in n8n. No call that changes something is sent twice, except the one that activates a workflow
//! which was deactivated a moment ago; and what came of each is read again, not taken from the answer alone.

mod runs;

use std::time::Duration;

use tokio::time::sleep;

use self::runs::Call;
use super::{
    Settings,
    client::Client,
    feeds,
    wire::{Discovery, WorkflowItem, decode},
};
use crate::{
    domain::{
        event::RowId,
        plan::{Mutation, Outcome},
        untrusted::Untrusted,
    },
    msg::Fault,
};

/// Between deactivating and activating: n8n takes up to 0.6 s to register a webhook, and answers before.
const REST: Duration = Duration::from_secs(2);
/// How often activating is tried in a bounce: a workflow left off takes no events.
const ACTIVATIONS: u32 = 3;
/// Carries out `mutation`, which is about n8n.
///
/// # Errors
/// Why nothing was changed. [`Fault::Forbidden`] names the scope that is missing; [`Fault::Refused`] holds n8n's own words.
pub async fn carry_out(settings: &Settings, mutation: &Mutation) -> Result<Outcome, Fault> {
    match mutation {
        Mutation::SetWorkflowActive { id, active, .. } => {
            set_active(settings, id, *active).await?;
            Ok(done(id))
        }
        Mutation::BounceWorkflow { id, .. } => bounce(settings, id).await,
        Mutation::StopExecutions(targets) => {
            let mut writer = Writer::open(settings, "execution:stop").await?;
            writer.each(targets, Call::Stop).await
        }
        Mutation::RetryExecutions { targets, revision } => {
            let mut writer = Writer::open(settings, "execution:retry").await?;
            writer.each(targets, Call::Retry(*revision)).await
        }
        Mutation::RetryEvents(_)
        | Mutation::DeleteClones(_)
        | Mutation::Purge(_)
        | Mutation::Note { .. }
        | Mutation::ResolveErrors { .. }
        | Mutation::ReopenErrors { .. }
        | Mutation::InsertEvent(_)
        | Mutation::DeleteTestEvents { .. }
        | Mutation::Triage { .. } => Err(Fault::Unsupported("this is not in n8n".to_owned())),
    }
}

fn done(id: &RowId) -> Outcome {
    Outcome {
        done: vec![id.clone()],
        ..Outcome::default()
    }
}

/// Activates or deactivates a workflow, or publishes and unpublishes it where the server calls it that. Never
/// sent twice.
///
/// # Errors
/// [`Fault::Forbidden`] names the scope that is missing; [`Fault::Refused`] holds n8n's own words.
pub async fn set_active(settings: &Settings, id: &RowId, active: bool) -> Result<(), Fault> {
    Writer::open(settings, switching(active))
        .await?
        .switch(id, active)
        .await
}

const fn switching(active: bool) -> &'static str {
    if active {
        "workflow:activate"
    } else {
        "workflow:deactivate"
    }
}

/// Deactivates a workflow and activates it again. A fault says how far it came.
async fn bounce(settings: &Settings, id: &RowId) -> Result<Outcome, Fault> {
    let mut writer = Writer::open(settings, switching(true)).await?;
    writer.needs(switching(false))?;
    writer.switch(id, false).await?;
    let mut tries = 0;
    loop {
        sleep(REST).await;
        tries += 1;
        let fault = match writer.switch(id, true).await {
            Ok(()) => return Ok(done(id)),
            Err(fault) => fault,
        };
        tracing::warn!(%fault, tries, "a workflow that was deactivated is not active again");
        if tries == ACTIVATIONS || matches!(fault, Fault::Forbidden(_) | Fault::Unauthorized(_)) {
            let text = format!("it is deactivated, and not active again: press P to try; {fault}");
            return Err(Fault::Refused(Untrusted::from(text)));
        }
    }
}

/// A client that may write, and what the server says of itself.
struct Writer {
    client: Client,
    discovery: Option<Discovery>,
    /// For how long n8n was left alone since it asked for that, s.
    waited: u64,
}

impl Writer {
    /// Asks what the key may do before anything is sent.
    async fn open(settings: &Settings, scope: &str) -> Result<Self, Fault> {
        let mut client = Client::new(settings)?;
        let discovery = feeds::discover(&mut client).await?;
        let writer = Self {
            client,
            discovery,
            waited: 0,
        };
        writer.needs(scope)?;
        Ok(writer)
    }

    fn needs(&self, scope: &str) -> Result<(), Fault> {
        let scopes = self.discovery.as_ref().and_then(Discovery::scopes);
        if scopes.is_some_and(|scopes| !scopes.iter().any(|have| have == scope)) {
            let text = format!("the key needs the scope {scope}");
            return Err(Fault::Forbidden(Untrusted::from(text)));
        }
        Ok(())
    }

    async fn switch(&mut self, id: &RowId, active: bool) -> Result<(), Fault> {
        key(id, "a workflow")?;
        let publishes = self.discovery.as_ref().is_some_and(Discovery::publishes);
        let verb = match (publishes, active) {
            (true, true) => "publish",
            (true, false) => "unpublish",
            (false, true) => "activate",
            (false, false) => "deactivate",
        };
        let path = format!("/workflows/{id}/{verb}");
        let body = self.client.post(&path, None, switching(active)).await?;
        let now = decode::<WorkflowItem>(&body)?.into_domain();
        if now.is_some_and(|workflow| workflow.active != active) {
            let text = format!("n8n took the call to {verb}, but says that nothing changed");
            return Err(Fault::Refused(Untrusted::from(text)));
        }
        Ok(())
    }
}

/// Refuses what would change the path that it is put in.
fn key(id: &RowId, of: &str) -> Result<(), Fault> {
    if id.as_str().chars().any(|c| c.is_ascii_alphanumeric()) {
        return Ok(());
    }
    let text = format!("not the key of {of}");
    Err(Fault::Refused(Untrusted::from(text)))
}
