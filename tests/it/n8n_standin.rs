//! The n8n stand-in answers as the recorded server did.

pub(crate) mod recorded;

mod over_http;
mod paging;
mod refusals;

use chrono::{DateTime, TimeDelta, Utc};
use outpost::demo::n8n::{
    CONSOLE_SCOPES, Ending, ExecutionId, Failure, KEPT_EXECUTIONS, N8n, Reply, Request, Response,
    Status, Wish,
};
use pretty_assertions::assert_eq;
use recorded::{assert_same_shape, recorded};
use serde_json::{Value, json};

const KEY: &str = "key";
const FIRST: ExecutionId = ExecutionId(44);

fn now() -> DateTime<Utc> {
    "2026-11-23T22:00:00Z".parse().unwrap()
}

fn later(seconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::seconds(seconds)
}

fn fresh() -> N8n {
    N8n::new(KEY, FIRST, now() - TimeDelta::days(40))
}

fn event(id: i64) -> Value {
    json!({"event_id": id, "event_type": "company_created", "record_id": 100 + id})
}

fn request(method: &str, target: &str) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        key: Some(KEY.to_owned()),
        ..Request::default()
    }
}

fn with_body(method: &str, target: &str, body: &Value) -> Request {
    Request {
        content_type: Some("application/json".to_owned()),
        body: body.to_string().into_bytes(),
        ..request(method, target)
    }
}

fn ask(n8n: &mut N8n, request: &Request) -> (Response, Vec<Wish>) {
    let (reply, wishes) = n8n.answer(request, later(60));
    let Reply::Now(response) = reply else {
        unreachable!("only a retry is answered later");
    };
    (response, wishes)
}

fn get(n8n: &mut N8n, target: &str) -> Value {
    let (response, wishes) = ask(n8n, &request("GET", target));
    assert_eq!((response.status, wishes), (200, vec![]), "{target}");
    body(&response)
}

fn body(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}

fn refused() -> Ending {
    Ending::Error(Failure {
        message: "The service refused the connection - perhaps it is offline".to_owned(),
        cause: Some("connect ECONNREFUSED 127.0.0.1:9".to_owned()),
        http_code: Some("ECONNREFUSED".to_owned()),
    })
}

#[test]
fn a_list_item_has_the_recorded_fields() {
    let mut n8n = fresh();
    for id in 0..5 {
        let run = n8n
            .deliver("validate-company", event(id), later(id))
            .unwrap();
        n8n.finish(run, Ending::Success, later(id + 1));
    }
    let ours = get(&mut n8n, "/api/v1/executions?limit=3");
    assert_same_shape(&ours, &recorded("executions_list_status_success.json"), &[]);
    assert_eq!(ours["data"][0]["id"], "48");
}

#[test]
fn running_and_queued_items_have_the_recorded_fields() {
    let mut n8n = fresh();
    n8n.deliver("build-segment", event(1), now()).unwrap();
    n8n.enqueue("build-segment", event(2), now()).unwrap();
    let running = get(&mut n8n, "/api/v1/executions?status=running");
    assert_same_shape(
        &running,
        &recorded("executions_list_status_running.json"),
        &[],
    );
    let queued = get(&mut n8n, "/api/v1/executions?status=new");
    assert_same_shape(
        &queued,
        &recorded("executions_list_status_new_queued.json"),
        &[],
    );
}

#[test]
fn what_runs_is_listed_only_when_asked_for() {
    let mut n8n = fresh();
    let run = n8n.deliver("build-segment", event(1), now()).unwrap();
    assert_eq!(
        get(&mut n8n, "/api/v1/executions"),
        json!({"data": [], "nextCursor": null})
    );
    n8n.finish(run, Ending::Success, later(1));
    assert_eq!(get(&mut n8n, "/api/v1/executions")["data"][0]["id"], "44");
    assert_eq!(
        get(&mut n8n, "/api/v1/executions?status=running")["data"],
        json!([])
    );
}

#[test]
fn an_execution_has_the_recorded_fields_with_and_without_data() {
    let mut n8n = fresh();
    let run = n8n.deliver("validate-company", event(35), now()).unwrap();
    let running = get(&mut n8n, "/api/v1/executions/44?includeData=true");
    assert_same_shape(
        &running,
        &recorded("execution_running_detail.json"),
        &[".workflowData.nodes[].credentials"],
    );
    n8n.finish(run, Ending::Success, later(1));
    let plain = get(&mut n8n, "/api/v1/executions/44");
    assert_same_shape(&plain, &recorded("execution_get_plain.json"), &[]);
    let detail = get(&mut n8n, "/api/v1/executions/44?includeData=true");
    assert_same_shape(&detail, &recorded("execution_success_detail.json"), &[]);
    assert_eq!(
        detail["customData"],
        json!({"event_id": "35", "event_type": "company_created", "record_id": "135"})
    );
}

