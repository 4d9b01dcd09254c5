//! What a field is compared with: a number or a span, a range of them, a pattern, a moment.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use regex::{Regex, RegexBuilder};

use super::{FilterError, fail};
use crate::domain::{Timestamp, duration};

/// A compiled pattern takes at most this much memory, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

/// A regular expression, in any case.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Pattern {
    /// Compiles `source`; else what is wrong with it, in a few words.
    pub(super) fn new(source: &str) -> Result<Self, String> {
        let built = RegexBuilder::new(source)
            .case_insensitive(true)
            .size_limit(PATTERN_SIZE)
            .build();
        built.map(Self).map_err(|error| {
            if matches!(error, regex::Error::CompiledTooBig(_)) {
                return "this pattern is too big; repeat less in it".to_owned();
            }
            let text = error.to_string();
            let why = text.lines().last().unwrap_or_default();
            let why = why.trim_start_matches("error: ");
            format!(
                "this pattern cannot be read: {why}; put \\ before a sign that stands for itself"
            )
        })
    }

    pub(super) fn holds(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// An end of a range: the number, and whether it is itself inside.
pub(super) type End = (f64, bool);

/// From one number to another; an end that is missing is open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub(super) low: Option<End>,
    pub(super) high: Option<End>,
}

impl Range {
    pub(super) fn holds(&self, number: f64) -> bool {
        let above = |(end, inside): End| number > end || (inside && number >= end);
        let below = |(end, inside): End| number < end || (inside && number <= end);
        self.low.is_none_or(above) && self.high.is_none_or(below)
    }
}

/// A moment, as an operator writes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// This many seconds ago.
    Ago(i64),
    /// The last time the clock showed this, in UTC.
    Clock(NaiveTime),
    /// This one.
    At(Timestamp),
}

impl Moment {
    /// Reads `2h`, `14:24`, `2026-11-24`, `2026-11-24T14:24`, the last three in UTC.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(seconds) = duration::parse(text) {
            return Some(Self::Ago(seconds));
        }
        let text = text.to_ascii_uppercase();
        let text = text.strip_suffix('Z').unwrap_or(&text);
        let time = ["%H:%M:%S", "%H:%M"]
            .iter()
            .find_map(|form| NaiveTime::parse_from_str(text, form).ok());
        if let Some(time) = time {
            return Some(Self::Clock(time));
        }
        let whole = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        whole
            .or_else(|| day()?.and_hms_opt(0, 0, 0))
            .map(|moment| Self::At(moment.and_utc()))
    }

    /// When that is, by a clock that shows `now`.
    pub(super) fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(seconds) => TimeDelta::try_seconds(seconds)
                .and_then(|span| now.checked_sub_signed(span))
                .unwrap_or(DateTime::UNIX_EPOCH),
            Self::Clock(time) => {
                let today = now.date_naive().and_time(time).and_utc();
                if today <= now {
                    today
                } else {
                    today - TimeDelta::days(1)
                }
            }
            Self::At(moment) => moment,
        }
    }
}

/// A number, a share as `12%`, or a span in seconds.
pub(super) fn number(text: &str) -> Option<f64> {
    let plain = text.strip_suffix('%').unwrap_or(text);
    let finite = |number: &f64| number.is_finite();
    plain
        .parse()
        .ok()
        .filter(finite)
        .or_else(|| duration::parse(text).map(|seconds| seconds as f64))
}

/// Whether the letters of `term` come in `text` in their order, whatever stands between them.
pub(super) fn is_spread(term: &str, text: &str) -> bool {
    let mut letters = text.chars();
    term.chars().all(|wanted| letters.any(|c| c == wanted))
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Colon,
    Equal,
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Sign {
    /// Whether it asks for more or less than something.
    pub(super) const fn compares(self) -> bool {
        !matches!(self, Self::Colon | Self::Equal)
    }

    /// Whether one of `words` may be what is asked by it: `text` itself, or what has it in it.
    pub(super) fn may_hold(self, words: &[&str], text: &str) -> bool {
        words
            .iter()
            .any(|word| *word == text || (self != Self::Equal && word.contains(text)))
    }

    /// What lies on its side of `number`; where it does not compare, that number alone.
    pub(super) const fn beyond(self, number: f64) -> Range {
        let (low, high) = match self {
            Self::Above => (Some((number, false)), None),
            Self::AtLeast => (Some((number, true)), None),
            Self::Below => (None, Some((number, false))),
            Self::AtMost => (None, Some((number, true))),
            Self::Colon | Self::Equal => (Some((number, true)), Some((number, true))),
        };
        Range { low, high }
    }
}

/// The numbers that `sign` and `text` name: `>5`, `<=2m`, `:1..3`, `:..3`, `:7`.
pub(super) fn range(at: usize, sign: Sign, text: &str) -> Result<Range, FilterError> {
    let end = |at: usize, text: &str| match number(text) {
        Some(number) => Ok(number),
        None => fail(
            at,
            format!("`{text}` is no number; write 5, 12%, 5m, or a range as 1..5"),
        ),
    };
    let one = |low, high| Range { low, high };
    Ok(match sign {
        Sign::Above | Sign::AtLeast | Sign::Below | Sign::AtMost => sign.beyond(end(at, text)?),
        Sign::Colon | Sign::Equal => match text.split_once("..") {
            None => sign.beyond(end(at, text)?),
            Some(("", "")) => return fail(at, "a range needs an end; write 1..5, 5.. or ..5"),
            Some((low, high)) => {
                let bound = |at: usize, text: &str| match text {
                    "" => Ok(None),
                    _ => end(at, text).map(|number| Some((number, true))),
                };
                let found = one(bound(at, low)?, bound(at + low.chars().count() + 2, high)?);
                match (found.low, found.high) {
                    (Some((low, _)), Some((high, _))) if low > high => {
                        return fail(at, "this range is empty; write the smaller end first");
                    }
                    _ => found,
                }
            }
        },
    })
}
