//! Each way in which n8n does not answer has its own words.

use outpost::{
    effect::FeedId,
    msg::{Fault, Link, TlsFlaw},
    sources::n8n::Settings,
};
use pretty_assertions::assert_eq;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

use super::{KEY, Running, always, first, settings};
use crate::n8n_standin::recorded::fixture;

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// What the operator reads when every request is answered with this.
async fn told(status: u16, content_type: &str, body: &[u8]) -> String {
    let server = always(status, content_type, body.to_vec()).await;
    let mut running = Running::start(settings(&server));
    let fault = running.answer(FeedId::Executions).await.unwrap_err();
    running.stop().await;
    // Who is meant stands in what is about the line to it.
    let target = format!("{}: ", server.uri());
    fault.to_string().replace(&target, "")
}

#[tokio::test]
async fn a_wrong_key_is_told_as_such_by_both_versions() {
    for (version, name, said) in [
        ("2.41.1", "error_401_wrong_key.json", "Unauthorized"),
        ("2.41.1", "error_401_missing_key.json", "Unauthorized"),
        ("1.123.81", "error_401_wrong_key.json", "unauthorized"),
        (
            "1.123.81",
            "error_401_missing_key.json",
            "'X-N8N-API-KEY' header required",
        ),
    ] {
        assert_eq!(
            told(401, JSON, &fixture(version, name)).await,
            format!(
                "not let in: the key is wrong, expired or deleted, or the API is switched off; n8n says: {said}"
            ),
            "{version}/{name}"
        );
    }
}

#[tokio::test]
async fn a_missing_scope_is_named_and_is_the_fault_of_one_feed() {
    let server = MockServer::start().await;
    let discover = ResponseTemplate::new(200)
        .set_body_raw(fixture("2.41.1", "discover_limited_key.json"), JSON);
    Mock::given(path("/api/v1/discover"))
        .respond_with(discover)
        .mount(&server)
        .await;
    let forbidden = ResponseTemplate::new(403)
        .set_body_raw(fixture("2.41.1", "error_403_execution_read.json"), JSON);
    Mock::given(path("/api/v1/executions"))
        .respond_with(forbidden)
        .mount(&server)
        .await;
    let list = ResponseTemplate::new(200)
        .set_body_raw(fixture("2.41.1", "workflows_list_active_false.json"), JSON);
    Mock::given(path("/api/v1/workflows"))
        .respond_with(list)
        .mount(&server)
        .await;

    let mut running = Running::start(settings(&server));
    assert!(matches!(running.link().await, Link::Up(_, None)));
    assert!(running.answer(FeedId::Workflows).await.is_ok());
    let fault = running.answer(FeedId::Executions).await.unwrap_err();
    assert_eq!(
        fault.to_string(),
        "not allowed: the key needs the scope execution:list; n8n says: Forbidden"
    );
    running.stop().await;
}

#[tokio::test]
async fn pages_instead_of_json_are_told_as_what_they_are() {
    let starting = fixture("2.41.1", "starting_executions_200.txt");
    assert_eq!(
        told(200, HTML, &starting).await,
        "HTTP 200: n8n is starting up"
    );
    let elsewhere =
        "a page of type text/html instead of JSON: n8n is starting up, or the address is wrong";
    for (status, name) in [
        (404, "starting_executions_404.txt"),
        (200, "not_api_html_200_wrong_base_path.txt"),
    ] {
        assert_eq!(
            told(status, HTML, &fixture("2.41.1", name)).await,
            format!("HTTP {status}: {elsewhere}")
        );
    }
}

#[tokio::test]
async fn failing_servers_are_told_with_their_status() {
    assert_eq!(
        told(500, JSON, b"{\"message\":\"Internal server error\"}").await,
        "HTTP 500: the server failed; n8n says: Internal server error"
    );
    for status in [502, 503, 504] {
        assert_eq!(
            told(status, HTML, b"<html>").await,
            format!(
                "HTTP {status}: the server in front of n8n does not reach it, or n8n is not ready"
            )
        );
    }
}

#[tokio::test]
async fn what_n8n_refuses_is_told_in_its_own_words() {
    let body = fixture("1.123.81", "error_400_bad_status.json");
    let said: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        told(400, JSON, &body).await,
        format!("refused: {}", said["message"].as_str().unwrap())
    );
}

#[tokio::test]
async fn json_that_is_no_list_is_an_unexpected_answer() {
    for body in ["[]", "{}", "{\"data\":", "null", "{\"data\":7}"] {
        let text = told(200, JSON, body.as_bytes()).await;
        assert!(text.starts_with("unexpected answer: "), "{body}: {text}");
    }
    let deep = "[".repeat(100_000);
    assert!(
        told(200, JSON, deep.as_bytes())
            .await
            .starts_with("unexpected answer: ")
    );
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let endless = vec![b' '; 9 * 1024 * 1024];
    assert_eq!(
        told(200, JSON, &endless).await,
        "unexpected answer: the answer is longer than 8 MB"
    );
}

