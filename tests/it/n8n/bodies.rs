//! Every recorded body is read, and so is what no server should send.

use std::collections::BTreeMap;

use outpost::{
    domain::{
        event::RowId,
        untrusted::Untrusted,
        workflow::{Execution, ExecutionStatus, Workflow},
    },
    effect::FeedId,
    msg::Fact,
};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, path},
};

use super::{always, first, settings};
use crate::n8n_standin::recorded::fixture;

const JSON: &str = "application/json; charset=utf-8";

/// The recorded answers of both versions to requests whose path begins with `prefix`, as bodies.
fn recorded(status: u64, prefix: &str) -> Vec<(String, Value)> {
    let mut out = Vec::new();
    for version in ["2.41.1", "1.123.81"] {
        let requests: BTreeMap<String, Value> =
            serde_json::from_slice(&fixture(version, "requests.json")).unwrap();
        for (name, request) in requests {
            let is_get = request["method"] == "GET"
                && request["status"] == status
                && request["content_type"] == JSON;
            if is_get && request["path"].as_str().unwrap().starts_with(prefix) {
                out.push((
                    format!("{version}/{name}"),
                    serde_json::from_slice(&fixture(version, &name)).unwrap(),
                ));
            }
        }
    }
    out
}

async fn executions(body: &Value) -> (Vec<Execution>, u64, u64) {
    let server = always(200, JSON, body.to_string().into_bytes()).await;
    match first(settings(&server), FeedId::Executions).await {
        Ok(Fact::Executions(all)) => (all.recent, all.running.unwrap(), all.queued),
        other => unreachable!("{other:?} for {body}"),
    }
}

async fn workflows(body: &Value) -> Vec<Workflow> {
    let server = always(200, JSON, body.to_string().into_bytes()).await;
    match first(settings(&server), FeedId::Workflows).await {
        Ok(Fact::Workflows(all)) => all,
        other => unreachable!("{other:?} for {body}"),
    }
}

/// A server that has nothing, where nothing else is mounted.
async fn empty() -> MockServer {
    let server = MockServer::start().await;
    let nothing = ResponseTemplate::new(200).set_body_json(json!({"data": [], "nextCursor": null}));
    Mock::given(any())
        .respond_with(nothing)
        .with_priority(9)
        .mount(&server)
        .await;
    let discover = fixture("2.41.1", "discover_full_key.json");
    let template = ResponseTemplate::new(200).set_body_raw(discover, JSON);
    Mock::given(path("/api/v1/discover"))
        .respond_with(template)
        .mount(&server)
        .await;
    server
}

/// The words of n8n for what was read.
fn word(status: &ExecutionStatus) -> String {
    match status {
        ExecutionStatus::New => "new".to_owned(),
        ExecutionStatus::Running => "running".to_owned(),
        ExecutionStatus::Waiting => "waiting".to_owned(),
        ExecutionStatus::Success => "success".to_owned(),
        ExecutionStatus::Error => "error".to_owned(),
        ExecutionStatus::Canceled => "canceled".to_owned(),
        ExecutionStatus::Crashed => "crashed".to_owned(),
        ExecutionStatus::Other(other) => other.display(),
    }
}

/// What was read, spelt as n8n spells it.
fn spelt(run: &Execution) -> Value {
    let time = |at: Option<chrono::DateTime<chrono::Utc>>| {
        at.map(|at| at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
    };
    json!({
        "id": run.id.as_str(), "workflowId": run.workflow.as_str(), "status": word(&run.status),
        "mode": run.mode.display(), "startedAt": time(run.started_at), "stoppedAt": time(run.stopped_at),
        "retryOf": run.retry_of.as_ref().map(RowId::as_str),
        "retrySuccessId": run.retry_success.as_ref().map(RowId::as_str)
    })
}

#[tokio::test]
async fn every_recorded_list_of_executions_is_read_whole() {
    let mut lists = 0;
    for (name, body) in recorded(200, "/api/v1/executions?") {
        let (found, ..) = executions(&body).await;
        let wanted: Vec<Value> = body["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| {
                let keys = [
                    "id",
                    "workflowId",
                    "status",
                    "mode",
                    "startedAt",
                    "stoppedAt",
                    "retryOf",
                    "retrySuccessId",
                ];
                keys.iter()
                    .map(|key| ((*key).to_owned(), item[*key].clone()))
                    .collect()
            })
            .collect();
        assert_eq!(
            found.iter().map(spelt).collect::<Vec<_>>(),
            wanted,
            "{name}"
        );
        lists += 1;
    }
    assert!(lists > 30, "only {lists} lists");
}

