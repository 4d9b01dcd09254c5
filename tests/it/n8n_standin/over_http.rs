//! The stand-in behind its server, asked by the console's own client and by a bare one.

use std::{net::SocketAddr, time::Duration};

use outpost::{
    demo::{
        http::{Call, Desk, serve},
        n8n::{Ending, N8n, Wish},
    },
    domain::workflow::ExecutionStatus,
    effect::FeedId,
    msg::{Fact, Fault, Link},
    sources::n8n::{Settings, set_active},
};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{KEY, event, fresh, later, now, refused};
use crate::n8n::Running;

/// A world that only has n8n in it.
struct World {
    n8n: N8n,
    desk: Desk,
    calls: mpsc::Receiver<Call>,
    address: SocketAddr,
    cancel: CancellationToken,
    tasks: TaskTracker,
}

impl World {
    async fn start() -> Self {
        let (sender, calls) = mpsc::channel(4);
        let (cancel, tasks) = (CancellationToken::new(), TaskTracker::new());
        let address = serve(sender, &tasks, cancel.clone()).await.unwrap();
        Self {
            n8n: fresh(),
            desk: Desk::default(),
            calls,
            address,
            cancel,
            tasks,
        }
    }

    fn settings(&self) -> Settings {
        Settings::new(&self.address.to_string(), KEY).unwrap()
    }

    /// Answers calls until `done` is, and says what they did.
    async fn answer_until<T>(&mut self, done: impl Future<Output = T>) -> (T, Vec<Wish>) {
        let mut wishes = Vec::new();
        tokio::pin!(done);
        loop {
            tokio::select! {
                biased;
                out = &mut done => return (out, wishes),
                Some(call) = self.calls.recv() => {
                    wishes.extend(self.desk.take(&mut self.n8n, call, later(60)));
                }
            }
        }
    }
}

/// What a bare connection reads after it sent `request`, to the end of the connection.
async fn exchange(address: SocketAddr, request: String) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

fn get(path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\nx-n8n-api-key: {KEY}\r\nconnection: close\r\n{headers}\r\n"
    )
}

#[tokio::test]
async fn the_console_reads_what_happened_in_the_world() {
    let mut world = World::start().await;
    let failed = world.n8n.deliver("send-message", event(1), now()).unwrap();
    world.n8n.finish(failed, refused(), later(2));
    world.n8n.deliver("build-segment", event(2), now()).unwrap();
    world.n8n.enqueue("build-segment", event(3), now()).unwrap();
    let mut running = Running::start(world.settings());
    let ((workflows, executions), wishes) = world
        .answer_until(async {
            (
                running.answer(FeedId::Workflows).await,
                running.answer(FeedId::Executions).await,
            )
        })
        .await;
    assert_eq!(wishes, []);
    let (Ok(Fact::Workflows(workflows)), Ok(Fact::Executions(executions))) =
        (workflows, executions)
    else {
        unreachable!("both answered");
    };
    assert_eq!(workflows.len(), 14);
    assert!(workflows.iter().all(|w| w.active && !w.webhooks.is_empty()));
    let seen: Vec<_> = executions
        .recent
        .iter()
        .map(|run| (run.id.as_str(), run.status.clone()))
        .collect();
    assert_eq!(
        seen,
        [
            ("46", ExecutionStatus::New),
            ("45", ExecutionStatus::Running),
            ("44", ExecutionStatus::Error)
        ]
    );
    assert_eq!((executions.running, executions.queued), (Some(1), 1));
    running.stop().await;
}

#[tokio::test]
async fn a_wrong_key_is_not_let_in() {
    let mut world = World::start().await;
    let settings = Settings::new(&world.address.to_string(), "other").unwrap();
    let mut running = Running::start(settings);
    let (link, _) = world.answer_until(running.link()).await;
    assert!(
        matches!(
            link,
            Link::Down {
                fault: Fault::Unauthorized(_),
                ..
            }
        ),
        "{link:?}"
    );
    running.stop().await;
}

