//! The living world: one task that owns the stand-in for n8n, delivers events to workflows, lets them take their time,
//! and writes back what they did. Nothing but rows goes into the database; the next event comes from the triggers.
//!
//! A notification is delivered once. An event whose workflow was switched off or deaf when it came stays pending until
//! somebody retries it, as in a real installation.
#![expect(clippy::disallowed_methods, reason = "a world has a clock")]

mod gates;
mod past;
mod run;

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};
use tokio_postgres::{Row, types::Type};

pub(super) use self::gates::{Gates, Order};
use self::run::Run;
use super::{
    cascade::{self, Work},
    chance::Dice,
    driver::{self, ARRIVALS},
    http::Desk,
    ledger::{Heard, Ledger},
    n8n::{Ending, ExecutionId, Failure, N8n, Wish},
    scenario::{Scenario, Weather},
};

const PENDING: &str = include_str!("../../sql/demo/world/pending.sql");

/// Runs at once, as many as a small n8n takes; the others wait in its queue.
const CONCURRENCY: usize = 20;

/// How often the roll-up is brought forward.
const ROLLUP_EVERY: Duration = Duration::from_secs(20);

/// The same while the weeks before the start are not rolled up yet, 6 hours at a time.
const ROLLUP_SOON: Duration = Duration::from_millis(200);

/// The world.
pub(super) struct World {
    ledger: Ledger,
    n8n: N8n,
    desk: Desk,
    dice: Dice,
    works: Vec<Work>,
    weather: Weather,
    scenario: Scenario,
    speed: f64,
    still: bool,
    arrivals: Vec<(usize, Instant)>,
    arrived: u32,
    running: BTreeMap<ExecutionId, Run>,
    waiting: VecDeque<ExecutionId>,
    in_flight: HashSet<i64>,
    retries: VecDeque<(Instant, i64)>,
    rollup_at: Instant,
}

impl World {
    /// A calm world over a database that has its history.
    pub(super) fn new(ledger: Ledger, n8n: N8n, dice: Dice, speed: f64) -> Self {
        let now = Instant::now();
        let mut world = Self {
            ledger,
            n8n,
            desk: Desk::default(),
            dice,
            works: cascade::works(),
            weather: Scenario::Calm.weather(),
            scenario: Scenario::Calm,
            speed,
            still: false,
            arrivals: Vec::new(),
            arrived: 0,
            running: BTreeMap::new(),
            waiting: VecDeque::new(),
            in_flight: HashSet::new(),
            retries: VecDeque::new(),
            rollup_at: now + ROLLUP_EVERY,
        };
        world.arrivals = (0..ARRIVALS.len())
            .map(|at| (at, world.next_arrival(at, now)))
            .collect();
        world
    }

    /// Lives until the end.
    pub(super) async fn live(mut self, mut gates: Gates) {
        loop {
            let next = self.next_moment();
            tokio::select! {
                () = gates.cancel.cancelled() => return,
                Some(call) = gates.calls.recv() => {
                    let wishes = self.desk.take(&mut self.n8n, call, chrono::Utc::now());
                    for wish in wishes {
                        self.fulfil(wish).await;
                    }
                }
                Some(heard) = gates.heard.recv(), if !self.still => match heard {
                    Heard::Events(ids) => self.deliver(Some(&ids)).await,
                    Heard::Many => self.deliver(None).await,
                    Heard::Scenario(name) => {
                        if let Some(scenario) = Scenario::find(&name) {
                            self.enter(scenario).await;
                        }
                    }
                },
                Some(order) = gates.orders.recv() => {
                    let begun = match order {
                        Order::Scenario(scenario, begun) => {
                            self.enter(scenario).await;
                            begun
                        }
                        Order::Still(still, begun) => {
                            self.still = still;
                            begun
                        }
                    };
                    // Whoever asked may be gone.
                    let _gone = begun.send(());
                }
                () = sleep_until(next), if !self.still => self.pass(Instant::now()).await,
            }
            self.desk.settle(&self.n8n);
        }
    }

