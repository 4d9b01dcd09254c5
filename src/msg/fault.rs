//! What can be wrong with the outside world: a sentence that says what, and one that says the next step.

use serde::{Deserialize, Serialize};

use crate::domain::untrusted::Untrusted;

/// Why the outside world did not answer; data, so the model can keep and show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Fault {
    /// It is not set up.
    #[error("not configured: {0}")]
    NotConfigured(String),
    /// Nobody answered at that address.
    #[error("unreachable: {}", .0.display_cut(SAID))]
    Unreachable(Untrusted),
    /// Nothing came within so many seconds; who was asked, if that is known.
    #[error("no answer within {} s{}", .0, from(.1))]
    TimedOut(u64, Untrusted),
    /// The server cancelled our statement because it ran too long: this many ms, 0 where nobody measured.
    #[error("too slow: cancelled{}", after(*.0))]
    TooSlow(u64),
    /// The server starts, or a compute that was suspended wakes: it is there, and does not serve yet.
    #[error("waking: {}", .0.display_cut(SAID))]
    Waking(Untrusted),
    /// The server has no room: too many connections.
    #[error("no room: {}", .0.display_cut(SAID))]
    Busy(Untrusted),
    /// There is no such database.
    #[error("no such database: {}", .0.display_cut(SAID))]
    NoDatabase(Untrusted),
    /// The line cannot be encrypted as it should be.
    #[error("TLS: {}", .1.display_cut(SAID))]
    Tls(TlsFlaw, Untrusted),
    /// The password is wrong or missing.
    #[error("not let in: {}", .0.display_cut(SAID))]
    Password(Untrusted),
    /// The server lets nobody in this way, whatever the password: the role, the host or the line is not to its
    /// liking.
    #[error("not let in: {}", .0.display_cut(SAID))]
    Barred(Untrusted),
    /// The key of n8n is not accepted.
    #[error("not let in: {}", .0.display_cut(SAID))]
    Unauthorized(Untrusted),
    /// The role or the key may not do this.
    #[error("not allowed: {}", .0.display_cut(SAID))]
    Forbidden(Untrusted),
    /// The schema lacks something this needs.
    #[error("missing: {}", .0.display_cut(SAID))]
    Missing(Untrusted),
    /// Asked too often; wait this many seconds.
    #[error("rate limited, next try in {0} s")]
    RateLimited(u64),
    /// The answer has an HTTP status that says no, or is no JSON.
    #[error("HTTP {}: {}", .0, .1.display_cut(SAID))]
    Http(u16, Untrusted),
    /// The answer made no sense.
    #[error("unexpected answer: {}", .0.display_cut(SAID))]
    Decode(Untrusted),
    /// The database cannot give this, as it is; what stands here says why.
    #[error("not possible here: {0}")]
    Unsupported(String),
    /// The server refused the statement.
    #[error("refused: {}", .0.display_cut(SAID))]
    Refused(Untrusted),
    /// Somebody else was at the same rows: a deadlock, a serialization failure, a lock that did not come.
    #[error("in the way of another transaction: {}", .0.display_cut(SAID))]
    Conflict(Untrusted),
    /// The line broke while a change was being committed, and nobody could say afterwards whether it stands.
    #[error("outcome unknown: {}", .0.display_cut(SAID))]
    InDoubt(Untrusted),
}

/// What of TLS is not right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsFlaw {
    /// It is asked for, and the server does not offer it.
    NotOffered,
    /// What answers does not speak it.
    NotSpoken,
    /// The certificate is signed by somebody who is not known here, or by itself.
    UnknownIssuer,
    /// The certificate is no longer valid, or not yet.
    OutOfDate,
    /// The certificate is made out to another host.
    OtherHost,
    /// The certificate is not one for a server, or cannot be read.
    Unfit,
    /// A file named here cannot be read, or holds no certificate.
    OwnFile,
    /// The password is to be bound to the line, and the server cannot.
    NoBinding,
    /// Anything else in the greeting.
    Handshake,
}

/// The most that is shown of what was said, in columns: an address and a sentence.
const SAID: usize = 240;

