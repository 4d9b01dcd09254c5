//! Endpoints on executions.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{
    ExecutionId, N8n, Reply, Response, Run, Status, Wish,
    json::{extend, id_or_null, time, time_or_null},
    query::{Query, cursor_limit, executions_cursor, invalid_cursor},
};
use crate::domain::Timestamp;

const STATUSES: [&str; 8] = [
    "canceled", "crashed", "error", "new", "running", "success", "unknown", "waiting",
];

impl N8n {
    pub(super) fn list_executions(&self, query: &Query) -> Result<Response, Response> {
        let status = query.word("status", &STATUSES)?;
        let with_data = query.word("includeData", &["true", "false"])? == Some("true");
        let after = query.time("startedAfter")?;
        let before = query.time("startedBefore")?;
        let workflow = query.get("workflowId");
        let cursor = query.cursor()?;
        let (limit, last) = match &cursor {
            None => (query.limit()?, i64::MAX),
            Some(cursor) => (cursor_limit(cursor)?, last_id(cursor)?),
        };
        let mut found = self
            .runs
            .range(..last)
            .rev()
            .map(|(_, run)| run)
            .filter(|run| {
                // n8n leaves out what runs, unless asked for just that.
                let of_status =
                    status.map_or(run.status != Status::Running, |s| s == run.status.word());
                let in_time =
                    |limit: Option<Timestamp>, holds: fn(Timestamp, Timestamp) -> bool| {
                        limit.is_none_or(|limit| {
                            run.started_at.is_some_and(|started| holds(started, limit))
                        })
                    };
                of_status
                    && workflow.is_none_or(|id| self.workflow_id(run) == id)
                    && in_time(after, |started, limit| started >= limit)
                    && in_time(before, |started, limit| started <= limit)
            });
        let page: Vec<&Run> = found.by_ref().take(limit).collect();
        let next = match (page.last(), found.next()) {
            (Some(last), Some(_)) => executions_cursor(last.id, limit),
            _ => Value::Null,
        };
        let data: Vec<Value> = page.iter().map(|run| self.item(run, with_data)).collect();
        Ok(Response::json(
            200,
            &json!({"data": data, "nextCursor": next}),
        ))
    }

    pub(super) fn get_execution(&self, id: &str, query: &Query) -> Result<Response, Response> {
        let with_data = query.word("includeData", &["true", "false"])? == Some("true");
        let run = self.run_of(id)?;
        let mut body = self.whole(run);
        if with_data {
            let custom = run_custom_data(run);
            extend(
                &mut body,
                json!({"data": self.run_data(run), "customData": custom}),
            );
            extend(&mut body, json!({"workflowData": self.workflow_data(run)}));
        }
        Ok(Response::json(200, &body))
    }

    pub(super) fn delete_execution(&mut self, id: &str) -> Result<Response, Response> {
        let run = self.run_of(id)?;
        if run.status == Status::Running {
            return Err(Response::message(400, "Cannot delete a running execution"));
        }
        let id = run.id;
        let mut body = self.whole(run);
        if let Some(text) = body.get_mut("id") {
            // A number here, and only here.
            *text = json!(id);
        }
        self.runs.remove(&id);
        Ok(Response::json(200, &body))
    }

    pub(super) fn stop_one(
        &mut self,
        id: &str,
        at: Timestamp,
        wishes: &mut Vec<Wish>,
    ) -> Result<Response, Response> {
        let missing = |_: Response| Response::message(404, "Failed to find execution to stop");
        let run = self.run_of(id).map_err(missing)?;
        let (id, status) = (run.id, run.status.word());
        let stopped = self.stop(id, at, wishes).ok_or_else(|| {
            Response::message(
                409,
                &format!(
                    "Only running or waiting executions can be stopped and {id} is currently {status}"
                ),
            )
        })?;
        Ok(Response::json(200, &stopped))
    }

