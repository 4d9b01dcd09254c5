//! A call to a webhook whose answer was lost: n8n is asked for the execution that it started. Bodies are recorded ones.

use chrono::{TimeDelta, Utc};
use outpost::{
    domain::plan::Outcome,
    sources::n8n::{Settings, Webhooks},
};
use pretty_assertions::assert_eq;
use serde_json::Value;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path, query_param},
};

use super::{both, failed, four, plan, states};
use crate::{database::Db, mutations::writer, n8n_standin::recorded::fixture};
use outpost::domain::plan::Strategy;

/// The key of the call for the first event, and that of its call before.
const THIS: &str = "outpost-1-2";
const BEFORE: &str = "outpost-1-1";

fn recorded(name: &str) -> Value {
    serde_json::from_slice(&fixture("2.41.1", name)).unwrap()
}

/// What of executions n8n tells.
enum Tells {
    /// These: each with the minutes since it began and the key that it was called with, where that was saved.
    Runs(&'static [(i64, Option<&'static str>)]),
    /// That the key may not read them.
    No,
}

async fn answer(server: &MockServer, at: &str, status: u16, body: &Value) {
    let answer = ResponseTemplate::new(status).set_body_json(body);
    let asked = Mock::given(method("GET")).and(path(format!("/api/v1{at}")));
    asked.respond_with(answer).mount(server).await;
}

/// An n8n whose webhook fails without saying what it did, whose workflow has its webhook at `at`, and which tells this.
async fn n8n(at: &str, tells: &Tells) -> MockServer {
    let server = MockServer::start().await;
    let call = Mock::given(method("POST")).respond_with(ResponseTemplate::new(502));
    call.mount(&server).await;
    answer(
        &server,
        "/discover",
        200,
        &recorded("discover_full_key.json"),
    )
    .await;
    let workflows = recorded("workflows_list_all.json").to_string();
    let workflows = workflows.replace("\"company-created\"", &format!("{at:?}"));
    let workflows = serde_json::from_str(&workflows).unwrap();
    answer(&server, "/workflows", 200, &workflows).await;
    let Tells::Runs(runs) = tells else {
        let no = recorded("error_403_execution_read.json");
        answer(&server, "/executions", 403, &no).await;
        return server;
    };
    let whole = recorded("execution_success_detail.json");
    let mut list = recorded("executions_list_limit3.json");
    let line = list["data"][0].clone();
    let mut lines = Vec::new();
    for (id, (minutes, key)) in (900..).zip(*runs) {
        let began = (Utc::now() - TimeDelta::minutes(*minutes)).to_rfc3339();
        let mut run = line.clone();
        run["id"] = id.to_string().into();
        run["workflowId"] = whole["workflowId"].clone();
        run["startedAt"] = began.into();
        lines.push(run);
        let mut run = whole.clone();
        let headers = "/data/resultData/runData/Pipeline Event/0/data/main/0/0/json/headers";
        let headers = run.pointer_mut(headers).unwrap();
        if let Some(key) = key {
            headers["idempotency-key"] = (*key).into();
        }
        answer(&server, &format!("/executions/{id}"), 200, &run).await;
    }
    list["data"] = lines.into();
    let id = whole["workflowId"].as_str().unwrap();
    let listed = Mock::given(path("/api/v1/executions")).and(query_param("workflowId", id));
    let answer = ResponseTemplate::new(200).set_body_json(&list);
    listed.respond_with(answer).mount(&server).await;
    server
}

async fn retry(db: &Db, server: &MockServer) -> Outcome {
    four(&db.client).await;
    let root = Webhooks::of(&server.uri()).unwrap();
    let how = (Strategy::Webhook, Some(root.root()));
    let plan = plan(&db.client, how, failed(&[1])).await.unwrap();
    let settings = Settings::new(&server.uri(), "key").unwrap();
    let mut writer = writer(db)
        .with_webhooks(Some(root))
        .with_n8n(Some(settings));
    writer.carry_out(&plan).await.unwrap()
}

#[tokio::test]
async fn an_execution_that_saved_the_key_of_the_call_says_that_it_started() {
    let runs = Tells::Runs(&[(0, None), (0, Some(THIS)), (0, Some(BEFORE))]);
    for db in both().await {
        let server = n8n("validate-company", &runs).await;
        let outcome = retry(&db, &server).await;
        assert_eq!(outcome.unknown, []);
        assert_eq!(outcome.done.len(), 1);
        let (_, remark) = &outcome.remarks[0];
        assert!(
            remark.ends_with("its workflow may have run; but n8n has it as execution 901"),
            "{remark}"
        );
        // It stays as it was taken: its workflow writes the rest.
        assert_eq!(
            states(&db.client).await,
            "pending2,failed1,failed1,processed1"
        );
        let calls = server.received_requests().await.unwrap();
        let posts = calls.iter().filter(|call| call.method.as_str() == "POST");
        assert_eq!(posts.count(), 1);
    }
}

#[tokio::test]
async fn without_one_it_stays_unknown_with_what_was_looked_at() {
    let cases: [(&str, Tells, &str); 5] = [
        (
            "validate-company",
            Tells::Runs(&[(0, None), (1, Some(BEFORE)), (30, Some(THIS))]),
            "n8n lists 2 executions of its workflow since; of the 2 that were read none says that this call began it; it is pending",
        ),
        (
            "validate-company",
            Tells::Runs(&[(0, Some(BEFORE))]),
            "n8n lists 1 execution of its workflow since, which does not say that this call began it; it is pending",
        ),
        (
            "validate-company",
            Tells::Runs(&[]),
            "n8n lists no execution of its workflow since (where it saves them); it is pending",
        ),
        (
            "invalidate-company",
            Tells::Runs(&[(0, Some(THIS))]),
            "n8n lists no workflow with this webhook, so no execution could be looked for; it is pending",
        ),
        ("validate-company", Tells::No, "; it is pending"),
    ];
    for (at, tells, ends) in cases {
        let [_, db] = both().await;
        let server = n8n(at, &tells).await;
        let outcome = retry(&db, &server).await;
        assert_eq!(outcome.done, []);
        let (_, why) = &outcome.unknown[0];
        assert!(why.starts_with("its webhook answered 502"), "{why}");
        assert!(why.ends_with(ends), "{why}");
        let is_refused = why.contains("n8n's executions could not be asked: ");
        assert_eq!(is_refused, matches!(tells, Tells::No), "{why}");
    }
}
