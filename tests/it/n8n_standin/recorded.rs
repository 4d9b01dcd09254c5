//! The recorded answers, and how an answer is compared with one.

use std::{collections::BTreeMap, fs, path::PathBuf};

use pretty_assertions::assert_eq;
use serde_json::Value;

pub(crate) fn fixture(version: &str, name: &str) -> Vec<u8> {
    let file: PathBuf = [
        env!("CARGO_MANIFEST_DIR"),
        "tests/fixtures/n8n",
        version,
        name,
    ]
    .iter()
    .collect();
    fs::read(&file).unwrap()
}

pub(crate) fn recorded(name: &str) -> Value {
    serde_json::from_slice(&fixture("2.41.1", name)).unwrap()
}

/// Every path into `value` with the JSON type found there. Objects whose keys are data (nodes, bodies, …)
/// are looked into one level deep under the key `*`.
fn shape(value: &Value) -> BTreeMap<String, &'static str> {
    let mut out = BTreeMap::new();
    walk("", value, &mut out);
    out
}

fn walk(path: &str, value: &Value, out: &mut BTreeMap<String, &'static str>) {
    const BY_DATA: [&str; 3] = ["runData", "connections", "main"];
    const OPAQUE: [&str; 10] = [
        "parameters",
        "credentials",
        "body",
        "headers",
        "json",
        "settings",
        "staticData",
        "metadata",
        "customData",
        "scopes",
    ];
    let name = path.rsplit('.').next().unwrap_or_default();
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    out.insert(path.to_owned(), kind);
    if OPAQUE.contains(&name) {
        return;
    }
    match value {
        Value::Array(items) => {
            for item in items {
                walk(&format!("{path}[]"), item, out);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let key = if BY_DATA.contains(&name) || name == "resources" {
                    "*"
                } else {
                    key
                };
                walk(&format!("{path}.{key}"), member, out);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Asserts that `ours` has every field of `theirs` with the same type and no other, but for fields below one of
/// `except`.
pub(crate) fn assert_same_shape(ours: &Value, theirs: &Value, except: &[&str]) {
    let trimmed = |value: &Value| {
        let mut all = shape(value);
        all.retain(|path, _| !except.iter().any(|prefix| path.starts_with(prefix)));
        all
    };
    assert_eq!(trimmed(ours), trimmed(theirs));
}
