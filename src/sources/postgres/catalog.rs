//! What the database is like: its tables, their columns, types and indexes, our grants, the words it uses for
//! states. Read once a connection, in one round trip or two; never guessed.

mod access;
mod gaps;
mod rights;
mod words;

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
use tokio_postgres::types::{Json, Type};

use super::{
    Client, fault_of,
    queries::{self, Query, template},
    relation::{self, Relation, Wanted},
    syntax,
};
use crate::{
    domain::{
        event::{EventStatus, StatusWords},
        untrusted::Untrusted,
    },
    msg::Fault,
};

pub(crate) use self::access::Recent;
pub use self::words::Words;

/// What the database is like.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// The schema that holds the pipeline.
    pub schema: String,
    /// The server's version, as `server_version_num`.
    pub version: u32,
    /// Whether it is a standby.
    pub standby: bool,
    /// The role we are.
    pub role: String,
    has_schema: bool,
    pub(super) may_use_schema: bool,
    /// Other schemas that hold events.
    elsewhere: Vec<String>,
    relations: Vec<Relation>,
    functions: Vec<Function>,
    words: Words,
    own: StatusWords,
    /// The queries of the panels as this database takes them, by the names of their files.
    texts: BTreeMap<&'static str, Result<String, Lack>>,
}

/// A function of the site's own.
#[derive(Debug, Clone, Deserialize)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The types of its arguments.
    pub arguments: Vec<String>,
    /// Whether our role may call it.
    pub execute: bool,
}

/// Something a query needs and the database does not give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lack {
    /// What, as `marketing.campaigns` or `marketing.pipeline_errors.resolved`.
    pub(crate) what: String,
    /// The privilege that is missing; `None` when the thing itself is.
    pub(crate) privilege: Option<&'static str>,
    /// What would mend it.
    pub(crate) remedy: String,
}

impl From<Lack> for Fault {
    fn from(lack: Lack) -> Self {
        match lack.privilege {
            Some(privilege) => {
                Self::Forbidden(Untrusted::from(format!("{privilege} on {}", lack.what)))
            }
            None => Self::Missing(Untrusted::from(lack.what)),
        }
    }
}

impl Catalog {
    /// Reads it, for a site that has these words of its `own` for states of events. A schema or tables that are not
    /// there are no fault: the queries that need them say so.
    ///
    /// # Errors
    /// What the server or the connection answered instead.
    pub async fn read(client: &Client, schema: &str, own: &StatusWords) -> Result<Self, Fault> {
        let names: Vec<&str> = relation::TABLES
            .iter()
            .map(|table| table.name)
            .chain(["triage"])
            .collect();
        let row = client
            .query_typed_one(
                include_str!("../../../sql/queries/catalog.sql"),
                &[(&schema, Type::TEXT), (&names, Type::TEXT_ARRAY)],
            )
            .await
            .map_err(|error| fault_of(&error))?;
        let read = || -> Result<Self, tokio_postgres::Error> {
            let Json(relations) = row.try_get("relations")?;
            let Json(functions) = row.try_get("functions")?;
            Ok(Self {
                schema: schema.to_owned(),
                version: row.try_get::<_, i32>("version")?.unsigned_abs(),
                standby: row.try_get("standby")?,
                role: row.try_get("role")?,
                has_schema: row.try_get("has_schema")?,
                may_use_schema: row.try_get("may_use_schema")?,
                elsewhere: row.try_get("elsewhere")?,
                relations,
                functions,
                words: Words::usual(own),
                own: own.clone(),
                texts: BTreeMap::new(),
            })
        };
        let mut catalog = read().map_err(|error| fault_of(&error))?;
        catalog.words = catalog.read_words(client).await?;
        let text = |query: &Query| (query.name, template::render(&catalog, query.sql, None));
        catalog.texts = queries::ALL.iter().map(text).collect();
        Ok(catalog)
    }

