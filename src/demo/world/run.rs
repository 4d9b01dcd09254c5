//! One run of a workflow in the demo's world: it takes its event, takes its time, and writes back.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use tokio_postgres::types::{ToSql, Type};

use super::World;
use crate::demo::{
    n8n::{Ending, ExecutionId, Failure},
    names,
    scenario::Trouble,
};

const TAKE: &str = include_str!("../../../sql/demo/world/take.sql");
const DONE: &str = include_str!("../../../sql/demo/world/done.sql");
const FAILED: &str = include_str!("../../../sql/demo/world/failed.sql");
const LINK_ERROR: &str = include_str!("../../../sql/demo/world/link_error.sql");
const CRM_FAILED: &str = include_str!("../../../sql/demo/world/crm_failed.sql");
pub(super) const TRY_AGAIN: &str = include_str!("../../../sql/demo/world/try_again.sql");
pub(super) const STOPPED: &str = include_str!("../../../sql/demo/world/stopped.sql");

/// How often the error workflow puts a failed event back by itself, and when.
const AUTOMATIC_RETRIES: i32 = 2;
const RETRY_AFTER: Duration = Duration::from_secs(45);

/// A run under way, or waiting for its turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    work: usize,
    pub(super) event: i64,
    is_retry: bool,
    begun_at: Option<Instant>,
    pub(super) ends_at: Option<Instant>,
}

impl Run {
    pub(super) const fn new(work: usize, event: i64, is_retry: bool) -> Self {
        Self {
            work,
            event,
            is_retry,
            begun_at: None,
            ends_at: None,
        }
    }
}

/// How a run ends.
pub(super) enum Outcome {
    /// Well.
    Good,
    /// For a reason of its own, or of the scenario.
    Bad(String, Option<&'static str>, &'static str, bool),
}

/// The end of a run that went well.
pub(super) const fn success() -> Ending {
    Ending::Success
}

impl World {
    /// Marks the event as taken and sets the end of the run; whether it runs now. A run whose event was taken by
    /// somebody else ends at once.
    pub(super) async fn begin(&mut self, execution: ExecutionId) -> bool {
        let Some(run) = self.running.get(&execution).copied() else {
            return false;
        };
        self.n8n.begin(execution, chrono::Utc::now());
        let number = execution.0.to_string();
        let types = [Type::INT8, Type::TEXT, Type::BOOL];
        let taken = self
            .ledger
            .run(TAKE, &types, &[&run.event, &number, &run.is_retry])
            .await;
        let (median, sigma) = self
            .works
            .get(run.work)
            .map_or((1.0, 0.4), |work| (work.median, work.sigma));
        let length = self.dice.took(median * self.weather.slowness, sigma)
            + Duration::from_secs_f64(self.weather.delay);
        let now = Instant::now();
        if taken.is_some_and(|rows| rows.is_empty()) {
            self.n8n.finish(execution, success(), chrono::Utc::now());
            self.running.remove(&execution);
            self.in_flight.remove(&run.event);
            return false;
        }
        if let Some(run) = self.running.get_mut(&execution) {
            run.begun_at = Some(now);
            run.ends_at = Some(now + length.div_f64(self.speed));
        }
        true
    }

    /// Ends a run: writes back what it did, or why it failed.
    pub(super) async fn finish(&mut self, execution: ExecutionId) {
        let Some(run) = self.running.remove(&execution) else {
            return;
        };
        self.in_flight.remove(&run.event);
        let seconds = run
            .begun_at
            .map_or(0.0, |begun| begun.elapsed().as_secs_f64());
        match self.outcome(run.work) {
            Outcome::Good => self.write_back(execution, run, seconds).await,
            Outcome::Bad(message, http, severity, incident) => {
                self.fail(
                    execution,
                    run,
                    seconds,
                    (&message, http, severity, incident),
                )
                .await;
            }
        }
        self.next_waiting().await;
    }

