//! A test event: what is typed becomes a payload, or what is wrong with it is said.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::{Timestamp, event::EventType, pipeline::SideEffect};

/// The longest payload, in bytes: a site that notifies of the whole event fails the insert of one that does not fit into
/// the 8,000 bytes of a notification.
pub const MOST_BYTES: usize = 7_700;

/// The keys that mark an event as a test.
pub const TEST: &str = "test";
/// The key that says who inserted it.
pub const INSERTED_BY: &str = "inserted_by";

/// An event to write, for its workflow to take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEvent {
    /// Its stage.
    pub stage: EventType,
    /// What a run of its workflow does outside.
    pub side_effect: SideEffect,
    /// Its payload, as one line of JSON: always an object.
    pub payload: String,
}

impl NewEvent {
    /// The event that the fields typed make: a value that is JSON is taken as such, any other as text, an empty one is left
    /// out. `more` is an object that is added, or empty. It is marked as a test that `by` inserted `at`.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub fn compose(
        (stage, side_effect): (EventType, SideEffect),
        fields: &[(&str, &str)],
        more: &str,
        (by, at): (&str, Timestamp),
    ) -> Result<Self, String> {
        let name = stage.raw().trim();
        if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("the stage must be one word, such as company_created".to_owned());
        }
        let mut payload = Map::new();
        for (name, typed) in fields {
            let typed = typed.trim();
            if !typed.is_empty() {
                payload.insert((*name).to_owned(), value(typed));
            }
        }
        if !more.trim().is_empty() {
            let read = serde_json::from_str::<Map<String, Value>>(more).map_err(|error| {
                format!("more must be a JSON object, such as {{\"a\": 1}}: {error}")
            })?;
            payload.extend(read);
        }
        if !payload.contains_key("record_id") {
            return Err("record_id is missing: an event is about some record".to_owned());
        }
        payload.insert(TEST.to_owned(), Value::Bool(true));
        payload.insert(INSERTED_BY.to_owned(), Value::from(by));
        payload
            .entry("trigger_time")
            .or_insert_with(|| Value::from(at.format("%Y-%m-%dT%H:%M:%SZ").to_string()));
        let payload = Value::Object(payload).to_string();
        if payload.contains("\\u0000") {
            return Err("PostgreSQL takes no NUL in a payload".to_owned());
        }
        if payload.len() > MOST_BYTES {
            return Err(format!(
                "the payload has {} bytes; a notification takes no more than {MOST_BYTES}",
                payload.len()
            ));
        }
        Ok(Self {
            stage: EventType::from(name),
            side_effect,
            payload,
        })
    }

    /// What stands under the first of `keys` that is there, as text.
    pub fn text(&self, keys: &[&str]) -> Option<String> {
        let payload: Map<String, Value> = serde_json::from_str(&self.payload).ok()?;
        keys.iter().find_map(|key| match payload.get(*key)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null
            | Value::Bool(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => None,
        })
    }
}

/// What was typed, as JSON if it is any.
fn value(typed: &str) -> Value {
    serde_json::from_str(typed).unwrap_or_else(|_text| Value::from(typed))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn compose(fields: &[(&str, &str)], more: &str) -> Result<NewEvent, String> {
        let stage = EventType::from("company_created");
        let at = DateTime::from_timestamp(1_700_000_040, 0).unwrap();
        NewEvent::compose(
            (stage, SideEffect::Internal),
            fields,
            more,
            ("ann@host", at),
        )
    }

    #[test]
    fn what_is_typed_is_taken_as_json_where_it_is_any_and_marked_as_a_test() {
        let fields = [
            ("record_id", " 999 "),
            ("company_name", "Test Company"),
            ("slot_id", "04.04.01"),
            ("zip", "\"0815\""),
            ("gone", " "),
        ];
        let event = compose(&fields, r#"{"nested": {"a": [1]}}"#).unwrap();
        assert_eq!(
            event.payload,
            r#"{"record_id":999,"company_name":"Test Company","slot_id":"04.04.01","zip":"0815","nested":{"a":[1]},"test":true,"inserted_by":"ann@host","trigger_time":"2023-11-14T22:14:00Z"}"#
        );
    }

    #[test]
    fn nothing_typed_hides_who_inserted_it_or_that_it_is_a_test() {
        let more = r#"{"test": false, "inserted_by": "ben"}"#;
        let event = compose(&[("record_id", "1"), ("test", "false")], more).unwrap();
        assert!(event.payload.contains(r#""test":true"#));
        assert_eq!(event.text(&[INSERTED_BY]).unwrap(), "ann@host");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let long = "x".repeat(MOST_BYTES);
        for (fields, more, says) in [
            (vec![("company_name", "A")], "", "record_id is missing"),
            (
                vec![("record_id", "1")],
                "[1]",
                "more must be a JSON object",
            ),
            (vec![("record_id", "1")], "{", "more must be a JSON object"),
            (vec![("record_id", long.as_str())], "", "the payload has 7"),
            (
                vec![("record_id", "\"\\u0000\"")],
                "",
                "PostgreSQL takes no NUL",
            ),
        ] {
            let error = compose(&fields, more).unwrap_err();
            assert!(error.starts_with(says), "{error}");
        }
        let stage = EventType::from("two words");
        let at = DateTime::UNIX_EPOCH;
        NewEvent::compose((stage, SideEffect::Internal), &[], "", ("a", at)).unwrap_err();
    }

    proptest! {
        #[test]
        fn whatever_is_typed_makes_an_object_or_a_sentence(typed in "\\PC{0,80}", more in "\\PC{0,40}") {
            if let Ok(event) = compose(&[("record_id", &typed)], &more) {
                let read: Map<String, Value> = serde_json::from_str(&event.payload).unwrap();
                prop_assert_eq!(&read[TEST], &Value::Bool(true));
                prop_assert!(event.payload.len() <= MOST_BYTES);
            }
        }
    }
}
