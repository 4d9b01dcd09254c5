//! The filter language: words, `!word`, `field:value`, and what is wrong with a filter.

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
}

/// Something a filter can be applied to.
pub trait Filtered {
    /// The texts that a bare word is looked for in.
    fn texts(&self) -> Vec<&str>;

    /// The value of a field such as `stage` or `severity`, if this has such a field.
    fn field(&self, name: &str) -> Option<&str>;
}

impl Filter {
    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes in what was typed. What is wrong with it, if something is: then the last good filter goes on.
    pub fn set(&mut self, text: &str) -> Result<(), FilterError> {
        text.clone_into(&mut self.text);
        Ok(())
    }

    /// Whether everything is shown.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Whether `row` is shown.
    pub fn matches(&self, _row: &impl Filtered) -> bool {
        true
    }
}
