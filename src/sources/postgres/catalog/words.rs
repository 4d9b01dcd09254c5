//! The words a site uses for the states of its events.

use super::super::relation::{Column, Relation};
use crate::domain::event::{EventStatus, StatusWords};

/// The words for each state, the usual one first where it is among them. A word of no known meaning is in none:
/// its rows are shown under that very word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pending: Vec<String>,
    processing: Vec<String>,
    processed: Vec<String>,
    failed: Vec<String>,
}

impl Words {
    /// Sorts `words` by what they mean, to this site where it says so.
    pub fn of(words: &[String], own: &StatusWords) -> Self {
        let meaning = |status: &EventStatus| {
            let mut found: Vec<String> = words
                .iter()
                .filter(|word| own.of(word) == *status)
                .cloned()
                .collect();
            found.sort_by_key(|word| !word.eq_ignore_ascii_case(&status.label()));
            found
        };
        Self {
            pending: meaning(&EventStatus::Pending),
            processing: meaning(&EventStatus::Processing),
            processed: meaning(&EventStatus::Processed),
            failed: meaning(&EventStatus::Failed),
        }
    }

    /// Adds the site's own words and the guide's where no spelling of them is among these: what is not in use yet
    /// may be in a minute. A word of the guide that means something else here is left out.
    #[must_use]
    pub fn with_usual(mut self, own: &StatusWords) -> Self {
        let usual = [
            (EventStatus::Pending, &mut self.pending),
            (EventStatus::Processing, &mut self.processing),
            (EventStatus::Processed, &mut self.processed),
            (EventStatus::Failed, &mut self.failed),
        ];
        for (status, words) in usual {
            let label = status.label();
            let guides = Some(label.as_str()).filter(|label| own.of(label) == status);
            for word in own.meaning(&status).chain(guides) {
                if !words.iter().any(|known| known.eq_ignore_ascii_case(word)) {
                    words.push(word.to_owned());
                }
            }
        }
        self
    }

    /// The site's own words and the guide's.
    pub fn usual(own: &StatusWords) -> Self {
        Self::of(&[], own).with_usual(own)
    }

    /// The words for `status`; none for a status that is itself a word.
    pub fn of_status(&self, status: &EventStatus) -> &[String] {
        match status {
            EventStatus::Pending => &self.pending,
            EventStatus::Processing => &self.processing,
            EventStatus::Processed => &self.processed,
            EventStatus::Failed => &self.failed,
            EventStatus::Other(_) => &[],
        }
    }
}

/// All the words a status column may hold, where its type or a constraint lists them.
pub(super) fn listed(events: &Relation, status: &Column) -> Option<Vec<String>> {
    status.labels.clone().or_else(|| {
        events.checks.iter().find_map(|check| {
            let only = check.columns.as_deref() == Some(std::slice::from_ref(&status.name));
            only.then(|| literals(&check.definition)).flatten()
        })
    })
}

/// The literals of a constraint of the form `status IN (…)` or `status = …`; `None` for any other.
fn literals(definition: &str) -> Option<Vec<String>> {
    let lists = definition.contains("= ANY (") || definition.contains(" = '");
    let bends = ["<>", "!", "~", "lower(", "upper(", " AND ", "NOT "]
        .iter()
        .any(|sign| definition.contains(sign));
    if !lists || bends {
        return None;
    }
    let words: Vec<String> = definition
        .split('\'')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_list_is_read_and_an_open_one_is_not() {
        let closed = "CHECK ((status = ANY (ARRAY['NEW'::text, 'DONE'::text])))";
        assert_eq!(
            literals(closed),
            Some(vec!["NEW".to_owned(), "DONE".to_owned()])
        );
        assert_eq!(literals("CHECK ((status <> ''::text))"), None);
        assert_eq!(
            literals("CHECK ((lower(status) = ANY (ARRAY['new'::text])))"),
            None
        );
    }

    #[test]
    fn words_are_sorted_by_meaning_the_usual_one_first() {
        let words = Words::of(
            &["new", "PENDING", "Done", "skipped"].map(str::to_owned),
            &StatusWords::default(),
        );
        assert_eq!(words.of_status(&EventStatus::Pending), ["PENDING", "new"]);
        assert_eq!(words.of_status(&EventStatus::Processed), ["Done"]);
        assert!(words.of_status(&EventStatus::Failed).is_empty());
    }

    #[test]
    fn the_word_in_use_comes_before_the_usual_one() {
        let words = Words::of(
            &["FAILED", "new"].map(str::to_owned),
            &StatusWords::default(),
        )
        .with_usual(&StatusWords::default());
        assert_eq!(words.of_status(&EventStatus::Failed), ["FAILED"]);
        assert_eq!(words.of_status(&EventStatus::Pending), ["new", "pending"]);
    }

    #[test]
    fn words_of_the_sites_own_mean_what_the_site_says() {
        let own = StatusWords::new([
            ("wartet".to_owned(), EventStatus::Pending),
            ("skipped".to_owned(), EventStatus::Processed),
            ("pending".to_owned(), EventStatus::Processing),
        ]);
        let words = Words::of(&["SKIPPED", "pending"].map(str::to_owned), &own).with_usual(&own);
        assert_eq!(words.of_status(&EventStatus::Pending), ["wartet"]);
        assert_eq!(
            words.of_status(&EventStatus::Processing),
            ["pending", "processing"]
        );
        assert_eq!(
            words.of_status(&EventStatus::Processed),
            ["SKIPPED", "processed"]
        );
    }
}
