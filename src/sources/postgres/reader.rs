//! The connection that reads: every feed in its turn, and at once what is asked for.

mod budget;
mod schedule;
pub(super) mod server;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use self::schedule::{Job, Schedule};
use super::{
    Client, Driver, Purpose, Session, Settings,
    catalog::Catalog,
    mutations,
    queries::{self, Memory},
    retry::{self, Retry},
};
use crate::{
    domain::{
        Timestamp,
        audit::{Answer, Question},
        cost::Turn,
        error_group::{Look, Seen},
        event::RowId,
        plan::{Examination, Plan},
        server::Server,
        triage::Triage,
    },
    effect::FeedId,
    msg::{Fact, Fault, Link, LinkId, Msg},
    sources::Inbox,
};

/// The budget is looked at this often, though nothing is due: an interval that was stretched may end early.
const LOOK: Duration = Duration::from_secs(1);

/// How soon after a failed try an operator's wish may bring the next one forward.
const SOONEST: Duration = Duration::from_secs(2);

/// What can be asked of the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Fetch this feed now.
    Fetch(FeedId),
    /// Sweep now, and account apart for the keys above `after`, up to the last that this sweep finds.
    Account {
        /// What the answer is known by.
        number: u64,
        /// The key before the first.
        after: i64,
    },
    /// Read this event whole.
    Event(RowId),
    /// Answer this about errors.
    Look(Look),
    /// Look for what speaks against this plan.
    Examine(Box<Plan>),
    /// Answer this from the audit table.
    Audit(Question),
    /// From now on this is what is said of groups of errors on this machine alone.
    Hear(Vec<Triage>),
}

/// What the reader is told from outside.
#[derive(Debug)]
pub struct Asks {
    queue: mpsc::Receiver<Ask>,
    needed: watch::Receiver<BTreeSet<FeedId>>,
}

impl Asks {
    /// Wishes come by `queue`; the feeds that `needed` leaves out rest.
    pub const fn new(
        queue: mpsc::Receiver<Ask>,
        needed: watch::Receiver<BTreeSet<FeedId>>,
    ) -> Self {
        Self { queue, needed }
    }

    /// Whether the database is to be left alone.
    fn rest(&self) -> bool {
        FeedId::lets_sleep(&self.needed.borrow())
    }

    /// Waits until it is not.
    async fn woken(&mut self) {
        drop(self.needed.wait_for(|it| !FeedId::lets_sleep(it)).await);
    }
}

impl From<mpsc::Receiver<Ask>> for Asks {
    /// Every feed is needed but those over a window of time, which one looks at alone.
    fn from(queue: mpsc::Receiver<Ask>) -> Self {
        let (_, needed) = watch::channel(
            FeedId::ALL
                .into_iter()
                .filter(|feed| !matches!(feed, FeedId::Latency(_) | FeedId::Records(_)))
                .collect(),
        );
        Self { queue, needed }
    }
}

/// Reads until cancelled. Connects by itself, again and again; after each time everything is fetched anew.
pub async fn run(
    settings: Settings,
    inbox: Inbox,
    asks: impl Into<Asks>,
    cancel: CancellationToken,
) {
    let mut asks = asks.into();
    let work = async {
        let memory = if settings.is_brief {
            Memory::brief()
        } else {
            Memory::default()
        };
        let mut memory = memory.over(Arc::clone(&settings.pipeline));
        let mut retry = Retry::new(LinkId::Reader, &settings, inbox.clone());
        if !retry.tell(Link::Connecting).await {
            return;
        }
        loop {
            if asks.rest() {
                if !retry.tell(Link::Off(super::ASLEEP.to_owned())).await {
                    return;
                }
                asks.woken().await;
            }
            let (fault, since) = match retry.connect(&settings, Purpose::Reader).await {
                Ok(session) => {
                    if !retry.up(session.opened.remark()).await {
                        return;
                    }
                    serve(&settings, &inbox, &mut asks, session, &mut memory).await
                }
                Err(fault) => (fault, chrono::Utc::now()),
            };
            if asks.rest() {
                continue;
            }
            let Some(wait) = retry.down_since(fault.clone(), since).await else {
                return;
            };
            idle(wait, &fault, &inbox, &mut asks.queue, &mut memory).await;
        }
    };
    tokio::select! {
        () = cancel.cancelled() => {}
        () = work => {}
    }
}

