//! One HTTP client for n8n: the key, time-outs, size limits, one retry where a kept connection was closed.

use std::{error::Error as _, path::Path, sync::Arc, time::Duration};

use reqwest::{
    Method, RequestBuilder, Response,
    header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, LOCATION, RETRY_AFTER},
    redirect,
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};

use super::{
    Settings,
    answer::{self, Head},
};
use crate::{
    domain::{Timestamp, untrusted::Untrusted},
    msg::{Fault, TlsFlaw},
    sources::{
        network,
        tls::{self, Trust},
    },
};

/// The longest body that is read.
pub(super) const BODY_BYTES: usize = 8 * 1024 * 1024;
/// How long an answer may take, s.
const PATIENCE_S: u64 = 10;
/// How long the way there may take, s.
const CONNECT_S: u64 = PATIENCE_S / 2;
/// How long an answer to a write may take, s.
pub(super) const WRITE_PATIENCE_S: u64 = 30;
/// n8n closes a connection that was idle for 5 s; ours is given up before.
const IDLE: Duration = Duration::from_secs(4);

/// A client of one n8n.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    settings: Settings,
    requests_left: Option<u64>,
}

/// What came of asking for something that may be known.
#[derive(Debug)]
pub(super) enum Answer {
    /// The body, and the mark to know it by the next time, if the server gives one.
    Fresh(Vec<u8>, Option<HeaderValue>),
    /// It is still the same.
    Unchanged,
}

/// Why no body came.
pub(super) enum Broken {
    /// The connection ended before the answer did.
    Closed(Untrusted),
    /// There was no connection: nothing was sent.
    Unsent(Fault),
    /// Anything else.
    Fault(Fault),
}

impl Client {
    /// A client. Reads the system's certificates if the line is encrypted, so it is made when first needed.
    pub(super) fn new(settings: &Settings) -> Result<Self, Fault> {
        Ok(Self {
            http: http(
                settings.is_encrypted(),
                settings.is_local(),
                settings.ca_file(),
            )?
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(2)
            .build()
            .map_err(|error| unbuilt(&error))?,
            settings: settings.clone(),
            requests_left: None,
        })
    }

    /// Requests left in the present rate window, as the last answer said, if it did.
    pub(super) const fn requests_left(&self) -> Option<u64> {
        self.requests_left
    }

    /// The JSON at `path`, which a key with `scope` may read, unless it is still what `etag` names. Asked once more
    /// if the connection was closed under the first request, as happens to one that was kept.
    pub(super) async fn get(
        &mut self,
        path: &str,
        query: &[(&str, String)],
        scope: &str,
        etag: Option<&HeaderValue>,
    ) -> Result<Answer, Fault> {
        let patience = Duration::from_secs(PATIENCE_S);
        let request = || {
            let request = self.request(Method::GET, path);
            let request = match etag {
                Some(etag) => request.header(IF_NONE_MATCH, etag),
                None => request,
            };
            request.query(query).timeout(patience)
        };
        let (head, body) = match read(request(), PATIENCE_S).await {
            Err(Broken::Closed(_)) => read(request(), PATIENCE_S).await,
            first => first,
        }
        .map_err(Broken::into_fault)?;
        if etag.is_some() && head.status == 304 {
            self.requests_left = head.requests_left;
            return Ok(Answer::Unchanged);
        }
        let body = self.take(&head, body, scope)?;
        Ok(Answer::Fresh(body, head.etag))
    }

    /// The JSON at `path`, of so many bytes at `most`, which a key with `scope` may read.
    pub(super) async fn get_within(
        &mut self,
        path: &str,
        query: &[(&str, String)],
        scope: &str,
        most: usize,
    ) -> Result<Vec<u8>, Fault> {
        let request = || {
            let request = self.request(Method::GET, path).query(query);
            request.timeout(Duration::from_secs(PATIENCE_S))
        };
        let (head, body) = match read_within(request(), PATIENCE_S, most).await {
            Err(Broken::Closed(_)) => read_within(request(), PATIENCE_S, most).await,
            first => first,
        }
        .map_err(Broken::into_fault)?;
        self.take(&head, body, scope)
    }

    /// Sends a write to `path`, with this JSON if there is some, once: whether it arrived is not known if no answer comes.
    pub(super) async fn post(
        &mut self,
        path: &str,
        json: Option<&serde_json::Value>,
        scope: &str,
    ) -> Result<Vec<u8>, Fault> {
        let request = self
            .request(Method::POST, path)
            .timeout(Duration::from_secs(WRITE_PATIENCE_S));
        let request = match json {
            Some(json) => request
                .header(CONTENT_TYPE, "application/json")
                .body(json.to_string()),
            None => request,
        };
        let (head, body) = read(request, WRITE_PATIENCE_S)
            .await
            .map_err(Broken::into_fault)?;
        self.take(&head, body, scope)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.settings.root());
        self.http
            .request(method, url)
            .header("X-N8N-API-KEY", self.settings.key())
            .header("accept", "application/json")
    }

    fn take(&mut self, head: &Head, body: Vec<u8>, scope: &str) -> Result<Vec<u8>, Fault> {
        self.requests_left = head.requests_left;
        match answer::fault(head, &body, scope) {
            Some(fault) => Err(fault),
            None => Ok(body),
        }
    }
}

