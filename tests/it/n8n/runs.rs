//! Stopping and retrying executions, and bouncing a workflow, against recorded answers.

use outpost::{
    domain::{
        event::RowId,
        pipeline::SideEffect,
        plan::{Mutation, Outcome, Revision, RunTarget},
        untrusted::Untrusted,
        workflow::ExecutionStatus,
    },
    msg::Fault,
    sources::n8n::carry_out,
};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path, query_param},
};

use super::settings;
use crate::n8n_standin::recorded::fixture;

const JSON: &str = "application/json; charset=utf-8";
const NEW: &str = "2.41.1";
const OLD: &str = "1.123.81";

fn body(status: u16, body: Vec<u8>) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, JSON)
}

fn recorded(status: u16, version: &str, name: &str) -> ResponseTemplate {
    body(status, fixture(version, name))
}

/// A server of this version that has no execution but those that are mounted.
async fn server(version: &str) -> MockServer {
    let server = MockServer::start().await;
    let discover = if version == NEW {
        recorded(200, NEW, "discover_full_key.json")
    } else {
        recorded(404, OLD, "discover_limited_key.json")
    };
    on(&server, "GET", "/discover", 1, discover).await;
    let none = br#"{"data":[],"nextCursor":null}"#.to_vec();
    on(&server, "GET", "/executions", 9, body(200, none)).await;
    server
}

async fn on(server: &MockServer, verb: &str, to: &str, priority: u8, answer: ResponseTemplate) {
    Mock::given(method(verb))
        .and(path(format!("/api/v1{to}")))
        .respond_with(answer)
        .with_priority(priority)
        .mount(server)
        .await;
}

/// Answers the first request so, and later ones with what has a lower priority.
async fn first(server: &MockServer, to: &str, answer: ResponseTemplate) {
    Mock::given(method("GET"))
        .and(path(format!("/api/v1{to}")))
        .respond_with(answer)
        .up_to_n_times(1)
        .with_priority(1)
        .mount(server)
        .await;
}

async fn posted(server: &MockServer) -> Vec<(String, Value)> {
    let requests = server.received_requests().await.unwrap();
    requests
        .iter()
        .filter(|request| request.method == "POST")
        .map(|request| {
            let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
            (request.url.path().replace("/api/v1", ""), body)
        })
        .collect()
}

fn target(id: i64, status: ExecutionStatus) -> RunTarget {
    RunTarget {
        id: RowId::from(id),
        workflow: Untrusted::from("CRM Syncer"),
        status,
        side_effect: SideEffect::CrmWrite,
    }
}

fn stop(ids: &[i64]) -> Mutation {
    let target = |id: &i64| target(*id, ExecutionStatus::Running);
    Mutation::StopExecutions(ids.iter().map(target).collect())
}

fn retry(id: i64, revision: Revision) -> Mutation {
    Mutation::RetryExecutions {
        targets: vec![target(id, ExecutionStatus::Error)],
        revision,
    }
}

fn said(outcome: &[(RowId, String)]) -> Vec<(&str, &str)> {
    outcome
        .iter()
        .map(|(id, why)| (id.as_str(), why.as_str()))
        .collect()
}

#[tokio::test]
async fn a_running_execution_is_stopped_and_read_again() {
    let server = server(NEW).await;
    first(
        &server,
        "/executions/63",
        recorded(200, NEW, "execution_running_plain.json"),
    )
    .await;
    let after = recorded(200, NEW, "execution_stopped_running_plain.json");
    on(&server, "GET", "/executions/63", 5, after).await;
    let answer = recorded(200, NEW, "execution_stop_running.json");
    on(&server, "POST", "/executions/63/stop", 5, answer).await;
    let outcome = carry_out(&settings(&server), &stop(&[63])).await.unwrap();
    let done = Outcome {
        done: vec![RowId::from(63)],
        ..Outcome::default()
    };
    assert_eq!(outcome, done);
    assert_eq!(
        posted(&server).await,
        [("/executions/63/stop".to_owned(), Value::Null)]
    );
}

