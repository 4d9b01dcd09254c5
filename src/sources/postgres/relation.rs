//! Tables as the server has them, and as the queries want them: the names and types that a column is met
//! under in the field, and the expression that turns it into the one the queries expect.
//!
//! A column that already has the type it should have passes through bare, so that its indexes stay usable.

mod tables;

use serde::Deserialize;

use super::{
    catalog::Catalog,
    syntax::{literal, quoted},
};

pub(crate) use self::tables::TABLES;

/// What a column holds, and so how it is brought into its canonical type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A key: whatever type it has; where it is absent, of the type of the key that this names.
    Key(&'static str, &'static str),
    /// Text.
    Text,
    /// A status word: text, or an enumeration left as it is so that indexes stay usable.
    Word,
    /// A moment. Without a zone it is read in the session's, as the server itself does in comparisons.
    Time,
    /// A whole number.
    Count,
    /// A truth value; NULL is false.
    Flag,
    /// A truth value that may be unknown yet.
    Verdict,
    /// What it is, as it is.
    Raw,
    /// The transaction that wrote this version of the row; NULL for a view.
    Version,
    /// What that column of another table says too: as it is where both have one type, so that indexes stay usable, else text.
    Link(&'static str, &'static str),
}

/// A column the queries know.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// What the queries call it.
    pub(crate) name: &'static str,
    /// What it is met as, the first that is there counts.
    pub(crate) names: &'static [&'static str],
    /// What it holds.
    pub(crate) kind: Kind,
}

/// A table the queries know.
#[derive(Debug)]
pub(crate) struct WantedTable {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its columns.
    pub(crate) columns: &'static [Wanted],
}

/// Where a payload names its record; the first that is there counts.
pub(crate) const RECORD: &[&str] = &[
    "record_id",
    "slot_id",
    "company_unique_id",
    "company_slot_unique_id",
    "contact_id",
    "message_id",
    "queue_id",
    "response_id",
    "lead_id",
    "follow_up_id",
    "campaign_id",
];
/// Where a payload names whom it is about.
pub(crate) const SUBJECT: &[&str] = &[
    "company_name",
    "full_name",
    "email",
    "contact_email",
    "campaign_name",
];

/// The table that the queries call `name`.
pub(crate) fn wanted(name: &str) -> Option<&'static WantedTable> {
    TABLES.iter().find(|table| table.name == name)
}

/// A table, partitioned table or view as the server has it.
#[derive(Debug, Clone, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "five independent rights, as the server tells them"
)]
pub struct Relation {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// As in `pg_class.relkind`: `r` table, `p` partitioned, `v` view, `m` materialised view, `f` foreign.
    pub kind: String,
    /// About how many rows it has, as the planner thinks.
    pub estimate: u64,
    /// Whether our role may look into its schema.
    pub usage: bool,
    /// Whether our role may read all of it, the versions of its rows as well.
    pub select: bool,
    /// Whether our role may insert into it.
    pub insert: bool,
    /// Whether our role may delete from it.
    pub delete: bool,
    /// Whether our role may vacuum it.
    pub maintain: bool,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its valid b-tree indexes.
    pub indexes: Vec<Index>,
    /// Its check constraints.
    pub checks: Vec<Check>,
    /// Its triggers, the server's own left out.
    pub triggers: Vec<Trigger>,
}

/// A column.
#[derive(Debug, Clone, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent facts, as the server tells them"
)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, that of a domain being the one below it.
    #[serde(rename = "type")]
    pub data_type: String,
    /// The labels of its enumeration, where it is one.
    pub labels: Option<Vec<String>>,
    /// Whether it is never NULL.
    pub not_null: bool,
    /// Whether the server fills it where nobody does: by a default, a sequence, or an expression.
    pub fills_itself: bool,
    /// Whether our role may read it.
    pub select: bool,
    /// Whether our role may change it.
    pub update: bool,
    /// How many keys each session of a writer puts aside at once, where a sequence fills it.
    #[serde(default)]
    pub cache: Option<i64>,
}

/// An index.
#[derive(Debug, Clone, Deserialize)]
pub struct Index {
    /// Its columns; `None` for an expression.
    pub columns: Vec<Option<String>>,
    /// Its condition, where it is partial.
    #[serde(rename = "where")]
    pub condition: Option<String>,
}

/// A check constraint.
#[derive(Debug, Clone, Deserialize)]
pub struct Check {
    /// The columns it looks at.
    pub columns: Option<Vec<String>>,
    /// Its text.
    pub definition: String,
}

