//! What an answer of n8n means, before its body is looked into. HTTP 200 does not mean JSON here: while n8n starts,
//! and at a wrong address, it answers with pages.

use reqwest::header::HeaderValue;
use serde::Deserialize;

use crate::{domain::untrusted::Untrusted, msg::Fault};

/// The head of an answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) content_type: String,
    /// `Retry-After`, if it was there, in seconds.
    pub(super) retry_after_s: Option<u64>,
    /// `Location`, if it was there.
    pub(super) location: Option<String>,
    /// `X-RateLimit-Remaining`, if it was there.
    pub(super) requests_left: Option<u64>,
    /// `ETag`, if it was there.
    pub(super) etag: Option<HeaderValue>,
}

/// How long to wait when the server does not say.
const RATE_LIMIT_S: u64 = 60;

/// The fault that an answer to a request which needs `scope` states; `None` if its body is the JSON asked for.
pub(super) fn fault(head: &Head, body: &[u8], scope: &str) -> Option<Fault> {
    let said = message(body);
    let is_json = head.content_type.contains("json");
    let words = |ours: &str| match &said {
        Some(said) => Untrusted::from(format!("{ours}; n8n says: {said}")),
        None => Untrusted::from(ours),
    };
    Some(match head.status {
        200..=299 if is_json => return None,
        401 => Fault::Unauthorized(words(
            "the key is wrong, expired or deleted, or the API is switched off",
        )),
        403 => Fault::Forbidden(words(&format!("the key needs the scope {scope}"))),
        429 => Fault::RateLimited(head.retry_after_s.unwrap_or(RATE_LIMIT_S).clamp(1, 3_600)),
        300..=399 => Fault::Http(head.status, redirected(head.location.as_deref())),
        // What n8n itself says no to; the words are its own.
        400 | 404 | 405 | 409 | 415 | 422 if is_json => match said {
            Some(said) => Fault::Refused(Untrusted::from(said)),
            None => Fault::Http(head.status, Untrusted::from("without a reason")),
        },
        200..=299 | 404 if is_starting(body) => {
            Fault::Http(head.status, Untrusted::from("n8n is starting up"))
        }
        200..=299 | 404 => Fault::Http(
            head.status,
            Untrusted::from(format!(
                "a page of type {} instead of JSON: n8n is starting up, or the address is wrong",
                kind(&head.content_type)
            )),
        ),
        502..=504 => Fault::Http(
            head.status,
            words("the server in front of n8n does not reach it, or n8n is not ready"),
        ),
        status => Fault::Http(status, words("the server failed")),
    })
}

/// The words of an error body, if it is one.
pub(super) fn message(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Said {
        message: String,
    }
    serde_json::from_slice::<Said>(body)
        .ok()
        .map(|said| said.message)
        .filter(|said| !said.is_empty())
}

fn is_starting(body: &[u8]) -> bool {
    body.starts_with(b"n8n is starting up")
}

fn kind(content_type: &str) -> &str {
    match content_type.split(';').next() {
        None | Some("") => "unknown",
        Some(kind) => kind,
    }
}

fn redirected(location: Option<&str>) -> Untrusted {
    // Only the host: a login page's address may carry secrets.
    let host = location
        .and_then(|to| reqwest::Url::parse(to).ok())
        .and_then(|url| url.host_str().map(str::to_owned));
    Untrusted::from(match host {
        Some(host) => format!("it leads on to {host}, which is not followed with the key"),
        None => "it leads on to another address, which is not followed with the key".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn head(status: u16, content_type: &str) -> Head {
        Head {
            status,
            content_type: content_type.to_owned(),
            ..Head::default()
        }
    }

    #[test]
    fn a_redirect_names_the_host_and_nothing_else() {
        let head = Head {
            location: Some("https://login.example.com/?token=secret".to_owned()),
            ..head(302, "text/html")
        };
        let fault = fault(&head, b"", "workflow:list").expect("a fault");
        assert_eq!(
            fault.to_string(),
            "HTTP 302: it leads on to login.example.com, which is not followed with the key"
        );
    }

    #[test]
    fn json_that_arrived_well_is_no_fault() {
        assert_eq!(
            fault(&head(200, "application/json; charset=utf-8"), b"{}", ""),
            None
        );
    }

    #[test]
    fn words_of_the_server_are_named_as_such() {
        let fault = fault(
            &head(403, "application/json"),
            b"{\"message\":\"Forbidden\"}",
            "execution:list",
        );
        assert_eq!(
            fault.map(|fault| fault.to_string()).as_deref(),
            Some("not allowed: the key needs the scope execution:list; n8n says: Forbidden")
        );
    }
}