#[tokio::test]
async fn what_has_ended_is_gone_or_ends_in_between_is_skipped_with_the_reason() {
    let server = server(NEW).await;
    let ended = recorded(200, NEW, "execution_get_plain.json");
    on(&server, "GET", "/executions/44", 5, ended).await;
    let missing = recorded(404, NEW, "error_404_execution_missing.json");
    on(&server, "GET", "/executions/99", 5, missing).await;
    let running = recorded(200, NEW, "execution_running_plain.json");
    on(&server, "GET", "/executions/63", 5, running).await;
    let conflict = recorded(409, NEW, "error_409_stop_canceled.json");
    on(&server, "POST", "/executions/63/stop", 5, conflict).await;
    let outcome = carry_out(&settings(&server), &stop(&[44, 99, 63]))
        .await
        .unwrap();
    assert_eq!(
        said(&outcome.skipped),
        [
            ("44", "it was running, it is success now"),
            ("99", "n8n does not have it any more"),
            (
                "63",
                "Only running or waiting executions can be stopped and 61 is currently canceled"
            ),
        ]
    );
    assert_eq!(outcome.done, []);
    assert_eq!(posted(&server).await.len(), 1);
}

#[tokio::test]
async fn a_stop_that_n8n_took_but_that_changed_nothing_is_said_to_be_unclear() {
    let server = server(NEW).await;
    let running = recorded(200, NEW, "execution_running_plain.json");
    on(&server, "GET", "/executions/63", 5, running).await;
    let answer = recorded(200, NEW, "execution_stop_running.json");
    on(&server, "POST", "/executions/63/stop", 5, answer).await;
    let outcome = carry_out(&settings(&server), &stop(&[63])).await.unwrap();
    assert_eq!(
        said(&outcome.unknown),
        [("63", "n8n took the call, but it is running")]
    );
}

#[tokio::test]
async fn a_server_without_that_route_is_said_to_be_too_old() {
    let server = server(OLD).await;
    let running = recorded(200, OLD, "execution_running_plain.json");
    on(&server, "GET", "/executions/61", 5, running).await;
    let unknown = recorded(404, OLD, "execution_stop_running.json");
    on(&server, "POST", "/executions/61/stop", 5, unknown).await;
    let fault = carry_out(&settings(&server), &stop(&[61])).await;
    assert_eq!(
        fault.unwrap_err().to_string(),
        "not possible here: this n8n stops no execution over its API (2.x does): stop it in its editor"
    );
}

#[tokio::test]
async fn a_key_without_the_scope_is_told_which_before_anything_is_sent_and_by_the_server_too() {
    let server = MockServer::start().await;
    let discover = recorded(200, NEW, "discover_readonly_key.json");
    on(&server, "GET", "/discover", 1, discover).await;
    for (mutation, scope) in [
        (stop(&[63]), "execution:stop"),
        (retry(57, Revision::Original), "execution:retry"),
    ] {
        let fault = carry_out(&settings(&server), &mutation).await.unwrap_err();
        let text = format!("not allowed: the key needs the scope {scope}");
        assert_eq!(fault.to_string(), text);
    }
    assert_eq!(posted(&server).await, []);
    let server = self::server(OLD).await;
    let failed = recorded(200, OLD, "execution_after_failed_retry.json");
    on(&server, "GET", "/executions/46", 5, failed).await;
    let forbidden = recorded(403, NEW, "error_403_retry.json");
    on(&server, "POST", "/executions/46/retry", 5, forbidden).await;
    let fault = carry_out(&settings(&server), &retry(46, Revision::Original)).await;
    assert_eq!(
        fault.unwrap_err().to_string(),
        "not allowed: the key needs the scope execution:retry; n8n says: Forbidden"
    );
}

/// As it failed, before anybody retried it.
fn unmended(version: &str) -> ResponseTemplate {
    let mut run: Value =
        serde_json::from_slice(&fixture(version, "execution_after_successful_retry.json")).unwrap();
    run["retrySuccessId"] = Value::Null;
    body(200, run.to_string().into_bytes())
}

