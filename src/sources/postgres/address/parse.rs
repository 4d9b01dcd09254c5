//! The two syntaxes of an address, taken apart into parameters; what they mean is decided elsewhere.

use super::AddressError;

/// The parameters of a URL or of a `key=value` string, in the order they stand there, decoded.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, AddressError> {
    let rest = text
        .strip_prefix("postgresql://")
        .or_else(|| text.strip_prefix("postgres://"))
        .or_else(|| text.strip_prefix("jdbc:postgresql://"));
    match rest {
        Some(rest) => url(rest),
        None if text.contains("://") || !text.contains('=') => Err(AddressError::Syntax),
        None => keyword_values(text),
    }
}

/// A URL, as libpq reads it: not as strict as the standard, with several hosts, and a socket as `?host=/path`.
fn url(rest: &str) -> Result<Vec<(String, String)>, AddressError> {
    let mut pairs = Vec::new();
    let mut push = |key: &str, text: &str| -> Result<(), AddressError> {
        if !text.is_empty() {
            let value = decode(text).ok_or_else(|| AddressError::Value(key.to_owned()))?;
            pairs.push((key.to_owned(), value));
        }
        Ok(())
    };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    // The last `@` before the path: a password that was not encoded may hold one.
    let (place, path) = match place.rfind('@') {
        Some(at) => match place.split_at(at).1.split_once('/') {
            Some((head, path)) => (place.split_at(at + head.len()).0, path),
            None => (place, ""),
        },
        None => place.split_once('/').unwrap_or((place, "")),
    };
    let hosts = match place.rsplit_once('@') {
        Some((who, hosts)) => {
            let (user, password) = who.split_once(':').unwrap_or((who, ""));
            push("user", user)?;
            push("password", password)?;
            hosts
        }
        None => place,
    };
    let (names, ports) = host_list(hosts)?;
    push("host", &names.join(","))?;
    if ports.iter().any(|port| !port.is_empty()) {
        push("port", &ports.join(","))?;
    }
    push("dbname", path)?;
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        push(key, value)?;
    }
    Ok(pairs)
}

/// Hosts and their ports; an IPv6 address stands in brackets.
fn host_list(hosts: &str) -> Result<(Vec<&str>, Vec<&str>), AddressError> {
    let one = |host: &'_ str| -> Option<(usize, usize)> {
        if let Some(inner) = host.strip_prefix('[') {
            let end = inner.find(']')?;
            let tail = inner.split_at(end + 1).1;
            (tail.is_empty() || tail.starts_with(':')).then_some((1, end + 1))
        } else {
            Some((0, host.find(':').unwrap_or(host.len())))
        }
    };
    let mut names = Vec::new();
    let mut ports = Vec::new();
    for host in hosts.split(',').filter(|host| !host.is_empty()) {
        let (start, end) = one(host).ok_or_else(|| AddressError::Value("host".to_owned()))?;
        let (name, tail) = host.split_at(end);
        names.push(name.split_at(start).1);
        ports.push(tail.trim_start_matches(']').trim_start_matches(':'));
    }
    Ok((names, ports))
}

/// `key=value` pairs; a value with spaces stands in single quotes, a backslash takes the next character as it
/// is.
fn keyword_values(text: &str) -> Result<Vec<(String, String)>, AddressError> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, tail) = rest.split_once('=').ok_or(AddressError::Syntax)?;
        let key = key.trim();
        if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(AddressError::Syntax);
        }
        let (value, tail) = value(tail.trim_start()).ok_or(AddressError::Syntax)?;
        if !value.is_empty() {
            pairs.push((key.to_owned(), value));
        }
        rest = tail.trim_start();
    }
    Ok(pairs)
}

/// The value that `text` begins with, and what follows it; `None` when its quote does not end.
fn value(text: &str) -> Option<(String, &str)> {
    let (text, is_quoted) = match text.strip_prefix('\'') {
        Some(text) => (text, true),
        None => (text, false),
    };
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        let before = chars.as_str();
        match chars.next() {
            Some('\'') if is_quoted => return Some((value, chars.as_str())),
            Some(c) if !is_quoted && c.is_whitespace() => return Some((value, before)),
            Some('\\') => value.extend(chars.next()),
            Some(c) => value.push(c),
            None => return (!is_quoted).then_some((value, "")),
        }
    }
}

/// Percent-decodes; `None` when the result is no UTF-8. A `%` that encodes nothing stays, for passwords that
/// were pasted as they are.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                bytes.push(nibble(*high) << 4 | nibble(*low));
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).ok()
}

/// The value of a hexadecimal digit.
fn nibble(digit: u8) -> u8 {
    char::from(digit).to_digit(16).unwrap_or(0) as u8
}
