//! What the database lacks, and what cannot be shown for that.

use super::{
    super::{queries, queries::template, syntax},
    Catalog, Lack,
};
use crate::domain::{server::Gap, untrusted::Untrusted};

/// Tables of whose rows of a window shares are counted.
const SHARED: [&str; 6] = [
    "email_verification",
    "delivery_log",
    "engagement_events",
    "responses",
    "lead_scores",
    "crm_sync_log",
];

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

    /// Indexes without which some answers on a large table are bounded or slow, and what that comes to. The statements are
    /// printed; nobody runs them.
    fn slow(&self) -> Vec<(Lack, &'static str)> {
        let (events, errors) = ("pipeline_events", "pipeline_errors");
        let mut slow = Vec::new();
        let mut note = |index: Option<Lack>, hides| slow.extend(index.map(|index| (index, hides)));
        if self.lacks_time_index() {
            let hides = if self.needs_floor() {
                "events of a record farther than 20,000 rows from one of them, events behind an error farther than 100,000 from it; \
                 windows of time are found by key, which costs more"
            } else {
                "whatever takes longer than the statement timeout"
            };
            note(self.index(events, &["created_at"], None), hides);
        }
        if self.lacks_status_index() {
            let hides = if self.needs_floor() {
                "events pending for more than 24 h"
            } else {
                "backlogs that take longer than the statement timeout"
            };
            note(self.index(events, &["status", "created_at"], None), hides);
        }
        if self.lacks_open_index() {
            let hides = "unresolved errors older than were looked at so far; they are found by key, 10,000 rows a refresh";
            let condition = self.column_of(errors, "resolved").map(|resolved| {
                let name = syntax::quoted(&resolved.name);
                // As our queries have it, so that they can use the index.
                if resolved.data_type == "boolean" && resolved.not_null {
                    format!("NOT {name}")
                } else {
                    format!("NOT coalesce({name}, false)")
                }
            });
            let is_boolean = self.type_of(errors, "resolved") == Some("boolean");
            let condition = condition.filter(|_| is_boolean);
            if let Some(condition) = &condition {
                note(self.index(errors, &["id"], Some(condition)), hides);
            }
        }
        if self.scans_errors() {
            let hides = if self.needs_error_floor() {
                "nothing; the errors of the last day are found by key, and counted every 10 min where they are many"
            } else {
                "errors by stage that take longer than the statement timeout"
            };
            note(self.index(errors, &["created_at"], None), hides);
        }
        if self.lacks_record_index() {
            let hides = "errors of an event among more than 20,000 that came since; errors that excuse a silent drop likewise";
            note(
                self.index(errors, &["record_id", "created_at"], None),
                hides,
            );
        }
        slow.extend(self.beside());
        slow
    }

    /// The same, of tables beside the events and the errors.
    fn beside(&self) -> Vec<(Lack, &'static str)> {
        let mut slow = Vec::new();
        let mut note = |index: Option<Lack>, hides| slow.extend(index.map(|index| (index, hides)));
        // Who keeps a roll-up of the scorecard reads whole tables for it.
        let is_rolled = self.table("scorecard_stats").is_ok();
        for table in SHARED.into_iter().filter(|_| !is_rolled) {
            if self.is_large_without(table, "at") {
                let hides = "rows before the newest 20,000 in shares over it, and whatever joins it to others";
                note(self.index(table, &["at"], None), hides);
            }
        }
        for (table, column, helps) in self.hides_origins().filter(|_| !is_rolled) {
            let lack = if helps {
                self.index(table, &[column], None)
            } else {
                self.unlike(table, column)
            };
            note(lack, "end-to-end latency");
        }
        for (table, column) in self.hides_campaigns() {
            note(self.index(table, &[column], None), "campaigns");
        }
        slow
    }

    /// A column by which no index finds rows, since what it is compared with has another type.
    fn unlike(&self, table: &str, column: &str) -> Option<Lack> {
        let relation = self.relation(table)?;
        let column = self.column_of(table, column)?;
        let label = format!("{}.{}", relation.label(), column.name);
        Some(Lack {
            what: format!("an index that finds {label}, which is {}", column.data_type),
            privilege: None,
            remedy: format!("give {label} the type of what names it"),
        })
    }

    /// The lack of an index on these columns of a table, as this site calls them; nothing where one of them is missing itself.
    fn index(&self, table: &str, columns: &[&str], condition: Option<&str>) -> Option<Lack> {
        let relation = self.relation(table)?;
        let columns: Option<Vec<String>> = columns
            .iter()
            .map(|column| Some(syntax::quoted(&self.column_of(table, column)?.name)))
            .collect();
        let columns = columns?.join(", ");
        let condition = condition.map_or_else(String::new, |it| format!(" WHERE {it}"));
        Some(Lack {
            what: format!("an index on {} ({columns}){condition}", relation.label()),
            privilege: None,
            remedy: format!(
                "CREATE INDEX CONCURRENTLY ON {} ({columns}){condition};",
                relation.sql()
            ),
        })
    }
}
