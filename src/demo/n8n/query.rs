//! Query strings and cursors, with n8n's messages for what is wrong in them.

use serde_json::{Value, json};

use super::Response;
use crate::domain::Timestamp;

/// The parameters of a request. Unknown ones are ignored, as n8n 2 does.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(query: &str) -> Self {
        Self(
            url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// One of `words`, if given at all.
    pub(super) fn word(&self, name: &str, words: &[&str]) -> Result<Option<&str>, Response> {
        let expected = || {
            let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            quoted.join(" | ")
        };
        if self.0.iter().filter(|(key, _)| key == name).count() > 1 {
            return Err(bad(
                name,
                &format!("Expected {}, received array", expected()),
            ));
        }
        match self.get(name) {
            Some(word) if !words.contains(&word) => {
                let expected = expected();
                let text = format!("Invalid enum value. Expected {expected}, received '{word}'");
                Err(bad(name, &text))
            }
            found => Ok(found),
        }
    }

    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, Response> {
        self.get(name)
            .map(|text| {
                text.parse::<Timestamp>()
                    .map_err(|_not_a_time| bad(name, "Invalid datetime"))
            })
            .transpose()
    }

    /// The page size: 100 unless given, never above 250.
    pub(super) fn limit(&self) -> Result<usize, Response> {
        let Some(text) = self.get("limit") else {
            return Ok(100);
        };
        match text.parse::<f64>() {
            Ok(limit) if limit >= 0.0 => Ok(clamp(limit as usize)),
            Ok(_) | Err(_) => Err(bad("limit", "Param `limit` must be a valid integer")),
        }
    }

    /// The cursor as JSON, if given.
    pub(super) fn cursor(&self) -> Result<Option<Value>, Response> {
        self.get("cursor")
            .map(|text| {
                from_base64(text)
                    .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
                    .filter(Value::is_object)
                    .ok_or_else(invalid_cursor)
            })
            .transpose()
    }
}

pub(super) fn invalid_cursor() -> Response {
    Response::message(400, "An invalid cursor was provided")
}

/// The limit that a cursor carries.
pub(super) fn cursor_limit(cursor: &Value) -> Result<usize, Response> {
    cursor
        .get("limit")
        .and_then(Value::as_u64)
        .map(|limit| clamp(limit as usize))
        .ok_or_else(invalid_cursor)
}

/// The cursor of the page after the execution `last`.
pub(super) fn executions_cursor(last: i64, limit: usize) -> Value {
    let cursor = json!({"lastId": last.to_string(), "limit": limit});
    Value::String(to_base64(cursor.to_string().as_bytes()))
}

/// The cursor of the page of workflows that starts at `offset`.
pub(super) fn workflows_cursor(offset: usize, limit: usize) -> Value {
    let cursor = json!({"limit": limit, "offset": offset});
    Value::String(to_base64(cursor.to_string().as_bytes()))
}

const fn clamp(limit: usize) -> usize {
    match limit {
        0 => 100,
        1..=250 => limit,
        251.. => 250,
    }
}

fn bad(name: &str, text: &str) -> Response {
    Response::message(400, &format!("request/query/{name} {text}"))
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn to_base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk
            .iter()
            .chain([0; 2].iter())
            .take(3)
            .fold(0_usize, |bits, &byte| bits << 8 | usize::from(byte));
        for place in 0..4 {
            let digit = BASE64.get(bits >> (18 - 6 * place) & 63).copied();
            out.push(match digit {
                Some(digit) if place <= chunk.len() => char::from(digit),
                Some(_) | None => '=',
            });
        }
    }
    out
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for digit in text.trim_end_matches('=').bytes() {
        let value = BASE64.iter().position(|known| *known == digit)?;
        bits = bits << 6 | value as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xff) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_spelt_as_n8n_spells_it() {
        assert_eq!(
            executions_cursor(60, 3),
            "eyJsYXN0SWQiOiI2MCIsImxpbWl0IjozfQ=="
        );
        assert_eq!(workflows_cursor(2, 2), "eyJsaW1pdCI6Miwib2Zmc2V0IjoyfQ==");
    }

    #[test]
    fn a_cursor_made_by_hand_is_read() {
        let query = Query::parse("cursor=eyJsYXN0SWQiOiAiNiIsICJsaW1pdCI6IDN9");
        let cursor = query.cursor().ok().flatten().expect("a cursor");
        assert_eq!(cursor, json!({"lastId": "6", "limit": 3}));
    }
}