    pub(super) fn stop_many(
        &mut self,
        body: &Value,
        at: Timestamp,
        wishes: &mut Vec<Wish>,
    ) -> Result<Response, Response> {
        let statuses = body
            .get("status")
            .and_then(Value::as_array)
            .ok_or_else(|| {
                Response::message(400, "request/body must have required property 'status'")
            })?;
        for (n, status) in statuses.iter().enumerate() {
            let word = status.as_str().unwrap_or_default();
            if !["queued", "running", "waiting"].contains(&word) {
                return Err(Response::message(
                    400,
                    &format!(
                        "request/body/status/{n} Invalid enum value. Expected 'queued' | 'running' | 'waiting', \
                         received '{word}'"
                    ),
                ));
            }
        }
        let workflow = body.get("workflowId").and_then(Value::as_str);
        if workflow.is_some_and(|id| !self.workflows.iter().any(|w| w.id == id)) {
            return Err(Response::message(
                404,
                "Workflow not found or not accessible",
            ));
        }
        let wanted = |run: &Run| match run.status {
            Status::New => statuses.iter().any(|s| s == "queued"),
            Status::Running => statuses.iter().any(|s| s == "running"),
            Status::Success | Status::Error | Status::Canceled => false,
        };
        let ids: Vec<i64> = self
            .runs
            .values()
            .filter(|run| wanted(run) && workflow.is_none_or(|id| self.workflow_id(run) == id))
            .map(|run| run.id)
            .collect();
        let stopped = ids
            .into_iter()
            .filter(|id| self.stop(*id, at, wishes).is_some())
            .count();
        Ok(Response::json(200, &json!({"stopped": stopped})))
    }

    /// Stops a run that has not ended; `None` if it has.
    fn stop(&mut self, id: i64, at: Timestamp, wishes: &mut Vec<Wish>) -> Option<Value> {
        let run = self.runs.get_mut(&id)?;
        if run.status.has_ended() {
            return None;
        }
        run.status = Status::Canceled;
        run.stopped_at = Some(at);
        wishes.push(Wish::Stop(ExecutionId(id)));
        // One that never started is said to have started at the epoch.
        let started = run.started_at.unwrap_or(Timestamp::UNIX_EPOCH);
        Some(json!({
            "mode": run.mode(), "startedAt": time(started), "stoppedAt": time(at), "finished": false,
            "status": "canceled"
        }))
    }

    pub(super) fn retry(
        &mut self,
        id: &str,
        body: &Value,
        at: Timestamp,
        wishes: &mut Vec<Wish>,
    ) -> Result<Reply, Response> {
        if let Some(flag) = body.get("loadWorkflow").filter(|flag| !flag.is_boolean()) {
            let kind = match flag {
                Value::String(_) => "string",
                Value::Number(_) => "number",
                Value::Null => "null",
                Value::Bool(_) | Value::Array(_) | Value::Object(_) => "object",
            };
            let text = format!("request/body/loadWorkflow Expected boolean, received {kind}");
            return Err(Response::message(400, &text));
        }
        let missing = format!("The execution with the ID \"{id}\" does not exist.");
        let run = self
            .run_of(id)
            .map_err(|not_found| match not_found.status {
                404 => Response::message(404, &missing),
                _ => not_found,
            })?;
        let refusal = match run.status {
            Status::Success => Some("The execution succeeded, so it cannot be retried."),
            Status::New => {
                Some("Execution is queued to run (not yet started) so it cannot be retried")
            }
            Status::Running => Some("The execution is running, so it cannot be retried."),
            Status::Error | Status::Canceled => None,
        };
        if let Some(refusal) = refusal {
            return Err(Response::message(409, refusal));
        }
        let (of, workflow, webhook, body) = (run.id, run.workflow, run.webhook, run.body.clone());
        let execution = self.add(workflow, webhook, Some(of), body, at);
        self.begin(execution, at);
        wishes.push(Wish::Retry {
            execution,
            of: ExecutionId(of),
        });
        Ok(Reply::WhenEnded(execution))
    }

    pub(super) fn insights(&self, at: Timestamp) -> Response {
        let week = at - TimeDelta::days(7);
        let ended = self.runs.values().filter(|run| {
            matches!(run.status, Status::Success | Status::Error)
                && run.stopped_at.is_some_and(|stopped| stopped >= week)
        });
        let (mut total, mut failed, mut ms) = (0_u32, 0_u32, 0_i64);
        for run in ended {
            total += 1;
            failed += u32::from(run.status == Status::Error);
            ms += run.duration_ms();
        }
        let per = |sum: f64| {
            if total == 0 {
                0.0
            } else {
                sum / f64::from(total)
            }
        };
        let rounded = |value: f64, scale: f64| (value * scale).round() / scale;
        let measure =
            |value: Value, unit: &str| json!({"value": value, "deviation": null, "unit": unit});
        Response::json(
            200,
            &json!({
                "total": measure(json!(total), "count"),
                "failed": measure(json!(failed), "count"),
                "failureRate": measure(json!(rounded(per(f64::from(failed)), 1e3)), "ratio"),
                "timeSaved": measure(json!(0), "minute"),
                "averageRunTime": measure(json!(rounded(per(ms as f64), 1e2)), "millisecond"),
            }),
        )
    }

