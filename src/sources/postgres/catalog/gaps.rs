//! What the database lacks, and what cannot be shown for that.

use super::{
    super::{queries, queries::template, syntax},
    Catalog, Lack,
};
use crate::domain::{server::Gap, untrusted::Untrusted};

impl Catalog {
    /// What is missing for some panel, each thing once, with all that cannot be shown without it.
    pub fn gaps(&self) -> Vec<Gap> {
        let mut gaps: Vec<(Lack, Vec<String>)> = Vec::new();
        let mut note = |lack: Lack, hides: String| match gaps
            .iter_mut()
            .find(|(known, _)| known.what == lack.what)
        {
            Some((_, hidden)) if hidden.contains(&hides) => {}
            Some((_, hidden)) => hidden.push(hides),
            None => gaps.push((lack, vec![hides])),
        };
        for query in queries::ALL.iter().filter(|query| !query.hides.is_empty()) {
            let (needed, wished) = template::lacks(self, query.sql);
            for lack in needed {
                note(lack, query.hides.to_owned());
            }
            for lack in wished {
                note(lack, format!("part of {}", query.hides));
            }
        }
        for (lack, hides) in self.slow() {
            note(lack, hides.to_owned());
        }
        gaps.into_iter()
            .map(|(lack, hides)| Gap {
                what: Untrusted::from(match lack.privilege {
                    Some(privilege) => format!("{privilege} on {}", lack.what),
                    None => lack.what,
                }),
                hides: hides.join(", "),
                remedy: lack.remedy,
            })
            .collect()
    }

    /// Indexes without which some answers on a large table are bounded or slow.
    fn slow(&self) -> Vec<(Lack, &'static str)> {
        let Some(events) = self.relation("pipeline_events") else {
            return Vec::new();
        };
        let index = |columns: &[&str]| {
            let columns: Vec<String> = columns
                .iter()
                .map(|column| syntax::quoted(column))
                .collect();
            Lack {
                what: format!("an index on {} ({})", events.label(), columns.join(", ")),
                privilege: None,
                remedy: format!(
                    "CREATE INDEX CONCURRENTLY ON {} ({});",
                    events.sql(),
                    columns.join(", ")
                ),
            }
        };
        let mut slow = Vec::new();
        if self.lacks_time_index() {
            slow.push((
                index(&["created_at"]),
                if self.needs_floor() {
                    "nothing; windows of time are found by key, which costs more"
                } else {
                    "whatever takes longer than the statement timeout"
                },
            ));
        }
        if self.lacks_status_index() {
            slow.push((
                index(&["status", "created_at"]),
                if self.needs_floor() {
                    "events pending for more than 24 h"
                } else {
                    "backlogs that take longer than the statement timeout"
                },
            ));
        }
        slow
    }
}