#[tokio::test]
async fn a_retry_that_ends_well_is_read_again_with_either_version_of_its_workflow() {
    for (version, id, by, revision, latest) in [
        (NEW, 57, "70", Revision::Original, false),
        (NEW, 57, "70", Revision::Latest, true),
        (OLD, 55, "68", Revision::Original, false),
    ] {
        let server = server(version).await;
        let at = format!("/executions/{id}");
        first(&server, &at, unmended(version)).await;
        let after = recorded(200, version, "execution_after_successful_retry.json");
        on(&server, "GET", &at, 5, after).await;
        let answer = recorded(200, version, "execution_retry_succeeds.json");
        on(&server, "POST", &format!("{at}/retry"), 5, answer).await;
        let outcome = carry_out(&settings(&server), &retry(id, revision))
            .await
            .unwrap();
        assert_eq!(outcome.done, [RowId::from(id)], "{version}");
        let remark = format!("mended by {by}");
        assert_eq!(
            said(&outcome.remarks),
            [(id.to_string().as_str(), remark.as_str())]
        );
        let body = json!({"loadWorkflow": latest});
        assert_eq!(posted(&server).await, [(format!("{at}/retry"), body)]);
    }
}

#[tokio::test]
async fn a_retry_that_fails_again_says_so_though_n8n_answers_200() {
    let server = server(NEW).await;
    let failed = recorded(200, NEW, "execution_after_failed_retry.json");
    on(&server, "GET", "/executions/46", 5, failed).await;
    let answer = recorded(200, NEW, "execution_retry_fails_again.json");
    on(&server, "POST", "/executions/46/retry", 5, answer).await;
    let outcome = carry_out(&settings(&server), &retry(46, Revision::Original))
        .await
        .unwrap();
    assert_eq!(said(&outcome.remarks), [("46", "its retry 64 is error")]);
}

#[tokio::test]
async fn what_a_retry_has_mended_since_is_skipped_and_not_sent() {
    let server = server(NEW).await;
    let mended = recorded(200, NEW, "execution_after_successful_retry.json");
    on(&server, "GET", "/executions/57", 5, mended).await;
    let outcome = carry_out(&settings(&server), &retry(57, Revision::Original))
        .await
        .unwrap();
    assert_eq!(
        said(&outcome.skipped),
        [(
            "57",
            "a retry has mended this execution: another would do its work a second time"
        )]
    );
    assert_eq!(posted(&server).await, []);
}

#[tokio::test]
async fn a_refusal_is_told_in_the_words_of_n8n_and_a_500_hints_at_the_renamed_node() {
    for (status, name, skipped, failed) in [
        (
            409,
            "error_409_retry_succeeded.json",
            "The execution succeeded, so it cannot be retried.",
            "",
        ),
        (
            404,
            "error_404_retry_missing.json",
            "The execution with the ID \"99999999\" does not exist.",
            "",
        ),
        (
            500,
            "error_500_retry_node_renamed.json",
            "",
            "no retry of it is to be found; a node may have another name by now: retry with the original; HTTP 500: the server failed; n8n says: Internal server error",
        ),
    ] {
        let server = server(NEW).await;
        let before = recorded(200, NEW, "execution_after_failed_retry.json");
        on(&server, "GET", "/executions/46", 5, before).await;
        let answer = recorded(status, NEW, name);
        on(&server, "POST", "/executions/46/retry", 5, answer).await;
        let outcome = carry_out(&settings(&server), &retry(46, Revision::Latest))
            .await
            .unwrap();
        let of = |rows: &[(RowId, String)]| rows.first().map_or("", |(_, why)| why).to_owned();
        assert_eq!(
            (of(&outcome.skipped), of(&outcome.failed)),
            (skipped.to_owned(), failed.to_owned()),
            "{name}"
        );
        assert_eq!(outcome.done, []);
        assert_eq!(posted(&server).await.len(), 1);
    }
}

