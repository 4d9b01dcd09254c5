//! What is left of a message when everything that differs from row to row is taken out.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::untrusted::Untrusted;

/// Characters of a message that are looked at.
const LOOKED_AT: usize = 400;

/// Who says a status code right before it: protocols, services, and the words for it.
#[rustfmt::skip]
const SPEAKERS: [&str; 16] = [
    "api", "apify", "code", "crm", "error", "http", "https", "hubspot", "millionverifier", "openai", "response",
    "sendgrid", "smtp", "status", "statuscode", "status_code",
];

/// How the name of a host ends, so that `mx1.acme.com` is one and `items.map` is none.
#[rustfmt::skip]
const ENDINGS: [&str; 36] = [
    "ai", "app", "at", "be", "biz", "ca", "ch", "cloud", "co", "com", "cz", "de", "dev", "dk", "es", "eu", "example",
    "fr", "gov", "info", "internal", "invalid", "io", "it", "local", "net", "nl", "no", "org", "pl", "se", "tech", "test",
    "uk", "us", "edu",
];

/// A message with its numbers as `#` (status codes and SQLSTATEs stay), its hex, keys, addresses and hosts as `<hex>`,
/// `<uuid>`, `<email>` and `<host>`, and what is quoted as `<str>`. Safe to print.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint(String);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Fingerprint {
    /// The fingerprint of `message`.
    pub fn of(message: &Untrusted) -> Self {
        let text = message.display_cut(LOOKED_AT);
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        let mut before = None;
        while let Some(c) = rest.chars().next() {
            if let Some(after) = quoted(rest, c) {
                out.push_str("<str>");
                before = Some("");
                rest = after;
            } else if is_wordy(c) {
                let end = rest.find(|c| !is_wordy(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                let is_code = is_code(before, word, after);
                let is_host = out.ends_with("://") || is_host(bare(word));
                push_word(&mut out, word, (is_code, is_host));
                before = Some(word);
                rest = after;
            } else {
                out.push(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
        Self(out)
    }

    /// Its text, safe to print.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What follows the quoted string at the start of `text`, if there is one. An apostrophe within a word never
/// gets here, since words are taken whole.
fn quoted(text: &str, c: char) -> Option<&str> {
    if !matches!(c, '"' | '\'' | '`') {
        return None;
    }
    let inner = text.get(1..)?;
    inner.find(c).and_then(|end| inner.get(end + 1..))
}

fn is_wordy(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '+' | '\'')
}

/// Whether `word` is a status code of HTTP or SMTP, or a SQLSTATE, and not a number that differs from row to row: 401
/// in `crm 401` and in `401 Unauthorized`, not in `contact 401`.
fn is_code(before: Option<&str>, word: &str, after: &str) -> bool {
    let word = bare(word);
    let says = |name: &str| before.is_some_and(|word| word.eq_ignore_ascii_case(name));
    let is_status =
        word.len() == 3 && word.starts_with(['4', '5']) && word.chars().all(|c| c.is_ascii_digit());
    if is_status {
        let has_title = after
            .strip_prefix(' ')
            .is_some_and(|title| title.starts_with(char::is_uppercase));
        return SPEAKERS.iter().any(|name| says(name)) || (before.is_none() && has_title);
    }
    word.len() == 5
        && word
            .chars()
            .all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
        && says("sqlstate")
}

/// `word` without the punctuation that follows it.
fn bare(word: &str) -> &str {
    word.trim_end_matches(['.', '\'', '-', '+'])
}

fn push_word(out: &mut String, word: &str, (is_code, is_host): (bool, bool)) {
    let bare = bare(word);
    let tail = word.get(bare.len()..).unwrap_or_default();
    if is_code {
        out.push_str(bare);
    } else if is_uuid(bare) {
        out.push_str("<uuid>");
    } else if bare.contains('@') {
        out.push_str("<email>");
    } else if is_host {
        out.push_str("<host>");
    } else if is_hex(bare) {
        out.push_str("<hex>");
    } else {
        push_without_numbers(out, bare);
    }
    out.push_str(tail);
}

/// Whether `word` is the name of a host, or its address in four numbers.
fn is_host(word: &str) -> bool {
    let labels: Vec<&str> = word.split('.').collect();
    let is_address = labels.len() == 4 && labels.iter().all(|label| label.parse::<u8>().is_ok());
    let is_label = |label: &&str| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let ends = |ending: &&str| ENDINGS.contains(&ending.to_ascii_lowercase().as_str());
    is_address
        || (labels.len() > 1 && labels.iter().all(is_label) && labels.last().is_some_and(ends))
}

fn is_uuid(word: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    word.split('-').map(str::len).eq(lengths)
        && word.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// Hex of eight digits or more with a letter and a figure in it, or anything after `0x`.
fn is_hex(word: &str) -> bool {
    let digits = word.strip_prefix("0x");
    let bare = digits.unwrap_or(word);
    !bare.is_empty()
        && bare.chars().all(|c| c.is_ascii_hexdigit())
        && (digits.is_some()
            || (bare.len() >= 8
                && bare.contains(|c: char| c.is_ascii_digit())
                && bare.contains(|c: char| c.is_ascii_alphabetic())))
}

fn push_without_numbers(out: &mut String, word: &str) {
    let mut in_number = false;
    for c in word.chars() {
        let digit = c.is_ascii_digit();
        if !digit {
            out.push(c);
        } else if !in_number {
            out.push('#');
        }
        in_number = digit;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn print(message: &str) -> String {
        Fingerprint::of(&Untrusted::from(message)).to_string()
    }

    #[test]
    fn what_differs_from_row_to_row_is_taken_out() {
        let cases = [
            ("HTTP 429 for contact 17", "HTTP 429 for contact #"),
            ("crm 401 invalid_grant", "crm 401 invalid_grant"),
            ("smtp 451. contact 451", "smtp 451. contact #"),
            ("502 Bad Gateway", "502 Bad Gateway"),
            ("502 rows, 401", "# rows, #"),
            ("SQLSTATE 40P01, row 23505", "SQLSTATE 40P01, row #"),
            ("no user anna.k+x@acme.example.", "no user <email>."),
            ("key 'a b' can't be \"null\"", "key <str> can't be <str>"),
            (
                "run 550e8400-e29b-41d4-a716-446655440000 died",
                "run <uuid> died",
            ),
            ("at 0xdeadbeef, commit 4f3a9c21b0", "at <hex>, commit <hex>"),
            ("feedback added", "feedback added"),
            ("took 1.5s, v2", "took #.#s, v#"),
            ("GET https://acme-7.example/a/9", "GET https://<host>/a/#"),
            ("refused by mx1.acme.com.", "refused by <host>."),
            ("connect 10.0.0.17:443", "connect <host>:#"),
            ("items.map is not a function", "items.map is not a function"),
        ];
        for (message, expected) in cases {
            assert_eq!(print(message), expected, "{message}");
        }
    }

    proptest! {
        #[test]
        fn no_number_and_no_hazard_is_left(message in "(\\PC|\\p{Cc}|\\p{Cf}){0,120}") {
            let text = print(&message.replace(['<', '>'], " "));
            let hazards = Untrusted::from(text.as_str()).hazards();
            prop_assert_eq!(hazards, 0);
            let named = text.replace("<U+", "<");
            let outside: String = named.split('<').map(|part| part.split_once('>').map_or(part, |(_, after)| after)).collect();
            prop_assert!(!outside.contains(|c: char| c.is_ascii_digit()), "{}", text);
        }

        #[test]
        fn messages_that_differ_in_numbers_only_are_one_group(a in 0_u32..9_999, b in 0_u32..9_999) {
            prop_assert_eq!(print(&format!("row {a} of {b}: bad")), print(&format!("row {b} of {a}: bad")));
        }
    }
}