/// Waits for the next try. Somebody who asks brings it forward, and is told why an event cannot be read.
async fn idle(
    wait: Duration,
    fault: &Fault,
    inbox: &Inbox,
    asks: &mut mpsc::Receiver<Ask>,
    memory: &mut Memory,
) {
    let now = Instant::now();
    let mut until = now + wait;
    loop {
        tokio::select! {
            () = sleep_until(until) => return,
            Some(ask) = asks.recv() => match ask {
                Ask::Fetch(_) => until = until.min(now + SOONEST),
                Ask::Account { number, after } => memory.watch(number, after),
                Ask::Hear(said) => memory.hear(said),
                Ask::Audit(question) => {
                    inbox.send(Msg::Audited(question, Err(fault.clone()))).await;
                }
                Ask::Event(id) => drop(inbox.send(Msg::Detail(id, Err(fault.clone()))).await),
                Ask::Look(look) => drop(inbox.send(Msg::Looked(look, Err(fault.clone()))).await),
                Ask::Examine(plan) => {
                    inbox.send(Msg::Examined(*plan, Err(fault.clone()))).await;
                }
            },
        }
    }
}

/// One connection, until it ends; why it did, and since when.
async fn serve(
    settings: &Settings,
    inbox: &Inbox,
    asks: &mut Asks,
    session: Session,
    memory: &mut Memory,
) -> (Fault, Timestamp) {
    let mut reading = match Reading::start(settings, session, memory).await {
        Ok(reading) => reading,
        Err(fault) => return (fault, chrono::Utc::now()),
    };
    let mut answered = chrono::Utc::now();
    let needed = asks.needed.borrow_and_update().clone();
    let mut schedule = Schedule::new(Instant::now(), needed, settings.budget_ms);
    loop {
        let now = Instant::now();
        while let Ok(ask) = asks.queue.try_recv() {
            reading.memory.heed(&ask);
            schedule.ask(now, ask);
        }
        if asks.needed.has_changed().is_ok_and(|changed| changed) {
            schedule.need(now, asks.needed.borrow_and_update().clone());
        }
        let spent = settings.meter.read().spent;
        let job = schedule.next(now, spent.busy_us as f64 / 1_000.0);
        settings.meter.stretch(schedule.stretch());
        let msg = match job {
            Job::Wait(until) => {
                tokio::select! {
                    fault = &mut reading.driver => return (fault, chrono::Utc::now()),
                    Some(ask) = asks.queue.recv() => {
                        reading.memory.heed(&ask);
                        schedule.ask(Instant::now(), ask);
                    }
                    Ok(()) = asks.needed.changed() => asks.needed.mark_changed(),
                    () = sleep_until(until.min(now + LOOK)) => {}
                }
                continue;
            }
            Job::Feed(feed) => reading.turn(feed, &mut schedule).await,
            Job::Examine(plan) => {
                let answer = reading.examine(&plan).await;
                answer.map(|answer| Msg::Examined(*plan, answer.map(Box::new)))
            }
            Job::Event(id) => {
                let answer = reading.event(&id).await;
                answer.map(|answer| Msg::Detail(id, answer.map(Box::new)))
            }
            Job::Audit(question) => {
                let answer = reading.audit(question.clone()).await;
                answer.map(|answer| Msg::Audited(question, answer))
            }
            Job::Look(look) => {
                let answer = reading.look(&look).await;
                answer.map(|answer| Msg::Looked(look, answer))
            }
        };
        match msg {
            // While nobody takes the message the connection rests; nothing comes unasked on it.
            Ok(msg) => {
                answered = chrono::Utc::now();
                inbox.send(msg).await;
            }
            Err(fault) => return retry::since(fault, answered),
        }
    }
}

/// A statement that was cancelled ran for as long as we waited.
fn timed(fault: Fault, ms: u64) -> Fault {
    if fault == Fault::TooSlow(0) {
        Fault::TooSlow(ms)
    } else {
        fault
    }
}

/// A connection with what is known of its schema.
struct Reading<'a> {
    settings: &'a Settings,
    client: Client,
    driver: Driver,
    catalog: Catalog,
    read_at: Instant,
    is_doubted: bool,
    memory: &'a mut Memory,
}

impl<'a> Reading<'a> {
    async fn start(
        settings: &'a Settings,
        session: Session,
        memory: &'a mut Memory,
    ) -> Result<Self, Fault> {
        let Session {
            client, mut driver, ..
        } = session;
        let ask = Catalog::read(&client, &settings.schema, &settings.words);
        let catalog = driver.run(settings.deadline(), ask).await??;
        Ok(Self {
            settings,
            client,
            driver,
            catalog,
            read_at: Instant::now(),
            is_doubted: false,
            memory,
        })
    }