    /// The text of a query for this database, without rows of lower keys than `floor` where it looks at a window. Made
    /// once where there is no floor: rendering it at each refresh took a fifth of the reader's time.
    ///
    /// # Errors
    /// The first thing the database lacks for it.
    pub(super) fn text(&self, query: Query, floor: Option<i64>) -> Result<Cow<'_, str>, Lack> {
        let made = self.texts.get(query.name).filter(|_| floor.is_none());
        match made {
            Some(Ok(text)) => Ok(Cow::Borrowed(text)),
            Some(Err(lack)) => Err(lack.clone()),
            None => template::render(self, query.sql, floor).map(Cow::Owned),
        }
    }

    /// The words that events bear as states: all of them where the schema lists them, else those in use.
    async fn read_words(&self, client: &Client) -> Result<Words, Fault> {
        let Some((events, status)) = relation::wanted("pipeline_events")
            .and_then(|wanted| {
                let status = wanted.columns.iter().find(|c| c.name == "status")?;
                Some((self.relation("pipeline_events")?, status))
            })
            .and_then(|(events, status)| Some((events, events.column(status)?)))
        else {
            return Ok(Words::usual(&self.own));
        };
        if let Some(listed) = words::listed(events, status) {
            return Ok(Words::of(&listed, &self.own));
        }
        let sql = include_str!("../../../sql/queries/status_words.sql");
        let Ok(sql) = template::render(self, sql, None) else {
            return Ok(Words::usual(&self.own));
        };
        let answer = client
            .query_typed(
                &sql,
                &[
                    (&events.schema, Type::TEXT),
                    (&events.name, Type::TEXT),
                    (&status.name, Type::TEXT),
                ],
            )
            .await;
        match answer.map_err(|error| fault_of(&error)) {
            Ok(rows) => {
                let used: Vec<String> = rows.iter().filter_map(|row| row.try_get(0).ok()).collect();
                Ok(Words::of(&used, &self.own).with_usual(&self.own))
            }
            // A look for rare words must not cost the feeds that do without.
            Err(Fault::TooSlow(_)) => Ok(Words::usual(&self.own)),
            Err(fault) => Err(fault),
        }
    }

    /// The table that the queries call `name`, if it is there: in the pipeline's schema, but raw companies in
    /// `intake` first, the audit log and what is said of groups of errors in `outpost`.
    pub fn relation(&self, name: &str) -> Option<&Relation> {
        let home = match name {
            "company_raw_intake" => "intake",
            "audit" | "triage" => "outpost",
            _ => self.schema.as_str(),
        };
        let in_schema = |schema: &str| {
            self.relations
                .iter()
                .find(|relation| relation.name == name && relation.schema == schema)
        };
        in_schema(home).or_else(|| (home == "intake").then(|| in_schema(&self.schema))?)
    }

    /// The function of the site's own called `name`, if our role may call it.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions
            .iter()
            .find(|function| function.name == name && function.execute)
    }

    /// What the state `word` of an event means here.
    pub(super) fn status_of(&self, word: &str) -> EventStatus {
        self.own.of(word)
    }

    /// The words for states of events.
    pub const fn words(&self) -> &Words {
        &self.words
    }

    /// The word this database uses for `status`, if it may bear one.
    pub fn word(&self, status: &EventStatus) -> Option<&str> {
        self.words.of_status(status).first().map(String::as_str)
    }

    /// The type of a column, by the queries' names.
    pub(crate) fn type_of(&self, table: &str, column: &str) -> Option<&str> {
        let column = self.column_of(table, column)?;
        Some(column.data_type.as_str())
    }

    fn column_of(&self, table: &str, column: &str) -> Option<&relation::Column> {
        let wanted = relation::wanted(table)?;
        let column = wanted.columns.iter().find(|c| c.name == column)?;
        self.relation(table)?.column(column)
    }

    /// Whether the newest rows of `table` are those with the highest keys, which an index finds: the column that queries call
    /// `key` is a whole number.
    pub(crate) fn is_newest_by_key(&self, table: &str) -> bool {
        let key = self.column_of(table, "key");
        self.relation(table)
            .zip(key)
            .is_some_and(|(relation, key)| key.is_whole() && relation.is_led_by(&key.name))
    }

    /// The table, or what keeps us from it.
    pub(crate) fn table(&self, name: &str) -> Result<&Relation, Lack> {
        let Some(relation) = self.relation(name) else {
            return Err(self.absent(name));
        };
        if !relation.usage {
            return Err(Lack {
                what: format!("schema {}", relation.schema),
                privilege: Some("USAGE"),
                remedy: format!(
                    "GRANT USAGE ON SCHEMA {} TO {};",
                    syntax::quoted(&relation.schema),
                    syntax::quoted(&self.role)
                ),
            });
        }
        if !relation.columns.iter().any(|column| column.select) {
            return Err(self.not_granted(relation, "SELECT", relation.label()));
        }
        Ok(relation)
    }

    fn absent(&self, name: &str) -> Lack {
        let (what, privilege, remedy) = if name == "company_raw_intake" {
            let what = "intake.company_raw_intake".to_owned();
            (what, None, "outpost migrate".to_owned())
        } else if let Some(other) = self.elsewhere.first()
            && (!self.has_schema
                || self.may_use_schema && self.relation("pipeline_events").is_none())
        {
            let what = if self.has_schema {
                format!("{}.{name}", self.schema)
            } else {
                format!("schema {}", self.schema)
            };
            let there = self.elsewhere.join(", ");
            let what = format!(
                "{what}, though events are in schema {there}: --schema {other} watches that"
            );
            (
                what,
                None,
                format!("outpost --schema {}", syntax::quote(other)),
            )
        } else if !self.has_schema {
            let remedy = "name the schema with --schema, or run outpost migrate";
            (format!("schema {}", self.schema), None, remedy.to_owned())
        } else if !self.may_use_schema {
            let remedy = format!(
                "GRANT USAGE ON SCHEMA {} TO {};",
                syntax::quoted(&self.schema),
                syntax::quoted(&self.role)
            );
            (format!("schema {}", self.schema), Some("USAGE"), remedy)
        } else {
            let what = format!("{}.{name}", self.schema);
            (what, None, "outpost migrate".to_owned())
        };
        Lack {
            what,
            privilege,
            remedy,
        }
    }

    fn not_granted(&self, relation: &Relation, privilege: &'static str, what: String) -> Lack {
        Lack {
            what,
            privilege: Some(privilege),
            remedy: format!(
                "GRANT {privilege} ON {} TO {};",
                relation.sql(),
                syntax::quoted(&self.role)
            ),
        }
    }

    /// A column's expression in its canonical type, or what keeps us from it.
    pub(crate) fn column(&self, relation: &Relation, wanted: &Wanted) -> Result<String, Lack> {
        if wanted.kind == relation::Kind::Version {
            return Ok(if relation.has_versions() {
                "xmin".to_owned()
            } else {
                relation::absent(wanted.kind, self)
            });
        }
        let label = |name: &str| format!("{}.{name}", relation.label());
        let Some(column) = relation.column(wanted) else {
            return Err(Lack {
                what: label(wanted.names.first().unwrap_or(&wanted.name)),
                privilege: None,
                remedy: "outpost migrate".to_owned(),
            });
        };
        if !column.select {
            return Err(self.not_granted(relation, "SELECT", label(&column.name)));
        }
        if let relation::Kind::Link(table, other) = wanted.kind
            && self
                .column_of(table, other)
                .is_some_and(|other| column.is_like(other))
        {
            return Ok(syntax::quoted(&column.name));
        }
        column.as_kind(wanted.kind).ok_or_else(|| Lack {
            what: format!(
                "{} as {:?} (it is {})",
                label(&column.name),
                wanted.kind,
                column.data_type
            ),
            privilege: None,
            remedy: format!("change the type of {}", label(&column.name)),
        })
    }

    /// Whether a trigger notifies of every change of an event's status.
    pub(crate) fn announces_changes(&self) -> bool {
        self.relation("pipeline_events").is_some_and(|events| {
            events.triggers.iter().any(|trigger| {
                let of_status = trigger.columns.is_empty()
                    || trigger.columns.iter().any(|column| column == "status");
                trigger.enabled && trigger.on_update && trigger.notifies && of_status
            })
        })
    }
}
