//! What the rows of a screen can be asked for.

use super::value::Sign;
use crate::domain::spelling::near_miss;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Text: `field:part`, `field=whole`, `field:/pattern/`.
    Text,
    /// A number, or a span in seconds: also `field>5`, `field<=2m`, `field:1..5`.
    Number,
    /// Text whose words have an order, the least first: also `field>=word`. A word may be cut, to three letters.
    Ranked(&'static [&'static str]),
    /// Text that is one of these words, and never another.
    Closed(&'static [&'static str]),
}

/// A field, by all its names, the usual one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// In lower case; one that ends in a dot stands for every path below it, as `payload.` does for `payload.a.b`.
    pub names: &'static [&'static str],
    /// What it holds.
    pub holds: Holds,
}

/// What the filter of a screen understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vocabulary {
    /// The fields.
    pub fields: &'static [Field],
    /// What may stand behind `is:`.
    pub words: &'static [&'static str],
    /// The field in which rows have words of the site's own, its states, which may stand there too; `None` where there are none.
    pub own: Option<&'static str>,
    /// Whether rows have a moment, so that `age`, `since:` and `until:` mean something.
    pub is_timed: bool,
}

impl Holds {
    /// What is wrong with a value of the field `name` whose words are known, if something is.
    pub(super) fn slip(self, name: &str, sign: Sign, text: &str) -> Option<String> {
        match self {
            Self::Closed(words) if !sign.may_hold(words, text) => {
                let rest = or_all(text, words, name);
                Some(format!("`{name}` is never `{text}`{rest}"))
            }
            // A site may have some of its own.
            Self::Ranked(ranks)
                if !sign.compares() && !sign.may_hold(ranks, text) && is_slip(text, ranks) =>
            {
                let near = near_miss(text, ranks);
                Some(format!("`{name}` is not `{text}`{near}"))
            }
            Self::Closed(_) | Self::Ranked(_) | Self::Text | Self::Number => None,
        }
    }
}

impl Field {
    /// A field that holds text.
    pub const fn text(names: &'static [&'static str]) -> Self {
        let holds = Holds::Text;
        Self { names, holds }
    }

    /// A field that holds words in an order, the least first.
    pub const fn ranked(names: &'static [&'static str], ranks: &'static [&'static str]) -> Self {
        let holds = Holds::Ranked(ranks);
        Self { names, holds }
    }

    /// A field that holds one of these words, in lower case.
    pub const fn closed(names: &'static [&'static str], words: &'static [&'static str]) -> Self {
        let holds = Holds::Closed(words);
        Self { names, holds }
    }

    /// A field that holds a number or a span.
    pub const fn number(names: &'static [&'static str]) -> Self {
        let holds = Holds::Number;
        Self { names, holds }
    }
}

/// Where `word`, or the beginning of one, stands among `ranks`.
pub(super) fn rank(ranks: &[&str], word: &str) -> Option<f64> {
    let word = word.to_lowercase();
    let is_it = |rank: &&&str| **rank == word || (word.len() >= 3 && rank.starts_with(&word));
    let at = ranks.iter().position(|rank| is_it(&rank))?;
    Some(at as f64)
}

/// Whether `text` is nearly one of `words`, so that it was probably meant to be.
pub(super) fn is_slip(text: &str, words: &[&str]) -> bool {
    near_miss(text, words).contains("did you mean")
}

/// What was probably meant of `words`; else all that `name` takes.
pub(super) fn or_all(text: &str, words: &[&str], name: &str) -> String {
    if is_slip(text, words) {
        near_miss(text, words)
    } else {
        format!("; {name}: takes {}", words.join(", "))
    }
}

impl Vocabulary {
    /// A screen without rows.
    pub const NONE: Self = Self {
        fields: &[],
        words: &[],
        own: None,
        is_timed: false,
    };

    /// What the field `name` holds, if there is one.
    pub(super) fn holds(&self, name: &str) -> Option<Holds> {
        // A name that ends in a dot stands for every path below it.
        let is_named = |known: &str| {
            let is_below = known.ends_with('.') && name.len() > known.len();
            known == name || (is_below && name.starts_with(known))
        };
        let mut fields = self.fields.iter();
        let field = fields.find(|field| field.names.iter().any(|known| is_named(known)));
        field.map(|field| field.holds)
    }

    /// Every name that may stand before `:`.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let timed: &[&str] = if self.is_timed {
            &["age", "since", "until"]
        } else {
            &[]
        };
        let fields = self.fields.iter().flat_map(|field| field.names);
        fields.chain(timed).chain(&["is"]).copied().collect()
    }
}
