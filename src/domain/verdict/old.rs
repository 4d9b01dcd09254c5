//! The verdict over data that is old.

use super::{Evidence, Health, Step, Verdict};
use crate::domain::{Timestamp, duration};

impl Evidence<'_> {
    /// Nothing newer comes, and why.
    pub(super) fn stale(&self, age_s: i64, why: Option<&str>) -> Verdict {
        let known = self.known;
        Verdict {
            health: Health::Stale,
            headline: format!(
                "no data from PostgreSQL for {}; last known: {} {}",
                duration::format(age_s),
                known.health.word(),
                known.headline
            ),
            headline_short: vec![format!(
                "no data from PostgreSQL for {}; last known: {}",
                duration::format(age_s),
                known.health.word()
            )],
            why: why.unwrap_or("no answer, and no fault reported").to_owned(),
            why_short: Vec::new(),
            steps: vec![(Step::Doctor, "run outpost doctor".to_owned())],
            root: known.root.clone(),
            since: Some(self.now - chrono::TimeDelta::seconds(age_s)),
            found: known.found,
            is_held: false,
        }
    }

    /// The same where the server wakes: it is there, and nothing is to be done but to wait.
    pub(super) fn woken(&self, verdict: Verdict, since: Timestamp) -> Verdict {
        if !self.is_waking {
            return verdict;
        }
        let age = duration::format((self.now - since).num_seconds().max(0));
        let known = (verdict.health == Health::Stale).then(|| self.known.health.word());
        let waking = match known {
            Some(known) => format!("PostgreSQL is waking, no data for {age}; last known: {known}"),
            None => format!("cannot tell yet: PostgreSQL is waking, {age}"),
        };
        let long = known.map(|_| format!("{waking} {}", self.known.headline));
        Verdict {
            headline: long.unwrap_or_else(|| waking.clone()),
            headline_short: vec![waking],
            steps: Vec::new(),
            ..verdict
        }
    }

    /// Nothing newer is asked.
    pub(super) fn resting(&self, age_s: i64) -> Verdict {
        let age = duration::format(age_s);
        let known = self.known.health.word();
        Verdict {
            headline: format!(
                "at rest, as of {age} ago: {known} {}",
                self.known.headline
            ),
            headline_short: vec![format!("at rest, as of {age} ago: {known}")],
            why: "nobody pressed a key and no event came, so the database is left alone to sleep, and no alert is judged; \
                  any key wakes it"
                .to_owned(),
            why_short: vec!["no key, no event: the database is left to sleep; any key wakes it".to_owned()],
            steps: Vec::new(),
            ..self.stale(age_s, None)
        }
    }
}
