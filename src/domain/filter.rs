//! The filter language.
//!
//! ```text
//! apify 429            both words, in any case, anywhere in the row
//! "crm 401"            these words, one after the other
//! /40[13]/             this pattern, in any case
//! -f slcr              these letters in this order, whatever stands between them
//! !resolved            not this
//! stage:crm            the field holds this; stage=lead_qualified is exactly this
//! stage:/^slots/       the field matches this pattern
//! sev>=warning         at least this, where the words of a field have an order
//! retries>2  p95>=5m   a number or a span beyond this; retries:1..3 is from 1 to 3
//! age>5m               older than this; since:2h, until:14:24, since:2026-11-24T14:24 in UTC
//! is:pending           what the row says of itself
//! crm OR apify         either; parentheses group
//! ```

mod parse;
mod value;
mod vocabulary;

use std::borrow::Cow;

pub use vocabulary::{Field, Holds, Vocabulary};

use self::value::{Moment, Pattern, Range, is_spread, number};
use self::vocabulary::rank;
use super::Timestamp;

/// What is wrong with a filter, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct FilterError {
    /// Where, in characters from the start of the text.
    pub at: usize,
    /// What, in a few words, and the next step.
    pub reason: String,
}

/// A filter: the last good one, and what was typed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    text: String,
    good: Node,
    error: Option<FilterError>,
}

fn fail<T>(at: usize, reason: impl Into<String>) -> Result<T, FilterError> {
    let reason = reason.into();
    Err(FilterError { at, reason })
}

/// The filter that shows the rows whose `field` is exactly `value`; `None` where the language cannot say it: it has
/// no way to write a quote, and nothing hidden belongs in a line that is edited.
pub fn exactly(field: &str, value: &str) -> Option<String> {
    let sayable = !value.is_empty() && !value.contains(|c: char| c == '"' || c.is_control());
    sayable.then(|| format!("{field}=\"{value}\""))
}

/// Something a filter can be applied to. Its fields and words are those of its screen's [`Vocabulary`].
pub trait Filtered {
    /// The texts that a bare word is looked for in.
    fn texts(&self) -> Vec<Cow<'_, str>>;

    /// The value of a field such as `stage` or `severity`, if this has such a field. Spans are in seconds.
    fn field(&self, name: &str) -> Option<Cow<'_, str>>;

    /// The values of a field that may have several: what is asked of it holds if it holds of one.
    fn values(&self, name: &str) -> Vec<Cow<'_, str>> {
        self.field(name).into_iter().collect()
    }

    /// Whether it is what `word` says: `pending`, `failed`, `critical`, …
    fn is(&self, word: &str) -> bool;

    /// When it happened, by the database's clock.
    fn at(&self) -> Option<Timestamp> {
        None
    }
}

/// A filter, read. Words are in lower case.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Word(String),
    Spread(String),
    Like(Pattern),
    Is(String),
    Field(String, Test),
    /// Seconds since it happened.
    Age(Range),
    Since(Moment),
    Until(Moment),
}

/// What is asked of a field.
#[derive(Debug, Clone, PartialEq)]
enum Test {
    Holds(String),
    Equals(String),
    Like(Pattern),
    Within(Range),
    /// Where its word stands among these.
    Ranks(&'static [&'static str], Range),
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

    /// Takes in what was typed, for rows that `vocabulary` describes. What is wrong with it, if something is: then
    /// the last good filter goes on.
    pub fn set(&mut self, text: &str, vocabulary: &Vocabulary) -> Result<(), FilterError> {
        text.clone_into(&mut self.text);
        match parse::parse(text, vocabulary) {
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

    /// Whether it asks for any of `names`: fields, or words after `is:`.
    pub fn asks_for(&self, names: &[&str]) -> bool {
        self.good.asks_for(names)
    }

    /// The fields that begin with `prefix`, each once: the paths below `payload.` that are looked for.
    pub fn fields(&self, prefix: &str) -> Vec<String> {
        let mut found = Vec::new();
        self.good.visit(&mut |node| {
            if let Node::Field(name, _) = node
                && name.starts_with(prefix)
                && !found.contains(name)
            {
                found.push(name.clone());
            }
        });
        found
    }

    /// Whether it asks for `is:` this word.
    pub fn asks(&self, word: &str) -> bool {
        let mut found = false;
        self.good
            .visit(&mut |node| found |= matches!(node, Node::Is(is) if is == word));
        found
    }

    /// Whether `row` is shown when the database's clock is at `now`.
    pub fn matches(&self, row: &impl Filtered, now: Timestamp) -> bool {
        self.is_empty() || self.good.matches(row, now, &mut None)
    }
}

impl Node {
    fn asks_for(&self, names: &[&str]) -> bool {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().any(|node| node.asks_for(names)),
            Self::Not(node) => node.asks_for(names),
            Self::Is(name) | Self::Field(name, _) => names.contains(&name.as_str()),
            Self::Word(_)
            | Self::Spread(_)
            | Self::Like(_)
            | Self::Age(_)
            | Self::Since(_)
            | Self::Until(_) => false,
        }
    }

    /// Shows every part of it to `see`.
    fn visit(&self, see: &mut impl FnMut(&Self)) {
        see(self);
        match self {
            Self::All(nodes) | Self::Any(nodes) => {
                for node in nodes {
                    node.visit(see);
                }
            }
            Self::Not(node) => node.visit(see),
            Self::Word(_)
            | Self::Spread(_)
            | Self::Like(_)
            | Self::Is(_)
            | Self::Field(..)
            | Self::Age(_)
            | Self::Since(_)
            | Self::Until(_) => {}
        }
    }

    /// Whether `row` passes; its texts in lower case are made when a word first asks for them.
    fn matches(&self, row: &impl Filtered, now: Timestamp, low: &mut Option<Vec<String>>) -> bool {
        let mut lower = |holds: &dyn Fn(&str) -> bool| {
            let texts =
                low.get_or_insert_with(|| row.texts().iter().map(|t| t.to_lowercase()).collect());
            texts.iter().any(|text| holds(text))
        };
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.matches(row, now, low)),
            Self::Any(nodes) => nodes.iter().any(|node| node.matches(row, now, low)),
            Self::Not(node) => !node.matches(row, now, low),
            Self::Word(word) => lower(&|text| text.contains(word.as_str())),
            Self::Spread(term) => lower(&|text| is_spread(term, text)),
            Self::Like(pattern) => row.texts().iter().any(|text| pattern.holds(text)),
            Self::Is(word) => row.is(word),
            Self::Field(name, test) => row.values(name).iter().any(|value| test.holds(value)),
            Self::Age(range) => row
                .at()
                .is_some_and(|at| range.holds((now - at).as_seconds_f64())),
            Self::Since(moment) => row.at().is_some_and(|at| at >= moment.at(now)),
            Self::Until(moment) => row.at().is_some_and(|at| at <= moment.at(now)),
        }
    }
}

impl Test {
    fn holds(&self, field: &str) -> bool {
        match self {
            Self::Holds(value) => field.to_lowercase().contains(value.as_str()),
            Self::Equals(value) => field.to_lowercase() == *value,
            Self::Like(pattern) => pattern.holds(field),
            Self::Within(range) => number(field).is_some_and(|number| range.holds(number)),
            Self::Ranks(ranks, range) => rank(ranks, field).is_some_and(|at| range.holds(at)),
        }
    }
}

#[cfg(test)]
mod tests;
