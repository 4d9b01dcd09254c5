//! Connections that hang, end early or carry compressed bodies.

use std::time::Duration;

use outpost::{effect::FeedId, msg::Fault, sources::n8n::Settings};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::{KEY, Running, first};

/// Reads the head of a request; `None` when the client has gone.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

async fn respond(stream: &mut TcpStream, body: &str) {
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nkeep-alive: timeout=5\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
}

/// A server that does with each connection what `each` says.
async fn server<F>(
    each: impl Fn(TcpStream) -> F + Send + 'static,
) -> (Settings, AbortOnDropHandle<()>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = Settings::new(&listener.local_addr().unwrap().to_string(), KEY).unwrap();
    let tasks = TaskTracker::new();
    let accepting = tasks.clone().spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tasks.spawn(each(stream));
        }
    });
    (settings, AbortOnDropHandle::new(accepting))
}

const EMPTY: &str = r#"{"data":{"scopes":[]}}"#;

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_replaced_unnoticed() {
    // Answers one request, and hangs up on the second without a word.
    let (settings, _server) = server(|mut stream| async move {
        if request(&mut stream).await.is_some() {
            respond(&mut stream, r#"{"data":[],"nextCursor":null}"#).await;
        }
        let _second = request(&mut stream).await;
    })
    .await;
    let mut running = Running::start(settings);
    for feed in [FeedId::Workflows, FeedId::Executions] {
        let answer = running.answer(feed).await;
        assert!(answer.is_ok(), "{answer:?}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_server_that_always_hangs_up_is_unreachable() {
    let (settings, _server) = server(|mut stream| async move {
        let _request = request(&mut stream).await;
    })
    .await;
    let answer = first(settings, FeedId::Access).await;
    assert!(matches!(answer, Err(Fault::Unreachable(_))), "{answer:?}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_answer() {
    let (settings, _server) = server(|mut stream| async move {
        if request(&mut stream).await.is_some() {
            let torn = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{\"data\"";
            stream.write_all(torn).await.unwrap();
        }
    })
    .await;
    let answer = first(settings, FeedId::Access).await;
    assert!(matches!(answer, Err(Fault::Unreachable(_))), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_and_never_answers_times_out() {
    let (settings, _server) = server(|mut stream| async move {
        let _request = request(&mut stream).await;
        tokio::time::sleep(Duration::from_hours(1)).await;
    })
    .await;
    let begun = tokio::time::Instant::now();
    let answer = first(settings, FeedId::Access).await;
    assert!(
        matches!(&answer, Err(Fault::TimedOut(10, who)) if who.display().starts_with("http://127.0.0.1")),
        "{answer:?}"
    );
    assert!(begun.elapsed() < Duration::from_secs(12));
}

#[tokio::test]
async fn requests_carry_the_key_and_what_is_asked_and_take_gzip() {
    let (heads, mut seen) = tokio::sync::mpsc::channel(8);
    let (settings, _server) = server(move |mut stream| {
        let heads = heads.clone();
        async move {
            while let Some(head) = request(&mut stream).await {
                heads.send(head).await.unwrap();
                respond(&mut stream, EMPTY).await;
            }
        }
    })
    .await;
    assert!(first(settings, FeedId::Access).await.is_ok());
    let head = seen.recv().await.unwrap().to_ascii_lowercase();
    assert!(
        head.starts_with("get /api/v1/discover http/1.1\r\n"),
        "{head}"
    );
    for line in [
        "x-n8n-api-key: key",
        "accept: application/json",
        "accept-encoding: gzip",
    ] {
        assert!(
            head.contains(&format!("\r\n{line}\r\n")),
            "{line} in {head}"
        );
    }
}