    pub(super) fn run_of(&self, id: &str) -> Result<&Run, Response> {
        let digits = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
        if !digits || id.bytes().all(|b| b == b'0') {
            return Err(Response::message(
                400,
                "request/params/executionId must be a positive integer",
            ));
        }
        id.parse()
            .ok()
            .and_then(|id: i64| self.runs.get(&id))
            .ok_or_else(|| Response::message(404, "Not Found"))
    }

    pub(super) fn workflow_id(&self, run: &Run) -> &str {
        self.workflows
            .get(run.workflow)
            .map_or("", |workflow| workflow.id.as_str())
    }

    pub(super) fn version_of(&self, run: &Run) -> &str {
        self.workflows
            .get(run.workflow)
            .map_or("", |workflow| workflow.version.as_str())
    }

    /// An item of the list.
    fn item(&self, run: &Run, with_data: bool) -> Value {
        let mut item = json!({
            "id": run.id.to_string(), "finished": run.status == Status::Success, "mode": run.mode(),
            "retryOf": id_or_null(run.retry_of), "retrySuccessId": id_or_null(run.retry_success),
            "status": run.status.word(), "startedAt": time_or_null(run.started_at),
            "stoppedAt": time_or_null(run.stopped_at), "workflowId": self.workflow_id(run), "waitTill": null
        });
        if with_data {
            let data = self.run_data(run);
            extend(
                &mut item,
                json!({"storedAt": "db", "jsonSizeBytes": data.to_string().len(),
                       "workflowVersionId": self.version_of(run), "data": data,
                       "workflowData": self.workflow_data(run), "customData": run_custom_data(run)}),
            );
        }
        item
    }

    /// One execution, as `GET /executions/:id` shows it.
    fn whole(&self, run: &Run) -> Value {
        json!({
            "id": run.id.to_string(), "finished": run.status == Status::Success, "mode": run.mode(),
            "retryOf": id_or_null(run.retry_of), "retrySuccessId": id_or_null(run.retry_success),
            "status": run.status.word(), "createdAt": time(run.created_at),
            "startedAt": time_or_null(run.started_at), "stoppedAt": time_or_null(run.stopped_at),
            "deletedAt": null, "workflowId": self.workflow_id(run), "waitTill": null, "storedAt": "db",
            "tracingContext": null, "deduplicationKey": null,
            "jsonSizeBytes": self.run_data(run).to_string().len(), "binaryDataSizeBytes": 0,
            "workflowVersionId": self.version_of(run), "usedPrivateCredentials": false
        })
    }

    /// The answer to a retry that has ended.
    pub(super) fn retry_json(&self, run: &Run) -> Value {
        let mut workflow = self.workflow_data(run);
        extend(
            &mut workflow,
            json!({"active": false, "activeVersionId": null}),
        );
        json!({
            "id": run.id.to_string(), "mode": "retry", "startedAt": time_or_null(run.started_at),
            "workflowId": self.workflow_id(run), "finished": run.status == Status::Success,
            "retryOf": id_or_null(run.retry_of), "status": run.status.word(), "data": self.run_data(run),
            "workflowData": workflow, "customData": run_custom_data(run), "storedAt": "db"
        })
    }
}

fn last_id(cursor: &Value) -> Result<i64, Response> {
    match cursor.get("lastId") {
        Some(Value::String(text)) => text.parse().ok(),
        Some(id) => id.as_i64(),
        None => None,
    }
    .ok_or_else(invalid_cursor)
}

/// What the node "Remember Event" saved: nothing before it ran.
fn run_custom_data(run: &Run) -> Value {
    if matches!(run.status, Status::New | Status::Running) || run.started_at.is_none() {
        return json!({});
    }
    run.metadata()
}
