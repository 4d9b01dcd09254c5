//! Calls to the production webhooks of n8n. A call is sent once. What n8n itself is known to say when it starts nothing is a
//! refusal; of anything else that is no success nobody can tell whether a workflow has run, since a workflow may answer
//! whatever it likes.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::{
    Client, Url,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};

use super::{
    answer::{Head, message},
    client::{self, Broken, WRITE_PATIENCE_S},
    settings::{address, is_local},
};
use crate::{domain::untrusted::Untrusted, msg::Fault};

/// Where the webhooks of n8n are, and what lets us call them. Its `Debug` does not show the header.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhooks {
    root: Url,
    header: Option<(HeaderName, HeaderValue)>,
    ca_file: Option<PathBuf>,
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks")
            .field("root", &self.root.as_str())
            .field("header", &self.header.as_ref().map(|(name, _)| name))
            .field("ca_file", &self.ca_file)
            .finish()
    }
}

impl Webhooks {
    /// Those of the n8n at `base_url`, under `/webhook`.
    ///
    /// # Errors
    /// [`Fault::NotConfigured`], with what is wrong in the address.
    pub fn of(base_url: &str) -> Result<Self, Fault> {
        let mut root = address(base_url.trim())?;
        let path = root.path().trim_end_matches('/');
        let path = path.strip_suffix("/api/v1").unwrap_or(path);
        let path = format!("{}/webhook", path.trim_end_matches('/'));
        root.set_path(&path);
        Ok(Self::new(root))
    }

    /// Those behind this address, whatever stands in it.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn at(url: &str) -> Result<Self, Fault> {
        address(url.trim()).map(Self::new)
    }

    const fn new(root: Url) -> Self {
        Self {
            root,
            header: None,
            ca_file: None,
        }
    }

    /// Sends this header, `Name: value`, with each call.
    ///
    /// # Errors
    /// [`Fault::NotConfigured`] where it is no header; the value is not in it.
    pub fn with_header(mut self, header: Option<&str>) -> Result<Self, Fault> {
        let Some(header) = header else {
            return Ok(self);
        };
        let read = |header: &str| {
            let (name, value) = header.split_once(':')?;
            let name = HeaderName::try_from(name.trim()).ok()?;
            let mut value = HeaderValue::from_str(value.trim()).ok()?;
            value.set_sensitive(true);
            Some((name, value))
        };
        let wrong = || {
            let text = "n8n.webhook_header is no header; it looks like `X-Auth: secret`";
            Fault::NotConfigured(text.to_owned())
        };
        self.header = Some(read(header).ok_or_else(wrong)?);
        Ok(self)
    }

    /// Trusts the certificates in `path`, of PEM, and no others.
    #[must_use]
    pub fn with_ca_file(mut self, path: Option<PathBuf>) -> Self {
        self.ca_file = path;
        self
    }

    /// What stands before the path of each webhook.
    pub fn root(&self) -> &str {
        self.root.as_str().trim_end_matches('/')
    }
}

/// A call.
#[derive(Debug, Clone)]
pub(in crate::sources) struct Call {
    /// The address, or a path behind that of n8n.
    pub(in crate::sources) address: String,
    /// The body, JSON.
    pub(in crate::sources) body: String,
    /// What tells this call from any other; the same for one that is repeated.
    pub(in crate::sources) key: String,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sources) enum Called {
    /// n8n, or the workflow, said yes.
    Accepted,
    /// Nothing was started, and why.
    Refused(String),
    /// Nothing was started, and n8n asks to be left alone for so many seconds.
    Later(u64),
    /// Nobody can say whether something was started, and why.
    Unknown(String),
}

/// Calls webhooks. Each call has a connection of its own: one that was kept may close under a call, and then nobody knows.
#[derive(Debug, Clone)]
pub(in crate::sources) struct Caller {
    http: Client,
    webhooks: Webhooks,
}

impl Caller {
    /// Reads the system's certificates where the line is encrypted.
    pub(in crate::sources) fn new(webhooks: &Webhooks) -> Result<Self, Fault> {
        let is_encrypted = webhooks.root.scheme() == "https";
        let is_local = is_local(webhooks.root.host_str().unwrap_or_default());
        let ca_file: Option<&Path> = webhooks.ca_file.as_deref();
        Ok(Self {
            http: client::http(is_encrypted, is_local, ca_file)?
                .pool_max_idle_per_host(0)
                .build()
                .map_err(|error| client::unbuilt(&error))?,
            webhooks: webhooks.clone(),
        })
    }

