//! What the rows of a screen can be asked for.

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Text: `field:part`, `field=whole`, `field:/pattern/`.
    Text,
    /// A number, or a span in seconds: also `field>5`, `field<=2m`, `field:1..5`.
    Number,
    /// Text whose words have an order, the least first: also `field>=word`. A word may be cut, to three letters.
    Ranked(&'static [&'static str]),
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
    /// Whether words of the site's own may stand there, too: its states, its severities.
    pub is_open: bool,
    /// Whether rows have a moment, so that `age`, `since:` and `until:` mean something.
    pub is_timed: bool,
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

impl Vocabulary {
    /// A screen without rows.
    pub const NONE: Self = Self {
        fields: &[],
        words: &[],
        is_open: false,
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