#[tokio::test]
async fn long_pages_of_workflows_are_asked_for_in_smaller_ones() {
    let server = MockServer::start().await;
    let answer = |request: &wiremock::Request| {
        let limit: usize = request
            .url
            .query_pairs()
            .find(|(key, _)| key == "limit")
            .unwrap()
            .1
            .parse()
            .unwrap();
        // Each workflow takes 300 kB.
        let text = "x".repeat(300_000);
        let items: Vec<_> = (0..limit)
            .map(|n| serde_json::json!({"id": format!("w{n}"), "meta": text}))
            .collect();
        ResponseTemplate::new(200)
            .set_body_json(serde_json::json!({"data": items, "nextCursor": null}))
    };
    Mock::given(path("/api/v1/workflows"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let discover = ResponseTemplate::new(404)
        .set_body_raw(fixture("1.123.81", "discover_limited_key.json"), JSON);
    Mock::given(path("/api/v1/discover"))
        .respond_with(discover)
        .mount(&server)
        .await;
    assert!(first(settings(&server), FeedId::Workflows).await.is_ok());
    let limits: Vec<String> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .filter_map(|request| request.url.query().map(str::to_owned))
        .filter(|query| query.starts_with("limit=") && query.len() < 9)
        .collect();
    assert_eq!(
        limits.iter().take(2).collect::<Vec<_>>(),
        ["limit=50", "limit=12"]
    );
}

#[tokio::test]
async fn a_rate_limit_is_waited_out_even_when_the_operator_asks() {
    let server = MockServer::start().await;
    let limited = ResponseTemplate::new(429)
        .insert_header("retry-after", "40")
        .set_body_raw(b"{\"message\":\"slow down\"}".to_vec(), JSON);
    Mock::given(wiremock::matchers::any())
        .respond_with(limited)
        .mount(&server)
        .await;
    let mut running = Running::start(settings(&server));
    let Link::Down {
        since,
        fault,
        tries,
        next_try,
    } = running.link().await
    else {
        unreachable!("it is limited");
    };
    assert_eq!((fault, tries), (Fault::RateLimited(40), 1));
    assert!((39..=41).contains(&(next_try - since).num_seconds()));
    running.asks.send(FeedId::Workflows).await.unwrap();
    let answer = running.answer(FeedId::Workflows).await;
    assert!(
        matches!(answer, Err(Fault::RateLimited(38..=40))),
        "{answer:?}"
    );
    assert_eq!(
        server.received_requests().await.unwrap().len(),
        1,
        "nothing was sent in the meantime"
    );
    running.stop().await;
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_key() {
    let server = MockServer::start().await;
    let login =
        ResponseTemplate::new(302).insert_header("location", "https://login.example.com/?next=%2F");
    Mock::given(wiremock::matchers::any())
        .respond_with(login)
        .mount(&server)
        .await;
    let answer = first(settings(&server), FeedId::Access).await;
    assert_eq!(
        answer
            .unwrap_err()
            .to_string()
            .replace(&format!("{}: ", server.uri()), ""),
        "HTTP 302: it leads on to login.example.com, which is not followed with the key"
    );
}

#[tokio::test]
async fn nobody_there_is_told_and_tried_again() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut running = Running::start(Settings::new(&address.to_string(), KEY).unwrap());
    for tried in 1..=2 {
        let Link::Down { fault, tries, .. } = running.link().await else {
            unreachable!("nobody is there");
        };
        assert_eq!(tries, tried);
        let text = fault.to_string();
        assert_eq!(
            text,
            format!(
                "unreachable: http://{address}: connection refused: nothing listens at that port"
            )
        );
    }
    running.stop().await;
}

#[tokio::test]
async fn a_server_without_tls_behind_https_is_a_fault_of_tls() {
    let server = always(200, JSON, b"{}".to_vec()).await;
    let address = server.address();
    let settings = Settings::new(&format!("https://{address}"), KEY).unwrap();
    let answer = first(settings, FeedId::Access).await;
    assert!(
        matches!(answer, Err(Fault::Tls(TlsFlaw::NotSpoken, _))),
        "{answer:?}"
    );
}

#[tokio::test]
async fn every_feed_knows_when_the_link_is_down_and_when_it_is_back() {
    let server = MockServer::start().await;
    let down = ResponseTemplate::new(503).set_body_raw(b"<html>".to_vec(), HTML);
    Mock::given(wiremock::matchers::any())
        .respond_with(down)
        .up_to_n_times(1)
        .with_priority(1)
        .mount(&server)
        .await;
    let empty = ResponseTemplate::new(200)
        .set_body_json(serde_json::json!({"data": [], "nextCursor": null}));
    Mock::given(wiremock::matchers::any())
        .respond_with(empty)
        .with_priority(2)
        .mount(&server)
        .await;
    let mut running = Running::start(settings(&server));
    for feed in [FeedId::Access, FeedId::Workflows, FeedId::Executions] {
        assert!(matches!(
            running.answer(feed).await,
            Err(Fault::Http(503, _))
        ));
    }
    assert!(matches!(running.link().await, Link::Down { tries: 1, .. }));
    assert!(matches!(running.link().await, Link::Up(..)));
    assert!(running.answer(FeedId::Executions).await.is_ok());
    running.stop().await;
}