    /// Calls once.
    pub(in crate::sources) async fn call(&self, call: &Call) -> Called {
        let Some(url) = self.resolved(&call.address) else {
            let text = "its webhook is not behind the address that is configured";
            return Called::Refused(text.to_owned());
        };
        let request = self
            .http
            .post(url)
            .timeout(Duration::from_secs(WRITE_PATIENCE_S))
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", &call.key)
            .body(call.body.clone());
        let request = match &self.webhooks.header {
            Some((name, value)) => request.header(name, value),
            None => request,
        };
        match client::read(request, WRITE_PATIENCE_S).await {
            Ok((head, body)) => judge(&head, &body),
            Err(Broken::Unsent(fault)) => Called::Refused(format!("nothing was sent: {fault}")),
            Err(broken) => {
                let fault = broken.into_fault();
                Called::Unknown(format!("the call left, and no answer came: {fault}"))
            }
        }
    }

    /// The address that is meant; `None` for one elsewhere, which must not get our header.
    fn resolved(&self, address: &str) -> Option<Url> {
        let url = self.webhooks.root.join(address).ok()?;
        (url.origin() == self.webhooks.root.origin()).then_some(url)
    }
}

/// What an answer says became of a call.
fn judge(head: &Head, body: &[u8]) -> Called {
    let text = String::from_utf8_lossy(body);
    let says = |what: &str| text.contains(what);
    let refused = |why: &str| Called::Refused(why.to_owned());
    match head.status {
        200..=299 if text.starts_with("n8n is starting up") => refused("n8n is starting up"),
        200..=299 if says("<title>n8n.io - Workflow Automation</title>") => {
            refused("n8n's editor answers at its address, and no webhook: set n8n.webhook_url")
        }
        200..=299 => Called::Accepted,
        401 | 403 if says("Authorization data is wrong!") || says("Authorization is required!") => {
            refused("its webhook wants a credential: set n8n.webhook_header")
        }
        404 if says("is not registered") => refused(
            "its webhook is not registered: activate or bounce its workflow (P), or mend its path in the pipeline",
        ),
        404 if says("Cannot POST /") => {
            refused("no webhook is at its address: n8n is starting up, or n8n.webhook_url is wrong")
        }
        429 if head.retry_after_s.is_some() => {
            Called::Later(head.retry_after_s.unwrap_or_default().clamp(1, 3_600))
        }
        status => {
            let text = format!("its webhook answered {status}, and its workflow may have run");
            let said = message(body).map(|said| Untrusted::from(said).display_cut(160));
            Called::Unknown(said.map_or_else(|| text.clone(), |said| format!("{text}: {said}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn webhooks_lie_behind_the_address_of_n8n_or_where_they_are_said_to_be() {
        for (base, root) in [
            ("https://x.app.n8n.cloud", "https://x.app.n8n.cloud/webhook"),
            ("https://h/tools/api/v1/", "https://h/tools/webhook"),
            ("localhost:5678", "http://localhost:5678/webhook"),
        ] {
            assert_eq!(Webhooks::of(base).unwrap().root(), root);
        }
        let own = Webhooks::at("https://hooks.example/n8n/hook/").unwrap();
        assert_eq!(own.root(), "https://hooks.example/n8n/hook");
    }

    #[test]
    fn a_header_must_be_one_and_is_never_shown() {
        let webhooks = Webhooks::of("h").unwrap();
        let fault = webhooks.clone().with_header(Some("s3cret")).unwrap_err();
        assert!(!fault.to_string().contains("s3cret"), "{fault}");
        let webhooks = webhooks.with_header(Some("X-Auth: s3cret")).unwrap();
        assert!(!format!("{webhooks:?}").contains("s3cret"));
    }

    #[test]
    fn an_address_elsewhere_is_not_called() {
        let caller = Caller::new(&Webhooks::of("http://localhost:1").unwrap()).unwrap();
        let path = |address: &str| caller.resolved(address).map(|url| url.to_string());
        assert_eq!(path("http://elsewhere/webhook/a"), None);
        let here = Some("http://localhost:1/webhook/a".to_owned());
        assert_eq!(path("/webhook/a"), here);
        assert_eq!(path("http://localhost:1/webhook/a"), here);
    }
}