    /// One turn of `feed`, told; the outer fault is the end of the connection.
    async fn turn(&mut self, feed: FeedId, schedule: &mut Schedule) -> Result<Msg, Fault> {
        let (begun, before) = (Instant::now(), self.client.spent());
        let answer = self.fetch(feed).await;
        let took = begun.elapsed();
        let spent = self.client.spent() - before;
        let busy = Duration::from_micros(spent.busy_us);
        let interval = schedule.done(feed, Instant::now(), took, busy);
        if feed == FeedId::Ledger && self.memory.is_behind() {
            schedule.ask(Instant::now(), Ask::Fetch(feed));
        }
        // How far it is behind is as much a part of what is shown as the rows.
        if feed == FeedId::Ledger && self.catalog.standby {
            schedule.ask(Instant::now(), Ask::Fetch(FeedId::Server));
        }
        let turn = Turn {
            ms: took.as_millis() as u64,
            spent,
            interval_ms: Some(interval.as_millis() as u64),
        };
        let answer = answer?.map_err(|fault| timed(fault, turn.ms));
        Ok(Msg::Fetched(feed, answer, turn))
    }

    /// The answer of `feed`; the outer fault is the end of the connection.
    async fn fetch(&mut self, feed: FeedId) -> Result<Result<Fact, Fault>, Fault> {
        let answer = if feed == FeedId::Server {
            self.server().await?
        } else {
            let ask = queries::fetch(&self.client, &self.catalog, feed, self.memory);
            // A feed of many queries may wait for each of them to be cancelled, one after another.
            let is_many = matches!(feed, FeedId::Scorecard | FeedId::Outcomes | FeedId::Errors);
            let more = self.settings.statement_timeout * if is_many { 6 } else { 0 };
            self.driver
                .run(self.settings.deadline() + more, ask)
                .await?
        };
        // The schema has changed under us: the catalog is read again before the next look at the server.
        self.is_doubted |= matches!(answer, Err(Fault::Missing(_) | Fault::Forbidden(_)));
        Ok(answer)
    }

    async fn event(
        &mut self,
        id: &RowId,
    ) -> Result<Result<crate::domain::event::EventDetail, Fault>, Fault> {
        let ask = queries::event(&self.client, &self.catalog, id);
        self.driver.run(self.settings.deadline(), ask).await
    }

    async fn look(&mut self, look: &Look) -> Result<Result<Seen, Fault>, Fault> {
        let ask = queries::look(&self.client, &self.catalog, self.memory, look);
        // It asks several things, one after another.
        let more = self.settings.statement_timeout * 6;
        self.driver.run(self.settings.deadline() + more, ask).await
    }

    async fn audit(&mut self, question: Question) -> Result<Result<Answer, Fault>, Fault> {
        let ask = queries::audit(&self.client, &self.catalog, question);
        let mut answer = self.driver.run(self.settings.deadline(), ask).await?;
        if let Ok(answer) = &mut answer {
            answer.stands_in(&self.settings.place());
        }
        Ok(answer)
    }

    async fn examine(&mut self, plan: &Plan) -> Result<Result<Examination, Fault>, Fault> {
        let ask = mutations::examine(&self.client, &self.catalog, &plan.mutation);
        self.driver.run(self.settings.deadline(), ask).await
    }

    async fn server(&mut self) -> Result<Result<Fact, Fault>, Fault> {
        // What is taken away is missed at once; what comes is noticed after this.
        let whole = self.settings.catalog_age;
        let age = if self.catalog.gaps().is_empty() {
            whole
        } else {
            whole / 5
        };
        if self.is_doubted || self.read_at.elapsed() > age {
            let ask = Catalog::read(&self.client, &self.settings.schema, &self.settings.words);
            match self.driver.run(self.settings.deadline(), ask).await? {
                Ok(catalog) => self.catalog = catalog,
                Err(fault) => return Ok(Err(fault)),
            }
            self.read_at = Instant::now();
            self.is_doubted = false;
        }
        let ask = server::fetch(&self.client, &self.catalog, self.settings.read_only);
        let answer = self.driver.run(self.settings.deadline(), ask).await?;
        // Promoted: from now on it takes what the catalog of a standby forbids.
        let is_other = |server: &Server| server.standby != self.catalog.standby;
        self.is_doubted |= answer.as_ref().is_ok_and(is_other);
        Ok(answer.map(Fact::Server))
    }
}
