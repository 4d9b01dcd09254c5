//! One execution whole, over real HTTP: recorded bodies of either line, bodies that misbehave, and how little is asked.

use std::time::Duration;

use outpost::{
    domain::{event::RowId, run::RunData, untrusted::Untrusted},
    msg::{Fault, Msg},
    sources::{
        Inbox, Messages,
        n8n::{Settings, inspect},
    },
};
use pretty_assertions::assert_eq;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{path, query_param, query_param_is_missing},
};

use super::{always, settings};
use crate::n8n_standin::recorded::fixture;

const JSON: &str = "application/json; charset=utf-8";
const PATIENCE: Duration = Duration::from_mins(1);

/// What reads executions, and what it tells.
struct Reading {
    messages: Messages,
    wish: watch::Sender<Option<RowId>>,
    task: JoinHandle<()>,
}

impl Reading {
    fn start(settings: Settings) -> Self {
        let (inbox, messages) = Inbox::new();
        let (wish, wishes) = watch::channel(None);
        let task = tokio::spawn(inspect(settings, inbox, wishes));
        Self {
            messages,
            wish,
            task,
        }
    }

    fn wish(&self, id: i64) {
        self.wish.send_replace(Some(RowId::from(id)));
    }

    async fn told(&mut self) -> (RowId, Result<RunData, Fault>) {
        let (_, msg) = timeout(PATIENCE, self.messages.recv())
            .await
            .unwrap()
            .unwrap();
        let Msg::RunRead(id, answer) = msg else {
            panic!("{msg:?}");
        };
        (id, answer.map(|run| *run))
    }