    fn outcome(&mut self, work: usize) -> Outcome {
        let Some(work) = self.works.get(work) else {
            return Outcome::Good;
        };
        let number = (1_000.0 + self.dice.share() * 9_000.0).floor().to_string();
        let trouble = self
            .weather
            .failing
            .iter()
            .find(|(event, ..)| *event == work.event);
        if let Some((
            _,
            share,
            Trouble {
                message,
                http,
                severity,
            },
        )) = trouble
            && self.dice.share() < *share
        {
            return Outcome::Bad(message.replace("{}", &number), Some(http), severity, true);
        }
        if self.dice.share() < work.failing {
            return Outcome::Bad(
                work.message.replace("{}", &number),
                work.http,
                "error",
                false,
            );
        }
        Outcome::Good
    }

    async fn write_back(&mut self, execution: ExecutionId, run: Run, seconds: f64) {
        let Some(work) = self.works.get(run.work) else {
            return;
        };
        let (sql, workflow, event) = (work.sql, work.workflow, work.event);
        let (die, other, person) = (
            self.dice.share(),
            self.dice.share(),
            names::person(&mut self.dice),
        );
        let (second, text) = match event {
            "message_sent" => (self.weather.bounces, self.weather.bounce_text.to_owned()),
            _ => (other, person),
        };
        let values: [&(dyn ToSql + Sync); 4] = [&run.event, &die, &second, &text];
        let types = [Type::INT8, Type::FLOAT8, Type::FLOAT8, Type::TEXT];
        let taken = (1..=4).rev().find(|n| has_parameter(sql, *n)).unwrap_or(1);
        if self.weather.forgetful != Some(event) {
            self.ledger
                .run(sql, &types[..taken], &values[..taken])
                .await;
        }
        let number = execution.0.to_string();
        let types = [Type::INT8, Type::TEXT, Type::TEXT, Type::FLOAT8];
        self.ledger
            .run(DONE, &types, &[&run.event, &number, &workflow, &seconds])
            .await;
        self.n8n.finish(execution, success(), chrono::Utc::now());
    }

    async fn fail(
        &mut self,
        execution: ExecutionId,
        run: Run,
        seconds: f64,
        (message, http, severity, incident): (&str, Option<&'static str>, &str, bool),
    ) {
        let Some(work) = self.works.get(run.work) else {
            return;
        };
        let (event, workflow) = (work.event, work.workflow);
        let number = execution.0.to_string();
        let node = self.n8n.working_node(workflow);
        let mut details = json!({ "execution": number, "node": node, "http": http });
        if let Some(details) = details.as_object_mut().filter(|_| incident) {
            details.insert("incident".to_owned(), json!(self.scenario.name()));
        }
        let types = [
            Type::INT8,
            Type::TEXT,
            Type::TEXT,
            Type::FLOAT8,
            Type::TEXT,
            Type::JSONB,
            Type::TEXT,
        ];
        let values: [&(dyn ToSql + Sync); 7] = [
            &run.event, &number, &workflow, &seconds, &message, &details, &severity,
        ];
        let rows = self
            .ledger
            .run(FAILED, &types, &values)
            .await
            .unwrap_or_default();
        let mut retries = AUTOMATIC_RETRIES;
        if let Some(row) = rows.first() {
            let (error, so_far): (Option<i64>, Option<i32>) = (row.get(0), row.get(1));
            retries = so_far.unwrap_or_default();
            self.ledger
                .run(LINK_ERROR, &[Type::INT8, Type::TEXT], &[&error, &number])
                .await;
        }
        if event == "lead_qualified" {
            self.ledger
                .run(
                    CRM_FAILED,
                    &[Type::INT8, Type::TEXT],
                    &[&run.event, &message],
                )
                .await;
        }
        if !incident && retries < AUTOMATIC_RETRIES {
            self.retries
                .push_back((Instant::now() + RETRY_AFTER.div_f64(self.speed), run.event));
        }
        let failure = Failure {
            message: message.to_owned(),
            cause: None,
            http_code: http.map(str::to_owned),
        };
        self.n8n
            .finish(execution, Ending::Error(failure), chrono::Utc::now());
    }
}

/// Whether a statement has a parameter `$n` outside its first line, which is a comment about them.
fn has_parameter(sql: &str, n: usize) -> bool {
    let parameter = format!("${n}");
    sql.lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .any(|line| line.contains(&parameter))
}
