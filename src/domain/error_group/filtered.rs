//! What a filter finds in errors and in groups of them.

use std::{borrow::Cow, collections::HashSet};

use super::{ErrorGroup, ErrorRow, Facet, Facets, Fingerprint, GroupId, Payloads, Severity, class};
use crate::domain::{
    Timestamp,
    filter::{Field, Filtered, Vocabulary},
    payload,
    untrusted::Untrusted,
};

/// What only the groups of errors can tell of one: words after `is:`, and fields.
pub const OF_GROUPS: [&str; 12] = [
    "new",
    "regressed",
    "ignored",
    "woken",
    "assigned",
    "owner",
    "note",
    "people",
    "ppl",
    "records",
    "count",
    "n",
];

/// What a filter of errors understands.
pub const VOCABULARY: Vocabulary = Vocabulary {
    fields: &[
        Field::text(&["stage", "event"]),
        Field::ranked(&["severity", "sev"], Severity::RANKS),
        Field::text(&["message", "error"]),
        Field::text(&["record", "rec"]),
        Field::text(&["id"]),
        Field::text(&["class"]),
        Field::text(&["node"]),
        Field::text(&["owner"]),
        Field::text(&["note"]),
        Field::number(&["people", "ppl"]),
        Field::number(&["records"]),
        Field::number(&["count", "n"]),
        // A path into what the workflow wrote down beside the message.
        Field::text(&["payload.", "details."]),
    ],
    words: &[
        "open",
        "new",
        "regressed",
        "ignored",
        "resolved",
        "woken",
        "assigned",
        "marked",
        "critical",
        "error",
        "warning",
    ],
    is_open: true,
    is_timed: true,
};

impl Severity {
    /// The word for it in a filter and in JSON.
    pub(crate) fn plain(&self) -> &str {
        match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Other(word) => word.raw(),
        }
    }
}

impl ErrorRow {
    /// Its group, if it is among `groups`.
    pub fn group<'a>(&self, groups: &'a [ErrorGroup]) -> Option<&'a ErrorGroup> {
        let facets = Facets::of(&self.details);
        let fingerprint = Fingerprint::of(&self.message);
        let id = GroupId::of(&self.stage, &fingerprint, facets.get(Facet::Node));
        groups.iter().find(|group| group.id == id)
    }

    fn class(&self) -> &'static str {
        let facets = Facets::of(&self.details);
        let status = facets.get(Facet::Http).map(Untrusted::raw);
        let (class, _) = class::of(&Fingerprint::of(&self.message), status);
        class.label()
    }

    /// What its details hold at a path such as `payload.contact.id`. Workflows write the payload down under that name,
    /// or its fields beside the others.
    fn in_details(&self, path: &str) -> Option<String> {
        let (root, rest) = path.split_once('.')?;
        match root {
            "details" => payload::at(&self.details, rest),
            "payload" => {
                payload::at(&self.details, path).or_else(|| payload::at(&self.details, rest))
            }
            _ => None,
        }
    }
}

/// An error, as a filter sees it.
#[derive(Debug, Clone, Copy)]
pub struct RowLine<'a> {
    /// The error.
    pub row: &'a ErrorRow,
    /// Whether it is marked.
    pub is_marked: bool,
    /// The groups, for what its group says of it.
    pub groups: &'a [ErrorGroup],
    /// What was looked up in payloads.
    pub payloads: &'a Payloads,
}

impl Filtered for ErrorRow {
    fn texts(&self) -> Vec<Cow<'_, str>> {
        let mut texts = vec![
            self.id.as_str().into(),
            self.stage.raw().into(),
            self.message.raw().into(),
            self.severity.plain().into(),
        ];
        texts.extend(self.record.as_ref().map(|record| record.raw().into()));
        texts
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match name {
            "id" => self.id.as_str().into(),
            "stage" | "event" => self.stage.raw().into(),
            "severity" | "sev" => self.severity.plain().into(),
            "record" | "rec" => self.record.as_ref()?.raw().into(),
            "message" | "error" => self.message.raw().into(),
            "class" => self.class().into(),
            "node" => {
                let facets = Facets::of(&self.details);
                facets.get(Facet::Node)?.raw().to_owned().into()
            }
            path => self.in_details(path)?.into(),
        })
    }

    fn is(&self, is: &str) -> bool {
        is == "open" || self.severity.plain().eq_ignore_ascii_case(is)
    }

    fn at(&self) -> Option<Timestamp> {
        Some(self.created_at)
    }
}

