//! What n8n is asked for again costs nothing while it is the same, and an old n8n is asked for what it knows.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use outpost::{effect::FeedId, msg::Fact};
use pretty_assertions::assert_eq;
use serde_json::json;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::path};

use super::{Running, settings};
use crate::n8n_standin::recorded::fixture;

const JSON: &str = "application/json; charset=utf-8";

async fn mount(
    server: &MockServer,
    at: &str,
    answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
) {
    Mock::given(path(format!("/api/v1/{at}")))
        .respond_with(answer)
        .mount(server)
        .await;
}

#[tokio::test]
async fn what_is_still_the_same_is_not_sent_again_and_what_changed_is() {
    let server = MockServer::start().await;
    let version = Arc::new(AtomicUsize::new(1));
    let now = Arc::clone(&version);
    mount(&server, "workflows", move |request| {
        let n = now.load(Ordering::Relaxed);
        let etag = format!("W/\"{n}\"");
        let known = request.headers.get("if-none-match");
        if known.is_some_and(|known| known.to_str().unwrap() == etag) {
            return ResponseTemplate::new(304).insert_header("etag", etag.as_str());
        }
        let list = json!({"data": [{"id": "w1", "name": format!("name {n}")}], "nextCursor": null});
        ResponseTemplate::new(200)
            .insert_header("etag", etag.as_str())
            .set_body_json(list)
    })
    .await;
    let list = |_: &Request| ResponseTemplate::new(200).set_body_json(json!({"data": []}));
    mount(&server, "executions", list).await;
    mount(&server, "discover", |_| {
        ResponseTemplate::new(200).set_body_json(json!({"data": {"scopes": []}}))
    })
    .await;

    let mut running = Running::start(settings(&server));
    let mut names = Vec::new();
    for round in 0..3 {
        if round == 2 {
            version.store(2, Ordering::Relaxed);
        }
        if round > 0 {
            running.asks.send(FeedId::Workflows).await.unwrap();
        }
        let Ok(Fact::Workflows(all)) = running.answer(FeedId::Workflows).await else {
            unreachable!("it answers");
        };
        names.push(all.first().unwrap().name.display());
    }
    running.stop().await;
    assert_eq!(names, ["name 1", "name 1", "name 2"]);
    let asked = server.received_requests().await.unwrap();
    let marks: Vec<Option<&str>> = asked
        .iter()
        .filter(|request| request.url.path().ends_with("/workflows"))
        .map(|request| Some(request.headers.get("if-none-match")?.to_str().unwrap()))
        .collect();
    assert_eq!(marks, [None, Some("W/\"1\""), Some("W/\"1\"")]);
}

#[tokio::test]
async fn an_n8n_that_does_not_know_the_status_running_still_shows_its_executions() {
    let server = MockServer::start().await;
    mount(&server, "executions", |request| {
        if request.url.query().unwrap().contains("status=running") {
            let refused = fixture("1.123.81", "error_400_bad_status.json");
            return ResponseTemplate::new(400).set_body_raw(refused, JSON);
        }
        let list = fixture("1.123.81", "executions_list_limit3.json");
        ResponseTemplate::new(200).set_body_raw(list, JSON)
    })
    .await;
    mount(&server, "workflows", |_| {
        ResponseTemplate::new(200).set_body_json(json!({"data": []}))
    })
    .await;
    mount(&server, "discover", |_| {
        ResponseTemplate::new(404).set_body_json(json!({"message": "not found"}))
    })
    .await;
    let mut running = Running::start(settings(&server));
    let answer = running.answer(FeedId::Executions).await;
    running.stop().await;
    let Ok(Fact::Executions(all)) = answer else {
        unreachable!("{answer:?}");
    };
    assert_eq!(all.recent.len(), 3);
    assert_eq!(all.running, None, "how many run is not known, and not 0");
}

#[tokio::test]
async fn what_stands_beside_the_fields_that_are_shown_may_be_anything() {
    let server = MockServer::start().await;
    mount(&server, "workflows", |_| {
        let odd = json!({"data": [
            {"id": 7, "name": ["no", "text"], "active": "yes", "nodes": {"not": "a list"}, "x": {"deep": [[{}]]}},
            {"id": "w2", "name": "two", "active": true, "nodes": [
                null, 5, "text", [1, 2],
                {"type": "n8n-nodes-base.webhook", "parameters": {"path": "intake", "options": {"a": [1.5, null]}}},
                {"type": "n8n-nodes-base.webhook", "parameters": {"path": {"an": "object"}}},
                {"type": "n8n-nodes-base.webhook", "parameters": "text"},
                {"type": "n8n-nodes-base.webhook", "disabled": true, "parameters": {"path": "off"}}
            ]},
            {"name": "without a key"}
        ], "nextCursor": 12});
        ResponseTemplate::new(200).set_body_json(odd)
    })
    .await;
    mount(&server, "discover", |_| {
        ResponseTemplate::new(404).set_body_json(json!({"message": "not found"}))
    })
    .await;
    let answer = super::first(settings(&server), FeedId::Workflows).await;
    let Ok(Fact::Workflows(all)) = answer else {
        unreachable!("{answer:?}");
    };
    let read: Vec<_> = all
        .iter()
        .map(|it| {
            (
                it.id.as_str(),
                it.name.display(),
                it.active,
                it.webhooks.len(),
            )
        })
        .collect();
    assert_eq!(
        read,
        [
            ("7", String::new(), false, 0),
            ("w2", "two".to_owned(), true, 1)
        ]
    );
}
