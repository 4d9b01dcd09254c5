//! What is in the database already, as its catalog tells.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::Client;

use super::MigrateError;

/// A relation: a table, a view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a row of the catalog, as it is"
)]
pub(super) struct Relation {
    /// `pg_class.relkind`.
    pub(super) kind: String,
    pub(super) has_rows: bool,
    pub(super) owner: String,
    pub(super) is_owned: bool,
    pub(super) may_select: bool,
    pub(super) may_trigger: bool,
    pub(super) may_reference: bool,
    pub(super) has_autovacuum: bool,
    /// By name: the type, and whether it alone is unique.
    pub(super) columns: BTreeMap<String, (String, bool)>,
    pub(super) constraints: BTreeSet<String>,
    /// Columns that an insert must give a value: not null, and no default.
    pub(super) demands: BTreeSet<String>,
}

impl Relation {
    /// Whether rows can be put into it and triggers on it.
    pub(super) fn is_table(&self) -> bool {
        matches!(self.kind.as_str(), "r" | "p")
    }

    /// What it is, in a word.
    pub(super) fn word(&self) -> &'static str {
        match self.kind.as_str() {
            "r" => "table",
            "p" => "partitioned table",
            "v" => "view",
            "m" => "materialized view",
            _ => "foreign table",
        }
    }
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) relation: String,
    /// From `USING` on, as the server prints it.
    pub(super) definition: String,
    /// False when its concurrent build broke off.
    pub(super) is_valid: bool,
}

/// An enabled trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a row of the catalog, as it is"
)]
pub(super) struct Trigger {
    pub(super) relation: String,
    pub(super) name: String,
    pub(super) function: String,
    pub(super) on_insert: bool,
    pub(super) on_update: bool,
    pub(super) writes_events: bool,
    pub(super) notifies: bool,
}

/// What is there. Keys are `schema.object`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Existing {
    pub(super) role: String,
    pub(super) database: String,
    pub(super) is_read_only: bool,
    pub(super) may_create_schemas: bool,
    /// Whether this role may create in each.
    pub(super) schemas: BTreeMap<String, bool>,
    pub(super) relations: BTreeMap<String, Relation>,
    pub(super) indexes: BTreeMap<String, Index>,
    /// With whoever owns one of that name, when that is not this role.
    pub(super) functions: BTreeMap<String, Option<String>>,
    pub(super) triggers: Vec<Trigger>,
    /// What earlier migrations made.
    pub(super) ours: BTreeSet<String>,
}

impl Existing {
    /// Reads the catalog, as far as it is about `schemas`.
    pub(super) async fn read(client: &Client, schemas: &[&str]) -> Result<Self, MigrateError> {
        let server = client
            .query_one(include_str!("../../sql/migrate/server.sql"), &[])
            .await?;
        let mut found = Self {
            role: server.get("role"),
            database: server.get("database"),
            is_read_only: server.get("read_only"),
            may_create_schemas: server.get("may_create_schemas"),
            ..Self::default()
        };
        let names = client
            .query(include_str!("../../sql/migrate/schemas.sql"), &[&schemas])
            .await?;
        found.schemas = names
            .iter()
            .map(|row| (row.get("name"), row.get("may_create")))
            .collect();
        found.read_relations(client, schemas).await?;
        found.read_code(client, schemas).await?;
        Ok(found)
    }

    async fn read_relations(
        &mut self,
        client: &Client,
        schemas: &[&str],
    ) -> Result<(), MigrateError> {
        let sql = include_str!("../../sql/migrate/relations.sql");
        for row in client.query(sql, &[&schemas]).await? {
            let relation = Relation {
                kind: row.get("kind"),
                has_rows: row.get("has_rows"),
                owner: row.get("owner"),
                is_owned: row.get("owned"),
                may_select: row.get("may_select"),
                may_trigger: row.get("may_trigger"),
                may_reference: row.get("may_reference"),
                has_autovacuum: row.get("has_autovacuum"),
                ..Relation::default()
            };
            self.relations.insert(row.get("name"), relation);
        }
        let sql = include_str!("../../sql/migrate/columns.sql");
        for row in client.query(sql, &[&schemas]).await? {
            if let Some(relation) = self.relations.get_mut(row.get::<_, &str>("relation")) {
                let about = (row.get("type"), row.get("is_unique"));
                relation.columns.insert(row.get("name"), about);
                if row.get("is_demanded") {
                    relation.demands.insert(row.get("name"));
                }
            }
        }
        let sql = include_str!("../../sql/migrate/constraints.sql");
        for row in client.query(sql, &[&schemas]).await? {
            if let Some(relation) = self.relations.get_mut(row.get::<_, &str>("relation")) {
                relation.constraints.insert(row.get("name"));
            }
        }
        Ok(())
    }

    async fn read_code(&mut self, client: &Client, schemas: &[&str]) -> Result<(), MigrateError> {
        let sql = include_str!("../../sql/migrate/indexes.sql");
        for row in client.query(sql, &[&schemas]).await? {
            let index = Index {
                relation: row.get("relation"),
                definition: row.get("definition"),
                is_valid: row.get("is_valid"),
            };
            self.indexes.insert(row.get("name"), index);
        }
        let sql = include_str!("../../sql/migrate/functions.sql");
        let functions = client.query(sql, &[&schemas]).await?;
        self.functions = functions
            .iter()
            .map(|row| (row.get("name"), row.get("other_owner")))
            .collect();
        let sql = include_str!("../../sql/migrate/triggers.sql");
        for row in client.query(sql, &[]).await? {
            self.triggers.push(Trigger {
                relation: row.get("relation"),
                name: row.get("name"),
                function: row.get("function"),
                on_insert: row.get("on_insert"),
                on_update: row.get("on_update"),
                writes_events: row.get("writes_events"),
                notifies: row.get("notifies"),
            });
        }
        Ok(())
    }
}
