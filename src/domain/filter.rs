//! The filter language.
//!
//! ```text
//! apify 429            both words, in any case, anywhere in the row
//! "crm 401"            these words, one after the other
//! !resolved            not this word
//! stage:crm            the field holds this; stage=lead_qualified is exactly this
//! retries>2  age>=5m   a number or a span beyond this
//! is:pending           what the row says of itself
//! crm OR apify         either; parentheses group
//! ```

mod parse;

use std::borrow::Cow;

use super::duration;

/// What is wrong with a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct FilterError {
    /// Where, in characters from the start of the text.
    pub at: usize,
    /// What, in a few words.
    pub reason: String,
}

/// A filter: the last good one, and what was typed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    text: String,
    good: Node,
    error: Option<FilterError>,
}

/// The filter that shows the rows whose `field` is exactly `value`; `None` where the language cannot say it: it has
/// no way to write a quote, and nothing hidden belongs in a line that is edited.
pub fn exactly(field: &str, value: &str) -> Option<String> {
    let sayable = !value.is_empty() && !value.contains(|c: char| c == '"' || c.is_control());
    sayable.then(|| format!("{field}=\"{value}\""))
}

/// Something a filter can be applied to.
pub trait Filtered {
    /// The texts that a bare word is looked for in.
    fn texts(&self) -> Vec<Cow<'_, str>>;

    /// The value of a field such as `stage` or `severity`, if this has such a field. Spans are in seconds.
    fn field(&self, name: &str) -> Option<Cow<'_, str>>;

    /// Whether it is what `word` says: `pending`, `failed`, `critical`, …
    fn is(&self, word: &str) -> bool;
}

/// A filter, read.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// In lower case.
    Word(String),
    /// In lower case.
    Is(String),
    Field {
        name: String,
        test: Test,
        /// In lower case.
        value: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    Holds,
    Equals,
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Default for Node {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl Filter {
    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes in what was typed. What is wrong with it, if something is: then the last good filter goes on.
    pub fn set(&mut self, text: &str) -> Result<(), FilterError> {
        text.clone_into(&mut self.text);
        match parse::parse(text) {
            Ok(good) => {
                self.good = good;
                self.error = None;
                Ok(())
            }
            Err(error) => {
                self.error = Some(error.clone());
                Err(error)
            }
        }
    }

    /// What is wrong with what was typed, if something is.
    pub const fn error(&self) -> Option<&FilterError> {
        self.error.as_ref()
    }

    /// Whether everything is shown.
    pub fn is_empty(&self) -> bool {
        self.good == Node::default()
    }

    /// Whether `row` is shown.
    pub fn matches(&self, row: &impl Filtered) -> bool {
        self.is_empty() || self.good.matches(row, &mut None)
    }
}

impl Node {
    /// Whether `row` passes; its texts in lower case are made when a word first asks for them.
    fn matches(&self, row: &impl Filtered, texts: &mut Option<Vec<String>>) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.matches(row, texts)),
            Self::Any(nodes) => nodes.iter().any(|node| node.matches(row, texts)),
            Self::Not(node) => !node.matches(row, texts),
            Self::Word(word) => texts
                .get_or_insert_with(|| row.texts().iter().map(|t| t.to_lowercase()).collect())
                .iter()
                .any(|text| text.contains(word.as_str())),
            Self::Is(word) => row.is(word),
            Self::Field { name, test, value } => row
                .field(name)
                .is_some_and(|field| test.holds(&field.to_lowercase(), value)),
        }
    }
}

impl Test {
    fn holds(self, field: &str, value: &str) -> bool {
        let order = || number(field)?.partial_cmp(&number(value)?);
        match self {
            Self::Holds => field.contains(value),
            Self::Equals => field == value,
            Self::Above => order().is_some_and(std::cmp::Ordering::is_gt),
            Self::AtLeast => order().is_some_and(std::cmp::Ordering::is_ge),
            Self::Below => order().is_some_and(std::cmp::Ordering::is_lt),
            Self::AtMost => order().is_some_and(std::cmp::Ordering::is_le),
        }
    }
}

