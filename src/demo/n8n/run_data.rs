//! What an execution keeps of its nodes' work.

use serde_json::{Value, json};

use super::{
    N8n, Run, Status,
    catalogue::{Kind, Workflow, fold},
    json::extend,
};

impl Run {
    pub(super) const fn mode(&self) -> &'static str {
        if self.retry_of.is_some() {
            "retry"
        } else {
            "webhook"
        }
    }

    pub(super) fn duration_ms(&self) -> i64 {
        match (self.started_at, self.stopped_at) {
            (Some(started), Some(stopped)) => (stopped - started).num_milliseconds(),
            _ => 0,
        }
    }

    /// The event it is about, each value as text.
    pub(super) fn metadata(&self) -> Value {
        let mut out = serde_json::Map::new();
        for key in ["event_id", "event_type", "record_id"] {
            let text = match self.body.get(key) {
                None | Some(Value::Null) => continue,
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
            };
            out.insert(key.to_owned(), json!(text));
        }
        Value::Object(out)
    }

    /// What the webhook node hands on.
    fn input(&self) -> Value {
        let length = self.body.to_string().len().to_string();
        json!({
            "headers": {"host": "127.0.0.1", "accept-encoding": "identity", "content-length": length,
                        "content-type": "application/json"},
            "params": {}, "query": {}, "body": self.body,
            "webhookUrl": format!("http://127.0.0.1/webhook/{}", self.webhook),
            "executionMode": "production"
        })
    }
}

impl N8n {
    /// `data` of an execution.
    pub(super) fn run_data(&self, run: &Run) -> Value {
        let Some(workflow) = self.workflows.get(run.workflow) else {
            return Value::Null;
        };
        let mut result = json!({"runData": {}});
        let waits = run.started_at.is_none() || matches!(run.status, Status::New | Status::Running);
        if !waits {
            result = results(workflow, run);
        }
        if run.status == Status::Canceled {
            extend(&mut result, json!({"error": canceled(run)}));
        }
        let stack = if waits {
            let main = json!([[{"json": run.input()}]]);
            json!([{"node": workflow.webhook_json(run.webhook, true), "data": {"main": main}, "source": null}])
        } else if run.status == Status::Error {
            let source = json!({"main": [source_of("Remember Event")]});
            json!([{"node": workflow.work_json(true), "data": {"main": [[item(&run.input())]]}, "source": source}])
        } else {
            json!([])
        };
        let [first, ..] = workflow.path_of(run.webhook);
        json!({
            "version": 1, "startData": {}, "resultData": result,
            "executionData": {
                "contextData": {}, "nodeExecutionStack": stack, "metadata": {}, "waitingExecution": {},
                "waitingExecutionSource": {},
                "runtimeData": {
                    "version": 1, "establishedAt": run.created_at.timestamp_millis(), "source": "webhook",
                    "triggerNode": {"name": first, "type": "n8n-nodes-base.webhook"},
                    "redaction": {"version": 2, "production": false, "manual": false}
                }
            },
            "resumeToken": format!("{:016x}", fold(&run.id.to_string())).repeat(4)
        })
    }

    /// `workflowData` of an execution.
    pub(super) fn workflow_data(&self, run: &Run) -> Value {
        self.workflows.get(run.workflow).map_or(Value::Null, |w| {
            json!({"id": w.id, "name": w.name, "nodes": w.nodes(true), "connections": w.connections(),
                   "settings": {"executionOrder": "v1"}, "nodeGroups": []})
        })
    }
}

