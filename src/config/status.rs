//! The `[status]` table: words of a site for the states of its events.

use super::{Config, Mistake};
use crate::domain::event::{EventStatus, StatusWords};

/// The settings, and what their words mean.
const MEANINGS: [(&str, EventStatus); 4] = [
    ("status.pending", EventStatus::Pending),
    ("status.processing", EventStatus::Processing),
    ("status.processed", EventStatus::Processed),
    ("status.failed", EventStatus::Failed),
];

impl Config {
    /// The site's own words for states of events.
    pub fn status_words(&self) -> StatusWords {
        let of = |(name, status): (&'static str, EventStatus)| {
            self.words(name)
                .map(move |word| (word.to_owned(), status.clone()))
        };
        StatusWords::new(MEANINGS.into_iter().flat_map(of))
    }

    fn words(&self, name: &str) -> impl Iterator<Item = &str> {
        let words = self.get(name).into_iter().flat_map(|all| all.split(','));
        words.map(str::trim)
    }

    /// Words that stand for two states.
    pub(super) fn words_said_twice(&self, mistakes: &mut Vec<Mistake>) {
        let mut seen: Vec<(&str, &str)> = Vec::new();
        for (name, _) in MEANINGS {
            for word in self.words(name) {
                let before = seen.iter().find(|(one, _)| one.eq_ignore_ascii_case(word));
                if let Some((_, first)) = before {
                    mistakes.push(Mistake {
                        line: self.line(name),
                        text: format!(
                            "`{name}`: `{word}` stands in `{first}` already; it can mean one thing only"
                        ),
                    });
                }
                seen.push((word, name));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    #[test]
    fn words_of_ones_own_are_taken_and_one_that_means_two_things_is_refused() {
        let text = "[status]\npending = 'wartet, Open'\nprocessed = 'skipped'\n";
        let config = Config::load(Some(("c.toml", text)), Overrides::default()).unwrap();
        let words = config.status_words();
        assert_eq!(words.of("open"), EventStatus::Pending);
        assert_eq!(words.of("SKIPPED"), EventStatus::Processed);
        assert_eq!(words.of("failed"), EventStatus::Failed);

        let text = "[status]\npending = 'open'\nfailed = 'dead, OPEN'\nprocessed = 'a,,b'\n";
        let error = Config::load(Some(("c.toml", text)), Overrides::default()).unwrap_err();
        let told: Vec<_> = error
            .all
            .iter()
            .map(|m| (m.line, m.text.as_str()))
            .collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0].0, Some(3));
        assert!(
            told[0].1.contains("`OPEN` stands in `status.pending`"),
            "{told:?}"
        );
        assert_eq!(told[1].0, Some(4));
    }
}