/// A trigger.
#[derive(Debug, Clone, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent facts, as the server tells them"
)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// Whether it runs in an ordinary session.
    pub enabled: bool,
    /// Whether it runs on insert.
    pub on_insert: bool,
    /// Whether it runs on update.
    pub on_update: bool,
    /// The columns whose update it runs on; empty for all.
    pub columns: Vec<String>,
    /// Whether its function speaks of notifying.
    pub notifies: bool,
}

impl Relation {
    /// Its name as SQL writes it, schema and all.
    pub(crate) fn sql(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }

    /// Its name as people write it.
    pub(crate) fn label(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// The column that the queries call `wanted`, as it stands here.
    pub(crate) fn column(&self, wanted: &Wanted) -> Option<&Column> {
        wanted
            .names
            .iter()
            .find_map(|name| self.columns.iter().find(|column| column.name == *name))
    }

    /// Whether rows can be found by this column without reading all of them.
    pub(crate) fn is_led_by(&self, column: &str) -> bool {
        self.indexes.iter().any(|index| {
            index.condition.is_none()
                && index.columns.first().and_then(Option::as_deref) == Some(column)
        })
    }

    /// Whether its rows have a version that can be compared with a snapshot.
    pub(crate) fn has_versions(&self) -> bool {
        self.select && matches!(self.kind.as_str(), "r" | "p")
    }
}

impl Column {
    /// Whether it is a whole number.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.data_type.as_str(), "smallint" | "integer" | "bigint")
    }

    /// Whether it can be compared with `other` as they are.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.data_type == other.data_type || self.is_whole() && other.is_whole()
    }

    fn is_text(&self) -> bool {
        matches!(
            self.data_type.as_str(),
            "text" | "character varying" | "character" | "name" | "citext"
        )
    }

    fn is_time(&self) -> bool {
        self.data_type.starts_with("timestamp")
    }

    /// The expression that brings it into the type of `kind`; `None` where its type cannot hold that.
    pub(crate) fn as_kind(&self, kind: Kind) -> Option<String> {
        let name = quoted(&self.name);
        match kind {
            Kind::Key(..) | Kind::Version | Kind::Raw => Some(name),
            Kind::Word if self.labels.is_some() => Some(name),
            Kind::Text | Kind::Word | Kind::Link(..) if self.is_text() => Some(name),
            Kind::Text | Kind::Word | Kind::Link(..) => Some(format!("{name}::text")),
            Kind::Time if self.is_time() => Some(name),
            Kind::Time => (self.data_type == "date").then(|| format!("{name}::timestamptz")),
            Kind::Count if self.is_whole() => Some(name),
            Kind::Count => (self.data_type == "numeric").then(|| format!("{name}::bigint")),
            Kind::Flag if self.data_type == "boolean" && self.not_null => Some(name),
            Kind::Flag => self
                .as_kind(Kind::Verdict)
                .map(|truth| format!("coalesce({truth}, false)")),
            Kind::Verdict if self.data_type == "boolean" => Some(name),
            Kind::Verdict => Some(format!(
                "lower({name}::text) IN ('true', 't', 'yes', 'y', '1', 'validated', 'valid')"
            )),
        }
    }
}

/// The text of the first of `keys` that the JSON in `expression` has. Text that may not be JSON is searched, not
/// parsed: a cast would fail the whole query for one bad row.
pub(crate) fn inside(data_type: &str, expression: &str, keys: &[&str]) -> String {
    let texts: Vec<String> = keys
        .iter()
        .map(|key| {
            if data_type == "jsonb" {
                format!("{expression} ->> {}", literal(key))
            } else {
                let pattern = format!(r#""{key}"\s*:\s*"?([^",}}\s][^",}}]*)"#);
                format!("substring({expression}::text from {})", literal(&pattern))
            }
        })
        .collect();
    format!("coalesce({})", texts.join(", "))
}

/// The expression for a column that is not there.
pub(crate) fn absent(kind: Kind, catalog: &Catalog) -> String {
    let data_type = match kind {
        Kind::Key(table, column) => catalog.type_of(table, column).unwrap_or("bigint"),
        Kind::Text | Kind::Word | Kind::Link(..) => "text",
        // There, but not for us, it still has its type.
        Kind::Raw => catalog.type_of("pipeline_events", "raw").unwrap_or("text"),
        Kind::Time => "timestamptz",
        Kind::Count => "bigint",
        Kind::Flag => return "false".to_owned(),
        Kind::Verdict => "boolean",
        Kind::Version => "xid",
    };
    format!("NULL::{data_type}")
}
