//! The shape of a payload: how deep it is, and in which fields it differs from another.

use serde_json::Value;

use crate::domain::untrusted::Untrusted;

/// How deep the JSON of `payload` is nested, 1 for a flat object; `None` of what is neither an object nor a list.
pub fn depth(payload: &Untrusted) -> Option<usize> {
    let text = payload.raw().trim_start();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut is_escaped) = (false, false);
    for c in text.chars() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if in_string => is_escaped = true,
            '"' => in_string = !in_string,
            '{' | '[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            '}' | ']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Some(deepest)
}

/// In what the fields of `payload` differ from those of `other`, each in a few words: those that only one has, and those of
/// another kind; what they hold differs anyway. `None` where one of both is no object.
pub fn differences(payload: &Untrusted, other: &Untrusted) -> Option<Vec<String>> {
    let object = |text: &Untrusted| match serde_json::from_str(text.raw()) {
        Ok(Value::Object(object)) => Some(object),
        Ok(_) | Err(_) => None,
    };
    let kind = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "yes or no",
        Value::Number(_) => "a number",
        Value::String(text) if text.is_empty() => "empty",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    let name = |name: &String| Untrusted::from(name.as_str()).display_cut(40);
    let (own, other) = (object(payload)?, object(other)?);
    let lacking = other.keys().filter(|key| !own.contains_key(*key));
    let mut all: Vec<String> = lacking.map(|key| format!("no {}", name(key))).collect();
    for (key, value) in &own {
        match other.get(key) {
            None => all.push(format!("{} is new", name(key))),
            Some(before) if kind(before) != kind(value) => {
                let (now, before) = (kind(value), kind(before));
                all.push(format!("{} is {now}, was {before}", name(key)));
            }
            Some(_) => {}
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_payload_is_as_deep_as_its_brackets_outside_of_strings() {
        let depth = |text| depth(&Untrusted::from(text));
        let texts = [
            "{}",
            "[1]",
            r#"{"a": {"b": [1, "]}\\"]}}"#,
            r#"{"a": "{[{\""}"#,
        ];
        assert_eq!(texts.map(depth), [Some(1), Some(1), Some(3), Some(1)]);
        assert_eq!(["", "7", "\"{}\""].map(depth), [None; 3]);
    }

    #[test]
    fn payloads_differ_in_their_fields_and_in_the_kinds_of_those() {
        let differ = |own, other| differences(&Untrusted::from(own), &Untrusted::from(other));
        let own = r#"{"id": 7, "name": null, "note": "x"}"#;
        let other = r#"{"id": 8, "name": "Acme", "tier": 1}"#;
        let words = ["no tier", "name is null, was text", "note is new"];
        assert_eq!(differ(own, other), Some(words.map(str::to_owned).to_vec()));
        assert_eq!(differ(own, own), Some(Vec::new()));
        assert_eq!(differ(own, "[]"), None);
    }
}