#[test]
fn a_failed_execution_has_the_recorded_fields() {
    let mut n8n = fresh();
    for (webhook, fixture) in [
        ("send-message", "execution_error_detail_http_refused.json"),
        ("validate-company", "execution_error_detail_postgres.json"),
    ] {
        let run = n8n.deliver(webhook, event(1), now()).unwrap();
        let mut ending = refused();
        if let (Ending::Error(failure), "validate-company") = (&mut ending, webhook) {
            failure.http_code = None;
            failure.cause = None;
        }
        n8n.finish(run, ending, later(1));
        let detail = get(
            &mut n8n,
            &format!("/api/v1/executions/{}?includeData=true", run.0),
        );
        // What a failed call was given is recorded with more detail than anybody reads; credentials differ.
        let nodes = [
            ".data.resultData.error.node.credentials",
            ".data.resultData.runData.*[].error.node.credentials",
            ".data.executionData.nodeExecutionStack[].node.credentials",
            ".workflowData.nodes[].credentials",
        ];
        assert_same_shape(&detail, &recorded(fixture), &nodes);
        assert_eq!(
            detail["data"]["resultData"]["error"]["message"],
            "The service refused the connection - perhaps it is offline"
        );
    }
}

#[test]
fn workflows_have_the_recorded_fields_in_every_answer() {
    let mut n8n = fresh();
    let list = get(&mut n8n, "/api/v1/workflows?limit=2");
    let credentials = [
        ".data[].nodes[].credentials",
        ".data[].activeVersion.nodes[].credentials",
        ".data[].nodes[].webhookId",
        ".data[].activeVersion.nodes[].webhookId",
    ];
    assert_same_shape(&list, &recorded("workflows_list_limit2.json"), &credentials);
    let id = list["data"][0]["id"].as_str().unwrap().to_owned();
    let one = get(&mut n8n, &format!("/api/v1/workflows/{id}"));
    assert_same_shape(&one, &recorded("workflow_get.json"), &[]);
    let nodes = [".nodes", ".activeVersion.nodes", ".staticData"];
    for (call, fixture) in [
        ("deactivate", "workflow_deactivate.json"),
        ("activate", "workflow_activate.json"),
        ("unpublish", "workflow_unpublish.json"),
        ("publish", "workflow_publish.json"),
    ] {
        let (response, wishes) = ask(
            &mut n8n,
            &request("POST", &format!("/api/v1/workflows/{id}/{call}")),
        );
        assert_eq!((response.status, wishes.len()), (200, 1), "{call}");
        assert_eq!(response.deprecated, call.ends_with("activate"));
        assert_same_shape(&body(&response), &recorded(fixture), &nodes);
        let (again, wishes) = ask(
            &mut n8n,
            &request("POST", &format!("/api/v1/workflows/{id}/{call}")),
        );
        assert_eq!((again.status, wishes), (200, vec![]), "{call} again");
    }
}

#[test]
fn stop_delete_discover_and_insights_have_the_recorded_fields() {
    let mut n8n = fresh();
    let run = n8n.deliver("build-segment", event(1), now()).unwrap();
    let (stopped, wishes) = ask(&mut n8n, &request("POST", "/api/v1/executions/44/stop"));
    assert_eq!(wishes, [Wish::Stop(run)]);
    assert_same_shape(
        &body(&stopped),
        &recorded("execution_stop_running.json"),
        &[],
    );
    let plain = get(&mut n8n, "/api/v1/executions/44");
    assert_same_shape(
        &plain,
        &recorded("execution_stopped_running_plain.json"),
        &[],
    );
    let (deleted, _) = ask(&mut n8n, &request("DELETE", "/api/v1/executions/44"));
    assert_same_shape(&body(&deleted), &recorded("execution_delete.json"), &[]);
    let discover = get(&mut n8n, "/api/v1/discover");
    assert_same_shape(&discover, &recorded("discover_full_key.json"), &[]);
    assert_eq!(discover["data"]["scopes"], json!(CONSOLE_SCOPES));
    let insights = get(&mut n8n, "/api/v1/insights/summary");
    assert_same_shape(&insights, &recorded("insights_summary_with_data.json"), &[]);
}

#[test]
fn stopping_many_counts_only_what_had_not_ended() {
    let mut n8n = fresh();
    let ended = n8n.deliver("build-segment", event(1), now()).unwrap();
    n8n.finish(ended, Ending::Success, later(1));
    let running = n8n.deliver("build-segment", event(2), now()).unwrap();
    let queued = n8n.enqueue("build-segment", event(3), now()).unwrap();
    let stop = with_body(
        "POST",
        "/api/v1/executions/stop",
        &json!({"status": ["queued", "running"]}),
    );
    let (response, wishes) = ask(&mut n8n, &stop);
    assert_eq!(body(&response), json!({"stopped": 2}));
    assert_eq!(wishes, [Wish::Stop(running), Wish::Stop(queued)]);
    n8n.finish(running, Ending::Success, later(9));
    assert_eq!(n8n.status(running), Some(Status::Canceled));
}

