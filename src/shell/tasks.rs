//! Carrying out effects for real: reads go to the sources, each write gets a task of its own, answers come back
//! through the inbox.

use std::{collections::BTreeSet, io, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::task::TaskTracker;

use super::{audit::Audit, batches::Errand, executor::Executor, export, kept::Kept, triage::Local};
use crate::{
    domain::{
        audit::{Answer, Entry, EntryId, Question, about},
        event::RowId,
        plan::{Mutation, Outcome, Pace, Plan, Progress, PurgeStep},
        triage::{Place, TriageTarget},
        untrusted::Untrusted,
    },
    effect::{Effect, FeedId, KeptFilter},
    msg::{Fault, Msg},
    sources::{
        Inbox, n8n,
        postgres::{self, mutations::Writer, reader::Ask},
    },
};

/// Takes effects from the loop; never waits.
#[derive(Debug)]
pub struct Hand {
    /// Where they go: to a [`Dispatcher`], which may not run yet.
    pub effects: mpsc::Sender<Effect>,
    /// For the effect that finds the queue full.
    pub tasks: TaskTracker,
}

impl Executor for Hand {
    fn execute(&mut self, effect: Effect) {
        send(&self.tasks, &self.effects, effect);
    }
}

/// Sends without waiting; where the queue is full, a task waits for a place in it.
fn send<T: Send + 'static>(tasks: &TaskTracker, queue: &mpsc::Sender<T>, value: T) {
    if let Err(mpsc::error::TrySendError::Full(value)) = queue.try_send(value) {
        let queue = queue.clone();
        tasks.spawn(async move { drop(queue.send(value).await) });
    }
}

/// Hands reads to the sources and starts a task for each write.
#[derive(Debug)]
pub struct Dispatcher {
    /// Where answers go.
    pub inbox: Inbox,
    /// The reader of the database.
    pub reader: mpsc::Sender<Ask>,
    /// The feeds that are needed, for the reader.
    pub needed: watch::Sender<BTreeSet<FeedId>>,
    /// The listener, told that somebody is there.
    pub listener: mpsc::Sender<()>,
    /// The poller of n8n, where n8n is set up.
    pub n8n: Option<mpsc::Sender<FeedId>>,
    /// The execution of n8n that is to be read whole, where n8n is set up.
    pub runs: Option<watch::Sender<Option<RowId>>>,
    /// What drives batches.
    pub batches: mpsc::Sender<Errand>,
    /// The filters that are kept on this machine.
    pub kept: Kept,
    /// How to reach what a plan changes.
    pub targets: Targets,
    /// What the purge that runs is told; it ends with this.
    pub pace: watch::Sender<Pace>,
    /// The tasks under way, which the end of the program waits for.
    pub tasks: TaskTracker,
}

/// How to reach what a plan changes.
#[derive(Debug, Clone)]
pub struct Targets {
    /// The database.
    pub database: postgres::Settings,
    /// n8n, where it is set up.
    pub n8n: Option<n8n::Settings>,
    /// The webhooks of n8n, where it has an address.
    pub webhooks: Option<n8n::Webhooks>,
    /// The audit file.
    pub audit: Audit,
    /// What is said of groups of errors and alert rules on this machine alone.
    pub local: Local,
}

impl Targets {
    /// What writes to the database.
    pub(super) fn writer(&self) -> Writer {
        Writer::new(self.database.clone(), self.audit.actor.clone())
            .with_webhooks(self.webhooks.clone())
            .with_n8n(self.n8n.clone())
    }
}

impl Dispatcher {
    /// Tells the reader what is said of groups of errors on this machine, where something is.
    pub fn hear(&self) {
        match self.targets.local.read() {
            Ok(None) => {}
            Ok(Some(said)) => send(&self.tasks, &self.reader, Ask::Hear(said)),
            Err(error) => tracing::warn!(%error, "what is said of groups here cannot be read"),
        }
    }

    /// Answers a question about what was written down: from the file here, or by the reader of the table.
    fn audited(&self, question: Question) {
        if matches!(
            question,
            Question::Page(_)
                | Question::Whole(EntryId::Row(_))
                | Question::About(about::Source::Table, _)
        ) {
            return send(&self.tasks, &self.reader, Ask::Audit(question));
        }
        let (audit, inbox) = (self.targets.audit.clone(), self.inbox.clone());
        self.tasks.spawn(async move {
            let asked = question.clone();
            let read = tokio::task::spawn_blocking(move || match asked {
                Question::Whole(id) => audit
                    .whole(id)
                    .map(|found| Answer::Whole(found.map(Box::new))),
                Question::About(_, subject) => audit.about(&subject).map(Answer::Deeds),
                Question::File | Question::Page(_) => audit.history().map(Answer::File),
            });
            let answer = read.await.map_err(io::Error::other).flatten();
            let answer = answer.map_err(|error| {
                let text = format!("the audit file cannot be read: {error}");
                Fault::Refused(Untrusted::from(text))
            });
            inbox.send(Msg::Audited(question, answer)).await;
        });
    }