#[tokio::test]
async fn a_retry_whose_answer_is_lost_is_looked_up_and_never_sent_again() {
    let server = server(NEW).await;
    let failed = json!({"id": "76", "workflowId": "w", "status": "error", "mode": "webhook"});
    let failed = body(200, failed.to_string().into_bytes());
    on(&server, "GET", "/executions/76", 5, failed).await;
    let lost = body(504, b"{}".to_vec());
    on(&server, "POST", "/executions/76/retry", 5, lost).await;
    // Nothing runs when the newest is asked for; then the retry does.
    let empty = br#"{"data":[],"nextCursor":null}"#.to_vec();
    Mock::given(path("/api/v1/executions"))
        .and(query_param("limit", "1"))
        .respond_with(body(200, empty))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(path("/api/v1/executions"))
        .and(query_param("status", "running"))
        .respond_with(recorded(200, NEW, "executions_list_running_retry.json"))
        .with_priority(2)
        .mount(&server)
        .await;
    let outcome = carry_out(&settings(&server), &retry(76, Revision::Original))
        .await
        .unwrap();
    assert_eq!(outcome.done, [RowId::from(76)]);
    assert_eq!(said(&outcome.remarks), [("76", "its retry 77 is running")]);
    assert_eq!(posted(&server).await.len(), 1);
}

#[tokio::test]
async fn a_bounced_workflow_is_off_for_a_moment_and_one_left_off_is_said_loudly() {
    let bounce = Mutation::BounceWorkflow {
        id: RowId::parse("w").unwrap(),
        name: Untrusted::from("CRM Syncer"),
    };
    let healthy = server(NEW).await;
    let off = recorded(200, NEW, "workflow_unpublish.json");
    on(&healthy, "POST", "/workflows/w/unpublish", 5, off).await;
    let refused = body(503, b"{}".to_vec());
    Mock::given(path("/api/v1/workflows/w/publish"))
        .respond_with(refused)
        .up_to_n_times(1)
        .with_priority(1)
        .mount(&healthy)
        .await;
    let on_again = recorded(200, NEW, "workflow_publish.json");
    on(&healthy, "POST", "/workflows/w/publish", 5, on_again).await;
    let outcome = carry_out(&settings(&healthy), &bounce).await.unwrap();
    assert_eq!(outcome.done, [RowId::parse("w").unwrap()]);
    let calls: Vec<String> = posted(&healthy).await.into_iter().map(|it| it.0).collect();
    assert_eq!(
        calls,
        [
            "/workflows/w/unpublish",
            "/workflows/w/publish",
            "/workflows/w/publish"
        ]
    );
    let sick = server(NEW).await;
    let off = recorded(200, NEW, "workflow_unpublish.json");
    on(&sick, "POST", "/workflows/w/unpublish", 5, off).await;
    let conflict = recorded(409, NEW, "error_409_activate_webhook_conflict.json");
    on(&sick, "POST", "/workflows/w/publish", 5, conflict).await;
    let fault = carry_out(&settings(&sick), &bounce).await.unwrap_err();
    assert!(matches!(fault, Fault::Refused(_)), "{fault:?}");
    assert_eq!(
        fault.to_string(),
        "refused: it is deactivated, and not active again: press P to try; refused: There is a conflict with one of the webhooks."
    );
    assert_eq!(posted(&sick).await.len(), 4);
}

#[tokio::test]
async fn a_retry_that_is_to_come_later_comes_later_and_is_sent_once_more() {
    let server = server(NEW).await;
    on(
        &server,
        "GET",
        "/executions/46",
        5,
        recorded(200, NEW, "execution_after_failed_retry.json"),
    )
    .await;
    let later = ResponseTemplate::new(429)
        .insert_header("retry-after", "1")
        .set_body_raw(r#"{"message":"Too many requests"}"#, JSON);
    Mock::given(method("POST"))
        .respond_with(later)
        .up_to_n_times(1)
        .with_priority(1)
        .mount(&server)
        .await;
    let again = recorded(200, NEW, "execution_retry_fails_again.json");
    on(&server, "POST", "/executions/46/retry", 5, again).await;
    let outcome = carry_out(&settings(&server), &retry(46, Revision::Original))
        .await
        .unwrap();
    assert_eq!(posted(&server).await.len(), 2, "{outcome:?}");
    assert_eq!(outcome.done.len(), 1, "{outcome:?}");
}