    /// Ends it: nobody can wish any more.
    async fn stop(self) {
        drop(self.wish);
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

/// What is read of execution 7 of `server`.
async fn read(server: &MockServer) -> Result<RunData, Fault> {
    let mut reading = Reading::start(settings(server));
    reading.wish(7);
    let (id, answer) = reading.told().await;
    assert_eq!(id, RowId::from(7));
    reading.stop().await;
    answer
}

fn json(body: impl Into<Vec<u8>>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, JSON)
}

/// A server that answers for execution 7 without its data, and with it.
async fn serving(plain: ResponseTemplate, whole: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    mount(&server, 7, plain, whole).await;
    server
}

async fn mount(server: &MockServer, id: i64, plain: ResponseTemplate, whole: ResponseTemplate) {
    let place = format!("/api/v1/executions/{id}");
    Mock::given(path(place.as_str()))
        .and(query_param_is_missing("includeData"))
        .respond_with(plain)
        .mount(server)
        .await;
    Mock::given(path(place.as_str()))
        .and(query_param("includeData", "true"))
        .respond_with(whole)
        .mount(server)
        .await;
}

/// The requests that came, each as its path and query.
async fn asked(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let line = |request: &wiremock::Request| {
        let query = request.url.query().unwrap_or_default();
        format!("{}?{query}", request.url.path())
    };
    requests.iter().map(line).collect()
}

#[tokio::test]
async fn recorded_executions_are_read_with_their_node_version_and_event() {
    for (version, plain, event) in [
        ("2.41.1", "execution_get_plain.json", "39"),
        ("1.123.81", "error_401_wrong_key.json", "37"),
    ] {
        let detail = "execution_error_detail_http_refused.json";
        let server = serving(
            json(fixture(version, plain)),
            json(fixture(version, detail)),
        )
        .await;
        let run = read(&server).await.unwrap();
        let place = run.place().unwrap();
        assert_eq!(place, "\"Call Send API\" (3 of 3)", "{version}");
        let id = run.event().unwrap();
        assert_eq!(id.as_str(), event, "{version}");
        assert_eq!(run.version.is_some(), version == "2.41.1");
        assert!(run.bytes.unwrap() > 1_000 && run.has_ended);
        let asked = asked(&server).await;
        let place = "/api/v1/executions/7?";
        let with = format!("{place}includeData=true");
        assert_eq!(asked, [place.to_owned(), with], "{version}");
    }
}

#[tokio::test]
async fn data_that_is_said_to_be_long_is_never_asked_for() {
    let plain = br#"{"id":"7","status":"error","jsonSizeBytes":22000000,"customData":{}}"#;
    let server = serving(json(plain.to_vec()), ResponseTemplate::new(500)).await;
    let run = read(&server).await.unwrap();
    assert!(run.is_too_long && run.has_ended);
    assert_eq!(run.bytes, Some(22_000_000));
    assert_eq!(asked(&server).await, ["/api/v1/executions/7?"]);
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_not_read_to_its_end() {
    let plain = br#"{"id":"7","status":"error"}"#;
    let long = format!(
        r#"{{"id":"7","status":"error","data":"{}"}}"#,
        "x".repeat(10_000_000)
    );
    let server = serving(json(plain.to_vec()), json(long)).await;
    let run = read(&server).await.unwrap();
    assert!(run.is_too_long);
    assert_eq!((run.bytes, run.place()), (None, None));
}

#[tokio::test]
async fn what_is_no_json_or_refused_is_told_and_what_is_hostile_is_harmless() {
    for (status, kind, body) in [
        (200, JSON, &b"{\"id\": 7, \"data\": {"[..]),
        (200, JSON, b"\xff\xfe\x00"),
        (200, "text/html", b"<html>"),
        (403, JSON, b"{\"message\":\"Forbidden\"}"),
        (404, JSON, b"{\"message\":\"Not Found\"}"),
        (429, JSON, b"{\"message\":\"Too many\"}"),
    ] {
        let server = always(status, kind, body.to_vec()).await;
        let fault = read(&server).await.unwrap_err();
        assert!(!fault.to_string().contains('\u{1b}'), "{fault}");
    }
    let deep = "[".repeat(50_000);
    let server = always(200, JSON, deep.into_bytes()).await;
    assert!(matches!(read(&server).await, Err(Fault::Decode(_))));
    let ugly = fixture("2.41.1", "execution_error_detail_ugly_text.json");
    let server = serving(json(b"{}".to_vec()), json(ugly)).await;
    let run = read(&server).await.unwrap();
    assert!(run.place().unwrap().contains("<U+202E>"), "{run:?}");
    let texts = run.custom.iter().map(|(_, value)| value);
    let texts = texts.chain(run.nodes.iter().map(|node| &node.name));
    let shown: String = texts.map(Untrusted::display).collect();
    assert!(
        shown.contains("<ESC>[31m") && !shown.contains('\u{1b}'),
        "{shown}"
    );
    assert!(!run.json(&RowId::from(7)).contains('\u{1b}'));
}

#[tokio::test]
async fn what_is_looked_at_no_more_is_let_go_and_one_is_read_at_a_time() {
    let server = MockServer::start().await;
    let never = json(b"{}".to_vec()).set_delay(Duration::from_hours(1));
    mount(&server, 1, never.clone(), never).await;
    let body = || json(br#"{"status":"success","customData":{"event_id":"5"}}"#.to_vec());
    for id in [2, 3] {
        mount(&server, id, body(), body()).await;
    }
    let mut reading = Reading::start(settings(&server));
    reading.wish(1);
    let begun = async {
        while asked(&server).await.is_empty() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, begun).await.unwrap();
    // Somebody goes on through the list: what is passed over is not asked for.
    reading.wish(2);
    reading.wish(3);
    let (id, answer) = reading.told().await;
    assert_eq!(id, RowId::from(3));
    assert_eq!(answer.unwrap().event(), Some(RowId::from(5)));
    let of = |id: i64, all: &[String]| {
        let place = format!("/api/v1/executions/{id}?");
        all.iter().filter(|line| line.starts_with(&place)).count()
    };
    let all = asked(&server).await;
    assert_eq!([of(1, &all), of(2, &all), of(3, &all)], [1, 0, 2]);
    // Nothing is asked while nobody looks.
    reading.wish.send_replace(None);
    reading.stop().await;
    assert_eq!(asked(&server).await.len(), all.len());
}
