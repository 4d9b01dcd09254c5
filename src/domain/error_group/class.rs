//! What kind of mistake an error is, and so whether trying again helps: a table of rules over what is left of its
//! message, of which the first that holds decides.

use serde::{Deserialize, Serialize};

use super::Fingerprint;

/// What kind of mistake an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Passes by itself: a timeout, a lock, a server that is down.
    Transient,
    /// A service was asked too often, or its quota is used up.
    Quota,
    /// A key or a token is not accepted.
    Credential,
    /// The data is not as it should be.
    Data,
    /// The workflow, or the schema it works on, is wrong.
    Code,
    /// No rule holds.
    Unknown,
}

impl Class {
    /// The words of all of them.
    pub const WORDS: &[&str] = &[
        Self::Transient.label(),
        Self::Quota.label(),
        Self::Credential.label(),
        Self::Data.label(),
        Self::Code.label(),
        Self::Unknown.label(),
    ];

    /// Every one, in the order of the advice: what a retry helps comes first.
    pub const ALL: [Self; 6] = [
        Self::Transient,
        Self::Quota,
        Self::Credential,
        Self::Data,
        Self::Code,
        Self::Unknown,
    ];

    /// Its name, for the screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transient => "TRANSIENT",
            Self::Quota => "QUOTA",
            Self::Credential => "CREDENTIAL",
            Self::Data => "DATA",
            Self::Code => "CODE",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Its name in running text, in lower case.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Quota => "quota",
            Self::Credential => "credential",
            Self::Data => "data",
            Self::Code => "code",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a retry helps before anything else was mended; `None` where it cannot be told.
    pub const fn retry_helps(self) -> Option<bool> {
        match self {
            Self::Transient => Some(true),
            Self::Quota | Self::Credential | Self::Data | Self::Code => Some(false),
            Self::Unknown => None,
        }
    }

    /// What to do about it, in a few words.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Transient => "retry: it passes by itself",
            Self::Quota => "wait for the quota or raise it, then retry",
            Self::Credential => "renew the credential in n8n, then retry",
            Self::Data => "mend the data of these records, then retry",
            Self::Code => "mend the workflow or the schema, then retry",
            Self::Unknown => "read a sample; retry one before the rest",
        }
    }
}

/// A rule: these words in a message, in any case, mean this class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What it says, in a few words: `429 too many requests`.
    pub name: &'static str,
    /// What it decides.
    pub class: Class,
    /// Any of these, in lower case; a number stands for a status code and never for a part of another number.
    any: &'static [&'static str],
}

const fn rule(class: Class, name: &'static str, any: &'static [&'static str]) -> Rule {
    Rule { name, class, any }
}

/// The rules, in order: the first that holds decides. What names a cause stands before what names a symptom.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    rule(Class::Credential, "invalid_grant",          &["invalid_grant", "invalid_client", "token expired", "token revoked", "token has been revoked", "jwt expired"]),
    rule(Class::Credential, "401 unauthorized",       &["401", "unauthorized", "unauthenticated", "authentication failed", "not authenticated"]),
    rule(Class::Credential, "api key",                &["invalid api key", "invalid key", "api key is", "incorrect api key", "bad credentials", "credential"]),
    rule(Class::Quota,      "quota used up",          &["quota", "usage limit", "insufficient credit", "out of credits", "402", "payment required"]),
    rule(Class::Quota,      "rate limit",             &["429", "rate limit", "rate_limit", "ratelimit", "too many requests", "throttl"]),
    rule(Class::Credential, "403 forbidden",          &["403", "forbidden", "permission denied", "access denied", "insufficient scope"]),
    rule(Class::Transient,  "lock or serialization",  &["deadlock", "lock timeout", "could not serialize", "is locked", "40p01", "55p03"]),
    rule(Class::Data,       "null in a column",       &["null value in column", "violates not-null", "cannot be null"]),
    rule(Class::Data,       "constraint",             &["duplicate key value", "violates foreign key", "violates check", "violates unique", "violates constraint"]),
    rule(Class::Data,       "invalid input",          &["invalid input syntax", "invalid utf", "invalid byte sequence", "invalid email", "invalid url", "invalid address", "out of range", "value too long", "malformed"]),
    rule(Class::Code,       "JavaScript error",       &["typeerror", "referenceerror", "syntaxerror", "rangeerror", "is not a function", "is not defined", "cannot read propert", "undefined is not"]),
    rule(Class::Code,       "SQL of the workflow",    &["syntax error at", "does not exist", "undefined column", "undefined table", "no such column"]),
    rule(Class::Data,       "JSON parse",             &["json parse", "parse error", "unexpected token", "unexpected end of json", "not valid json", "invalid json"]),
    rule(Class::Transient,  "timeout",                &["timeout", "timed out", "timed-out", "etimedout", "esockettimedout", "deadline exceeded", "408", "504"]),
    rule(Class::Transient,  "connection",             &["econnrefused", "econnreset", "econnaborted", "enotfound", "eai_again", "epipe", "socket hang up", "connection refused", "connection reset", "connection terminated", "network error", "getaddrinfo"]),
    rule(Class::Transient,  "5xx of a server",        &["500", "502", "503", "bad gateway", "service unavailable", "internal server error", "server error", "overloaded"]),
    rule(Class::Transient,  "mail deferred",          &["greylist", "try again later", "421", "450", "451", "452", "temporarily"]),
    rule(Class::Data,       "mail refused",           &["550", "551", "553", "554", "mailbox unavailable", "user unknown", "no such user", "recipient"]),
    rule(Class::Transient,  "409 conflict",           &["409", "conflict"]),
    rule(Class::Data,       "refused by the service", &["400", "404", "422", "bad request", "unprocessable", "not found", "validation"]),
    rule(Class::Data,       "missing or invalid",     &["null", "missing", "invalid", "violates", "required", "empty"]),
];