#[tokio::test]
async fn switching_a_workflow_off_from_the_console_reaches_the_world() {
    let mut world = World::start().await;
    let settings = world.settings();
    let mut running = Running::start(settings.clone());
    let (answer, _) = world.answer_until(running.answer(FeedId::Workflows)).await;
    let Ok(Fact::Workflows(workflows)) = answer else {
        unreachable!("workflows");
    };
    let gatekeeper = workflows
        .iter()
        .find(|w| w.name.display() == "Validation Gatekeeper")
        .unwrap();
    let (done, wishes) = world
        .answer_until(set_active(&settings, &gatekeeper.id, false))
        .await;
    assert_eq!(done, Ok(()));
    assert_eq!(wishes, [Wish::Deactivated("Validation Gatekeeper")]);
    assert!(!world.n8n.hears("validate-company"));
    running.stop().await;
}

#[tokio::test]
async fn a_retry_keeps_its_caller_until_the_run_has_ended() {
    let mut world = World::start().await;
    let failed = world.n8n.deliver("send-message", event(1), now()).unwrap();
    world.n8n.finish(failed, refused(), later(1));
    let post = format!(
        "POST /api/v1/executions/44/retry HTTP/1.1\r\nhost: x\r\nx-n8n-api-key: {KEY}\r\nconnection: close\r\n\r\n"
    );
    let caller =
        tokio_util::task::AbortOnDropHandle::new(world.tasks.spawn(exchange(world.address, post)));
    let call = world.calls.recv().await.unwrap();
    let wishes = world.desk.take(&mut world.n8n, call, later(2));
    let [Wish::Retry { execution, of }] = wishes.as_slice() else {
        unreachable!("{wishes:?}");
    };
    assert_eq!(*of, failed);
    world.desk.settle(&world.n8n);
    assert!(!caller.is_finished());
    world.n8n.finish(*execution, Ending::Success, later(3));
    world.desk.settle(&world.n8n);
    let answer = caller.await.unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (&body["status"], &body["retryOf"]),
        (&json!("success"), &json!("44"))
    );
}

#[tokio::test]
async fn a_body_that_was_seen_is_not_sent_again() {
    let mut world = World::start().await;
    let address = world.address;
    let (first, _) = world
        .answer_until(exchange(address, get("/api/v1/workflows", "")))
        .await;
    let etag = first
        .lines()
        .find_map(|line| line.strip_prefix("etag: "))
        .unwrap();
    let seen = get("/api/v1/workflows", &format!("if-none-match: {etag}\r\n"));
    let (again, _) = world.answer_until(exchange(address, seen)).await;
    assert!(
        again.starts_with("HTTP/1.1 304 Not Modified\r\n"),
        "{again}"
    );
    assert!(again.ends_with("\r\n\r\n"), "no body: {again}");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_after_five_seconds() {
    let mut world = World::start().await;
    let address = world.address;
    let kept = get("/healthz", "").replace("connection: close\r\n", "");
    let begun = tokio::time::Instant::now();
    // Reads to the end, which the server sets.
    let (answer, _) = world.answer_until(exchange(address, kept)).await;
    assert!(answer.ends_with("{\"status\":\"ok\"}"), "{answer}");
    let idle = begun.elapsed();
    assert!(
        (Duration::from_secs(5)..Duration::from_secs(7)).contains(&idle),
        "{idle:?}"
    );
}

#[tokio::test]
async fn a_body_without_end_is_refused() {
    let world = World::start().await;
    let head = format!(
        "POST /webhook/validate-company HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        2 * 1024 * 1024
    );
    let answer = exchange(world.address, head).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_server_whose_world_has_ended_says_so_and_one_that_is_cancelled_ends() {
    let mut world = World::start().await;
    world.calls.close();
    let answer = exchange(world.address, get("/api/v1/workflows", "")).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    world.cancel.cancel();
    world.tasks.close();
    world.tasks.wait().await;
    assert!(TcpStream::connect(world.address).await.is_err());
}
