//! Writing over connections that may break: each step is one transaction, tried again where others were in its way, and
//! looked up where its line broke in the commit.

use std::time::Duration;

use tokio::{sync::watch, time::sleep};

use super::{
    clones,
    commit::{Witness, look_up},
    errors, events, noted, purge,
    step::{Left, Step, Ticket},
    test_events, triage,
    webhooks::{self, Tried},
};
use crate::{
    domain::{
        batch::BatchId,
        event::RowId,
        plan::{Mutation, Outcome, Pace, Plan, Strategy},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::{
        n8n::{self, Caller, Webhooks},
        postgres::{Client, Purpose, Session, Settings, catalog::Catalog, connect, retry::chance},
    },
};

/// How long one step may take before its connection is taken for dead.
const DEADLINE: Duration = Duration::from_mins(1);

/// How often a step is tried that others were in the way of.
const TRIES: u32 = 5;

/// Events put back in one transaction: a fault later on costs no more than this many.
const BATCH: usize = 50;

/// Errors resolved or reopened, and clones deleted, in one transaction, so that each ends within the time that a statement may
/// take, also where a function of the site is called for every one.
const PART: usize = 1_000;

/// Writes to the database, on a connection of its own, made anew when it was lost.
#[derive(Debug)]
pub struct Writer {
    settings: Settings,
    who: String,
    pub(super) webhooks: Option<Webhooks>,
    pub(super) caller: Option<Caller>,
    /// Where a call whose answer was lost is looked for.
    pub(super) n8n: Option<n8n::Settings>,
    /// The batch whose rows it writes, or the plan whose parts.
    pub(super) batch: Option<String>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    session: Session,
    catalog: Catalog,
}

impl Writer {
    /// Connects when there is something to write; `who` writes, as the audit log has it.
    pub const fn new(settings: Settings, who: String) -> Self {
        Self {
            settings,
            who,
            webhooks: None,
            caller: None,
            n8n: None,
            batch: None,
            open: None,
        }
    }

    /// The same, and what it writes is of this batch.
    #[must_use]
    pub fn of_batch(mut self, batch: &BatchId) -> Self {
        self.batch = Some(batch.to_string());
        self
    }

    /// The same, and it may call these webhooks.
    #[must_use]
    pub fn with_webhooks(mut self, webhooks: Option<Webhooks>) -> Self {
        self.webhooks = webhooks;
        self
    }

    /// The same, and of a call whose answer was lost it asks this n8n.
    #[must_use]
    pub fn with_n8n(mut self, n8n: Option<n8n::Settings>) -> Self {
        self.n8n = n8n;
        self
    }

    /// How it connects.
    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
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
            Mutation::RetryEvents(_) => {
                let step = |ids| Step::Retry(plan, ids);
                self.in_parts((plan, &plan.runs(), BATCH), step).await
            }
            Mutation::DeleteClones(_) => {
                let step = |ids| Step::Clones(plan, ids);
                self.in_parts((plan, &plan.runs(), PART), step).await
            }
            Mutation::ResolveErrors { .. } | Mutation::ReopenErrors { .. } => {
                let step = |ids| Step::Errors(plan, ids);
                self.in_parts((plan, &plan.runs(), PART), step).await
            }
            Mutation::InsertEvent(_) | Mutation::DeleteTestEvents { .. } => {
                self.step(Step::TestEvents(plan), None).await
            }
            Mutation::Triage { targets, .. } => self.step(Step::Triage(plan, targets), None).await,
            Mutation::Purge(_) => {
                let (_go_on, pace) = watch::channel(Pace::Run);
                self.purge(plan, pace, |_progress| {}).await
            }
            Mutation::Note { .. } => self.note(plan).await,
            Mutation::SetWorkflowActive { .. }
            | Mutation::BounceWorkflow { .. }
            | Mutation::StopExecutions(_)
            | Mutation::RetryExecutions { .. } => {
                Err(Fault::Unsupported("this is not in the database".to_owned()))
            }
        }
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
    ) -> Result<Tried, Fault> {
        if plan.ends_with_commit() {
            let ids = std::slice::from_ref(id);
            let outcome = self.step(Step::Retry(plan, ids), Some(witness)).await?;
            Ok(outcome.into())
        } else {
            self.call(plan, id, Some(witness)).await
        }
    }

    pub(super) async fn step(
        &mut self,
        step: Step<'_>,
        witness: Option<&mut dyn Witness>,
    ) -> Result<Outcome, Fault> {
        Ok(self.attempt(step, witness).await?.0)
    }

    /// One transaction, tried again where others were in its way.
    pub(super) async fn attempt(
        &mut self,
        step: Step<'_>,
        mut witness: Option<&mut dyn Witness>,
    ) -> Result<(Outcome, Left), Fault> {
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
                put_back: None,
                page: None,
                mutation: &step.plan().mutation,
                batch: self.batch.as_deref().map(|batch| (batch, step.phase())),
            };
            let Session { client, driver, .. } = &mut open.session;
            let work = one(client, &open.catalog, step, &mut ticket);
            let answer = driver.run(DEADLINE, work).await;
            let commit = ticket.commit.take();
            let left = Left {
                claim: ticket.claim.take(),
                put_back: ticket.put_back.take(),
                page: ticket.page.take(),
            };
            let backend = open.session.opened.backend;
            let answer = match answer {
                Ok(answer) => {
                    self.open = Some(open);
                    answer
                }
                Err(lost) => Err(lost),
            };
            match (answer, commit) {
                (Ok(outcome), _) => return Ok((outcome, left)),
                (Err(fault), Some(commit)) => {
                    self.open = None;
                    let outcome = look_up(&self.settings, commit, backend, &fault).await?;
                    return Ok((outcome, left));
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

/// Each of `ids` with the same reason.
pub(super) fn with<'a>(
    ids: &'a [RowId],
    why: &'a str,
) -> impl Iterator<Item = (RowId, String)> + 'a {
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
        Step::Settle(plan, claim, outcome) => {
            webhooks::settle(client, catalog, (plan, claim, outcome), ticket).await
        }
        Step::Purge(plan, place) => purge::page(client, catalog, (plan, place), ticket).await,
        Step::Clones(plan, ids) => clones::delete(client, catalog, (plan, ids), ticket).await,
        Step::Errors(plan, ids) => errors::set(client, catalog, (plan, ids), ticket).await,
        Step::TestEvents(plan) => test_events::set(client, catalog, plan, ticket).await,
        Step::Triage(plan, targets) => triage::set(client, catalog, (plan, targets), ticket).await,
        Step::Note(plan, outcome) => {
            let words = plan.mutation.words();
            let said = if let Mutation::Note { note } = &plan.mutation {
                note
            } else {
                &words
            };
            let note = Some(plan.reason.as_deref().unwrap_or(said));
            noted::line(
                client,
                catalog,
                (plan, outcome, &outcome.done, note),
                ticket,
            )
            .await
        }
        Step::Phase(plan, outcome, phase) => {
            let targets = if phase == "begin" {
                plan.runs()
            } else {
                Vec::new()
            };
            let note = plan.reason.as_deref();
            noted::line(client, catalog, (plan, outcome, &targets, note), ticket).await
        }
    }
}
