//! Payloads of events, laid out for reading.

mod shape;

use std::borrow::Cow;

use super::untrusted::{Untrusted, is_hazard};

pub use shape::{depth, differences};

/// More lines than this are not laid out.
const MAX_LINES: usize = 5_000;

/// The lines of `payload`, safe to print: JSON with two spaces a level, anything else as it stands. Numbers,
/// keys and their order stay exactly as they came; a payload that was cut or is not quite JSON is laid out as
/// far as it goes.
pub fn lines(payload: &Untrusted) -> Vec<String> {
    let payload = &unescaped(payload);
    let text = payload.raw().trim();
    let mut lines = if text.starts_with(['{', '[']) {
        Layout::default().lay_out(text)
    } else {
        payload.lines()
    };
    if payload.is_cut() {
        let (kept, full) = (payload.raw().len(), payload.full_bytes());
        lines.push(format!("… cut: {kept} of {full} bytes kept"));
    }
    lines
}

/// How many characters of `payload` could mislead a terminal or an eye, those among them that stand in its strings as
/// escapes: `jsonb` never holds a control character in any other way.
pub fn hazards(payload: &Untrusted) -> usize {
    unescaped(payload).hazards()
}

/// `payload` in one line of at most `chars` characters, safe to print.
pub fn line(payload: &Untrusted, chars: usize) -> String {
    unescaped(payload).display_cut(chars)
}

/// `payload` with each escape in its strings that stands for a hazard turned into the character itself, which then is
/// named and counted as any other; every other escape stays as it came.
fn unescaped(payload: &Untrusted) -> Cow<'_, Untrusted> {
    let raw = payload.raw();
    if !raw.contains('\\') || !raw.trim_start().starts_with(['{', '[', '"']) {
        return Cow::Borrowed(payload);
    }
    Cow::Owned(payload.changed(|text| {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, escape)) = rest.split_once('\\') {
            out.push_str(before);
            let (hazard, len) = hazard(escape);
            match hazard {
                Some(c) => out.push(c),
                None => out.push('\\'),
            }
            // What no hazard is stays with its first character: a second backslash begins no escape.
            let skipped = escape.get(..len).unwrap_or_default();
            if hazard.is_none() {
                out.push_str(skipped);
            }
            rest = escape.get(len..).unwrap_or_default();
        }
        out.push_str(rest);
        out
    }))
}

/// The hazard that `escape` begins with, where what stands before it is a backslash, and how many bytes of it belong to
/// the escape.
fn hazard(escape: &str) -> (Option<char>, usize) {
    let unit = |from: usize| {
        let digits = escape.get(from + 1..from + 5)?;
        let is_unit = escape.as_bytes().get(from) == Some(&b'u');
        u16::from_str_radix(digits, 16).ok().filter(|_| is_unit)
    };
    let is_pair = escape.as_bytes().get(5) == Some(&b'\\');
    let second = if is_pair { unit(6) } else { None };
    let found = match escape.chars().next() {
        Some('b') => Some(('\u{8}', 1)),
        Some('f') => Some(('\u{c}', 1)),
        _ => unit(0).and_then(|first| {
            let units: Vec<u16> = std::iter::once(first).chain(second).collect();
            let mut chars = char::decode_utf16(units);
            let c = chars.next()?.ok()?;
            Some((c, if c.len_utf16() == 2 { 11 } else { 5 }))
        }),
    };
    match found {
        Some((c, len)) if is_hazard(c) => (Some(c), len),
        _ => (None, escape.chars().next().map_or(0, char::len_utf8)),
    }
}