impl Filtered for RowLine<'_> {
    fn texts(&self) -> Vec<Cow<'_, str>> {
        self.row.texts()
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        let group = || self.row.group(self.groups);
        Some(match name {
            "people" | "ppl" => group()?.people.to_string().into(),
            "records" => group()?.records.to_string().into(),
            "count" | "n" => group()?.count().to_string().into(),
            "owner" => group()?.standing.owner.as_ref()?.raw().to_owned().into(),
            "note" => group()?.standing.note.as_ref()?.raw().to_owned().into(),
            _ => return self.row.field(name),
        })
    }

    fn values(&self, name: &str) -> Vec<Cow<'_, str>> {
        let found = self.payloads.value(self.row, name).map(Cow::Borrowed);
        self.field(name).into_iter().chain(found).collect()
    }

    fn is(&self, is: &str) -> bool {
        match is {
            "marked" => self.is_marked,
            "new" | "regressed" | "ignored" | "woken" | "assigned" => {
                let group = self.row.group(self.groups);
                group.is_some_and(|group| group.is(is))
            }
            _ => self.row.is(is),
        }
    }

    fn at(&self) -> Option<Timestamp> {
        self.row.at()
    }
}

/// A group, as a filter sees it.
#[derive(Debug, Clone, Copy)]
pub struct GroupLine<'a> {
    /// The group.
    pub group: &'a ErrorGroup,
    /// Whether it is marked.
    pub is_marked: bool,
    /// Errors that are held whole, for what only they say.
    pub rows: &'a [ErrorRow],
    /// What was looked up in payloads.
    pub payloads: &'a Payloads,
}

impl GroupLine<'_> {
    /// The members that are held whole.
    fn members(&self) -> impl Iterator<Item = &ErrorRow> {
        let members: HashSet<_> = self.group.ids.iter().collect();
        let own = self.rows.iter();
        own.filter(move |row| members.contains(&row.id))
    }
}