    /// Begins a scenario: takes the last one back, rewrites the past as if this one had begun a while ago, and lives on
    /// under it.
    pub(super) async fn enter(&mut self, scenario: Scenario) {
        let at = chrono::Utc::now();
        let before = self.weather;
        for workflow in before.inactive.into_iter().chain(before.deaf) {
            self.n8n.set_deaf(workflow, false);
            self.n8n.set_active(workflow, true, at);
        }
        self.weather = scenario.weather();
        self.rewrite_past(Scenario::Calm).await;
        if self.scenario != Scenario::Calm || scenario == Scenario::Calm {
            // What waited under the last scenario is delivered before this one switches anything off.
            self.deliver(None).await;
        }
        if scenario != Scenario::Calm {
            self.rewrite_past(scenario).await;
        }
        self.scenario = scenario;
        if let Some(workflow) = self.weather.inactive {
            self.n8n.set_active(workflow, false, at);
        }
        if let Some(workflow) = self.weather.deaf {
            self.n8n.set_deaf(workflow, true);
        }
        if self.weather.import > 0 {
            driver::import(&mut self.ledger, &mut self.dice, self.weather.import).await;
        }
        self.recall().await;
        let now = Instant::now();
        self.arrivals = (0..ARRIVALS.len())
            .map(|at| (at, self.next_arrival(at, now)))
            .collect();
        self.roll_up().await;
    }

    async fn rewrite_past(&mut self, scenario: Scenario) {
        if let Err(error) = self.ledger.script(scenario.past()).await {
            tracing::warn!(
                ?error,
                scenario = scenario.name(),
                "the past could not be rewritten"
            );
        }
    }

    fn next_moment(&self) -> Instant {
        let arrivals = self.arrivals.iter().map(|(_, at)| *at);
        let ends = self.running.values().filter_map(|run| run.ends_at);
        let retries = self.retries.front().map(|(at, _)| *at);
        arrivals
            .chain(ends)
            .chain(retries)
            .min()
            .map_or(self.rollup_at, |at| at.min(self.rollup_at))
    }

    /// Lets happen what is due.
    async fn pass(&mut self, now: Instant) {
        let due: Vec<usize> = self
            .arrivals
            .iter()
            .filter(|(_, at)| *at <= now)
            .map(|(arrival, _)| *arrival)
            .collect();
        for arrival in due {
            if let Some((kind, _)) = ARRIVALS.get(arrival) {
                self.arrived += 1;
                driver::arrive(&mut self.ledger, &mut self.dice, *kind, self.arrived).await;
            }
            let next = self.next_arrival(arrival, now);
            if let Some(slot) = self.arrivals.iter_mut().find(|(at, _)| *at == arrival) {
                slot.1 = next;
            }
        }
        let ended: Vec<ExecutionId> = self
            .running
            .iter()
            .filter(|(_, run)| run.ends_at.is_some_and(|at| at <= now))
            .map(|(execution, _)| *execution)
            .collect();
        for execution in ended {
            self.finish(execution).await;
        }
        while let Some((_, event)) = self.retries.pop_front_if(|(at, _)| *at <= now) {
            self.ledger
                .run(run::TRY_AGAIN, &[Type::INT8], &[&event])
                .await;
        }
        if now >= self.rollup_at {
            let is_behind = self.roll_up().await;
            self.rollup_at = now + if is_behind { ROLLUP_SOON } else { ROLLUP_EVERY };
        }
    }

    fn next_arrival(&mut self, arrival: usize, now: Instant) -> Instant {
        let per_minute = ARRIVALS
            .get(arrival)
            .map_or(0.0, |(_, per_minute)| *per_minute);
        now + self
            .dice
            .wait(per_minute * self.weather.traffic * self.speed)
    }

    /// Whether more of the past is to be rolled up.
    async fn roll_up(&mut self) -> bool {
        let sql = include_str!("../../sql/demo/world/roll_up.sql");
        let rows = self.ledger.run(sql, &[], &[]).await.unwrap_or_default();
        let behind = rows.first().and_then(|row| row.try_get("is_behind").ok());
        behind.unwrap_or(false)
    }

    /// Delivers pending events to the workflows that hear: these, or all. What nobody hears is not even asked for,
    /// lest a backlog of it stand before what could be delivered.
    async fn deliver(&mut self, ids: Option<&[i64]>) {
        let ids = ids.map(<[i64]>::to_vec);
        let works = self.works.iter();
        let heard: Vec<&str> = works
            .filter(|work| self.n8n.hears(work.webhook))
            .map(|work| work.event)
            .collect();
        let types = [Type::INT8_ARRAY, Type::TEXT_ARRAY, Type::INT8];
        let mut after = 0_i64;
        loop {
            let page = self
                .ledger
                .run(PENDING, &types, &[&ids, &heard, &after])
                .await;
            let rows = page.unwrap_or_default();
            let Some(last) = rows.last() else { return };
            after = last.get("id");
            for row in &rows {
                self.deliver_event(row).await;
            }
        }
    }

