//! Writing over connections that may break: each step is one transaction, tried again where others were in its way, and
//! looked up where its line broke in the commit.

use std::time::Duration;

use tokio::time::sleep;

use super::{
    clones,
    commit::{Commit, Witness, look_up},
    errors, events, test_events, triage,
    webhooks::{self, Claim},
};
use crate::{
    domain::{
        event::RowId,
        plan::{Mutation, Outcome, Plan, Strategy},
        triage::GroupTarget,
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::{
        n8n::{Called, Caller, Webhooks},
        postgres::{Client, Purpose, Session, Settings, catalog::Catalog, connect, retry::chance},
    },
};

/// How long one step may take before its connection is taken for dead.
const DEADLINE: Duration = Duration::from_mins(1);

/// How often a step is tried that others were in the way of.
const TRIES: u32 = 5;

/// Events put back in one transaction: a fault later on costs no more than this many.
const BATCH: usize = 50;

/// Writes to the database, on a connection of its own, made anew when it was lost.
#[derive(Debug)]
pub struct Writer {
    settings: Settings,
    who: String,
    webhooks: Option<Webhooks>,
    caller: Option<Caller>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    session: Session,
    catalog: Catalog,
}

/// One transaction's worth of a plan.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    /// Try these events of the plan again, by what the database alone can do.
    Retry(&'a Plan, &'a [RowId]),
    /// Take this event of the plan for a call to its webhook.
    Claim(&'a Plan, &'a RowId),
    /// Put an event back that nobody accepted.
    PutBack(&'a Plan, &'a Claim, &'a Outcome),
    /// Delete the clones of the plan.
    Clones(&'a Plan),
    /// Resolve or reopen the errors of the plan.
    Errors(&'a Plan),
    /// Insert the test event of the plan, or delete its test events.
    TestEvents(&'a Plan),
    /// Say what the plan says of these groups of errors.
    Triage(&'a Plan, &'a [GroupTarget]),
    /// Write into the audit log what the plan did outside the database.
    Note(&'a Plan, &'a Outcome),
}

/// What a step works with, and what it leaves behind when its line breaks.
pub(super) struct Ticket<'a> {
    /// Who writes.
    pub(super) who: &'a str,
    /// Who is told before the commit.
    pub(super) witness: Option<&'a mut dyn Witness>,
    /// The commit, once it was sent.
    pub(super) commit: Option<Commit>,
    /// The event that was taken for a call.
    pub(super) claim: Option<Claim>,
}

impl Writer {
    /// Connects when there is something to write; `who` writes, as the audit log has it.
    pub const fn new(settings: Settings, who: String) -> Self {
        Self {
            settings,
            who,
            webhooks: None,
            caller: None,
            open: None,
        }
    }

    /// The same, and it may call these webhooks.
    #[must_use]
    pub fn with_webhooks(mut self, webhooks: Option<Webhooks>) -> Self {
        self.webhooks = webhooks;
        self
    }

    /// Carries out all of `plan`: those of its rows that were examined and not blocked, each only in the version it was
    /// examined in.
    ///
    /// # Errors
    /// Why nothing was changed, or why nobody knows whether anything was. A fault after the first of several batches is no
    /// error: the outcome says what it left.
    pub async fn carry_out(&mut self, plan: &Plan) -> Result<Outcome, Fault> {
        if !plan.mutation.is_in_n8n() && plan.examined.is_none() {
            return Err(Fault::Refused(Untrusted::from(
                "nobody looked for what speaks against this plan: nothing was changed",
            )));
        }
        match &plan.mutation {
            Mutation::RetryEvents(retry) if retry.strategy == Strategy::Webhook => {
                self.call_each(plan).await
            }
            Mutation::RetryEvents(_) => self.retry(plan).await,
            Mutation::DeleteClones(_) => self.step(Step::Clones(plan), None).await,
            Mutation::ResolveErrors { .. } | Mutation::ReopenErrors { .. } => {
                self.step(Step::Errors(plan), None).await
            }
            Mutation::InsertEvent(_) | Mutation::DeleteTestEvents { .. } => {
                self.step(Step::TestEvents(plan), None).await
            }
            Mutation::Triage { targets, .. } => self.step(Step::Triage(plan, targets), None).await,
            Mutation::SetWorkflowActive { .. }
            | Mutation::BounceWorkflow { .. }
            | Mutation::StopExecutions(_)
            | Mutation::RetryExecutions { .. } => {
                Err(Fault::Unsupported("this is not in the database".to_owned()))
            }
        }
    }

    /// Writes into the audit log, if there is one that takes it, what `plan` did outside the database.
    ///
    /// # Errors
    /// What the server or the connection answered.
    pub async fn note_down(&mut self, plan: &Plan, outcome: &Outcome) -> Result<Outcome, Fault> {
        self.step(Step::Note(plan, outcome), None).await
    }

    /// Tries one event of `plan` again, by the strategy of the plan; `witness` is told before the commit. Where that strategy
    /// does not end with its commit ([`Strategy::ends_with_commit`]), a commit that stands without an outcome leaves it
    /// unknown whether the event was tried again.
    ///
    /// # Errors
    /// As [`Writer::carry_out`].
    pub async fn retry_one(
        &mut self,
        plan: &Plan,
        id: &RowId,
        witness: &mut dyn Witness,
    ) -> Result<Outcome, Fault> {
        if plan.ends_with_commit() {
            let ids = std::slice::from_ref(id);
            self.step(Step::Retry(plan, ids), Some(witness)).await
        } else {
            self.call(plan, id, Some(witness)).await
        }
    }

    async fn retry(&mut self, plan: &Plan) -> Result<Outcome, Fault> {
        let runs = plan.runs();
        let mut outcome = Outcome::default();
        let mut batches = runs.chunks(BATCH);
        for (nth, batch) in batches.by_ref().enumerate() {
            match self.step(Step::Retry(plan, batch), None).await {
                Ok(part) => {
                    outcome.done.extend(part.done);
                    outcome.skipped.extend(part.skipped);
                    outcome.remarks.extend(part.remarks);
                    outcome.clones.extend(part.clones);
                    outcome.audited_in_database = part.audited_in_database;
                }
                Err(fault @ Fault::InDoubt(_)) => {
                    outcome.unknown.extend(with(batch, &fault.to_string()));
                    break;
                }
                Err(fault) if nth == 0 => return Err(fault),
                Err(fault) => {
                    outcome.failed.extend(with(batch, &fault.to_string()));
                    break;
                }
            }
        }
        for batch in batches {
            outcome.skipped.extend(with(batch, "not tried any more"));
        }
        Ok(outcome)
    }

    /// Calls the webhook of each event that runs, one after the other, until one is not accepted.
    async fn call_each(&mut self, plan: &Plan) -> Result<Outcome, Fault> {
        let runs = plan.runs();
        let mut outcome = Outcome::default();
        let mut left = runs.iter();
        for id in left.by_ref() {
            let why = match self.call(plan, id, None).await {
                Ok(part) => {
                    let is_well = part.failed.is_empty() && part.unknown.is_empty();
                    outcome.done.extend(part.done);
                    outcome.skipped.extend(part.skipped);
                    outcome.failed.extend(part.failed);
                    outcome.unknown.extend(part.unknown);
                    outcome.audited_in_database = part.audited_in_database;
                    if is_well {
                        continue;
                    }
                    break;
                }
                Err(fault @ Fault::InDoubt(_)) => {
                    outcome.unknown.push((id.clone(), fault.to_string()));
                    break;
                }
                Err(fault) if outcome == Outcome::default() => return Err(fault),
                Err(fault) => fault.to_string(),
            };
            outcome.failed.push((id.clone(), why));
            break;
        }
        outcome
            .skipped
            .extend(with(left.as_slice(), "not tried any more"));
        Ok(outcome)
    }

    /// Takes an event, calls its webhook once, and puts the event back where nobody accepted the call.
    async fn call(
        &mut self,
        plan: &Plan,
        id: &RowId,
        witness: Option<&mut dyn Witness>,
    ) -> Result<Outcome, Fault> {
        let caller = match (&self.caller, &self.webhooks) {
            (Some(caller), _) => caller.clone(),
            (None, Some(webhooks)) => self.caller.insert(Caller::new(webhooks)?).clone(),
            (None, None) => {
                let text = "the webhooks of n8n have no address: give n8n.base_url";
                return Err(Fault::NotConfigured(text.to_owned()));
            }
        };
        let (mut outcome, claim) = self.attempt(Step::Claim(plan, id), witness).await?;
        let Some(claim) = claim else {
            return Ok(outcome);
        };
        outcome.unknown.clear();
        let id = id.clone();
        let step = match caller.call(&claim.call).await {
            Called::Accepted => {
                outcome.done.push(id);
                Step::Note(plan, &outcome)
            }
            Called::Unknown(why) => {
                outcome.unknown.push((id, why));
                Step::Note(plan, &outcome)
            }
            Called::Refused(why) => {
                outcome.failed.push((id, why));
                Step::PutBack(plan, &claim, &outcome)
            }
        };
        match self.step(step, None).await {
            Ok(noted) => Ok(noted),
            Err(fault) => {
                tracing::warn!(%fault, "what came of a call is not in the database");
                for (_, why) in &mut outcome.failed {
                    *why = format!("{why}; it could not be put back: {fault}");
                }
                Ok(outcome)
            }
        }
    }

    async fn step(
        &mut self,
        step: Step<'_>,
        witness: Option<&mut dyn Witness>,
    ) -> Result<Outcome, Fault> {
        let (outcome, _) = self.attempt(step, witness).await?;
        Ok(outcome)
    }

    /// One transaction, tried again where others were in its way; and the event that it took for a call.
    async fn attempt(
        &mut self,
        step: Step<'_>,
        mut witness: Option<&mut dyn Witness>,
    ) -> Result<(Outcome, Option<Claim>), Fault> {
        let mut tries = 0;
        loop {
            tries += 1;
            let mut open = match self.open.take() {
                Some(open) => open,
                None => open_one(&self.settings).await?,
            };
            let mut ticket = Ticket {
                who: &self.who,
                witness: witness
                    .as_mut()
                    .map(|witness| &mut **witness as &mut dyn Witness),
                commit: None,
                claim: None,
            };
            let Session { client, driver, .. } = &mut open.session;
            let work = one(client, &open.catalog, step, &mut ticket);
            let answer = driver.run(DEADLINE, work).await;
            let (commit, claim) = (ticket.commit.take(), ticket.claim.take());
            let backend = open.session.opened.backend;
            let answer = match answer {
                Ok(answer) => {
                    self.open = Some(open);
                    answer
                }
                Err(lost) => Err(lost),
            };
            match (answer, commit) {
                (Ok(outcome), _) => return Ok((outcome, claim)),
                (Err(fault), Some(commit)) => {
                    self.open = None;
                    let outcome = look_up(&self.settings, commit, backend, &fault).await?;
                    return Ok((outcome, claim));
                }
                (Err(Fault::Conflict(said)), None) if tries < TRIES => {
                    tracing::info!(%tries, said = said.raw(), "others were in the way of a change");
                    sleep(pause(tries)).await;
                }
                (Err(fault), None) => return Err(fault),
            }
        }
    }
}

/// How long to wait before the next try, so that two who got in each other's way do not meet again.
fn pause(tries: u32) -> Duration {
    let full = Duration::from_millis(50 << tries.min(6));
    full / 2 + full.mul_f64((chance() % 1000) as f64 / 2000.0)
}

fn with<'a>(ids: &'a [RowId], why: &'a str) -> impl Iterator<Item = (RowId, String)> + 'a {
    ids.iter().map(move |id| (id.clone(), why.to_owned()))
}

async fn open_one(settings: &Settings) -> Result<Open, Fault> {
    let mut session = connect(settings, Purpose::Writer).await?;
    let read = Catalog::read(&session.client, &settings.schema, &settings.words);
    let catalog = session.driver.run(settings.deadline(), read).await??;
    Ok(Open { session, catalog })
}

async fn one(
    client: &mut Client,
    catalog: &Catalog,
    step: Step<'_>,
    ticket: &mut Ticket<'_>,
) -> Result<Outcome, Fault> {
    match step {
        Step::Retry(plan, ids) => events::retry(client, catalog, (plan, ids), ticket).await,
        Step::Claim(plan, id) => webhooks::claim(client, catalog, (plan, id), ticket).await,
        Step::PutBack(plan, claim, outcome) => {
            webhooks::put_back(client, catalog, (plan, claim, outcome), ticket).await
        }
        Step::Clones(plan) => clones::delete(client, catalog, plan, ticket).await,
        Step::Errors(plan) => errors::set(client, catalog, plan, ticket).await,
        Step::TestEvents(plan) => test_events::set(client, catalog, plan, ticket).await,
        Step::Triage(plan, targets) => triage::set(client, catalog, (plan, targets), ticket).await,
        Step::Note(plan, outcome) => {
            super::note_down(client, catalog, (plan, outcome), ticket).await
        }
    }
}