#[test]
fn a_retry_is_answered_when_its_run_has_ended() {
    let mut n8n = fresh();
    let failed = n8n.deliver("send-message", event(1), now()).unwrap();
    n8n.finish(failed, refused(), later(1));
    let (reply, wishes) = n8n.answer(&request("POST", "/api/v1/executions/44/retry"), later(2));
    let retry = ExecutionId(45);
    assert_eq!(reply, Reply::WhenEnded(retry));
    assert_eq!(
        wishes,
        [Wish::Retry {
            execution: retry,
            of: failed
        }]
    );
    assert_eq!(n8n.input(retry), Some(("Send Executor", &event(1))));
    assert_eq!(n8n.retried(retry), None);
    n8n.finish(retry, Ending::Success, later(3));
    let answer = n8n.retried(retry).unwrap();
    let nodes = [".workflowData.nodes[].credentials"];
    assert_same_shape(
        &body(&answer),
        &recorded("execution_retry_succeeds.json"),
        &nodes,
    );
    let original = get(&mut n8n, "/api/v1/executions/44");
    assert_eq!(
        (&original["status"], &original["retrySuccessId"]),
        (&json!("error"), &json!("45"))
    );
}

#[test]
fn a_retry_that_fails_again_is_answered_200_with_its_status() {
    let mut n8n = fresh();
    let failed = n8n.deliver("send-message", event(1), now()).unwrap();
    n8n.finish(failed, refused(), later(1));
    let _answer = n8n.answer(&request("POST", "/api/v1/executions/44/retry"), later(2));
    n8n.finish(ExecutionId(45), refused(), later(3));
    let answer = n8n.retried(ExecutionId(45)).unwrap();
    assert_eq!(
        (answer.status, &body(&answer)["status"]),
        (200, &json!("error"))
    );
    assert_eq!(
        get(&mut n8n, "/api/v1/executions/44")["retrySuccessId"],
        Value::Null
    );
}

#[test]
fn a_body_that_is_not_json_gets_the_html_error() {
    let mut n8n = fresh();
    let broken = Request {
        body: b"{not json".to_vec(),
        ..with_body("POST", "/api/v1/executions/stop", &Value::Null)
    };
    let (response, _) = ask(&mut n8n, &broken);
    assert_eq!(
        (response.status, response.content_type),
        (500, "text/html; charset=utf-8")
    );
}

#[test]
fn a_wrong_base_path_gets_the_editor() {
    let (response, _) = ask(&mut fresh(), &request("GET", "/api/v2/executions"));
    assert_eq!(
        (response.status, response.content_type),
        (200, "text/html; charset=utf-8")
    );
}

#[test]
fn a_webhook_starts_a_run_unless_its_workflow_is_off_or_deaf() {
    let mut n8n = fresh();
    let call = with_body("POST", "/webhook/validate-company", &event(7));
    let (response, wishes) = ask(&mut n8n, &call);
    assert_eq!(body(&response), recorded("webhook_ok_onReceived.json"));
    assert_eq!(
        wishes,
        [Wish::Called {
            execution: FIRST,
            webhook: "validate-company",
            body: event(7)
        }]
    );

    n8n.set_deaf("Validation Gatekeeper", true);
    assert_eq!(
        (
            n8n.is_active("Validation Gatekeeper"),
            n8n.hears("validate-company")
        ),
        (true, false)
    );
    let (response, wishes) = ask(&mut n8n, &call);
    assert_eq!((response.status, wishes), (404, vec![]));
    assert_same_shape(
        &body(&response),
        &recorded("webhook_404_not_registered.json"),
        &[],
    );
    assert!(n8n.deliver("validate-company", event(8), now()).is_err());
}

#[test]
fn deactivating_and_activating_a_deaf_workflow_heals_it() {
    let mut n8n = fresh();
    n8n.set_deaf("Validation Gatekeeper", true);
    let id = get(&mut n8n, "/api/v1/workflows?name=Gatekeeper")["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (_, off) = ask(
        &mut n8n,
        &request("POST", &format!("/api/v1/workflows/{id}/deactivate")),
    );
    let (_, on) = ask(
        &mut n8n,
        &request("POST", &format!("/api/v1/workflows/{id}/activate")),
    );
    assert_eq!(off, [Wish::Deactivated("Validation Gatekeeper")]);
    assert_eq!(on, [Wish::Activated("Validation Gatekeeper")]);
    assert!(n8n.hears("validate-company"));
}

#[test]
fn old_executions_are_pruned_but_never_one_that_runs() {
    let mut n8n = fresh();
    let running = n8n.deliver("build-segment", event(0), now()).unwrap();
    for id in 0..KEPT_EXECUTIONS as i64 + 10 {
        let run = n8n.deliver("validate-company", event(id), now()).unwrap();
        n8n.finish(run, Ending::Success, later(1));
    }
    assert_eq!(n8n.status(running), Some(Status::Running));
    assert_eq!(n8n.status(ExecutionId(45)), None);
}