    async fn deliver_event(&mut self, row: &Row) {
        let event: i64 = row.get("id");
        let event_type: &str = row.get("event_type");
        let payload: Value = row.get("payload");
        let Some(work) = self.works.iter().position(|work| work.event == event_type) else {
            return;
        };
        if !self.in_flight.insert(event) {
            return;
        }
        let body = body_of(event, event_type, &payload);
        let webhook = self.works.get(work).map_or("", |work| work.webhook);
        match self.n8n.enqueue(webhook, body, chrono::Utc::now()) {
            Ok(execution) => self.admit(execution, Run::new(work, event, false)).await,
            // Nobody listens: the call gets a 404, leaves no trace in n8n, and the event stays pending.
            Err(_not_registered) => drop(self.in_flight.remove(&event)),
        }
    }

    /// Starts a run, or lets it wait for its turn.
    async fn admit(&mut self, execution: ExecutionId, run: Run) {
        let busy = self
            .running
            .values()
            .filter(|run| run.ends_at.is_some())
            .count();
        self.running.insert(execution, run);
        if busy < CONCURRENCY {
            // One whose event is taken frees no place: nothing waits while there is room.
            let _goes_on = self.begin(execution).await;
        } else {
            self.waiting.push_back(execution);
        }
    }

    /// What somebody wants of n8n.
    async fn fulfil(&mut self, wish: Wish) {
        match wish {
            Wish::Activated(_) | Wish::Deactivated(_) => {}
            Wish::Retry { execution, of } => {
                let event = self
                    .n8n
                    .input(of)
                    .and_then(|(_, body)| body.get("event_id")?.as_i64());
                let found = event.zip(self.n8n.input(execution).and_then(|(_, body)| {
                    let event_type = body.get("event_type")?.as_str()?;
                    self.works.iter().position(|work| work.event == event_type)
                }));
                match found {
                    Some((event, work)) if self.in_flight.insert(event) => {
                        self.admit(execution, Run::new(work, event, true)).await;
                    }
                    Some((event, _)) => self.refuse_twice(execution, event),
                    None => {
                        self.n8n
                            .finish(execution, run::success(), chrono::Utc::now());
                    }
                }
            }
            Wish::Stop(execution) => {
                self.waiting.retain(|waiting| *waiting != execution);
                if let Some(run) = self.running.remove(&execution) {
                    self.in_flight.remove(&run.event);
                    self.ledger
                        .run(run::STOPPED, &[Type::INT8], &[&run.event])
                        .await;
                    if run.ends_at.is_some() {
                        self.next_waiting().await;
                    }
                }
            }
            Wish::Called {
                execution,
                webhook,
                body,
            } => {
                let event = body.get("event_id").and_then(Value::as_i64);
                let work = self.works.iter().position(|work| work.webhook == webhook);
                match event.zip(work) {
                    Some((event, work)) if self.in_flight.insert(event) => {
                        // Somebody wants just this one run, whatever became of it before.
                        self.admit(execution, Run::new(work, event, true)).await;
                    }
                    Some((event, _)) => self.refuse_twice(execution, event),
                    // A test call about no event: it ends well, and nothing was to be done.
                    None => {
                        self.n8n
                            .finish(execution, run::success(), chrono::Utc::now());
                    }
                }
            }
        }
    }

    /// A place is free: the first in the queue that still has something to do takes it.
    async fn next_waiting(&mut self) {
        while let Some(execution) = self.waiting.pop_front() {
            if self.begin(execution).await {
                return;
            }
        }
    }

    /// Fails an execution whose event another one has under way: it did nothing, and must not pass for a success.
    fn refuse_twice(&mut self, execution: ExecutionId, event: i64) {
        let failure = Failure {
            message: format!("event {event} is being processed by another execution"),
            cause: None,
            http_code: None,
        };
        self.n8n
            .finish(execution, Ending::Error(failure), chrono::Utc::now());
    }
}

/// What a webhook is called with for an event.
fn body_of(event: i64, event_type: &str, payload: &Value) -> Value {
    json!({"event_id": event, "event_type": event_type, "record_id": payload.get("record_id"), "payload": payload})
}
