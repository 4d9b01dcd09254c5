//! Tables as the server has them, and as the queries want them: the names and types that a column is met
//! under in the field, and the expression that turns it into the one the queries expect.
//!
//! A column that already has the type it should have passes through bare, so that its indexes stay usable.

use serde::Deserialize;

use super::{
    catalog::Catalog,
    syntax::{literal, quoted},
};

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

const fn column(name: &'static str, names: &'static [&'static str], kind: Kind) -> Wanted {
    Wanted { name, names, kind }
}

const CONTACT: Kind = Kind::Key("campaign_contacts", "contact_id");
const CAMPAIGN: Kind = Kind::Key("campaigns", "id");

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

/// Every table the queries know, with every column and the names it is met under.
#[rustfmt::skip]
pub(crate) const TABLES: &[WantedTable] = &[
    WantedTable { name: "pipeline_events", columns: &[
        column("id",            &["id", "event_id"],                         Kind::Key("pipeline_events", "id")),
        column("event_type",    &["event_type", "type"],                     Kind::Text),
        column("status",        &["status"],                                 Kind::Word),
        column("payload",       &["payload", "event_data", "data"],          Kind::Text),
        column("raw",           &["payload", "event_data", "data"],          Kind::Raw),
        column("error_message", &["error_message", "last_error", "error"],   Kind::Text),
        column("retry_count",   &["retry_count", "retries", "attempts"],     Kind::Count),
        column("created_at",    &["created_at", "inserted_at", "timestamp"], Kind::Time),
        column("processed_at",  &["processed_at", "completed_at", "finished_at"], Kind::Time),
        column("execution",     &["execution_id", "n8n_execution_id", "workflow_execution_id"], Kind::Text),
        column("version",       &["xmin"],                                   Kind::Version),
    ]},
    WantedTable { name: "pipeline_errors", columns: &[
        column("id",            &["id", "error_id"],                         Kind::Key("pipeline_errors", "id")),
        column("event_id",      &["event_id"],                               Kind::Key("pipeline_events", "id")),
        column("event_type",    &["event_type", "stage"],                    Kind::Text),
        column("record_id",     &["record_id"],                              Kind::Text),
        column("error_message", &["error_message", "message"],               Kind::Text),
        column("details",       &["error_details", "details", "context"],    Kind::Text),
        column("execution",     &["n8n_execution_id", "execution_id", "workflow_execution_id"], Kind::Text),
        column("severity",      &["severity", "level"],                      Kind::Text),
        column("resolved",      &["resolved", "is_resolved"],                Kind::Flag),
        column("resolved_at",   &["resolved_at"], Kind::Time), column("resolved_by", &["resolved_by"], Kind::Text),
        column("notes",         &["resolution_notes", "resolution_note", "notes"], Kind::Text),
        column("created_at",    &["created_at", "occurred_at"],              Kind::Time),
        column("version",       &["xmin"],                                   Kind::Version),
    ]},
    WantedTable { name: "campaigns", columns: &[
        column("id",            &["id", "campaign_id"],                      CAMPAIGN),
        column("campaign_name", &["campaign_name", "name"],                  Kind::Text),
        column("status",        &["status"],                                 Kind::Text),
        column("created_at",    &["created_at"],                             Kind::Time),
    ]},
    WantedTable { name: "campaign_contacts", columns: &[
        column("campaign_id",   &["campaign_id"],                            CAMPAIGN),
        column("contact_id",    &["contact_id"],                             CONTACT),
        column("added_at",      &["added_at", "created_at"],                 Kind::Time),
    ]},
    WantedTable { name: "message_queue", columns: &[
        column("id",            &["id", "message_id"],                       Kind::Key("message_queue", "id")),
        column("campaign_id",   &["campaign_id"],                            CAMPAIGN),
        column("contact_id",    &["contact_id"],                             CONTACT),
        column("status",        &["status"],                                 Kind::Text),
        column("at",            &["created_at", "queued_at", "scheduled_at"], Kind::Time),
    ]},
    WantedTable { name: "delivery_log", columns: &[
        column("message_id",    &["message_id", "queue_id"],                 Kind::Key("delivery_log", "message_id")),
        column("campaign_id",   &["campaign_id"],                            CAMPAIGN),
        column("contact_id",    &["contact_id"],                             CONTACT),
        column("status",        &["status", "delivery_status"],              Kind::Text),
        column("at",            &["created_at", "sent_at", "delivered_at", "logged_at"], Kind::Time),
        column("reason",        &["error_message", "bounce_reason", "reason", "error", "diagnostic_code"], Kind::Text),
    ]},
    WantedTable { name: "engagement_events", columns: &[
        column("campaign_id",   &["campaign_id"],                            CAMPAIGN),
        column("contact_id",    &["contact_id"],                             CONTACT),
        column("event_type",    &["event_type", "engagement_type"],          Kind::Text),
        column("at",            &["created_at", "occurred_at", "event_timestamp", "event_at"], Kind::Time),
    ]},
    WantedTable { name: "responses", columns: &[
        column("campaign_id",   &["campaign_id"],                            CAMPAIGN),
        column("contact_id",    &["contact_id"],                             CONTACT),
        column("at",            &["received_at", "created_at", "replied_at"], Kind::Time),
    ]},
    WantedTable { name: "contact_enrichment", columns: &[
        column("id",            &["id"],                                     Kind::Key("contact_enrichment", "id")),
        column("slot",          &["company_slot_unique_id", "slot_id"],      Kind::Text),
        column("email",         &["email"],                                  Kind::Text),
        column("status",        &["enrichment_status", "status"],            Kind::Text),
        column("created_at",    &["created_at"],                             Kind::Time),
        column("enriched_at",   &["enriched_at", "updated_at"], Kind::Time),
    ]},
    WantedTable { name: "email_verification", columns: &[
        column("enrichment_id", &["enrichment_id", "contact_id"],            Kind::Key("contact_enrichment", "id")),
        column("status",        &["verification_status", "status"],          Kind::Text),
        column("at",            &["verified_at", "created_at"],              Kind::Time),
    ]},
    WantedTable { name: "company_slots", columns: &[
        column("slot",          &["company_slot_unique_id", "slot_id", "id"], Kind::Text),
        column("company",       &["company_unique_id", "company_id"],        Kind::Text),
        column("created_at",    &["created_at"],                             Kind::Time),
    ]},
    WantedTable { name: "company_master", columns: &[
        column("company",       &["company_unique_id", "id"],                Kind::Text),
        column("raw",           &["source_record_id", "raw_intake_id", "intake_id", "raw_id"], Kind::Text),
        column("created_at",    &["created_at", "promoted_at"],              Kind::Time),
    ]},
    WantedTable { name: "company_raw_intake", columns: &[
        column("id",            &["id"],                                     Kind::Text),
        column("validated",     &["validated", "is_validated"],              Kind::Verdict),
        column("created_at",    &["created_at", "imported_at"],              Kind::Time),
        column("judged_at", &["validated_at", "updated_at"], Kind::Time), column("company", &["company_name", "name"], Kind::Text)]},
    WantedTable { name: "suppression_list", columns: &[
        column("email", &["email", "email_address", "address"], Kind::Text), column("reason", &["reason", "type"], Kind::Text)]},
    WantedTable { name: "lead_scores", columns: &[
        column("contact_id",    &["contact_id"],                             CONTACT),
        column("qualified",     &["qualified", "is_qualified"],              Kind::Flag),
        column("at",            &["scored_at", "calculated_at", "created_at", "updated_at"], Kind::Time)]},
    WantedTable { name: "crm_sync_log", columns: &[
        column("status", &["status", "sync_status"], Kind::Text), column("at", &["synced_at", "completed_at", "created_at"], Kind::Time)]},
    WantedTable { name: "event_hour", columns: &[
        column("bucket", &["bucket"], Kind::Time), column("event_type", &["event_type"], Kind::Text), column("n_open", &["n_open"], Kind::Count),
        column("latency_sum", &["latency_sum"], Kind::Raw), column("latency_max", &["latency_max"], Kind::Raw),
        column("latency_histogram", &["latency_histogram"], Kind::Raw)]},
    WantedTable { name: "contact_timeline", columns: &[
        column("contact_id",    &["contact_id"],                             CONTACT),
        column("event_type",    &["event_type"],                             Kind::Text),
        column("at",            &["event_timestamp", "occurred_at", "created_at"], Kind::Time),
    ]},
];

/// The table that the queries call `name`.
pub(crate) fn wanted(name: &str) -> Option<&'static WantedTable> {
    TABLES.iter().find(|table| table.name == name)
}

/// A table, partitioned table or view as the server has it.
#[derive(Debug, Clone, Deserialize)]
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
            Kind::Text | Kind::Word if self.is_text() => Some(name),
            Kind::Text | Kind::Word => Some(format!("{name}::text")),
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
        Kind::Text | Kind::Word => "text",
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
