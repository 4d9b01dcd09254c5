//! Spellings that all bodies share.

use serde_json::{Value, json};

use super::Response;
use crate::domain::Timestamp;

/// A moment as n8n writes it.
pub(super) fn time(at: Timestamp) -> Value {
    json!(at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// A moment that may not have come.
pub(super) fn time_or_null(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, time)
}

/// A key as text, or null.
pub(super) fn id_or_null(id: Option<i64>) -> Value {
    id.map_or(Value::Null, |id| json!(id.to_string()))
}

/// Adds the members of `more`, an object, to `object`.
pub(super) fn extend(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}

impl Response {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            content_type: "application/json; charset=utf-8",
            deprecated: false,
            body: body.to_string().into_bytes(),
        }
    }

    pub(super) fn message(status: u16, message: &str) -> Self {
        Self::json(status, &json!({ "message": message }))
    }

    pub(super) fn html(status: u16, body: &str) -> Self {
        Self {
            status,
            content_type: "text/html; charset=utf-8",
            deprecated: false,
            body: body.as_bytes().to_vec(),
        }
    }
}