impl Rule {
    /// Whether it holds for `text`, in lower case.
    fn holds(&self, text: &str) -> bool {
        self.any.iter().any(|words| {
            let is_code = words.bytes().all(|b| b.is_ascii_digit());
            if is_code {
                has_code(text, words)
            } else {
                text.contains(words)
            }
        })
    }
}

/// Whether the number `code` stands in `text` by itself.
fn has_code(text: &str, code: &str) -> bool {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric());
    parts.into_iter().any(|part| part == code)
}

/// What kind of mistake `fingerprint` is, by its words and the status code that came with it, and the rule that said
/// so.
pub fn of(fingerprint: &Fingerprint, status: Option<&str>) -> (Class, &'static str) {
    let mut text = fingerprint.as_str().to_lowercase();
    if let Some(status) = status {
        text.push(' ');
        text.push_str(&status.to_lowercase());
    }
    RULES
        .iter()
        .find(|rule| rule.holds(&text))
        .map_or((Class::Unknown, "no rule holds"), |rule| {
            (rule.class, rule.name)
        })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::untrusted::Untrusted;

    fn class(message: &str) -> (Class, &'static str) {
        of(&Fingerprint::of(&Untrusted::from(message)), None)
    }

    #[test]
    fn each_rule_is_met_by_a_message_of_its_kind() {
        let cases = [
            ("crm 401 invalid_grant", "invalid_grant"),
            ("401 Unauthorized", "401 unauthorized"),
            ("Incorrect API key provided: sk-1", "api key"),
            ("apify 429: monthly quota of 40000 reached", "quota used up"),
            ("HTTP 429 for contact 17", "rate limit"),
            ("HubSpot: 403 Forbidden", "403 forbidden"),
            (
                "canceling statement due to lock timeout (company 7)",
                "lock or serialization",
            ),
            ("null value in column \"company_name\"", "null in a column"),
            (
                "duplicate key value violates unique constraint \"x\"",
                "constraint",
            ),
            (
                "invalid input syntax for type integer: \"x\"",
                "invalid input",
            ),
            (
                "TypeError: Cannot read properties of undefined",
                "JavaScript error",
            ),
            ("relation \"x\" does not exist", "SQL of the workflow"),
            ("Unexpected token < in JSON at position 0", "JSON parse"),
            ("timeout after 10000 ms", "timeout"),
            ("connect ECONNREFUSED 10.0.0.1:443", "connection"),
            ("502 Bad Gateway", "5xx of a server"),
            (
                "SMTP 451 4.7.1 <7@mail.example>: Greylisted",
                "mail deferred",
            ),
            ("SMTP 550 user unknown", "mail refused"),
            ("HubSpot: 409 Conflict: contact 7 is busy", "409 conflict"),
            ("HTTP 422 for the contact", "refused by the service"),
            ("website is missing", "missing or invalid"),
        ];
        assert_eq!(cases.map(|(message, _)| (message, class(message).1)), cases);
        let met: Vec<&str> = cases.iter().map(|(_, rule)| *rule).collect();
        assert_eq!(met, RULES.iter().map(|rule| rule.name).collect::<Vec<_>>());
    }

    #[test]
    fn a_number_that_is_no_status_code_decides_nothing() {
        for message in [
            "contact 401 went away",
            "row 14290",
            "took 503 s",
            "it broke",
        ] {
            assert_eq!(
                class(message),
                (Class::Unknown, "no rule holds"),
                "{message}"
            );
        }
    }

    #[test]
    fn the_status_code_beside_a_message_decides_where_its_words_do_not() {
        let print = Fingerprint::of(&Untrusted::from("the CRM refused"));
        assert_eq!(of(&print, Some("401")).0, Class::Credential);
        assert_eq!(of(&print, Some("503")).0, Class::Transient);
        assert_eq!(of(&print, None).0, Class::Unknown);
    }

    #[test]
    fn only_what_passes_by_itself_is_worth_a_retry_at_once() {
        let helped = Class::ALL.map(Class::retry_helps);
        let no = Some(false);
        assert_eq!(helped, [Some(true), no, no, no, no, None]);
    }
}
