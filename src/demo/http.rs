//! The HTTP side of the n8n stand-in: a server on loopback that carries each request to whoever owns the state.
//! It keeps connections as n8n does: an idle one is closed after 5 s.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    HeaderMap, StatusCode,
    body::{Body as _, Incoming},
    header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::n8n::{ExecutionId, N8n, Reply, Request, Response, Wish};
use crate::domain::Timestamp;

/// How long a connection may be idle.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// The largest request body.
const BODY_BYTES: usize = 1024 * 1024;

/// A request that waits for its answer.
#[derive(Debug)]
pub struct Call {
    /// The request.
    pub request: Request,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Response>,
}

/// Serves on a port of loopback that the system chooses, until cancelled; every request goes into `calls`.
/// Answers where it listens.
///
/// # Errors
/// No port can be had.
pub async fn serve(
    calls: mpsc::Sender<Call>,
    tasks: &TaskTracker,
    cancel: CancellationToken,
) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let connections = tasks.clone();
    tasks.spawn(async move {
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _peer)) => {
                        connections.spawn(keep(stream, calls.clone(), cancel.clone()));
                    }
                    // Out of descriptors, most likely: give the others time to end.
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                },
            }
        }
    });
    Ok(address)
}

/// Serves one connection until it ends, is idle for too long, or the server is cancelled.
async fn keep(stream: TcpStream, calls: mpsc::Sender<Call>, cancel: CancellationToken) {
    let service = service_fn(move |request| carry(request, calls.clone()));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(KEEP_ALIVE)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        () = cancel.cancelled() => {}
        // A client that goes away is no matter here.
        _ended = connection => {}
    }
}

async fn carry(
    request: hyper::Request<Incoming>,
    calls: mpsc::Sender<Call>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let seen = text(&head.headers, IF_NONE_MATCH.as_str());
    if body.size_hint().lower() > BODY_BYTES as u64 {
        return Ok(bare(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let Ok(read) = timeout(KEEP_ALIVE, Limited::new(body, BODY_BYTES).collect()).await else {
        return Ok(bare(StatusCode::REQUEST_TIMEOUT));
    };
    let Ok(body) = read else {
        return Ok(bare(StatusCode::PAYLOAD_TOO_LARGE));
    };
    let (reply, answer) = oneshot::channel();
    let call = Call {
        request: Request {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            key: text(&head.headers, "x-n8n-api-key"),
            content_type: text(&head.headers, CONTENT_TYPE.as_str()),
            body: body.to_bytes().to_vec(),
        },
        reply,
    };
    if calls.send(call).await.is_err() {
        return Ok(bare(StatusCode::SERVICE_UNAVAILABLE));
    }
    Ok(match answer.await {
        Ok(response) => dress(response, seen.as_deref()),
        Err(_) => bare(StatusCode::SERVICE_UNAVAILABLE),
    })
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

fn bare(status: StatusCode) -> hyper::Response<Full<Bytes>> {
    let mut out = hyper::Response::new(Full::default());
    *out.status_mut() = status;
    out
}

/// The answer with n8n's headers; 304 without a body if the client has `seen` it.
fn dress(response: Response, seen: Option<&str>) -> hyper::Response<Full<Bytes>> {
    let etag = format!(
        "W/\"{:x}-{:016x}\"",
        response.body.len(),
        checksum(&response.body)
    );
    let mut builder = hyper::Response::builder()
        .header(ETAG, etag.as_str())
        .header("keep-alive", "timeout=5");
    if response.deprecated {
        builder = builder.header("deprecation", "@1784764800");
    }
    let built = if response.status == 200 && seen == Some(etag.as_str()) {
        builder.status(304).body(Full::default())
    } else {
        builder
            .status(response.status)
            .header(CONTENT_TYPE, response.content_type)
            .body(Full::from(response.body))
    };
    built.unwrap_or_else(|_| bare(StatusCode::INTERNAL_SERVER_ERROR))
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The answers that wait for a run to end.
#[derive(Debug, Default)]
pub struct Desk {
    waiting: Vec<(ExecutionId, oneshot::Sender<Response>)>,
}

impl Desk {
    /// Lets `n8n` answer a call, at once or when its run has ended, and says what the call did.
    pub fn take(&mut self, n8n: &mut N8n, call: Call, at: Timestamp) -> Vec<Wish> {
        let (reply, wishes) = n8n.answer(&call.request, at);
        match reply {
            Reply::Now(response) => {
                // The client may be gone; what it did stands all the same.
                let _gone = call.reply.send(response);
            }
            Reply::WhenEnded(execution) => self.waiting.push((execution, call.reply)),
        }
        wishes
    }

    /// Sends the answers whose runs have ended by now.
    pub fn settle(&mut self, n8n: &N8n) {
        let mut open = Vec::new();
        for (execution, reply) in self.waiting.drain(..) {
            match n8n.retried(execution) {
                Some(response) => {
                    let _gone = reply.send(response);
                }
                None => open.push((execution, reply)),
            }
        }
        self.waiting = open;
    }
}
