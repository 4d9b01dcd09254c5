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
        Field::closed(&["class"], super::Class::WORDS),
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
        "info",
        "debug",
    ],
    own: None,
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
mod tests;