impl Filtered for GroupLine<'_> {
    fn texts(&self) -> Vec<Cow<'_, str>> {
        let group = self.group;
        let mut texts = vec![
            group.stage.raw().into(),
            group.fingerprint.as_str().into(),
            group.message.raw().into(),
            group.severity.plain().into(),
            group.class.label().into(),
            group.state.name().into(),
        ];
        let said = [&group.node, &group.standing.owner, &group.standing.note];
        texts.extend(said.into_iter().flatten().map(|text| text.raw().into()));
        texts
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        let group = self.group;
        Some(match name {
            "id" => group.id.to_string().into(),
            "stage" | "event" => group.stage.raw().into(),
            "severity" | "sev" => group.severity.plain().into(),
            "message" | "error" => group.message.raw().into(),
            "class" => group.class.label().into(),
            "node" => group.node.as_ref()?.raw().into(),
            "owner" => group.standing.owner.as_ref()?.raw().into(),
            "note" => group.standing.note.as_ref()?.raw().into(),
            "people" | "ppl" => group.people.to_string().into(),
            "records" => group.records.to_string().into(),
            "count" | "n" => group.count().to_string().into(),
            _ => return None,
        })
    }

    /// What only its members can say, they say each for itself.
    fn values(&self, name: &str) -> Vec<Cow<'_, str>> {
        if let Some(own) = self.field(name) {
            return vec![own];
        }
        if name == "node" {
            return Vec::new();
        }
        let of = |row| {
            let found = self.payloads.value(row, name).map(Cow::Borrowed);
            row.field(name).into_iter().chain(found)
        };
        self.members().flat_map(of).collect()
    }

    fn is(&self, is: &str) -> bool {
        match is {
            "marked" => self.is_marked,
            "open" => self.group.state.is_open(),
            _ => {
                let severity = self.group.severity.plain();
                self.group.is(is) || severity.eq_ignore_ascii_case(is)
            }
        }
    }

    fn at(&self) -> Option<Timestamp> {
        Some(self.group.last_at)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::{
        error_group::{Errors, payloads},
        event::{EventType, RowId},
        filter::Filter,
    };

    fn errors() -> Errors {
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let row = |id: i64, message: &str, details: &str| ErrorRow {
            id: RowId::from(id),
            stage: EventType::from("lead_qualified"),
            record: Some(Untrusted::from((2_200 + id).to_string())),
            message: Untrusted::from(message),
            severity: Severity::Critical,
            created_at: at,
            event: None,
            execution: None,
            details: Untrusted::from(details),
        };
        let rows = vec![
            row(
                1,
                "crm 401",
                r#"{"node": "Write", "payload": {"contact": {"id": 77}}}"#,
            ),
            row(
                2,
                "crm 401",
                r#"{"node": "Write", "owner": {"name": "Ben"}}"#,
            ),
            row(3, "HTTP 503", "no json"),
        ];
        Errors::of(rows, at)
    }

    fn found(text: &str) -> (Vec<String>, usize) {
        let errors = errors();
        let mut filter = Filter::default();
        filter.set(text, &VOCABULARY).unwrap();
        let now = errors.recent[0].created_at;
        let mut payloads = Payloads::of(&filter);
        let behind = Untrusted::from(r#"{"plan": {"Tier": "gold"}, "n": 5}"#);
        let found = (RowId::from(3), payloads::values(&behind, payloads.paths()));
        let ids: Vec<RowId> = errors.recent.iter().map(|row| row.id.clone()).collect();
        let found = payloads::Values {
            found: vec![found],
            ..payloads::Values::default()
        };
        payloads.take(&ids, found);
        let rows = errors.recent.iter().filter(|row| {
            let line = RowLine {
                row,
                is_marked: row.id == RowId::from(2),
                groups: &errors.groups,
                payloads: &payloads,
            };
            filter.matches(&line, now)
        });
        let groups = errors.groups.iter().filter(|group| {
            let line = GroupLine {
                group,
                is_marked: false,
                rows: &errors.recent,
                payloads: &payloads,
            };
            filter.matches(&line, now)
        });
        let mut ids: Vec<String> = rows.map(|row| row.id.to_string()).collect();
        ids.sort();
        (ids, groups.count())
    }

    #[test]
    fn errors_and_groups_are_found_by_class_state_people_and_by_what_lies_in_their_details() {
        let cases: [(&str, &[&str], usize); 19] = [
            ("class:credential", &["1", "2"], 1),
            ("sev>=warn", &["1", "2", "3"], 2),
            ("sev>crit", &[], 0),
            ("severity:crit sev<=CRITICAL", &["1", "2", "3"], 2),
            ("class:transient", &["3"], 1),
            ("is:new", &["1", "2", "3"], 2),
            ("is:regressed", &[], 0),
            ("is:marked", &["2"], 0),
            ("people>1", &["1", "2"], 1),
            ("n:1", &["3"], 1),
            ("payload.contact.id:77", &["1"], 1),
            ("payload.owner.name:ben", &["2"], 1),
            ("details.node=write", &["1", "2"], 1),
            ("record:2203", &["3"], 1),
            ("record=2201", &["1"], 1),
            ("payload.plan.tier:GOLD", &["3"], 1),
            ("payload.plan.tier=gold payload.n=5", &["3"], 1),
            ("payload.plan.tier:silver", &[], 0),
            (
                "payload.n:/^[45]$/ OR payload.contact.id=77",
                &["1", "3"],
                2,
            ),
        ];
        for (text, ids, groups) in cases {
            let (found, n) = found(text);
            assert_eq!(
                (found.as_slice(), n),
                (
                    &ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>()[..],
                    groups
                ),
                "{text}"
            );
        }
    }
}
