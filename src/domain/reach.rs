//! How far was looked for what belongs to a row, where no index finds it: what was not looked at is never told as none.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// How far was looked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// As far as what belongs to it may be.
    #[default]
    Whole,
    /// Between these moments; where one is missing, as far as need be to that side.
    Part(Option<Timestamp>, Option<Timestamp>),
    /// Not at all: it would have taken too long.
    Untold,
}

impl Reach {
    /// Between these moments, where there is one.
    pub const fn between(since: Option<Timestamp>, until: Option<Timestamp>) -> Self {
        match (since, until) {
            (None, None) => Self::Whole,
            _ => Self::Part(since, until),
        }
    }

    /// Whether what came at the moment `at` was looked at.
    pub fn holds(self, at: Timestamp) -> bool {
        match self {
            Self::Whole => true,
            Self::Part(since, until) => {
                since.is_none_or(|since| since <= at) && until.is_none_or(|until| at <= until)
            }
            Self::Untold => false,
        }
    }
}