/// A number, a share as `12%`, or a span in seconds.
fn number(text: &str) -> Option<f64> {
    if let Some(percent) = text.strip_suffix('%') {
        return percent.parse().ok();
    }
    text.parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())
        .or_else(|| duration::parse(text).map(|seconds| seconds as f64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Row;

    impl Filtered for Row {
        fn texts(&self) -> Vec<Cow<'_, str>> {
            vec!["Apify 429 quota".into(), "slots_created".into()]
        }

        fn field(&self, name: &str) -> Option<Cow<'_, str>> {
            match name {
                "stage" => Some("slots_created".into()),
                "age" => Some("423".into()),
                _ => None,
            }
        }

        fn is(&self, word: &str) -> bool {
            word == "failed"
        }
    }

    fn shows(text: &str) -> bool {
        let mut filter = Filter::default();
        filter.set(text).unwrap();
        filter.matches(&Row)
    }

    #[test]
    fn what_the_language_shows() {
        for text in [
            "",
            "  ",
            "apify",
            "APIFY quota",
            "\"429 quota\"",
            "!crm",
            "crm OR quota",
            "(crm OR apify) 429",
            "stage:slot",
            "stage=slots_created",
            "!stage:crm",
            "age>5m",
            "age>=423",
            "age<8m",
            "is:failed",
            "!(crm OR smtp)",
            "a",
            "http://x OR apify",
        ] {
            assert!(shows(text), "{text}");
        }
        for text in [
            "crm",
            "apify crm",
            "\"quota 429\"",
            "!apify",
            "stage=slots",
            "age>8m",
            "age<=422",
            "is:pending",
            "nofield:x",
            "crm OR smtp",
            "!(crm OR apify)",
            "age>soon",
        ] {
            assert!(!shows(text), "{text}");
        }
    }

    #[test]
    fn a_value_is_said_exactly_or_not_at_all() {
        assert!(shows(&exactly("stage", "slots_created").unwrap()));
        assert!(!shows(&exactly("stage", "slots").unwrap()));
        assert!(!shows(&exactly("stage", "a) OR (b").unwrap()));
        for unsayable in ["", "a \"b\"", "a\u{1b}b"] {
            assert_eq!(exactly("stage", unsayable), None);
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_the_last_good_filter_goes_on() {
        let cases = [
            ("\"open", 0, "this quote is not closed"),
            ("crm (a", 4, "this parenthesis is not closed"),
            ("crm )", 4, "nothing is open here"),
            ("stage:", 6, "a value is missing"),
            ("a OR", 4, "something is missing after OR"),
            ("OR a", 0, "something is missing before OR"),
            ("!", 1, "something is missing after !"),
            ("()", 1, "nothing stands in these parentheses"),
            ("ä !", 3, "something is missing after !"),
        ];
        let mut filter = Filter::default();
        filter.set("crm").unwrap();
        for (text, at, reason) in cases {
            let error = filter.set(text).unwrap_err();
            assert_eq!((error.at, error.reason.as_str()), (at, reason), "{text}");
            assert_eq!(filter.text(), text);
            assert!(!filter.matches(&Row), "still crm");
        }
    }

    proptest! {
        #[test]
        fn nothing_typed_breaks_it(text in "(\\PC|[ ()!:\"=<>]|OR ){0,40}") {
            let mut filter = Filter::default();
            match filter.set(&text) {
                Ok(()) => { filter.matches(&Row); }
                Err(error) => prop_assert!(error.at <= text.chars().count()),
            }
        }

        #[test]
        fn not_turns_a_filter_round(text in "[a-z]{1,5}( OR [a-z]{1,5})?") {
            prop_assert_ne!(shows(&text), shows(&format!("!({text})")));
        }
    }
}