#[tokio::test]
async fn every_recorded_list_of_workflows_is_read_whole() {
    let mut lists = 0;
    for (name, mut body) in recorded(200, "/api/v1/workflows?") {
        // This server would give the same page for ever.
        body["nextCursor"] = Value::Null;
        let found = workflows(&body).await;
        let items = body["data"].as_array().unwrap();
        assert_eq!(found.len(), items.len(), "{name}");
        for (workflow, item) in found.iter().zip(items) {
            assert_eq!(workflow.id.as_str(), item["id"], "{name}");
            assert_eq!(json!(workflow.active), item["active"], "{name}");
            assert_eq!(json!(workflow.archived), item["isArchived"], "{name}");
            assert!(workflow.updated_at.is_some(), "{name}");
            let paths: Vec<Value> = item["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|node| node["type"] == "n8n-nodes-base.webhook")
                .map(|node| node["parameters"]["path"].clone())
                .collect();
            assert_eq!(
                json!(
                    workflow
                        .webhooks
                        .iter()
                        .map(Untrusted::display)
                        .collect::<Vec<_>>()
                ),
                json!(paths),
                "{name}"
            );
        }
        lists += 1;
    }
    assert!(lists > 10, "only {lists} lists");
}

#[tokio::test]
async fn scopes_are_read_and_an_old_server_leaves_them_unknown() {
    for (name, body) in recorded(200, "/api/v1/discover") {
        let server = always(200, JSON, body.to_string().into_bytes()).await;
        let Ok(Fact::Access(access)) = first(settings(&server), FeedId::Access).await else {
            unreachable!("{name}");
        };
        assert_eq!(json!(access.scopes), body["data"]["scopes"], "{name}");
        assert!(access.may("workflow:list") && !access.may("workflow:explode"));
    }
    let old = always(404, JSON, fixture("1.123.81", "discover_limited_key.json")).await;
    let Ok(Fact::Access(access)) = first(settings(&old), FeedId::Access).await else {
        unreachable!("an old server");
    };
    assert_eq!(access.scopes, None);
}

#[tokio::test]
async fn what_runs_and_what_is_queued_is_counted_and_merged() {
    let server = empty().await;
    let run = |id: &str, status: &str| json!({"id": id, "workflowId": "w", "status": status, "mode": "webhook"});
    let list = |items: Vec<Value>| {
        ResponseTemplate::new(200).set_body_json(json!({"data": items, "nextCursor": null}))
    };
    let with_status = |status: &str| wiremock::matchers::query_param("status", status);
    // 12 ended between the two requests; 13 is running in both, as in a server with workers.
    let running = vec![run("13", "running"), run("12", "running")];
    Mock::given(with_status("running"))
        .respond_with(list(running))
        .with_priority(1)
        .mount(&server)
        .await;
    let queue = (20..90).map(|id| run(&id.to_string(), "new")).collect();
    Mock::given(with_status("new"))
        .respond_with(list(queue))
        .with_priority(1)
        .mount(&server)
        .await;
    let newest = vec![
        run("20", "new"),
        run("13", "running"),
        run("12", "success"),
        run("9", "error"),
    ];
    Mock::given(path("/api/v1/executions"))
        .respond_with(list(newest))
        .with_priority(2)
        .mount(&server)
        .await;
    let Ok(Fact::Executions(all)) = first(settings(&server), FeedId::Executions).await else {
        unreachable!("executions");
    };
    let seen: Vec<(String, String)> = all
        .recent
        .iter()
        .map(|run| (run.id.to_string(), word(&run.status)))
        .collect();
    let wanted = [
        ("20", "new"),
        ("13", "running"),
        ("12", "success"),
        ("9", "error"),
    ];
    assert_eq!(
        seen,
        wanted.map(|(id, status)| (id.to_owned(), status.to_owned()))
    );
    assert_eq!((all.running, all.queued), (Some(1), 70));
}

#[tokio::test]
async fn pages_of_workflows_are_followed_to_the_end() {
    let server = empty().await;
    let page = |id: &str, next: Value| {
        let data = json!([{"id": id, "name": id, "active": true}]);
        ResponseTemplate::new(200).set_body_json(json!({"data": data, "nextCursor": next}))
    };
    let at = |cursor: &str| Mock::given(wiremock::matchers::query_param("cursor", cursor));
    at("one")
        .respond_with(page("b", json!("two")))
        .with_priority(1)
        .mount(&server)
        .await;
    // A cursor that leads back to itself ends the list.
    at("two")
        .respond_with(page("c", json!("two")))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(path("/api/v1/workflows"))
        .respond_with(page("a", json!("one")))
        .with_priority(2)
        .mount(&server)
        .await;
    let Ok(Fact::Workflows(all)) = first(settings(&server), FeedId::Workflows).await else {
        unreachable!("workflows");
    };
    assert_eq!(
        all.iter().map(|w| w.id.as_str()).collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
}

#[tokio::test]
async fn values_of_the_wrong_type_count_as_missing_and_the_rest_stays() {
    let (found, ..) = executions(&json!({
        "data": [
            {"id": 9, "workflowId": "w", "status": "dreaming", "mode": 7, "startedAt": "yesterday", "new": {"a": [1]}},
            {"id": "8", "workflowId": "w", "finished": true, "retryOf": 3, "waitTill": false},
            {"id": "7"},
            {"id": "../../x", "workflowId": "w", "status": "success"},
            {"id": {}, "workflowId": [], "status": null},
            {}
        ],
        "nextCursor": 12
    }))
    .await;
    let told: Vec<Value> = found.iter().map(spelt).collect();
    assert_eq!(
        told,
        [
            json!({"id": "9", "workflowId": "w", "status": "dreaming", "mode": "", "startedAt": null, "stoppedAt": null,
               "retryOf": null, "retrySuccessId": null}),
            json!({"id": "8", "workflowId": "w", "status": "success", "mode": "", "startedAt": null, "stoppedAt": null,
               "retryOf": "3", "retrySuccessId": null}),
        ]
    );
    let found = workflows(&json!({"data": [
        {"id": "a", "name": null, "active": "yes", "nodes": [null, {"type": 3}, {"type": "n8n-nodes-base.webhook"},
            {"type": "n8n-nodes-base.webhook", "parameters": {"path": {"x": 1}}},
            {"type": "n8n-nodes-base.webhook", "parameters": {"path": "off"}, "disabled": true},
            {"type": "n8n-nodes-base.webhook", "parameters": {"path": "on"}}]},
        {"id": "b", "nodes": null},
        {"name": "without a key"}
    ]}))
    .await;
    let told: Vec<(&str, bool, usize)> = found
        .iter()
        .map(|w| (w.id.as_str(), w.active, w.webhooks.len()))
        .collect();
    assert_eq!(told, [("a", false, 1), ("b", false, 0)]);
}

#[tokio::test]
async fn a_hostile_name_comes_in_whole_and_goes_out_harmless() {
    let ugly: Value =
        serde_json::from_slice(&fixture("2.41.1", "workflow_get_ugly_name.json")).unwrap();
    let mut hostile = ugly.clone();
    hostile["name"] = json!("\u{1b}]8;;http://x\u{7}click\u{1b}[2J\0 \u{202e}live\u{9b}1m");
    hostile["nodes"] =
        json!([{"type": "n8n-nodes-base.webhook", "parameters": {"path": "a\u{1b}[31m\0"}}]);
    let found = workflows(&json!({"data": [ugly, hostile]})).await;
    assert!(found[0].name.hazards() > 0, "the recorded name is hostile");
    assert_eq!(
        found[1].name.display(),
        "<ESC>]8;;http://x<BEL>click<ESC>[2J<NUL> <U+202E>live<U+009B>1m"
    );
    assert_eq!(found[1].webhooks[0].display(), "a<ESC>[31m<NUL>");
}