/// The results of the nodes that ran.
fn results(workflow: &Workflow, run: &Run) -> Value {
    let path = workflow.path_of(run.webhook);
    let [first, second, work, mark] = &path;
    let started = run.started_at.map_or(0, |at| at.timestamp_millis());
    let total = run.duration_ms();
    let (early, late) = (total.min(8) / 2, (total / 8).min(15));
    let handed_on = json!({"main": [[item(&run.input())]]});
    let mut nodes = serde_json::Map::new();
    nodes.insert(
        first.clone(),
        ran(0, started, early, None, &json!({"data": handed_on})),
    );
    nodes.insert(
        second.clone(),
        ran(
            1,
            started + early,
            early,
            Some(first),
            &json!({"data": handed_on}),
        ),
    );
    let work_ms = (total - 2 * early - late).max(0);
    let work_at = started + 2 * early;
    let mut last = second;
    let mut error = None;
    match run.status {
        Status::Error => {
            let failure = failure(workflow, run);
            let more = json!({"executionStatus": "error", "error": failure});
            nodes.insert(work.clone(), ran(2, work_at, work_ms, Some(second), &more));
            error = Some(failure);
            last = work;
        }
        Status::Success => {
            let output = json!({"data": {"main": [[item(&json!({"ok": true}))]]}});
            nodes.insert(
                work.clone(),
                ran(2, work_at, work_ms, Some(second), &output),
            );
            let id = run.metadata().get("event_id").cloned();
            let output =
                json!({"data": {"main": [[item(&json!({"id": id, "status": "processed"}))]]}});
            nodes.insert(
                mark.clone(),
                ran(3, work_at + work_ms, late, Some(work), &output),
            );
            last = mark;
        }
        Status::New | Status::Running | Status::Canceled => {}
    }
    let mut out = json!({"runData": nodes, "lastNodeExecuted": last, "metadata": run.metadata()});
    if let Some(error) = error {
        extend(&mut out, json!({"error": error}));
    }
    out
}

/// One run of a node, in the list that n8n keeps.
fn ran(index: u8, start: i64, ms: i64, after: Option<&str>, more: &Value) -> Value {
    let source: Vec<Value> = after.map(source_of).into_iter().collect();
    let mut one = json!({
        "startTime": start, "executionIndex": index, "source": source, "hints": [], "executionTime": ms,
        "executionStatus": "success"
    });
    extend(&mut one, more.clone());
    json!([one])
}

fn source_of(node: &str) -> Value {
    json!({"previousNode": node, "previousNodeOutput": 0, "previousNodeRun": 0})
}

fn item(value: &Value) -> Value {
    json!({"json": value, "pairedItem": {"item": 0}})
}

/// The failure of the working node, as n8n words it for that kind of node.
fn failure(workflow: &Workflow, run: &Run) -> Value {
    let Some(failure) = &run.failure else {
        return Value::Null;
    };
    let at = run.stopped_at.map_or(0, |at| at.timestamp_millis());
    let message = &failure.message;
    let mut out = json!({"level": "warning", "shouldReport": true});
    let name = match workflow.work.kind {
        Kind::Http(url) => {
            let request = json!({
                "headers": {"accept": "application/json"}, "method": "POST", "uri": url, "gzip": true,
                "rejectUnauthorized": true, "followRedirect": true, "resolveWithFullResponse": true,
                "sendCredentialsOnCrossOriginRedirect": true, "followAllRedirects": true, "timeout": 30_000,
                "encoding": null, "json": false, "useStream": true
            });
            let context = json!({"itemIndex": 0, "request": request});
            extend(
                &mut out,
                json!({"tags": {}, "timestamp": at, "context": context}),
            );
            "NodeApiError"
        }
        Kind::Postgres(query) => {
            let description = format!("Failed query: {query}");
            extend(
                &mut out,
                json!({"description": description, "tags": {}, "timestamp": at, "context": {}}),
            );
            "NodeOperationError"
        }
    };
    let messages: Vec<&String> = failure.cause.iter().collect();
    extend(
        &mut out,
        json!({"functionality": "regular", "name": name, "node": workflow.work_json(true), "messages": messages}),
    );
    if let Some(code) = &failure.http_code {
        extend(&mut out, json!({"httpCode": code}));
    }
    let stack = format!("{name}: {message}\n    at ExecuteContext.execute (node.ts:1:1)");
    extend(&mut out, json!({"message": message, "stack": stack}));
    out
}

fn canceled(run: &Run) -> Value {
    json!({
        "level": "warning", "shouldReport": false, "tags": {}, "extra": {"executionId": run.id.to_string()},
        "timestamp": run.stopped_at.map_or(0, |at| at.timestamp_millis()), "context": {},
        "functionality": "regular", "name": "ManualExecutionCancelledError", "reason": "manual",
        "message": "The execution was cancelled manually",
        "stack": "ManualExecutionCancelledError: The execution was cancelled manually\n    at ExecutionService.stop \
                  (execution.service.ts:534:18)"
    })
}
