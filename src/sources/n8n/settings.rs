//! Where n8n is and how to get in.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use reqwest::{Url, header::HeaderValue};

use crate::msg::Fault;

/// The address of n8n and the key of its API. Its `Debug` does not show the key.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// The root of the API, without a slash at its end: `https://host/prefix/api/v1`.
    root: Url,
    key: HeaderValue,
    /// The certificates to trust instead of the system's.
    ca_file: Option<PathBuf>,
}

/// What is missing for n8n to be asked at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Absent {
    /// Nobody wants it.
    #[error("no address and key")]
    Both,
    /// There is an address; this looks like a mistake.
    #[error("its address is set, its key is not: give N8N_API_KEY or n8n.key_file")]
    Key,
    /// There is a key; this looks like a mistake.
    #[error("its key is set, its address is not: give N8N_BASE_URL or n8n.base_url")]
    Address,
}

impl Absent {
    /// What to say where half of it was given, which looks like a mistake.
    pub fn mistake(self) -> Option<String> {
        (self != Self::Both).then(|| format!("n8n is not asked: {self}"))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("root", &self.root.as_str())
            .field("key", &"***")
            .field("ca_file", &self.ca_file)
            .finish()
    }
}

impl Settings {
    /// Settings for `base_url`: the address of n8n as people write it, with or without scheme, slash at the end,
    /// path in front, or `/api/v1`. Without a scheme it is `https`, but `http` for this machine.
    ///
    /// # Errors
    /// [`Fault::NotConfigured`], with what is wrong in the address or the key.
    pub fn new(base_url: &str, key: &str) -> Result<Self, Fault> {
        let mut key = HeaderValue::from_str(key.trim())
            .ok()
            .filter(|key| !key.is_empty())
            .ok_or_else(|| wrong("the key of n8n is empty or holds characters that no key has"))?;
        key.set_sensitive(true);
        Ok(Self {
            root: root(base_url.trim())?,
            key,
            ca_file: None,
        })
    }

    /// Trusts the certificates in `path`, of PEM, and no others.
    #[must_use]
    pub fn with_ca_file(mut self, path: Option<PathBuf>) -> Self {
        self.ca_file = path;
        self
    }

    /// The certificates to trust instead of the system's.
    pub(super) fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// The root of the API, without a slash at its end.
    pub fn root(&self) -> &str {
        self.root.as_str().trim_end_matches('/')
    }

    /// The server, for people: its address without the way to the API.
    pub fn target(&self) -> &str {
        let root = self.root();
        root.strip_suffix("/api/v1").unwrap_or(root)
    }

    /// The value of the header that lets us in.
    pub(super) const fn key(&self) -> &HeaderValue {
        &self.key
    }

    /// Whether the server is this machine, which no proxy leads to.
    pub(super) fn is_local(&self) -> bool {
        is_local(self.root.host_str().unwrap_or_default())
    }

    /// Whether the key crosses a network unencrypted.
    pub fn is_bare(&self) -> bool {
        !self.is_encrypted() && !self.is_local()
    }

    /// Whether the line is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.root.scheme() == "https"
    }
}

fn wrong(why: &str) -> Fault {
    Fault::NotConfigured(why.to_owned())
}

/// The root of the API at this address.
fn root(text: &str) -> Result<Url, Fault> {
    let mut url = address(text)?;
    let path = url.path().trim_end_matches('/');
    let prefix = path.strip_suffix("/api/v1").unwrap_or(path);
    let path = format!("{}/api/v1", prefix.trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

/// An address as people write it.
pub(super) fn address(text: &str) -> Result<Url, Fault> {
    let whole = if text.contains("://") {
        text.to_owned()
    } else {
        let host = Url::parse(&format!("http://{text}"))
            .ok()
            .and_then(|url| url.host_str().map(is_local));
        let scheme = if host == Some(true) { "http" } else { "https" };
        format!("{scheme}://{text}")
    };
    let mut url = Url::parse(&whole)
        .ok()
        .filter(Url::has_host)
        .ok_or_else(|| {
            wrong("the address of n8n is no address; it looks like https://name.app.n8n.cloud")
        })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(
            "the address of n8n must begin with https:// or http://",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(
            "the address of n8n must not hold a user or a password",
        ));
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// Whether this host is the machine we run on.
pub(super) fn is_local(host: &str) -> bool {
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn an_address_is_taken_as_people_write_it() {
        for (written, root) in [
            ("https://x.app.n8n.cloud", "https://x.app.n8n.cloud/api/v1"),
            ("https://x.app.n8n.cloud/", "https://x.app.n8n.cloud/api/v1"),
            (
                "https://x.app.n8n.cloud/api/v1",
                "https://x.app.n8n.cloud/api/v1",
            ),
            (
                " https://x.app.n8n.cloud/api/v1/ ",
                "https://x.app.n8n.cloud/api/v1",
            ),
            ("x.app.n8n.cloud", "https://x.app.n8n.cloud/api/v1"),
            (
                "n8n.example.com:8443/tools/n8n/",
                "https://n8n.example.com:8443/tools/n8n/api/v1",
            ),
            ("http://h/tools/api/v1?x=1#y", "http://h/tools/api/v1"),
            ("localhost:5678", "http://localhost:5678/api/v1"),
            ("127.0.0.1:5678/", "http://127.0.0.1:5678/api/v1"),
            ("[::1]:5678", "http://[::1]:5678/api/v1"),
        ] {
            let settings = Settings::new(written, "key").expect(written);
            assert_eq!(settings.root(), root, "{written}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_a_reason() {
        for written in [
            "",
            "ftp://h",
            "https://",
            "https://user:secret@h",
            "two words",
        ] {
            let refused = Settings::new(written, "key").expect_err(written);
            assert!(
                matches!(refused, Fault::NotConfigured(_)),
                "{written}: {refused}"
            );
            assert!(!refused.to_string().contains("secret"));
        }
    }

    #[test]
    fn a_key_must_be_one_and_is_never_shown() {
        assert!(Settings::new("h", "  ").is_err());
        assert!(Settings::new("h", "two\nlines").is_err());
        let settings = Settings::new("h", " eyJhbGciOi\n").expect("a key with space around it");
        assert_eq!(settings.key(), "eyJhbGciOi");
        assert!(!format!("{settings:?} {:?}", settings.key()).contains("eyJ"));
    }
}