    /// Carries out one effect; gives back one that only a demo's world can carry out.
    pub fn dispatch(&self, effect: Effect) -> Option<String> {
        match effect {
            // Another program on this machine may have said something.
            Effect::Fetch(FeedId::Errors) => {
                self.hear();
                drop(self.reader.try_send(Ask::Fetch(FeedId::Errors)));
            }
            // A full queue means that the same is already being asked for.
            Effect::Fetch(feed) if feed.is_n8n() => {
                if let Some(n8n) = &self.n8n {
                    let _full = n8n.try_send(feed);
                }
            }
            Effect::Fetch(feed) => drop(self.reader.try_send(Ask::Fetch(feed))),
            // Nor this: it is asked once.
            Effect::Account { number, after } => {
                send(&self.tasks, &self.reader, Ask::Account { number, after });
            }
            Effect::Need(feeds) => drop(self.needed.send(feeds)),
            // A full queue means that the listener has not looked since it was last told.
            Effect::Attend => drop(self.listener.try_send(())),
            // Not given up in a full queue either: an error that is selected, or a plan to be, waits for it.
            Effect::Look(look) => send(&self.tasks, &self.reader, Ask::Look(look)),
            Effect::FetchEvent(id) => drop(self.reader.try_send(Ask::Event(id))),
            Effect::ReadRun(id) => {
                if let Some(runs) = &self.runs {
                    runs.send_replace(id);
                }
            }
            // Not given up in a full queue: the plan waits for the answer.
            Effect::Examine(plan) => {
                send(&self.tasks, &self.reader, Ask::Examine(Box::new(plan)));
            }
            Effect::Mutate(plan) if matches!(plan.mutation, Mutation::Purge(_)) => {
                self.purge(plan);
            }
            // Nor this: it was confirmed.
            Effect::Mutate(plan) if plan.pacing.is_some() => {
                send(&self.tasks, &self.batches, Errand::Begin(Box::new(plan)));
            }
            Effect::Batch(id, order) => {
                send(&self.tasks, &self.batches, Errand::Order(id, order));
            }
            // One that waits already is enough.
            Effect::LookAtBatches => drop(self.batches.try_send(Errand::Look)),
            Effect::Mutate(plan) => {
                let (targets, inbox) = (self.targets.clone(), self.inbox.clone());
                self.tasks.spawn(async move {
                    let outcome = carry_out(&targets, &plan).await;
                    inbox.send(Msg::Mutated(plan, outcome)).await;
                });
            }
            Effect::Pace(pace) => drop(self.pace.send_replace(pace)),
            Effect::Audit(question) => self.audited(question),
            Effect::Export(name, entries) => self.export(name, entries),
            Effect::Keep(filter, is_gone) => self.keep(filter, is_gone),
            Effect::AuditReveal(id) => {
                if let Err(error) = self.targets.audit.reveal(&id) {
                    tracing::error!(%error, "the audit file has no line for people shown");
                }
            }
            Effect::Scenario(name) => return Some(name),
            // The loop does these itself.
            Effect::Copy(_)
            | Effect::SetTheme(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit => {}
        }
        None
    }

    /// Keeps a filter, or forgets one: another program may hold the file, and a disk may be slow.
    fn keep(&self, filter: KeptFilter, is_gone: bool) {
        let (kept, inbox) = (self.kept.clone(), self.inbox.clone());
        self.tasks.spawn(async move {
            let write = tokio::task::spawn_blocking(move || kept.keep(filter, is_gone));
            if let Err(error) = write.await.map_err(io::Error::other).flatten() {
                let text = format!("kept only as long as outpost runs: {error}");
                inbox.send(Msg::Said(text)).await;
            }
        });
    }

    /// Writes files, and says where they are.
    fn export(&self, name: String, entries: Vec<Entry>) {
        let (targets, inbox) = (self.targets.clone(), self.inbox.clone());
        self.tasks.spawn(async move {
            let said = export::entries(&targets, &name, &entries).await;
            inbox.send(Msg::Said(said)).await;
        });
    }

    /// Starts a purge; it tells how far it is at most twice a second, and what it does anew at once.
    fn purge(&self, plan: Plan) {
        let (targets, inbox) = (self.targets.clone(), self.inbox.clone());
        self.pace.send_replace(Pace::Run);
        let pace = self.pace.subscribe();
        self.tasks.spawn(async move {
            let mut told: Option<(Instant, PurgeStep)> = None;
            let tell = |progress: &Progress| {
                let is_new = told.is_none_or(|(at, step)| {
                    step != progress.step || at.elapsed() >= Duration::from_millis(500)
                });
                if is_new {
                    told = Some((Instant::now(), progress.step));
                    // A full inbox has better things to show.
                    inbox.try_send(Msg::Purging(progress.clone()));
                }
            };
            let outcome = purge(&targets, &plan, pace, tell).await;
            inbox.send(Msg::Mutated(plan, outcome)).await;
        });
    }
}

/// Purges what `plan` says at the pace that is told, and tells how far it is; with a line in the audit file before and after.
///
/// # Errors
/// As [`carry_out`].
pub async fn purge(
    targets: &Targets,
    plan: &Plan,
    pace: watch::Receiver<Pace>,
    tell: impl FnMut(&Progress) + Send,
) -> Result<Outcome, Fault> {
    targets
        .audit
        .begin(plan)
        .map_err(|error| unwritten(&error))?;
    let outcome = targets.writer().purge(plan, pace, tell).await;
    ended(targets, plan, &outcome);
    outcome
}

fn unwritten(error: &io::Error) -> Fault {
    let text = format!("the audit file cannot be written, so nothing was changed: {error}");
    Fault::Refused(Untrusted::from(text))
}

fn ended(targets: &Targets, plan: &Plan, outcome: &Result<Outcome, Fault>) {
    if let Err(error) = targets.audit.end(plan, outcome) {
        tracing::error!(%error, "the audit file has no line for the outcome");
    }
}

/// Runs `plan`, with a line in the audit file before and after.
///
/// # Errors
/// Why nothing was changed, or that nobody knows whether something was.
pub async fn carry_out(targets: &Targets, plan: &Plan) -> Result<Outcome, Fault> {
    targets
        .audit
        .begin(plan)
        .map_err(|error| unwritten(&error))?;
    let outcome = change(targets, plan).await;
    ended(targets, plan, &outcome);
    outcome
}

async fn change(targets: &Targets, plan: &Plan) -> Result<Outcome, Fault> {
    match &plan.mutation {
        Mutation::Triage {
            place: Place::Local(_),
            targets: groups,
            ..
        } => said(targets, plan, groups),
        Mutation::RetryEvents(_)
        | Mutation::DeleteClones(_)
        | Mutation::Purge(_)
        | Mutation::Note { .. }
        | Mutation::ResolveErrors { .. }
        | Mutation::ReopenErrors { .. }
        | Mutation::InsertEvent(_)
        | Mutation::DeleteTestEvents { .. }
        | Mutation::Triage { .. } => targets.writer().carry_out(plan).await,
        Mutation::SetWorkflowActive { .. }
        | Mutation::BounceWorkflow { .. }
        | Mutation::StopExecutions(_)
        | Mutation::RetryExecutions { .. } => in_n8n(targets, plan).await,
    }
}

/// Says something of groups of errors on this machine alone.
fn said(targets: &Targets, plan: &Plan, groups: &[TriageTarget]) -> Result<Outcome, Fault> {
    if targets.database.read_only {
        return Err(Fault::Forbidden(Untrusted::from(
            "outpost was started read-only",
        )));
    }
    let now = chrono::Utc::now();
    let answer = targets.local.carry_out(plan, groups, now);
    answer.map_err(|error| {
        let text = format!("the file of this machine cannot be written: {error}");
        Fault::Refused(Untrusted::from(text))
    })
}

/// Changes n8n, and writes into the audit log of the database, where there is one, that it did.
async fn in_n8n(targets: &Targets, plan: &Plan) -> Result<Outcome, Fault> {
    if targets.database.read_only {
        return Err(Fault::Forbidden(Untrusted::from(
            "outpost was started read-only",
        )));
    }
    let settings = targets
        .n8n
        .as_ref()
        .ok_or_else(|| Fault::NotConfigured("n8n has no address and key".to_owned()))?;
    let outcome = n8n::carry_out(settings, &plan.mutation).await?;
    // It is done: a database that cannot write it down costs that line, not the truth of the outcome.
    let noted = targets.writer().note_down(plan, &outcome).await;
    Ok(noted.unwrap_or_else(|error| {
        tracing::warn!(%error, "the audit log of the database has no line for this");
        outcome
    }))
}
