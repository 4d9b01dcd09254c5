//! What a screen copies: one JSON object a row, whose texts go out escaped.

use crate::domain::{Timestamp, untrusted::Untrusted};

/// A JSON object under way. Keys are ours, and plain.
#[derive(Debug, Default)]
pub struct Object(String);

impl Object {
    /// Adds a value that is JSON already.
    #[must_use]
    pub fn raw(mut self, key: &str, json: &str) -> Self {
        let comma = if self.0.is_empty() { "" } else { "," };
        self.0 = format!("{}{comma}\"{key}\":{json}", self.0);
        self
    }

    /// Adds a text of our own.
    #[must_use]
    pub fn text(self, key: &str, text: &str) -> Self {
        self.untrusted(key, Some(&Untrusted::from(text)))
    }

    /// Adds a text from outside, `null` if there is none.
    #[must_use]
    pub fn untrusted(self, key: &str, text: Option<&Untrusted>) -> Self {
        let json = text.map_or_else(|| "null".to_owned(), Untrusted::json);
        self.raw(key, &json)
    }

    /// Adds a whole number.
    #[must_use]
    pub fn number(self, key: &str, number: u64) -> Self {
        self.raw(key, &number.to_string())
    }

    /// Adds a number, `null` if there is none.
    #[must_use]
    pub fn fraction(self, key: &str, number: Option<f64>) -> Self {
        let finite = number.filter(|number| number.is_finite());
        let json = finite.map_or_else(|| "null".to_owned(), |number| number.to_string());
        self.raw(key, &json)
    }

    /// Adds a moment, `null` if there is none.
    #[must_use]
    pub fn moment(self, key: &str, at: Option<Timestamp>) -> Self {
        let json = at.map_or_else(
            || "null".to_owned(),
            |at| format!("\"{}\"", at.format("%Y-%m-%dT%H:%M:%S%.3fZ")),
        );
        self.raw(key, &json)
    }

    /// The object as one line.
    pub fn end(self) -> String {
        format!("{{{}}}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn an_object_is_one_line_of_valid_json_whatever_its_texts_hold() {
        let line = Object::default()
            .text("name", "a\"b\n\u{1b}[2J")
            .untrusted("record", None)
            .number("n", 3)
            .fraction("rate", Some(f64::NAN))
            .moment("at", DateTime::from_timestamp(0, 0))
            .end();
        assert_eq!(
            line,
            "{\"name\":\"a\\\"b\\n\\u001b[2J\",\"record\":null,\"n\":3,\"rate\":null,\
             \"at\":\"1970-01-01T00:00:00.000Z\"}"
        );
        assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok());
    }
}