impl Fault {
    /// What to do about it: one sentence.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::NotConfigured(_) => {
                "Give the address as DATABASE_URL or N8N_BASE_URL, by flag, or in the config file."
            }
            Self::Unreachable(_) => {
                "Check the host and port in the address, that the server runs, and the network between."
            }
            Self::TimedOut(..) => {
                "Something swallows the packets, or the server hangs; it is tried again by itself. Check network, firewall and load."
            }
            Self::TooSlow(_) => {
                "Add the indexes that `outpost doctor` names, or raise database.statement_timeout_ms in the config file."
            }
            Self::Waking(_) => {
                "Wait: it is tried again by itself; a compute that wakes takes seconds, a server that recovers may take minutes."
            }
            Self::Busy(_) => {
                "It is tried again by itself; free connections on the server, or raise max_connections."
            }
            Self::NoDatabase(_) => {
                "Correct the database's name in the address; a space in it is written %20."
            }
            Self::Tls(flaw, _) => flaw.advice(),
            Self::Password(_) => {
                "Correct the role and its password: in DATABASE_URL, in PGPASSWORD, or by database.url_file in the config file."
            }
            Self::Barred(_) => {
                "Correct the role in the address, or let it in from this host in the server's pg_hba.conf; if that asks for encryption, say sslmode=require."
            }
            Self::Unauthorized(_) => {
                "Make a new key in n8n under Settings, n8n API, and give it as N8N_API_KEY or n8n.key_file."
            }
            Self::Forbidden(_) => {
                "Have the right granted: `outpost doctor` prints the statement or the missing scope."
            }
            Self::Missing(_) => {
                "Run `outpost doctor` to see what is missing, and `outpost migrate` to add it."
            }
            Self::RateLimited(_) => "Wait; it is tried again by itself.",
            Self::Http(300..=399, _) => {
                "Give an address of n8n that leads to it and not to a login page or to another host."
            }
            Self::Http(500.., _) => {
                "It is tried again by itself; look into the log of n8n and of the proxy before it."
            }
            Self::Http(..) | Self::Decode(_) => {
                "Check that the address is that of n8n itself, and not of a proxy or a login page."
            }
            Self::Unsupported(_) => "Nothing is broken; everything else works without it.",
            Self::Conflict(_) => {
                "It was tried several times; try it again when the others are done."
            }
            Self::InDoubt(_) => "Look at these rows as they stand before you try again.",
            Self::Refused(_) => "The server's own words say why; `outpost doctor` checks the rest.",
        }
    }

    /// A wait of so many seconds in which nothing came.
    pub fn timed_out(seconds: u64) -> Self {
        Self::TimedOut(seconds, Untrusted::from(""))
    }

    /// The same, naming whom it is about, if it does not yet: with several profiles "connection refused" alone
    /// sends people to the wrong host.
    #[must_use]
    pub fn at(self, target: &str) -> Self {
        let named = |said: Untrusted| {
            if said.raw().contains(target) {
                return said;
            }
            Untrusted::from(format!("{target}: {}", said.raw()))
        };
        match self {
            Self::Unreachable(said) => Self::Unreachable(named(said)),
            Self::TimedOut(seconds, _) => Self::TimedOut(seconds, Untrusted::from(target)),
            Self::Waking(said) => Self::Waking(named(said)),
            Self::Busy(said) => Self::Busy(named(said)),
            Self::NoDatabase(said) => Self::NoDatabase(named(said)),
            Self::Tls(flaw, said) => Self::Tls(flaw, named(said)),
            Self::Password(said) => Self::Password(named(said)),
            Self::Barred(said) => Self::Barred(named(said)),
            Self::Unauthorized(said) => Self::Unauthorized(named(said)),
            Self::Http(status, said) => Self::Http(status, named(said)),
            Self::Decode(said) => Self::Decode(named(said)),
            Self::Refused(said) => Self::Refused(named(said)),
            // These are about a statement or a setting, not about a way.
            Self::NotConfigured(_)
            | Self::Unsupported(_)
            | Self::TooSlow(_)
            | Self::Forbidden(_)
            | Self::Missing(_)
            | Self::Conflict(_)
            | Self::InDoubt(_)
            | Self::RateLimited(_) => self,
        }
    }
}

impl TlsFlaw {
    const fn advice(self) -> &'static str {
        match self {
            Self::NotOffered => {
                "Turn TLS on at the server (ssl = on), or put sslmode=disable in the address if the line is safe without."
            }
            Self::NotSpoken => {
                "Correct the port, or write http:// instead of https:// if the server is to be asked in the clear."
            }
            Self::UnknownIssuer => {
                "Name the file of that CA: sslrootcert in the address of the database, n8n.ca_file (N8N_CA_FILE) for n8n."
            }
            Self::OutOfDate => {
                "Have the server's certificate renewed; if it is valid, correct the clock of this machine."
            }
            Self::OtherHost => {
                "Put a name that the certificate is made out to into the address, or have one made out to this host."
            }
            Self::Unfit => {
                "Have a certificate made for the server: version 3, with its host name, and not marked as that of a CA."
            }
            Self::OwnFile => "Correct the path, or put PEM certificates into the file.",
            Self::NoBinding => {
                "Encrypt the line (sslmode=require) and let the server use scram-sha-256, or leave channel_binding=require out."
            }
            Self::Handshake => {
                "Check that the server takes TLS 1.2 or 1.3 without a certificate of the client, and what its log says."
            }
        }
    }
}

/// Who did not answer, if that is known.
fn from(who: &Untrusted) -> String {
    if who.raw().is_empty() {
        String::new()
    } else {
        format!(" from {}", who.display_cut(SAID))
    }
}

/// How long a statement ran, if that is known.
fn after(ms: u64) -> String {
    if ms == 0 {
        String::new()
    } else {
        format!(" after {ms} ms")
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_fault_names_its_target_once() {
        let target = "ops@db:5432/pipeline";
        let refused = Fault::Unreachable("connection refused".into()).at(target);
        assert_eq!(
            refused.to_string(),
            "unreachable: ops@db:5432/pipeline: connection refused"
        );
        assert_eq!(refused.clone().at(target), refused);
        assert_eq!(
            Fault::timed_out(5).at(target).to_string(),
            "no answer within 5 s from ops@db:5432/pipeline"
        );
        assert_eq!(Fault::timed_out(5).to_string(), "no answer within 5 s");
    }

    #[test]
    fn the_next_step_for_a_status_of_http_is_about_who_gave_it() {
        let advice = |status| Fault::Http(status, "x".into()).advice();
        assert!(advice(302).contains("login page"));
        assert!(advice(404).contains("address"));
        assert!(advice(503).contains("log of n8n"));
    }
}