impl Broken {
    pub(super) fn into_fault(self) -> Fault {
        match self {
            Self::Closed(why) => Fault::Unreachable(why),
            Self::Unsent(fault) | Self::Fault(fault) => fault,
        }
    }
}

/// What every HTTP client here has in common: it follows nothing, and sends nothing twice.
pub(super) fn http(
    is_encrypted: bool,
    is_local: bool,
    ca_file: Option<&Path>,
) -> Result<reqwest::ClientBuilder, Fault> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(encryption(is_encrypted, ca_file)?)
        .user_agent(concat!("outpost/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(Duration::from_secs(CONNECT_S));
    Ok(if is_local {
        builder.no_proxy()
    } else {
        builder
    })
}

/// The fault of a client that cannot be made.
pub(super) fn unbuilt(error: &reqwest::Error) -> Fault {
    Fault::Tls(TlsFlaw::Handshake, cause(error).into())
}

/// How to encrypt, with nobody to trust where the line is plain: then no file is read for it.
fn encryption(is_encrypted: bool, ca_file: Option<&Path>) -> Result<ClientConfig, Fault> {
    if is_encrypted {
        return tls::client(Trust {
            file: ca_file,
            setting: "n8n.ca_file",
        });
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| tls::fault_of(&error))?;
    let nobody = RootCertStore::empty();
    Ok(config.with_root_certificates(nobody).with_no_client_auth())
}

/// Sends and reads to the end, at most [`BODY_BYTES`].
pub(super) async fn read(
    request: RequestBuilder,
    patience_s: u64,
) -> Result<(Head, Vec<u8>), Broken> {
    read_within(request, patience_s, BODY_BYTES).await
}

/// Sends and reads to the end, at most so many bytes.
async fn read_within(
    request: RequestBuilder,
    patience_s: u64,
    most: usize,
) -> Result<(Head, Vec<u8>), Broken> {
    let broken = |error: reqwest::Error| broken(&error, patience_s);
    let mut response = request.send().await.map_err(broken)?;
    let head = head(&response);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > most {
            return Err(Broken::Fault(too_large(most)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((head, body))
}

/// The fault of a body longer than `most` bytes.
pub(super) fn too_large(most: usize) -> Fault {
    let text = format!("the answer is longer than {} MB", most / 1024 / 1024);
    Fault::Decode(Untrusted::from(text))
}

fn head(response: &Response) -> Head {
    let headers = response.headers();
    let number = |name: &str| text(headers, name).and_then(|text| text.trim().parse().ok());
    Head {
        status: response.status().as_u16(),
        content_type: text(headers, CONTENT_TYPE.as_str())
            .unwrap_or_default()
            .to_ascii_lowercase(),
        retry_after_s: text(headers, RETRY_AFTER.as_str()).and_then(|text| retry_after(&text)),
        location: text(headers, LOCATION.as_str()),
        requests_left: number("x-ratelimit-remaining"),
        etag: headers.get(ETAG).cloned(),
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

/// Seconds, or the moment that an HTTP date names.
fn retry_after(text: &str) -> Option<u64> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(seconds);
    }
    let until: Timestamp = chrono::DateTime::parse_from_rfc2822(text.trim())
        .ok()?
        .into();
    u64::try_from((until - chrono::Utc::now()).num_seconds().max(1)).ok()
}

/// What went wrong on the way.
fn broken(error: &reqwest::Error, patience_s: u64) -> Broken {
    let why = cause(error);
    let flaw = sources(error).find_map(|source| source.downcast_ref::<rustls::Error>());
    let fault = if let Some(flaw) = flaw {
        tls::fault_of(flaw)
    } else if error.is_timeout() {
        let seconds = if error.is_connect() {
            CONNECT_S
        } else {
            patience_s
        };
        Fault::timed_out(seconds)
    } else if error.is_connect() {
        let io = sources(error).find_map(|source| source.downcast_ref::<std::io::Error>());
        let bare = || Fault::Unreachable(Untrusted::from(why));
        io.map_or_else(bare, network::fault_of)
    } else if error.is_request() || error.is_body() || error.is_decode() {
        return Broken::Closed(Untrusted::from(why));
    } else {
        Fault::Decode(Untrusted::from(why))
    };
    if error.is_connect() {
        Broken::Unsent(fault)
    } else {
        Broken::Fault(fault)
    }
}

/// The innermost reason: the outer ones only say that a request to an address failed.
fn cause(error: &reqwest::Error) -> String {
    sources(error)
        .last()
        .map_or_else(|| "the request failed".to_owned(), ToString::to_string)
}

/// What caused `error`, outermost first; an error of IO hides what it wraps, so that is looked into too.
fn sources(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |source| {
        let source: &(dyn std::error::Error + 'static) = *source;
        match source.downcast_ref::<std::io::Error>() {
            Some(io) => io
                .get_ref()
                .map(|inner| -> &(dyn std::error::Error + 'static) { inner }),
            None => source.source(),
        }
    })
}