/// The text or the number that `payload` holds at a path such as `contact.tags.0`, keys in any case.
pub fn at(payload: &Untrusted, path: &str) -> Option<String> {
    use serde_json::Value;
    let whole: Value = serde_json::from_str(payload.raw()).ok()?;
    let step = |value: &Value, key: &str| match value {
        Value::Object(fields) => {
            let mut fields = fields.iter();
            let found = fields.find(|(name, _)| name.eq_ignore_ascii_case(key));
            found.map(|(_, value)| value.clone())
        }
        Value::Array(items) => items.get(key.parse::<usize>().ok()?).cloned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    };
    let value = path
        .split('.')
        .try_fold(whole, |value, key| step(&value, key))?;
    match value {
        Value::String(text) => Some(text),
        Value::Null => Some("null".to_owned()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// `lines` of a laid out payload without those deeper than `depth` levels; how many are folded away stands in their
/// place.
pub fn folded(lines: Vec<String>, depth: usize) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let mut away = 0_usize;
    for line in lines {
        let indent = line.len() - line.trim_start().len();
        if indent / 2 > depth {
            away += 1;
            continue;
        }
        if away > 0 {
            kept.push(format!("{}… {away} lines folded", "  ".repeat(depth + 1)));
            away = 0;
        }
        kept.push(line);
    }
    kept
}

#[derive(Default)]
struct Layout {
    lines: Vec<String>,
    line: String,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Layout {
    fn lay_out(mut self, text: &str) -> Vec<String> {
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if self.lines.len() >= MAX_LINES {
                "… and more".clone_into(&mut self.line);
                break;
            }
            if self.in_string {
                self.string(c);
                continue;
            }
            match c {
                '{' | '[' => {
                    self.line.push(c);
                    while chars.next_if(|c| c.is_whitespace()).is_some() {}
                    if let Some(end) = chars.next_if(|c| matches!(c, '}' | ']')) {
                        self.line.push(end);
                    } else {
                        self.depth += 1;
                        self.end_line();
                    }
                }
                '}' | ']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.end_line();
                    self.line.push(c);
                }
                ',' => {
                    self.line.push(c);
                    self.end_line();
                }
                ':' => self.line.push_str(": "),
                '"' => {
                    self.in_string = true;
                    self.line.push(c);
                }
                c if c.is_whitespace() => {}
                c => self.line.push(c),
            }
        }
        self.end_line();
        self.lines
    }

    fn string(&mut self, c: char) {
        self.line.push(c);
        match c {
            _ if self.escaped => self.escaped = false,
            '\\' => self.escaped = true,
            '"' => self.in_string = false,
            _ => {}
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if !line.trim().is_empty() {
            self.lines.push(Untrusted::from(line).display());
        }
        self.line = "  ".repeat(self.depth.min(20));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn json_is_laid_out_and_its_numbers_stay_exact() {
        let payload = Untrusted::from(
            r#"{"record_id":90071992547409931,"tags":[],"who":{"email":"a\"b@x"},"list":[1,2.50]}"#,
        );
        assert_eq!(
            lines(&payload),
            [
                "{",
                "  \"record_id\": 90071992547409931,",
                "  \"tags\": [],",
                "  \"who\": {",
                "    \"email\": \"a\\\"b@x\"",
                "  },",
                "  \"list\": [",
                "    1,",
                "    2.50",
                "  ]",
                "}",
            ]
        );
    }

    #[test]
    fn a_path_leads_to_a_text_or_a_number_and_to_nothing_else() {
        let payload = Untrusted::from(r#"{"Contact": {"id": 7, "tags": ["a", "b"]}, "ok": true}"#);
        let found = [
            "contact.id",
            "contact.tags.1",
            "ok",
            "contact",
            "contact.id.x",
            "none",
        ]
        .map(|path| at(&payload, path));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            found,
            [some("7"), some("b"), some("true"), None, None, None]
        );
        assert_eq!(at(&Untrusted::from("no json"), "a"), None);
    }

    #[test]
    fn what_lies_deeper_is_folded_and_counted() {
        let payload = Untrusted::from(r#"{"a": {"b": 1, "c": 2}, "d": 3}"#);
        assert_eq!(
            folded(lines(&payload), 1),
            [
                "{",
                "  \"a\": {",
                "    … 2 lines folded",
                "  },",
                "  \"d\": 3",
                "}"
            ]
        );
        assert_eq!(folded(lines(&payload), 9), lines(&payload));
    }

    #[test]
    fn a_hazard_that_stands_as_an_escape_is_named_and_counted_and_every_other_escape_stays() {
        let cases = [
            (r#"{"a": "hi \u001b[2J"}"#, "hi <ESC>[2J", 1),
            (
                r#"{"a": "\u202emoc.live\u202C"}"#,
                "<U+202E>moc.live<U+202C>",
                2,
            ),
            (r#"{"a": "\b\f\u0000"}"#, "<BS><U+000C><NUL>", 3),
            (r#"{"a": "\udb40\udc41x"}"#, "<U+E0041>x", 1),
            (r#"{"a": "\\u001b"}"#, r"\\u001b", 0),
            (r#"{"a": "\\\u001b"}"#, r"\\<ESC>", 1),
            (
                r#"{"a": "\u00e4\n\"\ud83d\ude00"}"#,
                r#"\u00e4\n\"\ud83d\ude00"#,
                0,
            ),
            (r#"{"a": "\ud83d"}"#, r"\ud83d", 0),
        ];
        for (json, shown, n) in cases {
            let payload = Untrusted::from(json);
            let line = format!("  \"a\": \"{shown}\"");
            assert_eq!(lines(&payload), ["{", line.as_str(), "}"], "{json}");
            assert_eq!(hazards(&payload), n, "{json}");
            assert!(super::line(&payload, 99).contains(shown), "{json}");
        }
        // What was cut in the middle of an escape, and what is no JSON at all.
        for text in [r#"{"a": "\u00"#, r#"{"a": "\"#, r"C:\u001b\b"] {
            assert_eq!(hazards(&Untrusted::from(text)), 0, "{text}");
            assert_eq!(
                lines(&Untrusted::from(text)).concat().trim(),
                text.replace('{', "{  ")
            );
        }
    }

    #[test]
    fn what_is_no_json_stands_as_it_came_with_its_hazards_named() {
        assert_eq!(
            lines(&Untrusted::from("plain\u{1b}[2J\ntext")),
            ["plain<ESC>[2J", "text"]
        );
    }

    proptest! {
        #[test]
        fn no_hazard_of_a_text_is_hidden_by_the_way_json_writes_it(text in "(\\PC|\\p{Cc}|\\p{Cf}|\\\\|u001b){0,40}") {
            let json = format!("{{\"a\": {}}}", Untrusted::from(text.as_str()).json());
            prop_assert_eq!(hazards(&Untrusted::from(json)), Untrusted::from(text).hazards());
        }

        #[test]
        fn laying_out_loses_no_character_of_json(words in proptest::collection::vec("[a-z]{1,8}", 0..6)) {
            let json = serde_json::json!({ "words": words, "n": words.len(), "deep": [[{"a": null}]] });
            let text = json.to_string();
            let laid: String = lines(&Untrusted::from(text.as_str())).concat();
            let back: serde_json::Value = serde_json::from_str(&laid).unwrap();
            prop_assert_eq!(back, json);
        }
    }
}
